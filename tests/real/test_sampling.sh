#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_sampling.sh — what unchanged clients from npm, PyPI and the Go module proxy sample by the agent's sampling port,
# a real Jaeger 1.62 behind it: when the strategies change, while the collector is away, and after a restart of the
# agent. test_beside.sh holds the answers against jaeger-agent's.

here=$(dirname "$0")
. "$here/jaeger.sh" && . "$here/stand.sh" && . "$here/clients.sh" || exit 1

jaeger_need
clients_need
stand_need
workdir
clients_fetch || skip_all "the clients cannot be had"

# strategies RATE: of the service shop
strategies() {
	cat >"$WORK/strategies.new" <<-EOF
	{"service_strategies": [{"service": "shop", "type": "probabilistic", "param": $1}]}
	EOF
	mv "$WORK/strategies.new" "$WORK/strategies.json"
}

strategies 0
JAEGER_MORE=(--sampling.strategies-file="$WORK/strategies.json" --sampling.strategies-reload-interval=200ms)
jaeger_start "$WORK/jaeger" || die "no Jaeger"
agent_start agent --collector.url="$JAEGER_COLLECTOR" --collector.confirm=off --sampling.refresh=1s || die "no agent"

# samples all|none SENTENCE: each of the clients does so in the end, one beside the other
samples() {
	local c pids=()
	for c in node python go; do
		clients_sample "$c" "127.0.0.1:$AGENT_SAMPLING" shop "$1" >"$WORK/client.$c" 2>&1 &
		pids+=("$!")
	done
	for c in node python go; do
		wait "${pids[0]}"
		ok $? "$2: $c, $(tail -n 1 "$WORK/client.$c")"
		pids=("${pids[@]:1}")
	done
}

samples none "the clients sample nothing, as the strategy says"
strategies 1
samples all "they sample all when the strategy says so"
jaeger_kill9 "$WORK/jaeger"
samples all "the collector is gone, and new clients still sample all"
end "$(pid_of agent)" 10
is $? 0 "the agent stops"
agent_start agent --collector.url="$JAEGER_COLLECTOR" --collector.confirm=off --sampling.refresh=1s || die "no agent"
samples all "and after its restart, without a collector"
strategies 0
jaeger_restart "$WORK/jaeger" || die "no Jaeger"
samples none "the collector is back with another strategy, and clients follow"
end "$(pid_of agent)" 10
is $? 0 "the agent stops"
tap_done
