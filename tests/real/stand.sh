# SPDX-License-Identifier: Apache-2.0
# stand.sh — the programs under test around the real parts: an agent, a drain, an emitter, and what they
# say of themselves. Sourced. Each has a directory below $WORK with its ports, pid, log and spool.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Of the consumer group: a killed drain's partitions are given to the next one after this long.
DRAIN_SESSION_MS=6000

stand_need() {
	need setpriv "processes end with their test" curl "figures are asked for by HTTP"
	[ -x "$SPANSPOOL" ] && [ -x "$TALLY" ] && [ -x "$TOPICS" ] ||
		die "not built: $SPANSPOOL (or SPANSPOOL_BUILD is another place)"
}

# ---- agent ----

# agent_start NAME [OPTION]…: the same ports and spool each time; it serves when this returns
agent_start() {
	local dir=$WORK/$1 p
	shift
	mkdir -p "$dir"
	if [ ! -e "$dir/ports" ]; then
		free_ports 5
		echo "${PORTS[@]}" >"$dir/ports"
	fi
	read -ra p <"$dir/ports"
	AGENT_COMPACT=127.0.0.1:${p[0]}
	AGENT_BINARY=127.0.0.1:${p[1]}
	AGENT_SAMPLING=${p[3]}
	AGENT_ZIPKIN=127.0.0.1:${p[4]}
	spawn "$dir/log" "$SPANSPOOL" agent --http-server.host-port="127.0.0.1:${p[3]}" \
		--processor.jaeger-compact.server-host-port="$AGENT_COMPACT" \
		--processor.jaeger-binary.server-host-port="$AGENT_BINARY" \
		--processor.zipkin-compact.server-host-port="$AGENT_ZIPKIN" \
		--admin.http.host-port="127.0.0.1:${p[2]}" --spool.directory="$dir/spool" "$@"
	echo "$SPAWNED" >"$dir/pid"
	echo "${p[2]}" >"$dir/admin"
	wait_for 10 serves "$dir" && return
	diag "agent ${dir##*/} does not serve:" "$(tail -n 5 "$dir/log")"
	return 1
}

# drain_start NAME [OPTION]…
drain_start() {
	local dir=$WORK/$1
	shift
	mkdir -p "$dir"
	if [ ! -e "$dir/admin" ]; then
		free_ports 1
		echo "${PORTS[0]}" >"$dir/admin"
	fi
	spawn "$dir/log" "$SPANSPOOL" drain --admin.http.host-port="127.0.0.1:$(cat "$dir/admin")" \
		--kafka.property session.timeout.ms=$DRAIN_SESSION_MS --kafka.property heartbeat.interval.ms=1000 "$@"
	echo "$SPAWNED" >"$dir/pid"
	wait_for 10 serves "$dir" && return
	diag "drain ${dir##*/} does not serve:" "$(tail -n 5 "$dir/log")"
	return 1
}

serves() { running "$(cat "$1/pid")" && curl -sf -o /dev/null -m 2 "http://127.0.0.1:$(cat "$1/admin")/"; }

pid_of() { cat "$WORK/$1/pid"; }

# ask NAME PATH: a page of its admin port
ask() { curl -sf -m 5 "http://127.0.0.1:$(cat "$WORK/$1/admin")$2"; }

