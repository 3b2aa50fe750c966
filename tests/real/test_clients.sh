#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_clients.sh — unchanged clients from npm, PyPI and the Go module proxy, and an OpenTelemetry SDK with its Jaeger
# exporter, send through the agent, a real Kafka and the drain into a real Jaeger, and by an agent without brokers
# straight into it. Each span is in Jaeger once, and every field of it is what the client sent.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/clients.sh" && . "$here/stand.sh" || exit 1

K=200
TOPIC=tracing-topic
CLIENTS="node python go otel"

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

name() {
	case $1 in
	node) echo "npm jaeger-client 3.19.0" ;; python) echo "PyPI jaeger-client 4.8.0" ;;
	go) echo "jaeger-client-go 2.30.0" ;; otel) echo "OpenTelemetry's Go exporter 1.17.0" ;;
	esac
}

# send CLIENT WAY: to the port that the client uses
send() {
	local to=$AGENT_COMPACT
	[ "$1" != node ] || to=$AGENT_BINARY
	"clients_$1" "$to" "$1-$2" $K >"$WORK/told.$1.$2" && [ "$(wc -l <"$WORK/told.$1.$2")" -eq $K ]
	ok $? "$2: $(name "$1") sends $K spans"
}

# arrives CLIENT WAY
arrives() {
	wait_for 30 clients_stored_whole "$WORK/told.$1.$2" "$WORK/jaeger" "$1-$2"
	ok $? "$2: every span of $(name "$1") is in Jaeger once, and every field of it is what was sent"
	[ ! -s "$WORK/told.$1.$2.differences" ] || diag "$(cat "$WORK/told.$1.$2.differences")"
}

# balanced NAME SPANS: accepted and delivered, no more and no less
balanced() {
	wait_for 30 all_delivered "$1" "$2"
	ok $? "the agent $1 has nothing left"
	is "$(spans "$1" accepted)" "$2" "it accepted every span"
	ledger_balances "$1"
	ok $? "its ledger balances"
	is "$(figure "$1" spans_dropped_total)" 0 "it dropped nothing"
}

first_record() { kcat -C -q -b "$KAFKA_BOOTSTRAP" -t $TOPIC -o beginning -c 1 -e "$@" 2>/dev/null; }

agent_start kafka --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves"
drain_start drain --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
	--collector.url="$JAEGER_COLLECTOR"
ok $? "a drain serves"
for c in $CLIENTS; do send "$c" kafka; done
for c in $CLIENTS; do arrives "$c" kafka; done

is "$(first_record -f '%s' -D '' | head -c 4 | od -An -tx1 | tr -d ' \n')" 0c00010b \
	"a record's value begins with a bare Batch"
is "$(first_record -f '%K\n')" -1 "a record's key is null"
first_record -f '%h\n' | grep -qE "^spanspool-id=[^/]+/[0-9]+/[0-9]+,"
ok $? "a record carries its id"
balanced kafka $((4 * K))
end "$(pid_of kafka)" 10
is $? 0 "the agent ends well on SIGTERM"
end "$(pid_of drain)" 10
is $? 0 "the drain ends well on SIGTERM"

agent_start direct --collector.url="$JAEGER_COLLECTOR"
ok $? "an agent without brokers serves"
for c in node go otel; do send "$c" direct; done
for c in node go otel; do arrives "$c" direct; done
jaeger_pause "$WORK/jaeger"
send python direct
wait_for 10 spooled direct $K
ok $? "what is sent while Jaeger is frozen waits in the spool"
jaeger_resume "$WORK/jaeger"
arrives python direct
balanced direct $((4 * K))
is "$(jaeger_dropped "$WORK/jaeger")" 0 "Jaeger dropped nothing behind its 202"

tap_done
