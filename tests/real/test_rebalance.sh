#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_rebalance.sh — a group of drains before one real Kafka broker, whose members come and go under load: they join,
# leave by SIGTERM, die by SIGKILL, also while the collector is away, are frozen until their session is over and their
# partitions are others', and a static member returns within its session. First the members are cooperative, and an
# eager consumer is refused by the group; then they are eager, and a consumer that commits nothing joins and leaves.
#
# Every span is stored. What is stored twice is at most what was stored and not committed when a member died or was
# frozen, and what was on the wire when partitions moved in good order. By the coordinator's log of all accepted commits
# no partition's offset goes back. Two to four minutes.
# SEED=N throws the same dice again.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

EVENTS=${EVENTS:-28} # of each of the two groups
RATE=${RATE:-500}
SEED=${SEED:-1}
DRAIN_SESSION_MS=3000
TOPIC=spans
GROUP=storm
PARTITIONS=6
BATCH=10            # spans in a record
STATIC=m1           # has an instance id of its own; the others' are new at each start
MEMBERS="m1 m2 m3 m4"

kafka_need
stand_need
need kcat "it is the foreign member of the group"
workdir
kafka_start "$WORK/kafka" || die "no Kafka"
kafka_create "$WORK/kafka" $TOPIC $PARTITIONS || die "no topic"
RANDOM=$SEED

# ---- collector: takes the lines of a pipe that stays open, and answers into collector.out ----

mkfifo "$WORK/collector.in" && exec 7<>"$WORK/collector.in"
spawn_collector() {
	setpriv --pdeathsig KILL "$SPANSPOOL_BUILD/tests/lib/stubcollector" <&7 >"$WORK/collector.out" &
	wait_for 10 test -s "$WORK/collector.out" || die "no collector"
	COLLECTOR=$(head -n 1 "$WORK/collector.out")
}
spawn_collector

# Told N words it has answered N lines beside the first.
TOLD=0
answered() { [ "$(wc -l <"$WORK/collector.out")" -ge $((TOLD + 1)) ]; }
collector() {
	TOLD=$((TOLD + 1))
	echo "$1" >&7
	wait_for 10 answered || die "the collector does not answer"
}
# collector_counts: into UNIQUE and TOTAL
collector_counts() {
	collector counts
	read -r TOTAL UNIQUE <<<"$(sed -n '$s/.*"total":\([0-9]*\),"unique":\([0-9]*\).*/\1 \2/p' "$WORK/collector.out")"
}

# ---- load: a second's worth at a time, until $WORK/enough is there ----

feed() {
	local n=1
	while [ ! -e "$WORK/enough" ]; do
		emit "$WORK/fed" --run=5707 --first=$n --spans="$RATE" --rate="$RATE" --batch=$BATCH || return
		n=$((n + RATE))
		echo $((n - 1)) >"$WORK/sent"
	done
}

# ---- what may be stored twice ----

ALLOWED=0

# Before a member dies or freezes: COMMITTED, of the group.
expose() {
	local records behind
	records=$(kafka_records "$WORK/kafka" $TOPIC) && behind=$(kafka_lag "$WORK/kafka" $TOPIC $GROUP) || die "no offsets"
	COMMITTED=$(((records - behind) * BATCH))
}

# After it: what is stored by now and was not committed before.
exposed() {
	collector_counts
	[ "$UNIQUE" -le "$COMMITTED" ] || ALLOWED=$((ALLOWED + UNIQUE - COMMITTED))
}

# Partitions that move in good order are committed before; a tenth of a second's load may be on the wire.
moved() { ALLOWED=$((ALLOWED + RATE / 10)); }

# ---- members ----

declare -A IS # up, down or still
for m in $MEMBERS; do IS[$m]=down; done

member_start() {
	local own=()
	[ "$1" != $STATIC ] || own=(--kafka.consumer.property group.instance.id=$STATIC)
	drain_start "$1" --kafka.consumer.brokers="$KAFKA_BOOTSTRAP" --kafka.consumer.topic=$TOPIC \
		--kafka.consumer.group-id=$GROUP --kafka.property partition.assignment.strategy="$STRATEGY" \
		--collector.url="$COLLECTOR" --collector.confirm=off --drain.quarantine=none "${own[@]}" ||
		die "$1 does not start"
	IS[$1]=up
}

with() { # STATE: the members in it
	local m
	for m in $MEMBERS; do [ "${IS[$m]}" != "$1" ] || echo "$m"; done
}

one() { # STATE: one of them by chance
	local all
	mapfile -t all < <(with "$1")
	echo "${all[RANDOM % ${#all[@]}]}"
}

count() { with "$1" | wc -l; }

# The members that run have all partitions, each of them one at least: the rebalance is over.
owned() {
	local m n sum=0
	for m in $(with up); do
		n=$(figure "$m" drain_partitions)
		[ "$n" -gt 0 ] || return
		sum=$((sum + n))
	done
	[ "$sum" -eq $PARTITIONS ]
}

settle() { wait_for 30 owned || diag "$1: the group does not settle: $(with up | tr '\n' ' ')"; }

# ---- events ----

join() {
	moved
	member_start "$(one down)"
}

leave() {
	local m=$1
	moved
	end "$(pid_of "$m")" 15 || { LEFT_BADLY=1 && diag "$m left with $?"; }
	IS[$m]=down
}

die_at_once() {
	expose
	kill9 "$(pid_of "$1")"
	exposed
	IS[$1]=down
}