# figure NAME METRIC [LABELS]: one number, or the sum over its labels; 0 when there is none such
figure() {
	ask "$1" /metrics | awk -v m="spanspool_$2" -v l="${3-}" '
		{ name = $1; sub(/\{.*/, "", name) }
		name == m && (l == "" || index($1, l)) { s += $2 }
		END { printf "%d\n", s }'
}

# spans NAME accepted, or one of the places where accepted ones are in the end
spans() {
	if [ "$2" = accepted ]; then
		figure "$1" spans_accepted_total
	else
		figure "$1" spans_total "outcome=\"$2\""
	fi
}

# Both sides of the ledger's identity, from one page: equal, or it does not balance.
ledger_sides() {
	ask "$1" /metrics | awk '
		$1 == "spanspool_spans_accepted_total" { left = $2 }
		$1 ~ /^spanspool_spans_total\{/ { right += $2 }
		$1 == "spanspool_flight_spans" || $1 == "spanspool_spool_spans" { right += $2 }
		END { printf "%d %d\n", left, right }'
}

ledger_balances() {
	local left right
	read -r left right <<<"$(ledger_sides "$1")"
	[ "$left" -gt 0 ] && [ "$left" -eq "$right" ] && return
	diag "ledger of $1: accepted $left, elsewhere $right"
	return 1
}

# Nothing is under way: every accepted span is delivered.
all_delivered() {
	[ "$(spans "$1" accepted)" -ge "${2:-0}" ] &&
		[ "$(figure "$1" flight_spans)" -eq 0 ] && [ "$(figure "$1" spool_spans)" -eq 0 ]
}

spooled() { [ "$(figure "$1" spool_spans)" -ge "$2" ]; }

# window NAME MS SPANS-A-SECOND: how many spans a SIGKILL may cost when the exposure is MS: what came within it and
# two datagrams under way. A disk that the agent itself has called too slow widens it.
window() {
	local ms=$2 late
	for late in $(sed -n 's/.*durable only after \([0-9]*\) ms, later than.*/\1/p' "$WORK/$1/log"); do
		ms=$((late > ms ? late : ms))
	done
	echo $(($3 * ms / 1000 + 2 * 10))
}

# resident NAME: the most it ever had, KiB; cpu NAME: seconds
resident() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$(pid_of "$1")/status"; }
cpu() {
	sed 's/.*) //' "/proc/$(pid_of "$1")/stat" | awk -v hz="$(getconf CLK_TCK)" '{ printf "%.2f\n", ($12 + $13) / hz }'
}

# ---- emitter ----

# emit FILE [OPTION]…: until all are out; the summary into FILE
emit() {
	local to=$1
	shift
	"$SPANSPOOL" emit --both --host-port="$AGENT_COMPACT" --binary-host-port="$AGENT_BINARY" --json "$@" \
		>"$to" 2>"$to.err" && return
	diag "emit failed:" "$(cat "$to.err")"
	return 1
}

# emitted FILE KEY: a number of the summary
emitted() { sed -n 's/.*"'"$2"'": *\([0-9]*\).*/\1/p' "$1"; }

new_run() { printf '%08x\n' $(((RANDOM << 30 | RANDOM << 15 | RANDOM) & 0x7fffffff | 1)); }

# range FILE: what tally wants
range() { echo "$(emitted "$1" first):$(($(emitted "$1" last) + 1 - $(emitted "$1" first)))"; }

# stored_on_topic BOOTSTRAP TOPIC RUN RANGE…: SENT STORED MISSING DUPLICATES of the only or last range
stored_on_topic() {
	local out
	out=$("$TALLY" --topic "$@") || return
	read -r SENT STORED MISSING DUPLICATES <<<"$(grep -v strays <<<"$out" | tail -n 1)"
}

# ---- load on one topic: RATE, RUN, TOPIC and KAFKA_BOOTSTRAP are the caller's ----

NEXT=1

# load SECONDS: spans at RATE in the background; EMITTING is its pid, LOAD its summary, NEXT moves on
load() {
	local n=$((RATE * $1))
	LOAD=$WORK/load.$NEXT
	emit "$LOAD" --run="$RUN" --first=$NEXT --spans=$n --rate="$RATE" &
	EMITTING=$!
	NEXT=$((NEXT + n))
}

loaded() { wait "$EMITTING" && [ "$(emitted "$LOAD" refused)" -eq 0 ]; }

# arrived SECONDS WHAT: the last load is on the topic whole, and what came twice the agent had marked
arrived() {
	loaded
	ok $? "$2: the agent's ports stayed open"
	wait_for "$1" all_delivered agent
	ok $? "$2: the agent delivered everything within $1 s by itself"
	stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$(range "$LOAD")"
	is "$MISSING" 0 "$2: none of $SENT spans is missing on the topic"
	[ "${DUPLICATES:-1}" -le "$(figure agent maybe_duplicate_spans_total)" ]
	ok $? "$2: of them ${DUPLICATES:-?} came twice, each of which the agent had marked"
	ledger_balances agent
	ok $? "$2: the ledger balances"
}
