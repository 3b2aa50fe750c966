#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# backlog.sh — the backlog bench: a real Jaeger comes back to a backlog, as the agent without Kafka keeps it in its
# spool and as the drain finds it on a topic. Jaeger's store is another process; its queue is the default one, and
# one of 200 spans with a single worker. The rate at which the spans reach the store stands beside the rate at which
# the same store takes them from a queue that holds the whole backlog, which no sender can overrun. Part of
# "make bench"; not a test, for a rate depends on what else the machine does.
#
# BACKLOG_SPANS=200000, BACKLOG_AGENT_RATE=20000 (span/s into the spool while Jaeger is away),
# BACKLOG_QUEUES="2000/50 200/1" (spans/workers), BACKLOG_SENDERS="agent drain", BACKLOG_RATE_AT_LEAST=80 and
# BACKLOG_TWICE_AT_MOST=2 percent. Exit 0: all bounds were met; 3: one was not.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/stand.sh" || exit 1

SPANS=${BACKLOG_SPANS:-200000}
QUEUES=${BACKLOG_QUEUES:-2000/50 200/1}
SENDERS=${BACKLOG_SENDERS:-agent drain}
RATE_AT_LEAST=${BACKLOG_RATE_AT_LEAST:-80}
TWICE_AT_MOST=${BACKLOG_TWICE_AT_MOST:-2}
SERVICES=10    # each is asked for alone: Jaeger answers with one JSON text
FILL_RATE=20000 # span/s into a topic
AGENT_RATE=${BACKLOG_AGENT_RATE:-$FILL_RATE} # and into a spool, while Jaeger is away
TOPIC=backlog
FAILED=0

# fill RATE: the whole backlog through the agent's ports, a tenth under each service name
fill() {
	local each=$((SPANS / SERVICES)) i
	for ((i = 0; i < SERVICES; i++)); do
		emit "$WORK/sent" --run="$RUN" --first=$((i * each + 1)) --spans=$each --rate="$1" \
			--service="backlog-$i" || return
		[ "$(emitted "$WORK/sent" refused)" -eq 0 ] || return
	done
}

# begin_jaeger NAME QUEUE WORKERS: with an empty store
begin_jaeger() {
	JAEGER_QUEUE=$2 JAEGER_WORKERS=$3
	JAEGER=$WORK/jaeger.$1
	jaeger_start "$JAEGER" || die "no Jaeger"
}

# The collector's page costs the collector time: it is not read more often than this.
all_stored() { sleep 0.5 && [ "$(jaeger_stored "$JAEGER")" -ge "$SPANS" ]; }

# time_store: MS from BEGAN until the store has as many spans as were sent; RATE in span/s
time_store() {
	wait_for 1800 all_stored || die "the store has only $(jaeger_stored "$JAEGER") of $SPANS spans"
	MS=$(($(now_ms) - BEGAN))
	RATE=$((SPANS * 1000 / MS))
}

# count_store: MISSING and TWICE, by Jaeger's query API
count_store() {
	local i
	for ((i = 0; i < SERVICES; i++)); do
		jaeger_traces "$JAEGER" "backlog-$i" || return
	done | "$TALLY" "$RUN" "1:$SPANS" >"$WORK/count" || return
	read -r _ _ MISSING TWICE <"$WORK/count"
	grep -qx "strays 0" "$WORK/count"
}

# judge SENDER: its row beside the store's own rate
judge() {
	local verdict=met share=$((RATE * 100 / STORE_RATE))
	count_store || die "Jaeger cannot be asked, or has spans that were not sent"
	[ "$MISSING" -eq 0 ] && [ $((TWICE * 100)) -le $((SPANS * TWICE_AT_MOST)) ] &&
		[ "$share" -ge "$RATE_AT_LEAST" ] || verdict="NOT MET" FAILED=1
	printf '%-10s %-8s %8d span/s %5d %% %9d missing %7d twice %7d dropped  %s\n' "$QUEUE" "$1" "$RATE" "$share" \
		"$MISSING" "$TWICE" "$(jaeger_dropped "$JAEGER")" "$verdict"
}

# drain_all NAME GROUP [OPTION]…: the whole topic
drain_all() {
	drain_start "$1" --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
		--kafka.consumer.group-id="$2" --collector.url="$JAEGER_COLLECTOR" \
		--collector.metrics-url="$(jaeger_metrics_url "$JAEGER")" "${@:3}" || die "the drain does not start"
}

# measure_store WORKERS SENDER: the store's own rate, just before SENDER's: the queue holds everything at once
measure_store() {
	begin_jaeger "store.$1.$2" $((SPANS + SPANS / 10)) "$1"
	BEGAN=$(now_ms)
	drain_all "store.$1.$2" "store-$1-$2" --collector.confirm=off --collector.max-spans-per-second=0
	time_store
	STORE_RATE=$RATE
	printf '%-10s %-8s %8d span/s\n' "$QUEUE" store "$RATE"
	end "$(pid_of "store.$1.$2")" 10
	jaeger_stop "$JAEGER"
}

by_drain() {
	begin_jaeger "drain.$2" "$1" "$2"
	BEGAN=$(now_ms)
	drain_all "drain.$2" "drain-$2"
	time_store
	judge drain
	end "$(pid_of "drain.$2")" 10
	jaeger_stop "$JAEGER"
}

by_agent() {
	begin_jaeger "agent.$2" "$1" "$2"
	agent_start "agent.$2" --collector.url="$JAEGER_COLLECTOR" \
		--collector.metrics-url="$(jaeger_metrics_url "$JAEGER")" || die "the agent does not start"
	jaeger_kill9 "$JAEGER"
	fill "$AGENT_RATE" || die "the spool cannot be filled"
	wait_for 20 spooled "agent.$2" "$SPANS" || die "the agent has not spooled $SPANS spans"
	jaeger_restart "$JAEGER" || die "Jaeger does not come back"
	BEGAN=$(now_ms)
	time_store
	judge agent
	wait_for 30 all_delivered "agent.$2" && ledger_balances "agent.$2" || die "the agent does not come to rest"
	end "$(pid_of "agent.$2")" 10
	jaeger_stop "$JAEGER"
}

# The topic that the drain reads: an agent writes it.
fill_topic() {
	agent_start filler --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC ||
		die "the agent does not start"
	fill $FILL_RATE || die "the topic cannot be filled"
	wait_for 60 all_delivered filler "$SPANS" || die "the topic cannot be filled"
	end "$(pid_of filler)" 10
}

kafka_need
jaeger_need
stand_need
workdir
kafka_start "$WORK/kafka" || die "no Kafka"
kafka_create "$WORK/kafka" $TOPIC 4 || die "no topic"
RUN=$(new_run)
echo "backlog bench: $SPANS spans, Jaeger $JAEGER_VERSION, its store in another process; queue in spans/workers"
fill_topic
for QUEUE in $QUEUES; do
	for sender in $SENDERS; do
		measure_store "${QUEUE#*/}" "$sender"
		"by_$sender" "${QUEUE%/*}" "${QUEUE#*/}"
	done
done
[ "$FAILED" -eq 0 ] || exit 3
