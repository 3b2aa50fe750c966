"""send.py — an unchanged PyPI jaeger-client sends K spans with known content to an agent by UDP, and prints what it
sent, a line of JSON for each span as go/stored prints them (see compare.py for "also").

    python send.py HOST:PORT SERVICE K
"""
import json
import struct
import sys
import time

import opentracing
from jaeger_client import Config

CHAIN = 5  # spans of a trace, each the child of the one before


def told(key, value):
    if isinstance(value, bool):
        return [key, 'BOOL', value]
    if isinstance(value, int):
        return [key, 'INT64', str(value)]
    if isinstance(value, float):
        return [key, 'FLOAT64', struct.pack('>d', value).hex()]
    return [key, 'STRING', value]


def known(i):
    return {
        'number': i, 'least': -2**63, 'most': 2**63 - 1, 'odd': 2**53 + 1,
        'half': i + 0.5, 'pi': 3.141592653589793, 'tiny': 5e-324, 'huge': sys.float_info.max,
        'infinite': float('-inf'), 'none': float('nan'),
        'even': i % 2 == 0, 'text': 'span %d' % i, 'empty': '', 'ünï': 'grüße, 世界 \U0001F41F', 'quoted': '"\\\n\t',
        'nul': 'a\0b', '': 'no key',
    }


def references(above):
    if not above:
        return []
    ids = '%032x' % above.trace_id, '%016x' % above.span_id
    return [['CHILD_OF', *ids], ['FOLLOWS_FROM', *ids]]


def emit(tracer, service, i, above):
    # Whole and half seconds: the client's clock is a float of seconds.
    start, length = 1700000000 + i * 2.5, i % 7 * 0.125
    given = above and [opentracing.child_of(above.context), opentracing.follows_from(above.context)]
    span = tracer.start_span('operation-%d' % i, references=given, start_time=start)
    tags, fields = known(i), {'event': 'half way', 'number': i, 'late': True}
    for key, value in tags.items():
        span.set_tag(key, value)
    span.log_kv(fields, timestamp=start + 0.5)
    span.finish(start + length)
    return span, {
        'trace': '%032x' % span.trace_id, 'span': '%016x' % span.span_id, 'service': service,
        'process': [told('sender', 'PyPI jaeger-client'), told('process.number', 42)],
        'operation': 'operation-%d' % i, 'references': references(above), 'flags': span.flags,
        'start': round(start * 1e6), 'duration': round(length * 1e6),
        'tags': [told(k, v) for k, v in tags.items()],
        'logs': [[round(start * 1e6) + 500000, [told(k, v) for k, v in fields.items()]]],
        'also': {'process': ['hostname', 'ip', 'jaeger.version'],
                 'tags': [] if above else ['sampler.type', 'sampler.param']},
    }


def main():
    address, service, count = sys.argv[1:]
    host, _, port = address.rpartition(':')
    config = Config(
        config={
            'sampler': {'type': 'const', 'param': 1},
            'local_agent': {'reporting_host': host, 'reporting_port': int(port)},
            'reporter_flush_interval': 0.1,
            # The default of 100 makes the client drop spans of its own when they come this fast.
            'reporter_queue_size': 10000,
            'generate_128bit_trace_id': True,
            'tags': {'sender': 'PyPI jaeger-client', 'process.number': 42},
        },
        service_name=service, validate=True)
    tracer = config.initialize_tracer()
    lines = []
    above = None
    for i in range(int(count)):
        above, one = emit(tracer, service, i, None if i % CHAIN == 0 else above)
        lines.append(json.dumps(one) + '\n')
    closed = tracer.close()
    while not closed.done():
        time.sleep(0.01)
    sys.stdout.writelines(lines)


if __name__ == '__main__':
    main()
