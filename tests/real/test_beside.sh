#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_beside.sh — jaeger-agent 1.62 and spanspool's agent on one host get the same datagrams: the corpus, and those of
# unchanged clients. Behind each is a real collector of its own. What both collectors hold in the end is equal, span by
# span and field by field, but for the differences that are listed here by name and stand in docs/DROP-IN.md. Their
# answers on the sampling and admin ports are equal too.

here=$(dirname "$0")
. "$here/jaeger.sh" && . "$here/clients.sh" && . "$here/stand.sh" || exit 1

K=100
JAEGER_ALONE=1 # some traces of the corpus have the id 0
CORPUS=$REAL_SRC/../data/corpus

# Cases of the corpus with different ends: what jaeger-agent makes of it, what spanspool does, and the words for it in
# docs/DROP-IN.md.
KNOWN="
compact-on-6832           refused taken    either protocol on each port
extremes-compact          refused taken    A time after the year 9999 does not cost the datagram
unknown-uuid-compact      taken   refused  A field of Thrift's UUID type counts as \`malformed\`
zipkin-no-arg-compact     taken   refused  \`emitZipkinBatch\` without its argument counts as \`malformed\`
zipkin-no-service-compact refused taken    Zipkin spans without a service name arrive under \`unknown-service-name\`
batch-wrong-id-compact    dead    refused  \`emitBatch\` without its argument counts as \`malformed\`
batch-wrong-type-compact  dead    refused  \`emitBatch\` without its argument counts as \`malformed\`
no-batch-compact          dead    refused  \`emitBatch\` without its argument counts as \`malformed\`
"
# Both take it, and the collector behind jaeger-agent dies of it.
ENDS_COLLECTOR=strings-compact
# Tags of the agent: jaeger-agent puts them on the process of a Zipkin datagram once for each span.
export ZONE=eu
TAGS='zone=${ZONE},rack=${RACK:none},empty=${EMPTY_ONE:},left out=${NOT_SET}'

jaeger_need
clients_need
stand_need
clients_fetch && jaeger_fetch || die "the parts cannot be fetched"
workdir

cat >"$WORK/strategies.json" <<-EOF
	{"default_strategy": {"type": "probabilistic", "param": 0.25, "operation_strategies":
	    [{"operation": "ping", "type": "probabilistic", "param": 0}]},
	 "service_strategies": [
	    {"service": "front", "type": "probabilistic", "param": 0.8, "operation_strategies":
	        [{"operation": "op", "type": "probabilistic", "param": 0.5}]},
	    {"service": "ünï svc", "type": "ratelimiting", "param": 5},
	    {"service": "fast", "type": "ratelimiting", "param": 40000}]}
EOF
JAEGER_MORE=(--sampling.strategies-file="$WORK/strategies.json")
jaeger_start "$WORK/a" && jaeger_start "$WORK/b" || die "no Jaeger"
jaeger_agent_start "$WORK/theirs" "$WORK/a" --agent.tags="$TAGS"
ok $? "jaeger-agent serves"
agent_start ours --collector.url="$JAEGER_COLLECTOR" --collector.confirm=off --agent.tags="$TAGS"
ok $? "spanspool's agent serves"
OUR_ADMIN=127.0.0.1:$(cat "$WORK/ours/admin")

# ---- the same spans ----

ROUTES=("6831=$JAEGER_AGENT_COMPACT,$AGENT_COMPACT" "6832=$JAEGER_AGENT_BINARY,$AGENT_BINARY"
	"5775=$JAEGER_AGENT_ZIPKIN,$AGENT_ZIPKIN")
corpus() {
	python3 "$REAL_SRC/clients/beside.py" corpus "$CORPUS" "$JAEGER_AGENT_ADMIN" "$OUR_ADMIN" "${ROUTES[@]}" "$@"
}
known() { awk 'NF { print $1 }' <<<"$KNOWN"; }

free_ports 2
COMPACT=127.0.0.1:${PORTS[0]} BINARY=127.0.0.1:${PORTS[1]}
spawn "$WORK/tee" python3 "$REAL_SRC/clients/beside.py" tee "$COMPACT=${ROUTES[0]#*=}" "$BINARY=${ROUTES[1]#*=}"
wait_for 10 grep -q ready "$WORK/tee" || die "nothing sends to both: $(cat "$WORK/tee")"
clients_node "$BINARY" node $K >"$WORK/told" &&
	clients_python "$COMPACT" python $K >>"$WORK/told" &&
	clients_go "$COMPACT" go $K >>"$WORK/told" && clients_otel "$COMPACT" otel $K >>"$WORK/told"
ok $? "four clients send $K spans each to both"

# shellcheck disable=SC2046
corpus --not $(known) $ENDS_COLLECTOR >"$WORK/outcomes"
ok $? "$(wc -l <"$WORK/outcomes") cases of the corpus are dealt with by both"
is "$(awk '$2 != $3' "$WORK/outcomes")" "" "and taken or refused by both alike"
[ "$(grep -c ' taken ' "$WORK/outcomes")" -ge 50 ] && [ "$(grep -c ' refused ' "$WORK/outcomes")" -ge 50 ]
ok $? "many of them are taken, and many refused"
SPANS=$(spans ours accepted)
[ "$SPANS" -gt $((4 * K)) ]
ok $? "they are $SPANS spans"

# stored LETTER: as many as were taken
stored() {
	clients_stored "127.0.0.1:$(jaeger_port "$WORK/$1" query-grpc)" >"$WORK/stored.$1" 2>"$WORK/stored.$1.err" &&
		[ "$(wc -l <"$WORK/stored.$1")" -ge "$SPANS" ]
}
for letter in a b; do wait_for 20 stored $letter || diag "$letter: $(wc -l <"$WORK/stored.$letter") of $SPANS"; done
clients_compare beside "$WORK/stored.a" "$WORK/stored.b" --once zone rack empty >"$WORK/differences"
ok $? "both collectors hold the same $SPANS spans, every field equal but internal.span.format"
[ ! -s "$WORK/differences" ] || diag "$(cat "$WORK/differences")"
is "$(grep -c '"zone","STRING","eu"' "$WORK/stored.b")" "$SPANS" "and each has the agent's tags"

# ---- the same answers ----

# answer ADDRESS PATH: body, status and type
answer() { curl -s -m 5 -w '|%{http_code}|%{content_type}' "http://$1$2"; }
OURS=127.0.0.1:$AGENT_SAMPLING THEIRS=$JAEGER_AGENT_SAMPLING
for path in '/sampling?service=front' '/sampling?service=%C3%BCn%C3%AF%20svc' '/sampling?service=%C3%BCn%C3%AF+svc' \
	'/sampling?service=unknown' '/sampling?service=' '/sampling' '/sampling?service=a&service=b' '/sampling/' \
	'/?service=front' '/?service=%C3%BCn%C3%AF+svc' '/?service=unknown' '/' '/baggageRestrictions?service=front' \
	'/credits?service=front' '/sampling?service=fast'; do
	is "$(answer "$OURS" "$path")" "$(answer "$THEIRS" "$path")" "sampling port: $path"
done
is "$(answer "$OURS" '/?service=fast' | grep -o '[0-9]*|[^|]*$')" \
	"$(answer "$THEIRS" '/?service=fast' | grep -o '[0-9]*|[^|]*$')" "a limit that the older path cannot say"
for method in POST HEAD PUT; do
	for to in "$OURS" "$THEIRS"; do
		curl -s -m 5 -X "$method" -o /dev/null -w '%{http_code}\n' "http://$to/sampling?service=front"
	done >"$WORK/codes" 2>/dev/null
	is "$(sort -u "$WORK/codes" | wc -l)" 1 "$method is answered with $(head -1 "$WORK/codes") by both"
done

# The shape of a text: times and durations are each agent's own.
shape() { sed -E 's/"(upSince|uptime)":"[^"]*"/"\1":""/g'; }
is "$(answer "$OUR_ADMIN" / | shape)" "$(answer "$JAEGER_AGENT_ADMIN" / | shape)" "admin port: /"

# metrics ADDRESS: jaeger-agent's own, each with its labels, and the type of each; without values. The version is each
# agent's own. How long a processor took to close is known when there is nobody to ask any more.
metrics() {
	curl -s -m 5 "http://$1/metrics" | sed -E -n '/close_time/d
		s/^(jaeger_agent_build_info).*/\1/p; t
		s/^(jaeger_agent_[^ ]*) .*/\1/p; s/^# TYPE (jaeger_agent_.*)/\1/p' | sort
}
is "$(comm -3 <(metrics "$JAEGER_AGENT_ADMIN") <(metrics "$OUR_ADMIN"))" "" \
	"admin port: the same $(metrics "$OUR_ADMIN" | wc -l) metrics and types, with the same labels"

# ---- the known differences ----

# They may end jaeger-agent, so each case has a new one.
while read -r name theirs ours why; do
	[ -n "$name" ] || continue
	running "$(cat "$WORK/theirs/pid")" || jaeger_agent_start "$WORK/theirs" "$WORK/a"
	is "$(corpus --only "$name")" "$name $theirs $ours" "$name: $why"
	grep -qF "$why" "$REAL_SRC/../../docs/DROP-IN.md"
	ok $? "and docs/DROP-IN.md says so"
done <<<"$KNOWN"
running "$(cat "$WORK/theirs/pid")" || jaeger_agent_start "$WORK/theirs" "$WORK/a"
corpus --only $ENDS_COLLECTOR >"$WORK/outcome"
collector_ended() { ! running "$(cat "$WORK/a/jaeger.pid")"; }
wait_for 10 collector_ended
ok $? "$ENDS_COLLECTOR ends the collector of jaeger-agent"
wait_for 10 all_delivered ours
is "$(figure ours spans_total 'outcome="quarantined"')" 1 "and lies in quarantine at spanspool's agent"
running "$(cat "$WORK/b/jaeger.pid")"
ok $? "whose collector lives on"
ledger_balances ours
ok $? "its ledger balances"

tap_done
