# SPDX-License-Identifier: Apache-2.0
"""beside.py — the same datagrams to jaeger-agent and to spanspool's agent.

    python3 beside.py tee FROM=THEIRS,OURS…
        forwards each datagram that comes to FROM to both, until it is ended
    python3 beside.py corpus DIRECTORY THEIR-ADMIN OUR-ADMIN PORT=THEIRS,OURS… [--only NAME | --not NAME…]
        sends the cases of a corpus, one after the other; when both have dealt with one, prints a line: NAME THEIRS OURS,
        each "taken", "refused", or "dead" when the agent is

All addresses are HOST:PORT. The port before "=" is the one that a case of the corpus names.
"""
import argparse
import glob
import json
import os
import re
import selectors
import socket
import sys
import time
import urllib.request

PATIENCE = 10  # seconds until a datagram must have come to something
LARGEST = 65507
AT_ONCE = 32  # datagrams: jaeger-agent's socket holds some 200 small ones, and loses the rest without a word
BUFFER = 4 << 20


def address(text):
    host, _, port = text.rpartition(':')
    return host, int(port)


def routes(pairs):
    """{left: [address, address]}"""
    return {left: [address(a) for a in right.split(',')] for left, right in (p.split('=') for p in pairs)}


def udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    return s


def tee(pairs):
    waiting, out = selectors.DefaultSelector(), udp()
    for left, both in routes(pairs).items():
        s = udp()
        s.bind(address(left))
        waiting.register(s, selectors.EVENT_READ, both)
    print('ready', flush=True)
    while True:
        for key, _ in waiting.select():
            data = key.fileobj.recv(LARGEST)
            for to in key.data:
                out.sendto(data, to)


def get(admin, path):
    with urllib.request.urlopen(f'http://{admin}{path}', timeout=PATIENCE) as answer:
        return answer.read().decode()


class Theirs:
    """jaeger-agent by its metrics: a datagram is dealt with when it is submitted, has failed, or was an error."""

    def __init__(self, admin):
        self.admin = admin

    def figures(self):
        page = get(self.admin, '/metrics')

        def total(metric):
            found = re.findall(rf'^jaeger_agent_{metric}{{[^}}]*}} (\S+)$', page, re.M)
            return sum(int(float(value)) for value in found)

        dealt = (total('reporter_batches_submitted_total') + total('reporter_batches_failures_total') +
                 total('thrift_udp_t_processor_handler_errors_total'))
        return dealt, total('reporter_batches_submitted_total')


class Ours:
    """spanspool's agent by its ledger."""

    def __init__(self, admin):
        self.admin = admin

    def figures(self):
        datagrams = json.loads(get(self.admin, '/ledger'))['datagrams']
        return datagrams['received'], datagrams['accepted']


def outcome(agent, before, datagrams):
    """What came of that many datagrams since the figures BEFORE."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            dealt, taken = (now - then for now, then in zip(agent.figures(), before))
        except OSError:
            return 'dead'
        if dealt >= datagrams:
            return 'taken' if taken else 'refused'
        time.sleep(0.01)
    return 'nothing'


def cases(directory, only, leave_out):
    for path in sorted(glob.glob(os.path.join(directory, '*.json'))):
        with open(path, encoding='utf8') as f:
            case = json.load(f)
        if (only and case['name'] != only) or case['name'] in leave_out:
            continue
        with open(path[:-len('json')] + 'bin', 'rb') as f:
            whole = f.read()
        # A case of prefixes is every shorter one.
        yield case, [whole[:n] for n in range(len(whole))] if case.get('prefixes') else [whole]


def corpus(args):
    agents, to, out = (Theirs(args.theirs), Ours(args.ours)), routes(args.route), udp()
    for case, datagrams in cases(args.directory, args.only, getattr(args, 'not')):
        before = [agent.figures() for agent in agents]
        for n, datagram in enumerate(datagrams, 1):
            for where in to[str(case['port'])]:
                out.sendto(datagram, where)
            if n % AT_ONCE == 0 or n == len(datagrams):
                came = [outcome(agent, then, n) for agent, then in zip(agents, before)]
        print(case['name'], *came, flush=True)


def main():
    if sys.argv[1:2] == ['tee']:
        tee(sys.argv[2:])
    parser = argparse.ArgumentParser(prog='beside.py corpus')
    for name in 'directory', 'theirs', 'ours':
        parser.add_argument(name)
    parser.add_argument('route', nargs='+')
    parser.add_argument('--only')
    parser.add_argument('--not', nargs='+', default=[])
    corpus(parser.parse_args(sys.argv[2:]))


if __name__ == '__main__':
    main()
