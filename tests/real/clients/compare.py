# SPDX-License-Identifier: Apache-2.0
"""compare.py: spans, a line of JSON each as go/stored prints them, held against others, field by field. Prints one line
for each difference; exits with 1 when there is any.

    python3 compare.py told TOLD STORED            what a client says it sent, and what a Jaeger holds
    python3 compare.py beside A B [--once KEY…]    what two Jaegers hold, that of jaeger-agent and that of spanspool's

Each span must be there as often as on the other side, and nothing else. The order of tags, references and fields of
a log is free. A line of TOLD has one key more, "also": the keys of tags that the client adds by itself, of the span and
of the process; each must be there, with any value. jaeger-agent may put a process tag of the keys after --once there more
than once, where spanspool puts it once.
"""
import collections
import json
import re
import sys

SHOWN = 8
# What the collector adds: the way by which a span came to it.
ADDED = 'internal.span.format'
# A tag of an unknown type becomes a text with addresses of memory in it.
POINTER = re.compile('0x[0-9a-f]+')


def lines(path):
    with open(path, encoding='utf8') as f:
        return [json.loads(line) for line in f]


def in_order(values):
    return sorted(values, key=json.dumps)


def canonical(span):
    one = {key: value for key, value in span.items() if key != 'also'}
    one['tags'] = in_order(t for t in span['tags'] if t[0] != ADDED)
    one['process'] = in_order(span['process'])
    one['references'] = in_order(span['references'])
    one['logs'] = in_order([time, in_order(fields)] for time, fields in span['logs'])
    return one


def name(span):
    return f"{span['trace']}:{span['span']} {span['operation']!r}"


def field_differences(want, got):
    for key in want:
        if isinstance(want[key], list):
            missing = [x for x in want[key] if x not in got[key]]
            more = [x for x in got[key] if x not in want[key]]
            if missing or more or len(want[key]) != len(got[key]):
                yield f'{key}: {json.dumps(missing)[:300]} of {len(want[key])} is missing, {json.dumps(more)[:300]} is more'
        elif want[key] != got[key]:
            yield f'{key} is {got[key]!r}, not {want[key]!r}'


def differences(wanted, stored):
    """Of two lists of canonical spans: equal ones are taken out of both, then those of the same ids are held together."""
    left = collections.Counter(json.dumps(s, sort_keys=True) for s in stored)
    unmatched = []
    for span in wanted:
        text = json.dumps(span, sort_keys=True)
        if left[text]:
            left[text] -= 1
        else:
            unmatched.append(span)
    rest = [json.loads(text) for text in left.elements()]
    for want in unmatched:
        got = next((s for s in rest if (s['trace'], s['span']) == (want['trace'], want['span'])), None)
        if got is None:
            yield f'{name(want)} is missing'
            continue
        rest.remove(got)
        for line in field_differences(want, got):
            yield f'{name(want)}: {line}'
    for span in rest:
        yield f'{name(span)} is there too often'


def without_also(span, also):
    """The stored span without what the client adds by itself; what of that is not there."""
    missing = []
    for where in ('tags', 'process'):
        keys = [t[0] for t in span[where]]
        missing += [f'{name(span)}: the client adds {key!r} to {where}, and it is not there'
                    for key in also.get(where, []) if key not in keys]
        span[where] = [t for t in span[where] if t[0] not in also.get(where, [])]
    return missing


def of_told(told, stored):
    also = {(s['trace'], s['span']): s.get('also', {}) for s in told}
    wrong = []
    for span in stored:
        wrong += without_also(span, also.get((span['trace'], span['span']), {}))
        if not any(t[0] == ADDED for t in span['tags']):
            wrong.append(f'{name(span)} has no {ADDED}')
    return wrong + list(differences([canonical(s) for s in told], [canonical(s) for s in stored]))


def of_beside(theirs, ours, once):
    """jaeger-agent sends protobuf over gRPC, spanspool's agent Thrift over HTTP, and the collector says so in a tag."""
    wrong = []
    for stored, way in (theirs, 'proto'), (ours, 'jaeger'):
        for span in stored:
            ways = [t[2] for t in span['tags'] if t[0] == ADDED]
            if ways != [way]:
                wrong.append(f'{name(span)}: {ADDED} is {ways}, not {way!r}')
        for tag in (t for span in stored for t in span['tags']):
            if isinstance(tag[2], str) and tag[2].startswith('Unknown VType: '):
                tag[2] = POINTER.sub('0x…', tag[2])
    for span in theirs:
        span['process'] = [t for i, t in enumerate(span['process']) if t[0] not in once or t not in span['process'][:i]]
    return wrong + list(differences([canonical(s) for s in theirs], [canonical(s) for s in ours]))


def main():
    mode, first, second = sys.argv[1:4]
    a, b = lines(first), lines(second)
    wrong = of_told(a, b) if mode == 'told' else of_beside(a, b, sys.argv[5:])
    if not a:
        wrong.append(f'{first} has no span')
    for line in wrong[:SHOWN]:
        print(line)
    if len(wrong) > SHOWN:
        print(f'and {len(wrong) - SHOWN} more')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
