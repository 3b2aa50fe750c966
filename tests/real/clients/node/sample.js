// sample.js — an unchanged npm jaeger-client with a remote sampler: starts spans until its sampler takes all of them,
// or none, as asked, and ends with 0; with 1 when that has not come about in 30 s.
//
//   NODE_PATH=…/node_modules node sample.js HOST:PORT SERVICE all|none
'use strict';

const {initTracer} = require('jaeger-client');

const [address, service, want] = process.argv.slice(2);
const [host, port] = address.split(':');
const SPANS = 200, EVERY_MS = 100, GIVE_UP_MS = 30000;
const expected = want === 'all' ? SPANS : 0;

// Until the first answer the client samples by itself, and the opposite of what is asked.
const tracer = initTracer({
  serviceName: service,
  sampler: {type: 'remote', param: want === 'all' ? 0 : 1, host, port: Number(port), refreshIntervalMs: 200},
  reporter: {agentHost: '127.0.0.1', agentPort: 9},
}, {logger: {info() {}, error() {}}});

// Each round has an operation of its own: this client goes on with the rate that it had when it met an operation.
let round = 0;
function sampled() {
  let n = 0;
  round++;
  for (let i = 0; i < SPANS; i++)
    n += tracer.startSpan(`operation-${round}`).context().isSampled() ? 1 : 0;
  return n;
}

const began = Date.now();
const timer = setInterval(() => {
  const n = sampled();
  if (n !== expected && Date.now() - began < GIVE_UP_MS)
    return;
  clearInterval(timer);
  console.log(`${n} of ${SPANS} sampled`);
  process.exit(n === expected ? 0 : 1);
}, EVERY_MS);
