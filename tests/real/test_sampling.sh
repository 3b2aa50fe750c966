#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_sampling.sh — the agent's sampling port beside that of a real Jaeger 1.62, answer by answer, and what an
# unchanged npm client samples by it: when the strategies change, while the collector is away, and after a restart of
# the agent.

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
	{"default_strategy": {"type": "probabilistic", "param": 0.25, "operation_strategies":
	    [{"operation": "ping", "type": "probabilistic", "param": 0}]},
	 "service_strategies": [
	    {"service": "shop", "type": "probabilistic", "param": $1},
	    {"service": "front", "type": "probabilistic", "param": 0.8, "operation_strategies":
	        [{"operation": "op", "type": "probabilistic", "param": 0.5}]},
	    {"service": "ünï svc", "type": "ratelimiting", "param": 5},
	    {"service": "fast", "type": "ratelimiting", "param": 40000}]}
	EOF
	mv "$WORK/strategies.new" "$WORK/strategies.json"
}

# answer PORT PATH: body, status and type
answer() { curl -s -m 5 -w '|%{http_code}|%{content_type}' "http://127.0.0.1:$1$2"; }

strategies 0
JAEGER_MORE=(--sampling.strategies-file="$WORK/strategies.json" --sampling.strategies-reload-interval=200ms)
jaeger_start "$WORK/jaeger" || die "no Jaeger"
agent_start agent --collector.url="$JAEGER_COLLECTOR" --collector.confirm=off --sampling.refresh=1s || die "no agent"
theirs=$(jaeger_port "$WORK/jaeger" sampling)

for path in '/sampling?service=front' '/sampling?service=%C3%BCn%C3%AF%20svc' '/sampling?service=%C3%BCn%C3%AF+svc' \
	'/sampling?service=unknown' '/sampling?service=' '/sampling' '/sampling?service=a&service=b' '/sampling/' \
	'/?service=front' '/?service=%C3%BCn%C3%AF+svc' '/?service=unknown' '/' '/baggageRestrictions?service=front' \
	'/credits?service=front'; do
	is "$(answer "$AGENT_SAMPLING" "$path")" "$(answer "$theirs" "$path")" "$path"
done
is "$(answer "$AGENT_SAMPLING" '/sampling?service=fast')" "$(answer "$theirs" '/sampling?service=fast')" "a fast limit"
is "$(answer "$AGENT_SAMPLING" '/?service=fast' | grep -o '[0-9]*|[^|]*$')" \
	"$(answer "$theirs" '/?service=fast' | grep -o '[0-9]*|[^|]*$')" "which the older path cannot say"
for method in POST HEAD PUT; do
	for port in "$AGENT_SAMPLING" "$theirs"; do
		curl -s -m 5 -X "$method" -o /dev/null -w '%{http_code}\n' "http://127.0.0.1:$port/sampling?service=front"
	done >"$WORK/codes" 2>/dev/null
	is "$(sort -u "$WORK/codes" | wc -l)" 1 "$method is answered with $(head -1 "$WORK/codes") by both"
done

samples() { NODE_PATH=$CLIENTS_NODE/node_modules node "$REAL_SRC/clients/node/sample.js" "$AGENT_SAMPLING" shop "$1"; }

samples none >"$WORK/client"
ok $? "the client samples nothing, as the strategy says: $(cat "$WORK/client")"
strategies 1
samples all >"$WORK/client"
ok $? "it samples all when the strategy says so: $(cat "$WORK/client")"
jaeger_kill9 "$WORK/jaeger"
samples all >"$WORK/client"
ok $? "the collector is gone, and a new client still samples all: $(cat "$WORK/client")"
end "$(pid_of agent)" 10
is $? 0 "the agent stops"
agent_start agent --collector.url="$JAEGER_COLLECTOR" --collector.confirm=off --sampling.refresh=1s || die "no agent"
samples all >"$WORK/client"
ok $? "and after its restart, without a collector: $(cat "$WORK/client")"
strategies 0
jaeger_restart "$WORK/jaeger" || die "no Jaeger"
samples none >"$WORK/client"
ok $? "the collector is back with another strategy, and clients follow: $(cat "$WORK/client")"
end "$(pid_of agent)" 10
is $? 0 "the agent stops"
tap_done
