#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_clients.sh — unchanged clients from npm and PyPI send through the agent, a real Kafka and the drain
# into a real Jaeger, and by an agent without brokers straight into it; Jaeger's query API is asked for all
# of it.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/clients.sh" && . "$here/stand.sh" || exit 1

K=200
TOPIC=tracing-topic

kafka_need
jaeger_need
clients_need
need kcat "records are looked at with it"
stand_need
clients_fetch && jaeger_fetch || die "the parts cannot be fetched"
workdir

kafka_start "$WORK/kafka" || die "no Kafka"
jaeger_start "$WORK/jaeger" || die "no Jaeger"
kafka_create "$WORK/kafka" $TOPIC 4

# stored_whole NAME SENDER SERVICE: Jaeger has the K spans just as the client told
stored_whole() {
	[ "$(jaeger_traces "$WORK/jaeger" "$3" | grep -o '{"traceID":"[0-9a-f]*","spanID":"' | wc -l)" -ge $K ] &&
		jaeger_traces "$WORK/jaeger" "$3" | node "$REAL_SRC/clients/compare.js" "$WORK/told.$1" "$2" >"$WORK/differences.$1"
}

# arrives NAME SENDER SERVICE SENTENCE
arrives() {
	wait_for 30 stored_whole "$1" "$2" "$3"
	ok $? "$4"
	[ ! -s "$WORK/differences.$1" ] || diag "$(cat "$WORK/differences.$1")"
}

first_record() { kcat -C -q -b "$KAFKA_BOOTSTRAP" -t $TOPIC -o beginning -c 1 -e "$@" 2>/dev/null; }

agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves"
drain_start drain --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
	--collector.url="$JAEGER_COLLECTOR"
ok $? "a drain serves"

clients_node 127.0.0.1 "${AGENT_BINARY#*:}" npm-service $K >"$WORK/told.node"
ok $? "npm jaeger-client 3.19.0 sends $K spans to the binary port"
clients_python 127.0.0.1 "${AGENT_COMPACT#*:}" pypi-service $K >"$WORK/told.python"
ok $? "PyPI jaeger-client 4.8.0 sends $K spans to the compact port"

arrives node "npm jaeger-client" npm-service \
	"every span of npm's is in Jaeger once, operation, parent, tags and logs equal"
arrives python "PyPI jaeger-client" pypi-service \
	"every span of PyPI's is in Jaeger once, operation, parent, tags and logs equal"

is "$(first_record -f '%s' -D '' | head -c 4 | od -An -tx1 | tr -d ' \n')" 0c00010b \
	"a record's value begins with a bare Batch"
is "$(first_record -f '%K\n')" -1 "a record's key is null"
first_record -f '%h\n' | grep -qE "^spanspool-id=[^/]+/[0-9]+/[0-9]+,"
ok $? "a record carries its id"

wait_for 10 all_delivered agent $((2 * K))
ok $? "the agent has nothing left"
is "$(spans agent accepted)" $((2 * K)) "the agent accepted every span"
ledger_balances agent
ok $? "the agent's ledger balances"
is "$(figure agent spans_dropped_total)" 0 "the agent dropped nothing"
is "$(jaeger_dropped "$WORK/jaeger")" 0 "Jaeger dropped nothing behind its 202"

end "$(pid_of agent)" 10
is $? 0 "the agent ends well on SIGTERM"
end "$(pid_of drain)" 10
is $? 0 "the drain ends well on SIGTERM"

agent_start direct --collector.url="$JAEGER_COLLECTOR"
ok $? "an agent without brokers serves"
clients_node 127.0.0.1 "${AGENT_BINARY#*:}" npm-direct $K >"$WORK/told.direct"
arrives direct "npm jaeger-client" npm-direct "without Kafka every span goes straight to Jaeger"
jaeger_pause "$WORK/jaeger"
clients_python 127.0.0.1 "${AGENT_COMPACT#*:}" pypi-direct $K >"$WORK/told.frozen"
wait_for 10 spooled direct $K
ok $? "what is sent while Jaeger is frozen waits in the spool"
jaeger_resume "$WORK/jaeger"
arrives frozen "PyPI jaeger-client" pypi-direct "and arrives when it no longer is"
wait_for 30 all_delivered direct $((2 * K))
ok $? "the agent without brokers has nothing left"
ledger_balances direct
ok $? "its ledger balances"

tap_done
