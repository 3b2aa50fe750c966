#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_java.sh — a topic that Jaeger's Java client has written, by a sender that puts each batch on Kafka, is drained.
# Batches that are sent alone arrive byte for byte as they lie on the topic; merged into larger POSTs they are in a real
# Jaeger span for span, with every field.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/clients.sh" && . "$here/stand.sh" || exit 1

K=200
PER_RECORD=5 # spans of a record; see Send.java
RECORDS=$((K / PER_RECORD))
TOPIC=tracing-topic
SERVICE=java-service

kafka_need
jaeger_need
clients_java_need
clients_go_need
stand_need
clients_fetch_java && clients_fetch_go && jaeger_fetch || die "the parts cannot be fetched"
workdir

kafka_start "$WORK/kafka" || die "no Kafka"
jaeger_start "$WORK/jaeger" || die "no Jaeger"
kafka_create "$WORK/kafka" $TOPIC 1

files() { find "$WORK/$1" -type f | wc -l; }
all_posted() { [ "$(files posts)" -ge $RECORDS ]; }
# The bytes of each file in DIR, in no order.
digests() { (cd "$WORK/$1" && sha256sum -- * | cut -d' ' -f1 | sort); }

drain_topic() {
	drain_start "$1" --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
		--kafka.consumer.group-id="$1" "${@:2}"
}

mkdir "$WORK/records" "$WORK/posts"
clients_java "$KAFKA_BOOTSTRAP" $TOPIC $SERVICE $K "$WORK/records" >"$WORK/told" 2>"$WORK/java.log"
ok $? "the Java client puts $K spans on the topic"
[ ! -s "$WORK/java.log" ] || diag "$(head -n 5 "$WORK/java.log")"
is "$(files records)" $RECORDS "each trace of $PER_RECORD spans is a record"

free_ports 1
spawn "$WORK/capture.log" java "$REAL_SRC/clients/java/Capture.java" "${PORTS[0]}" "$WORK/posts"
wait_for 30 port_open "${PORTS[0]}" || die "no collector that keeps the bodies: $(cat "$WORK/capture.log")"
# No two records fit into one POST.
drain_topic single --collector.url="http://127.0.0.1:${PORTS[0]}" --collector.confirm=off \
	--collector.max-batch-spans=$PER_RECORD
ok $? "a drain serves that merges nothing"
wait_for 30 all_posted
end "$(pid_of single)" 10
is "$(files posts)" $RECORDS "there is a POST for each record"
is "$(comm -3 <(digests posts) <(digests records) | wc -l)" 0 "and its body is the record, byte for byte"

drain_topic merged --collector.url="$JAEGER_COLLECTOR" --collector.metrics-url="$(jaeger_metrics_url "$WORK/jaeger")" \
	--drain.max-in-flight=1
ok $? "a drain serves that merges what waits"
wait_for 30 clients_stored_whole "$WORK/told" "$WORK/jaeger" $SERVICE
ok $? "every span is in Jaeger once, and every field of it is what the client sent"
[ ! -s "$WORK/told.differences" ] || diag "$(cat "$WORK/told.differences")"
POSTS=$(figure merged collector_posts_total)
[ "$POSTS" -gt 0 ] && [ "$POSTS" -lt $RECORDS ]
ok $? "in fewer POSTs than there are records: $POSTS"
is "$(jaeger_dropped "$WORK/jaeger")" 0 "Jaeger dropped nothing behind its 202"
end "$(pid_of merged)" 10
is $? 0 "the drain ends well on SIGTERM"
tap_done
