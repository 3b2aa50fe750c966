"""send.py — an unchanged PyPI jaeger-client sends K spans with known content to an agent by UDP, and
prints what it sent as JSON: [{traceID, spanID, operation, parent, tags: {key: [type, value]}}].

    python send.py HOST PORT SERVICE K
"""
import json
import sys
import time

import opentracing
from jaeger_client import Config


def known(i):
    return {
        'number': ['int64', i],
        'large': ['int64', 2**53 + 1 + i],
        'half': ['float64', i + 0.5],
        'even': ['bool', i % 2 == 0],
        'text': ['string', 'span %d' % i],
        'ünï': ['string', 'grüße, 世界 \U0001F41F'],
        'empty': ['string', ''],
        'quoted': ['string', '"\\\n\t'],
    }


def emit(tracer, i, above):
    span = tracer.start_span('operation-%d' % i, child_of=above)
    tags = known(i)
    for key, (_, value) in tags.items():
        span.set_tag(key, value)
    span.log_kv({'event': 'half way', 'number': i})
    span.finish()
    told = {
        'traceID': '%x' % span.trace_id,
        'spanID': '%x' % span.span_id,
        'operation': 'operation-%d' % i,
        'parent': '%x' % span.parent_id if above else None,
        'tags': {k: [t, str(v) if t == 'int64' else v] for k, (t, v) in tags.items()},
    }
    return span, told


def main():
    host, port, service, count = sys.argv[1:]
    config = Config(
        config={
            'sampler': {'type': 'const', 'param': 1},
            'local_agent': {'reporting_host': host, 'reporting_port': int(port)},
            'reporter_flush_interval': 0.1,
            # The default of 100 makes the client drop spans of its own when they come this fast.
            'reporter_queue_size': 10000,
            'tags': {'sender': 'PyPI jaeger-client'},
        },
        service_name=service, validate=True)
    tracer = config.initialize_tracer()
    told = []
    above = None
    for i in range(int(count)):
        # Traces of five, each a chain.
        above, one = emit(tracer, i, None if i % 5 == 0 else above)
        told.append(one)
    closed = tracer.close()
    while not closed.done():
        time.sleep(0.01)
    json.dump(told, sys.stdout)


if __name__ == '__main__':
    main()
