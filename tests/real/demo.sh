#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh — the fault-tolerance demonstration on real Apache Kafka and a real Jaeger: eleven phases in which the
# links of the chain are taken away one after the other under load. At the end Jaeger's own query API is asked
# for every numbered span. Exit 0: every promise was kept; 3: one was broken; 1: the parts did not start.
#
#   demo.sh [--rate SPANS-PER-SECOND] [--seconds PER-PHASE] [--exposure DURATION]

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/stand.sh" || exit 1

RATE=2000
SECONDS_EACH=4
EXPOSURE=100ms
TOPIC=tracing-topic
FIRST=1
BROKEN=()
# By phase: what it was, its summary of the emitter, what lay in the spool when it ended.
NAMES=() SENTS=() SPOOLED=()

while [ $# -gt 0 ]; do
	case $1 in
	--rate=* | --seconds=* | --exposure=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
	--rate) RATE=$2; shift 2 ;;
	--seconds) SECONDS_EACH=$2; shift 2 ;;
	--exposure) EXPOSURE=$2; shift 2 ;;
	--real) shift ;;
	*) echo "demo: unknown option $1 (--rate, --seconds, --exposure)" >&2; exit 2 ;;
	esac
done

say() { printf '%s\n' "$*"; }

promise() { # STATUS SENTENCE
	[ "$1" -eq 0 ] && return
	BROKEN+=("$2")
	say "  BROKEN: $2"
}

agent() {
	agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC \
		--spool.exposure="$EXPOSURE" || die "the agent does not start"
}

drain() {
	drain_start drain --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
		--collector.url="$JAEGER_COLLECTOR" --collector.metrics-url="$(jaeger_metrics_url "$WORK/jaeger")" || die "the drain does not start"
}

# begin NAME: its spans begin to flow, under a service name of its own
begin() {
	local n=$((RATE * SECONDS_EACH)) i=${#NAMES[@]}
	NAMES+=("$1")
	SENTS+=("$WORK/sent.$i")
	say "$((i + 1)) $1"
	emit "$WORK/sent.$i" --run="$RUN" --first=$FIRST --spans=$n --rate="$RATE" --service="demo-$((i + 1))" &
	EMITTING=$!
	FIRST=$((FIRST + n))
}

# The phase's spans are out; what is in the spool now is its row's.
ended() {
	wait "$EMITTING" || die "the emitter failed"
	sleep 0.3
	SPOOLED+=("$(figure agent spool_spans)")
	ledger_balances agent
	promise $? "the agent's ledger balances in phase ${#SPOOLED[@]}"
	say "  sent $((FIRST - 1)) in all, on Kafka $(spans agent delivered), in the spool $(figure agent spool_spans)"
}

# What was answered 202 lies with the storage, so that killing the collector takes nothing of it.
settled() {
	wait_for 60 all_delivered agent || die "the agent does not deliver: $(ledger_sides agent)"
	wait_for 60 drained || die "the drain does not come to the end: $(ask drain /ledger)"
	wait_for 30 jaeger_idle "$WORK/jaeger" || die "Jaeger does not come to rest"
}

# The drain commits what was answered 2xx and nothing else.
drained() { [ "$(kafka_lag "$WORK/kafka" $TOPIC tracing-app)" -eq 0 ]; }

story() {
	begin "all up"; ended
	settled
	jaeger_kill9 "$WORK/jaeger"
	begin "collector killed"; ended
	jaeger_restart "$WORK/jaeger" || die "Jaeger does not come back"
	begin "collector back"; ended
	kafka_kill9 "$WORK/kafka"
	begin "Kafka killed"; ended
	kafka_restart "$WORK/kafka" || die "Kafka does not come back"
	begin "Kafka back"; ended
	kafka_pause "$WORK/kafka"
	jaeger_pause "$WORK/jaeger"
	begin "both frozen"; ended
	kafka_kill9 "$WORK/kafka"
	jaeger_resume "$WORK/jaeger"
	begin "agent killed, Kafka away"
	sleep $((SECONDS_EACH / 2))
	kill9 "$(pid_of agent)"
	agent
	ended
	kafka_restart "$WORK/kafka" || die "Kafka does not come back"
	begin "drain killed"
	sleep $((SECONDS_EACH / 2))
	kill9 "$(pid_of drain)"
	drain
	ended
	jaeger_store_pause "$WORK/jaeger"
	begin "store frozen"; ended
	jaeger_store_resume "$WORK/jaeger"
	begin "store back"; ended
	begin "all up again"; ended
	say "until all is drained"
	settled
}

# With no exposure what was read and not yet committed may go: one turn of the spool, which takes no longer than
# this on a disk that works.
TURN_MS=100

exposure_ms() {
	case $EXPOSURE in
	0 | 0s | 0ms) echo $TURN_MS ;;
	*ms) echo "${EXPOSURE%ms}" ;;
	*s) echo $((${EXPOSURE%s} * 1000)) ;;
	*) echo "$EXPOSURE" ;;
	esac
}

