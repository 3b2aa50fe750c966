// compare.js — what a client said it sent against what Jaeger's query API says it holds: every span
// once, under its trace, with its operation, its parent and its tags, types and values equal; nothing
// else under that service. Prints one line a difference; exit 1 when there is any.
//
//   node compare.js TOLD.json SENDER < ANSWER.json
'use strict';

const fs = require('fs');

// What the clients and the collector add by themselves.
const ADDED = ['internal.span.format', 'sampler.type', 'sampler.param'];

const pad = (id) => id.padStart(id.length > 16 ? 32 : 16, '0');
// 64-bit integers lose digits in JSON.parse: every bare integer value is kept as its text.
const exact = (text) => JSON.parse(text.replace(/("type":"int64","value":)(-?\d+)/g, '$1"$2"'));

function differences(told, answer, sender) {
  const found = new Map();
  const wrong = [];
  for (const trace of answer.data || [])
    for (const span of trace.spans) {
      const id = `${span.traceID}:${span.spanID}`;
      if (found.has(id))
        wrong.push(`${id} is stored twice`);
      found.set(id, {span, process: trace.processes[span.processID]});
    }
  for (const one of told) {
    const id = `${pad(one.traceID)}:${pad(one.spanID)}`;
    const there = found.get(id);
    found.delete(id);
    wrong.push(...(there ? compare(one, there, sender).map((w) => `${one.operation}: ${w}`) : [`${one.operation} ${id} is missing`]));
  }
  for (const id of found.keys())
    wrong.push(`${id} was not sent`);
  return wrong;
}

function compare(one, {span, process}, sender) {
  const wrong = [];
  const expect = (what, got, want) => {
    if (got !== want)
      wrong.push(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
  };
  expect('operation', span.operationName, one.operation);
  expect('parent', span.references.map((r) => `${r.refType} ${r.spanID}`).join(),
         one.parent ? `CHILD_OF ${pad(one.parent)}` : '');
  const tags = new Map(span.tags.filter((t) => !ADDED.includes(t.key)).map((t) => [t.key, t]));
  for (const [key, [type, value]] of Object.entries(one.tags)) {
    expect(`tag ${key}`, JSON.stringify([tags.get(key)?.type, tags.get(key)?.value]), JSON.stringify([type, value]));
    tags.delete(key);
  }
  expect('other tags', [...tags.keys()].join(), '');
  expect('logs', span.logs.map((l) => l.fields.map((f) => `${f.key}=${f.value}`).sort().join()).join(';'),
         `event=half way,number=${one.operation.split('-')[1]}`);
  expect('sender', process.tags.find((t) => t.key === 'sender')?.value, sender);
  if (span.duration < 0 || span.startTime < 1e15)
    wrong.push(`began at ${span.startTime}, took ${span.duration}`);
  return wrong;
}

function main() {
  const [told, sender] = process.argv.slice(2);
  const wrong = differences(JSON.parse(fs.readFileSync(told, 'utf8')), exact(fs.readFileSync(0, 'utf8')), sender);
  for (const line of wrong.slice(0, 20))
    console.log(line);
  if (wrong.length > 20)
    console.log(`and ${wrong.length - 20} more`);
  process.exit(wrong.length ? 1 : 0);
}

main();