# It holds a record for two commit intervals: what is read and not delivered may not be committed.
holds() { [ "$(figure "$1" drain_oldest_incomplete_age_seconds)" -ge 2 ]; }
dies_while_the_collector_is_away() {
	settle "before $1 dies"
	collector down
	wait_for 20 holds "$1" || diag "$1 reads nothing while the collector is away"
	die_at_once "$1"
	collector up
}

# Beyond its session: the others have its partitions before it wakes, and it finds out.
freeze() {
	expose
	kill -STOP "$(pid_of "$1")"
	exposed
	moved
	IS[$1]=still
	settle "$1 is frozen"
	moved
	kill -CONT "$(pid_of "$1")"
	IS[$1]=up
}

# Within its session: its partitions stay with it.
static_returns() {
	[ "${IS[$STATIC]}" != up ] || die_at_once $STATIC
	member_start $STATIC
}

foreign_says() { grep -qi "$1" "$WORK/kcat.log"; }
foreign_joins() {
	moved
	: >"$WORK/kcat.log"
	spawn "$WORK/kcat.log" kcat -b "$KAFKA_BOOTSTRAP" -X partition.assignment.strategy=range \
		-X enable.auto.commit=false -X enable.auto.offset.store=false -X session.timeout.ms=$DRAIN_SESSION_MS \
		-f '' -G $GROUP $TOPIC
	if [ "$STRATEGY" = range ]; then
		wait_for 20 foreign_says "assigned: $TOPIC" || FOREIGN_BADLY=1
	else
		wait_for 20 foreign_says inconsistent || FOREIGN_BADLY=1
	fi
	FOREIGN=$((FOREIGN + 1))
	end "$SPAWNED" 10
}

# With two members at least, so that there is somebody to take over; a group of all four cannot be joined.
event() {
	local up
	up=$(count up)
	if [ "$up" -lt 2 ] || { [ "$(count down)" -gt 0 ] && [ $((RANDOM % 3)) -eq 0 ]; }; then
		EVENT=join && join
		return
	fi
	case $((RANDOM % 6)) in
	0) EVENT=leave && leave "$(one up)" ;;
	1) EVENT=kill && die_at_once "$(one up)" ;;
	2) EVENT=freeze && freeze "$(one up)" ;;
	3) EVENT=static && static_returns ;;
	4) EVENT=foreign && foreign_joins ;;
	5) EVENT=kill-with-collector-away && dies_while_the_collector_is_away "$(one up)" ;;
	esac
}

# storm STRATEGY: half of the events meet a group that has settled after the one before
storm() {
	local i
	STRATEGY=$1
	for ((i = 0; i < EVENTS; i++)); do
		event
		HAPPENED[$EVENT]=$((${HAPPENED[$EVENT]-0} + 1))
		[ $((RANDOM % 2)) -eq 0 ] || settle "$EVENT"
	done
	while [ "$(count down)" -gt 0 ]; do join; done
	settle "the end"
	[ "$(count up)" -eq 4 ] && owned
	ok $? "$1: after $EVENTS events all members share all partitions"
}

declare -A HAPPENED
FOREIGN=0 FOREIGN_BADLY=0 LEFT_BADLY=0
BEGAN=$(now_ms)
agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves"
STRATEGY=cooperative-sticky
member_start m1
feed &
FEEDING=$!

storm cooperative-sticky
# A group whose members have nothing in common cannot be: all leave first. A static one is remembered for its session.
for m in $MEMBERS; do leave "$m"; done
STRATEGY=range
member_start m2
settle "the eager group"
storm range

touch "$WORK/enough"
wait "$FEEDING"
ok $? "the agent's ports stayed open"
SENT=$(cat "$WORK/sent")
wait_for 60 all_delivered agent "$SENT"
ok $? "the agent has put all $SENT spans on the topic"
is "$(($(kafka_records "$WORK/kafka" $TOPIC) * BATCH))" "$SENT" "$BATCH in a record"

no_lag() { [ "$(kafka_lag "$WORK/kafka" $TOPIC $GROUP)" -eq 0 ]; }
wait_for 60 no_lag
ok $? "in the end all is committed"
collector_counts
is "$UNIQUE" "$SENT" "and every span is stored"
[ $((TOTAL - UNIQUE)) -le "$ALLOWED" ]
ok $? "$((TOTAL - UNIQUE)) are stored twice, $ALLOWED were exposed by the events"

all_ready() {
	local m
	for m in $MEMBERS; do ask "$m" /health/ready >"$WORK/ready" || return; done
}
wait_for 30 all_ready
ok $? "all members are ready"
is "$FOREIGN_BADLY" 0 "an eager consumer joined the eager group and was refused by the other, $FOREIGN times in all"
for m in $MEMBERS; do leave "$m"; done
is "$LEFT_BADLY" 0 "each member that was asked to leave ended well"
read -r COMMITS GENERATIONS BACK <<<"$(kafka_commits "$WORK/kafka" $TOPIC $GROUP)"
is "${BACK:-unknown}" 0 "of ${COMMITS:-?} commits in ${GENERATIONS:-?} generations none went back"
[ "${GENERATIONS:-0}" -ge $EVENTS ]
ok $? "the group was rebalanced all the time"
for e in "${!HAPPENED[@]}"; do diag "$e: ${HAPPENED[$e]}"; done
diag "$((($(now_ms) - BEGAN) / 1000)) s"
tap_done