table() {
	local i sent stored missing dup refused lost marked allowed lines="" total_dup=0
	say "phase                         sent   stored  missing  duplicate  spooled"
	for i in "${!NAMES[@]}"; do
		jaeger_traces "$WORK/jaeger" "demo-$((i + 1))" | "$TALLY" "$RUN" "$(range "${SENTS[$i]}")" >"$WORK/count" ||
			die "Jaeger cannot be asked"
		read -r sent stored missing dup <"$WORK/count"
		refused=$(emitted "${SENTS[$i]}" refused)
		# A span that the host refused on the agent's behalf was sent to nobody.
		sent=$((sent - refused)) lost=$((missing - refused)) total_dup=$((total_dup + dup))
		printf '%d %-25s %7d  %7d  %7d  %9d  %7d\n' \
			$((i + 1)) "${NAMES[$i]}" "$sent" "$stored" "$lost" "$dup" "${SPOOLED[$i]}"
		grep -qx "strays 0" "$WORK/count"
		promise $? "nothing is in Jaeger that was not sent"
		case ${NAMES[$i]} in
		"agent killed"*)
			allowed=$(window agent "$(exposure_ms)" "$RATE")
			lines="SIGKILL with exposure $EXPOSURE: at most $allowed spans may be lost, $lost were;"
			lines="$lines $refused more were sent while no agent listened."
			[ "$lost" -le "$allowed" ]
			promise $? "a SIGKILL loses no more than the exposure window" ;;
		*)
			[ "$lost" -eq 0 ] && [ "$refused" -eq 0 ]
			promise $? "nothing is missing of phase $((i + 1))" ;;
		esac
	done
	say "$lines"
	stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "1:$((FIRST - 1))" || die "the topic cannot be read"
	marked=$(figure agent maybe_duplicate_spans_total)
	say "$total_dup came twice to Jaeger; $DUPLICATES were twice on Kafka, and the agent had marked $marked."
	[ "$DUPLICATES" -le "$marked" ]
	promise $? "what is twice on Kafka is marked"
}

# As Jaeger is shipped: what it answers 202 and then drops is sent again.
JAEGER_QUEUE=2000

kafka_need
jaeger_need
stand_need
workdir
say "real Apache Kafka $KAFKA_VERSION, real Jaeger $JAEGER_VERSION; $RATE span/s, $SECONDS_EACH s a phase"
kafka_start "$WORK/kafka" || die "no Kafka"
jaeger_start "$WORK/jaeger" || die "no Jaeger"
kafka_create "$WORK/kafka" $TOPIC 4 || die "no topic"
RUN=$(new_run)
agent
drain
story
table
say "Jaeger's last process dropped $(jaeger_dropped "$WORK/jaeger") spans behind its 202 and could not store $(jaeger_failed "$WORK/jaeger")."
ledger_balances agent
promise $? "the agent's ledger balances at the end"
end "$(pid_of agent)" 10
promise $? "the agent ends well on SIGTERM"
end "$(pid_of drain)" 10
promise $? "the drain ends well on SIGTERM"
if [ ${#BROKEN[@]} -gt 0 ]; then
	say "BROKEN: ${#BROKEN[@]}"
	exit 3
fi
say "every promise was kept"
