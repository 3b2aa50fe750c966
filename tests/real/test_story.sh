#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_story.sh — the links of the chain are taken away one after the other under load, and a real Jaeger's query API
# has every span in the end: Kafka killed with -9, Jaeger killed with -9, and the store behind Jaeger away while Jaeger
# goes on answering 202. By Kafka and the drain, and by an agent without Kafka; with Jaeger 1.62. Jaeger 2.13, as it is
# shipped, takes ten minutes to build, longer than all tests here: it plays only where STORY_JAEGERS names it.
#
# STORY_RATE=500 span/s, STORY_AWAY=4 seconds a phase, STORY_JAEGERS=1.62.0 (or "1.62.0 2.13.0"),
# STORY_WAYS="kafka direct".

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${STORY_RATE:-500}
AWAY=${STORY_AWAY:-4}
JAEGERS=${STORY_JAEGERS:-1.62.0}
WAYS=${STORY_WAYS:-kafka direct}
TOPIC=story
JAEGER_QUEUE=2000 # as Jaeger 1.x is shipped
JAEGER_RELAY=1

# begin PHASE: its spans begin to flow, under a service name of its own
begin() {
	PHASES+=("$1")
	emit "$WORK/sent.$STORY.$1" --run="$RUN" --first=$NEXT --spans=$((RATE * AWAY)) --rate="$RATE" \
		--service="$1" &
	EMITTING=$!
	NEXT=$((NEXT + RATE * AWAY))
}

# ended: the phase's spans are all sent
ended() {
	wait "$EMITTING"
	ok $? "$STORY: spans were sent for $AWAY s: $1"
}

# phase NAME: its spans, while nothing else happens
phase() {
	begin "$1"
	ended "$1"
}

kafka_away() {
	kafka_kill9 "$WORK/kafka"
	phase kafka-killed
	kafka_restart "$WORK/kafka" || die "Kafka does not come back"
	phase kafka-back
}

jaeger_away() {
	begin jaeger-killed
	sleep $((AWAY / 4))
	jaeger_kill9 "$JAEGER" # with spans in its queue
	ended jaeger-killed
	jaeger_restart "$JAEGER" || die "Jaeger does not come back"
	phase jaeger-back
}

store_away() {
	begin store-cut
	sleep $((AWAY / 4))
	jaeger_store_cut "$JAEGER"
	ended store-cut
	jaeger_store_mend "$JAEGER" || die "the relay does not come back"
	phase store-back
}

# comes_to SENDER CONDITION…: until CONDITION holds; 1 when SENDER's collector has confirmed nothing for a minute
comes_to() {
	local confirmed=-1 now since=$SECONDS
	until "${@:2}"; do
		now=$(figure "$1" collector_confirmed_spans_total)
		[ "$now" -eq "$confirmed" ] || since=$SECONDS
		confirmed=$now
		[ $((SECONDS - since)) -lt 60 ] || return 1
		sleep 0.5
	done
}

drained() { [ "$(kafka_lag "$WORK/kafka" "$TOPIC.$STORY" "$STORY")" -eq 0 ]; }

# count PHASE: SENT, STORED, MISSING and TWICE of its spans, by the query API
count() {
	local sent=$WORK/sent.$STORY.$1
	jaeger_traces "$JAEGER" "$1" | "$TALLY" "$RUN" "$(range "$sent")" >"$WORK/count" || return
	read -r SENT _ MISSING TWICE <"$WORK/count"
	grep -qx "strays 0" "$WORK/count"
}

# all_counted SENDER: nothing is missing of any phase, and SENDER saw each span stored
all_counted() {
	local phase all=0
	for phase in "${PHASES[@]}"; do
		count "$phase"
		ok $? "$STORY: Jaeger can be asked for $phase, and has nothing that was not sent"
		is "$MISSING $(emitted "$WORK/sent.$STORY.$phase" refused)" "0 0" \
			"$STORY: of $SENT spans of $phase none is missing"
		diag "$phase: $SENT sent, $TWICE came twice"
		all=$((all + SENT))
	done
	[ "$(figure "$1" collector_confirmed_spans_total)" -ge "$all" ]
	ok $? "$STORY: each of $all spans was confirmed by Jaeger's counters"
	diag "Jaeger's last process dropped $(jaeger_dropped "$JAEGER") and could not store $(jaeger_failed "$JAEGER")"
}

# Jaeger 2 closes each connection, and takes gzip; Jaeger 1 does neither.
collector_options() {
	OPTIONS=(--collector.url="$JAEGER_COLLECTOR" --collector.metrics-url="$(jaeger_metrics_url "$JAEGER")"
		--collector.confirm=require)
	! jaeger_is_2 || OPTIONS+=(--collector.compression=gzip)
}

story_kafka() {
	kafka_create "$WORK/kafka" "$TOPIC.$STORY" 4 || die "no topic"
	agent_start "agent.$STORY" --kafka.producer.brokers="$KAFKA_BOOTSTRAP" \
		--kafka.producer.topic="$TOPIC.$STORY" || die "the agent does not start"
	drain_start "drain.$STORY" --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic="$TOPIC.$STORY" \
		--kafka.consumer.group-id="$STORY" "${OPTIONS[@]}" || die "the drain does not start"
	phase all-up
	kafka_away
	jaeger_away
	store_away
	wait_for 60 all_delivered "agent.$STORY" && comes_to "drain.$STORY" drained
	ok $? "$STORY: everything leaves the spool and the topic by itself"
	all_counted "drain.$STORY"
	end "$(pid_of "drain.$STORY")" 10
	end "$(pid_of "agent.$STORY")" 10
}

story_direct() {
	agent_start "agent.$STORY" "${OPTIONS[@]}" || die "the agent does not start"
	phase all-up
	jaeger_away
	store_away
	comes_to "agent.$STORY" all_delivered "agent.$STORY"
	ok $? "$STORY: everything leaves the spool by itself"
	ledger_balances "agent.$STORY"
	ok $? "$STORY: the ledger balances"
	all_counted "agent.$STORY"
	end "$(pid_of "agent.$STORY")" 10
}

# story WAY: with an empty store and a run of its own
story() {
	STORY=$1-$JAEGER_VERSION
	JAEGER=$WORK/jaeger.$STORY
	PHASES=() NEXT=1 RUN=$(new_run)
	jaeger_start "$JAEGER" || die "no Jaeger"
	collector_options
	"story_$1"
	jaeger_stop "$JAEGER"
}

kafka_need
stand_need
workdir
[ "$WAYS" = direct ] || kafka_start "$WORK/kafka" || die "no Kafka"
for version in $JAEGERS; do
	JAEGER_VERSION=$version
	. "$here/jaeger.sh"
	jaeger_need
	for way in $WAYS; do
		story "$way"
	done
done
tap_done
