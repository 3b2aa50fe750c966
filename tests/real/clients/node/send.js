// send.js — an unchanged npm jaeger-client sends K spans with known content to an agent by UDP, and prints what it sent,
// a line of JSON for each span as go/stored prints them (see compare.py for "also").
//
//   NODE_PATH=…/node_modules node send.js HOST:PORT SERVICE K
'use strict';

const {initTracer, opentracing} = require('jaeger-client');

const [address, service, count] = process.argv.slice(2);
const CHAIN = 5;  // spans of a trace, each the child of the one before

function open(closed) {
  const at = address.lastIndexOf(':');
  const config = {
    serviceName: service,
    sampler: {type: 'const', param: 1},
    traceId128bit: true,
    reporter: {agentHost: address.slice(0, at), agentPort: Number(address.slice(at + 1)), flushIntervalMs: 100},
  };
  const logger = {info() {}, error(what) { closed(new Error(what)); }};
  return initTracer(config, {logger, tags: {'sender': 'npm jaeger-client', 'process.number': 42}});
}

function bits(number) {
  const b = Buffer.alloc(8);
  b.writeDoubleBE(number);
  return b.toString('hex');
}

// Every number is a double on this client's wire.
function told([key, value]) {
  switch (typeof value) {
  case 'number': return [key, 'FLOAT64', bits(value)];
  case 'boolean': return [key, 'BOOL', value];
  case 'string': return [key, 'STRING', value];
  }
  return [key, 'BINARY', {hex: value.toString('hex')}];
}

function known(i) {
  return [
    ['number', i], ['half', i + 0.5], ['pi', Math.PI], ['tiny', Number.MIN_VALUE], ['huge', Number.MAX_VALUE],
    ['infinite', -Infinity], ['none', NaN], ['even', i % 2 === 0], ['text', `span ${i}`], ['empty', ''],
    ['ünï', 'grüße, 世界 \u{1F41F}'], ['quoted', '"\\\n\t'], ['nul', 'a\0b'], ['', 'no key'],
    ['bytes', Buffer.from([0, 1, 255, 254, 0])], ['no bytes', Buffer.alloc(0)],
    ['long', 'x'.repeat(i % 7 === 0 ? 3000 : 1)],
  ];
}

const pad = (id, digits) => id.padStart(digits, '0');

function references(above) {
  const at = above && above.context();
  return at ? ['CHILD_OF', 'FOLLOWS_FROM'].map((how) => [how, pad(at.traceIdStr, 32), pad(at.spanIdStr, 16)]) : [];
}

function emit(tracer, i, above) {
  const start = 1700000000000 + i * 1001, length = i % 7 * 123;
  const options = {startTime: start};
  if (above)
    options.references = [opentracing.childOf(above.context()), opentracing.followsFrom(above.context())];
  const span = tracer.startSpan(`operation-${i}`, options);
  const tags = known(i), fields = [['event', 'half way'], ['number', i], ['late', true]];
  for (const [key, value] of tags)
    span.setTag(key, value);
  span.log(Object.fromEntries(fields), start + 7);
  span.finish(start + length);
  const at = span.context();
  return {span, told: {
    trace: pad(at.traceIdStr, 32), span: pad(at.spanIdStr, 16), service,
    process: [['sender', 'STRING', 'npm jaeger-client'], told(['process.number', 42])],
    operation: `operation-${i}`, references: references(above), flags: at.flags,
    start: start * 1000, duration: length * 1000, tags: tags.map(told),
    logs: [[(start + 7) * 1000, fields.map(told)]],
    also: {process: ['client-uuid', 'hostname', 'ip', 'jaeger.version'],
           tags: above ? [] : ['sampler.type', 'sampler.param']},
  }};
}

// This client loses a span of its own when it is closed before the packet that had no room for that
// span has gone out (its append() waits for the socket's answer). An application lives on; so does this one.
const aMoment = () => new Promise((resume) => setTimeout(resume, 20));

async function main() {
  const tracer = open((err) => { console.error(err.message); process.exit(1); });
  const lines = [];
  let above = null;
  for (let i = 0; i < Number(count); i++) {
    const one = emit(tracer, i, i % CHAIN === 0 ? null : above);
    above = one.span;
    lines.push(JSON.stringify(one.told) + '\n');
    if (i % 10 === 9)
      await aMoment();
  }
  await aMoment();
  tracer.close(() => process.stdout.write(lines.join('')));
}

main();
