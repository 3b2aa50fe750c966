// send.js — an unchanged npm jaeger-client sends K spans with known content to an agent by UDP, and
// prints what it sent as JSON: [{traceID, spanID, operation, parent, tags: {key: [type, value]}}].
//
//   NODE_PATH=…/node_modules node send.js HOST PORT SERVICE K
'use strict';

const {initTracer} = require('jaeger-client');

const [host, port, service, count] = process.argv.slice(2);

function open(closed) {
  const config = {
    serviceName: service,
    sampler: {type: 'const', param: 1},
    reporter: {agentHost: host, agentPort: Number(port), flushIntervalMs: 100},
  };
  const logger = {info() {}, error(what) { closed(new Error(what)); }};
  return initTracer(config, {logger, tags: {'sender': 'npm jaeger-client'}});
}

// Every number is a double on this client's wire.
function known(i) {
  return {
    'number': ['float64', i],
    'half': ['float64', i + 0.5],
    'even': ['bool', i % 2 === 0],
    'text': ['string', `span ${i}`],
    'ünï': ['string', 'grüße, 世界 \u{1F41F}'],
    'empty': ['string', ''],
    'quoted': ['string', '"\\\n\t'],
    'long': ['string', 'x'.repeat(i % 7 === 0 ? 3000 : 1)],
  };
}

function emit(tracer, i, above) {
  const span = tracer.startSpan(`operation-${i}`, above ? {childOf: above.context()} : {});
  const tags = known(i);
  for (const key of Object.keys(tags))
    span.setTag(key, tags[key][1]);
  span.log({event: 'half way', number: i});
  span.finish();
  const at = span.context();
  return {span, told: {traceID: at.traceIdStr, spanID: at.spanIdStr, operation: `operation-${i}`,
                       parent: above ? at.parentIdStr : null, tags}};
}

// This client loses a span of its own when it is closed before the packet that had no room for that
// span has gone out (its append() waits for the socket's answer). An application lives on; so does this one.
const aMoment = () => new Promise((resume) => setTimeout(resume, 20));

async function main() {
  const tracer = open((err) => { console.error(err.message); process.exit(1); });
  const told = [];
  let above = null;
  for (let i = 0; i < Number(count); i++) {
    const one = emit(tracer, i, i % 5 === 0 ? null : above);  // traces of five, each a chain
    above = one.span;
    told.push(one.told);
    if (i % 10 === 9)
      await aMoment();
  }
  await aMoment();
  tracer.close(() => process.stdout.write(JSON.stringify(told)));
}

main();
