#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# confirm_cost.sh — what confirmation costs on a real Jaeger 1.62 whose store is another process: spans at a rate that
# the store takes, from an agent without Kafka, by turns with --collector.confirm=off and with require. CPU of the agent
# and of the collector, and the bytes that the agent wrote, each beside the unconfirmed ones of the same run. Part of
# "make bench"; not a test.
#
# COST_RATE=2000 span/s, COST_SECONDS=20 a turn, COST_TURNS=2, COST_SERVICES=20 names on the collector's page,
# COST_AGENT_AT_MOST=130 percent of the unconfirmed CPU. Exit 0: the bound was met; 3: it was not.

here=$(dirname "$0")
. "$here/jaeger.sh" && . "$here/stand.sh" || exit 1

RATE=${COST_RATE:-2000}
SECONDS_EACH=${COST_SECONDS:-20}
TURNS=${COST_TURNS:-2}
SERVICES=${COST_SERVICES:-20}
AGENT_AT_MOST=${COST_AGENT_AT_MOST:-130}
declare -A AGENT COLLECTOR BYTES # by the word of --collector.confirm: microseconds, microseconds, bytes

# cpu_us PID: CPU time so far; written PID: bytes that it gave to write calls and to disk maps
cpu_us() { sed 's/.*) //' "/proc/$1/stat" | awk -v hz="$(getconf CLK_TCK)" '{ printf "%d\n", ($12 + $13) * 1000000 / hz }'; }
written() { awk '$1 == "write_bytes:" { print $2 }' "/proc/$1/io"; }

# send SPANS SERVICE: and all of it is delivered
send() {
	emit "$WORK/sent" --spans="$1" --rate="$RATE" --service="$2" || die "the emitter failed"
	wait_for 60 all_delivered agent || die "the agent does not deliver: $(ledger_sides agent)"
}

# turn CONFIRM: adds to its figures
turn() {
	local i agent collector bytes
	agent_start agent --collector.url="$JAEGER_COLLECTOR" --collector.metrics-url="$(jaeger_metrics_url "$WORK/jaeger")" \
		--collector.confirm="$1" --collector.max-spans-per-second=0 || die "the agent does not start"
	for ((i = 0; i < SERVICES; i++)); do
		send 10 "cost-$i"
	done
	agent=$(cpu_us "$(pid_of agent)") collector=$(cpu_us "$(cat "$WORK/jaeger/jaeger.pid")")
	bytes=$(written "$(pid_of agent)")
	send $((RATE * SECONDS_EACH)) cost-0
	AGENT[$1]=$((${AGENT[$1]-0} + $(cpu_us "$(pid_of agent)") - agent))
	COLLECTOR[$1]=$((${COLLECTOR[$1]-0} + $(cpu_us "$(cat "$WORK/jaeger/jaeger.pid")") - collector))
	BYTES[$1]=$((${BYTES[$1]-0} + $(written "$(pid_of agent)") - bytes))
	end "$(pid_of agent)" 10
}

# row WHAT UNIT OFF REQUIRE
row() {
	awk -v what="$1" -v unit="$2" -v off="$3" -v on="$4" -v n=$((RATE * SECONDS_EACH * TURNS)) 'BEGIN {
		printf "%-28s %10.2f unconfirmed %10.2f confirmed  %s", what, off / n, on / n, unit
		if (off > 0)
			printf ", %.2f times", on / off
		print "" }'
}

jaeger_need
stand_need
workdir
jaeger_start "$WORK/jaeger" || die "no Jaeger"
echo "cost of confirming: $RATE span/s for $SECONDS_EACH s, $TURNS turns, $SERVICES services, Jaeger $JAEGER_VERSION"
for ((t = 0; t < TURNS; t++)); do
	turn off
	turn require
done
row "CPU of the agent" "us a span" "${AGENT[off]}" "${AGENT[require]}"
row "CPU of the collector" "us a span" "${COLLECTOR[off]}" "${COLLECTOR[require]}"
row "written by the agent" "bytes a span" "${BYTES[off]}" "${BYTES[require]}"
[ $((AGENT[require] * 100)) -le $((AGENT[off] * AGENT_AT_MOST)) ] || exit 3
