#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# outage.sh — the outage bench: spans at a high rate, real Apache Kafka killed with -9 under them and away for a
# minute, then back. Counted on the topic; the agent's memory, CPU and kernel drops beside the bounds. Part of
# "make bench"; not a test, for it measures what else the machine does too.
#
# OUTAGE_RATE=100000 span/s, OUTAGE_BEFORE=10 OUTAGE_AWAY=60 OUTAGE_AFTER=20 seconds, OUTAGE_BATCH=10 spans a
# datagram, OUTAGE_RSS=65536 KiB allowed. Exit 0: all bounds were met; 3: one was not.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${OUTAGE_RATE:-100000}
BEFORE=${OUTAGE_BEFORE:-10}
AWAY=${OUTAGE_AWAY:-60}
AFTER=${OUTAGE_AFTER:-20}
BATCH=${OUTAGE_BATCH:-10}
RSS_MAX=${OUTAGE_RSS:-65536}
TOPIC=spans
FAILED=0

# row WHAT GOT UNIT BOUND: GOT is at most BOUND
row() {
	local verdict=met
	if [ "$2" -gt "$4" ]; then verdict="NOT MET" FAILED=1; fi
	printf '%-34s %12d %-6s  at most %10d  %s\n' "$1" "$2" "$3" "$4" "$verdict"
}

kafka_need
stand_need
workdir
kafka_start "$WORK/kafka" --heap 768m || die "no Kafka"
kafka_create "$WORK/kafka" $TOPIC 4 || die "no topic"
agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC || exit 1

N=$((RATE * (BEFORE + AWAY + AFTER)))
RUN=$(new_run)
echo "outage bench: $RATE span/s for $((BEFORE + AWAY + AFTER)) s," \
	"Kafka $KAFKA_VERSION killed after $BEFORE s for $AWAY s"
emit "$WORK/sent" --run="$RUN" --spans=$N --rate="$RATE" --batch="$BATCH" &
EMITTING=$!
sleep "$BEFORE"
RSS_UP=$(resident agent)
kafka_kill9 "$WORK/kafka"
sleep "$AWAY"
RSS_AWAY=$(resident agent)
SPOOLED=$(figure agent spool_spans)
BYTES=$(figure agent spool_bytes)
kafka_restart "$WORK/kafka" || die "Kafka does not come back"
BACK=$(now_ms)
wait "$EMITTING" || exit 1
wait_for 600 all_delivered agent || die "the agent does not deliver: $(ledger_sides agent)"
HEALED=$((($(now_ms) - BACK) / 1000))
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$(range "$WORK/sent")" || exit 1

ledger_balances agent || FAILED=1
printf 'sent %d spans in %s s; in the spool when the outage ended %d, %d MiB; empty %d s after Kafka was back\n' \
	"$SENT" "$(sed -n 's/.*"seconds": *\([0-9.]*\).*/\1/p' "$WORK/sent")" "$SPOOLED" $((BYTES >> 20)) "$HEALED"
row "spans missing on the topic" "$MISSING" "" 0
MARKED=$(figure agent maybe_duplicate_spans_total)
row "spans twice, not marked as possible" $((DUPLICATES > MARKED ? DUPLICATES - MARKED : 0)) "" 0
row "datagrams dropped by the kernel" "$(figure agent datagrams_kernel_dropped_total)" "" 0
row "spans refused (nobody listened)" "$(emitted "$WORK/sent" refused)" "" 0
row "spans dropped by the agent" "$(figure agent spans_dropped_total)" "" 0
row "resident at most, Kafka up" "$RSS_UP" KiB "$RSS_MAX"
row "resident at most, Kafka away" "$RSS_AWAY" KiB "$RSS_MAX"
row "resident at most, to the end" "$(resident agent)" KiB "$RSS_MAX"
awk -v c="$(cpu agent)" -v n="$SENT" \
	'BEGIN { printf "CPU of the agent: %.1f s, %.2f s per million spans\n", c, c * 1e6 / n }'
[ "$FAILED" -eq 0 ] || exit 3
