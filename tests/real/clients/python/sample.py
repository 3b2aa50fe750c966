"""sample.py — an unchanged PyPI jaeger-client with a remote sampler: starts spans until its sampler takes all of them, or
none, as asked, and ends with 0; with 1 when that has not come about in 30 s.

    python sample.py HOST:PORT SERVICE all|none
"""
import sys
import time

from jaeger_client import Config

SPANS, EVERY_S, GIVE_UP_S = 200, 0.1, 30


def main():
    address, service, want = sys.argv[1:]
    host, _, port = address.rpartition(':')
    expected = SPANS if want == 'all' else 0
    tracer = Config(config={
        'sampling_refresh_interval': EVERY_S,
        'local_agent': {'sampling_host': host, 'sampling_port': int(port), 'reporting_port': 9},
    }, service_name=service, validate=True).initialize_tracer()
    began, n, turn = time.monotonic(), -1, 0
    # Until the first answer the client samples one of a thousand by a sampler that the answer takes away.
    own = tracer.sampler.sampler
    while (n != expected or tracer.sampler.sampler is own) and time.monotonic() - began < GIVE_UP_S:
        time.sleep(EVERY_S)
        turn += 1
        n = sum(tracer.start_span(f'operation-{turn}').is_sampled() for _ in range(SPANS))
    answered = tracer.sampler.sampler is not own
    print(f'{n} of {SPANS} sampled')
    tracer.close()
    sys.exit(0 if n == expected and answered else 1)


if __name__ == '__main__':
    main()
