#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_rebalance.sh — a group of drains before one real Kafka broker, whose members come and go under load: they join,
# leave by SIGTERM, die by SIGKILL, also while the collector is away, are frozen until their session is over and their
# partitions are others', and a static member returns within its session. First the members are cooperative, and an
# eager consumer is refused by the group; then they are eager, and a consumer that commits nothing joins and leaves.
#
# Every span is stored. What is stored twice is counted after each event that the group has settled from: at most what was
# on the partitions of a member that died or froze and not committed, and what members themselves counted as delivered
# after they had lost the partition. Where partitions move in good order that is next to nothing. By the coordinator's log
# of all accepted commits no partition's offset goes back. Two to four minutes.
# SEED=N throws the same dice again.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

EVENTS=${EVENTS:-26} # of each of the two groups
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

# From one checkpoint to the next, for which the group has settled and committed all that was on the topic.
ALLOWED=0           # spans, by the deaths since the last checkpoint
LATE=0              # records delivered by members that had lost the partition by then, as they counted them
STORED_TWICE=0      # spans, until the last checkpoint
ALL_ALLOWED=0 OVER=0 SINCE=""
declare -A LATE_OF

# What member $1 has delivered late since it was asked last.
late() {
	local n
	n=$(figure "$1" drain_late_records_total)
	LATE=$((LATE + n - ${LATE_OF[$1]-0}))
	LATE_OF[$1]=$n
}

owns() { ask "$1" /metrics | sed -n 's/^spanspool_drain_lag_records{partition="\([0-9]*\)"} .*/\1/p' | tr '\n' ' '; }

# Before $1 dies or freezes: what it owns, all partitions while the group has not settled, and what is committed.
expose() {
	late "$1"
	if [ -n "$SETTLED" ]; then OWNED=$(owns "$1"); else OWNED=$(seq -s ' ' 0 $((PARTITIONS - 1))); fi
	COMMITTED=$(kafka_offsets "$WORK/kafka" $TOPIC $GROUP) || die "no offsets"
}

# After it: what is on those partitions by now and was not committed before.
exposed() {
	local ends
	ends=$(kafka_offsets "$WORK/kafka" $TOPIC $GROUP) || die "no offsets"
	ALLOWED=$((ALLOWED + BATCH * $(paste -d ' ' <(echo "$COMMITTED") <(echo "$ends") | awk -v owned=" $OWNED " '
		index(owned, " " $1 " ") { n += $7 - ($4 < 0 ? $2 : $4) } END { print n + 0 }')))
}

# All that was on the topic at $1, as kafka_offsets prints it, is committed.
committed() {
	local now
	now=$(kafka_offsets "$WORK/kafka" $TOPIC $GROUP) || return
	paste -d ' ' <(echo "$1") <(echo "$now") | awk '$8 < $3 { exit 1 }'
}

checkpoint() {
	local ends m twice
	ends=$(kafka_offsets "$WORK/kafka" $TOPIC $GROUP) || die "no offsets"
	wait_for 30 committed "$ends" || diag "$SINCE: the group does not commit"
	for m in $(with up); do late "$m"; done
	collector_counts
	twice=$((TOTAL - UNIQUE - STORED_TWICE))
	STORED_TWICE=$((TOTAL - UNIQUE))
	ALLOWED=$((ALLOWED + BATCH * LATE))
	ALL_ALLOWED=$((ALL_ALLOWED + ALLOWED))
	if [ "$twice" -gt "$ALLOWED" ]; then
		OVER=$((OVER + 1))
		diag "after$SINCE: $twice spans are stored twice, of which $ALLOWED may be"
	fi
	ALLOWED=0 LATE=0 SINCE=""
}

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
	IS[$1]=up LATE_OF[$1]=0
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

settle() {
	wait_for 30 owned || diag "$1: the group does not settle: $(with up | tr '\n' ' ')"
	SETTLED=yes
}

# ---- events ----

join() {
	member_start "$(one down)"
}

leave() {
	local m=$1
	late "$m"
	end "$(pid_of "$m")" 15 || { LEFT_BADLY=1 && diag "$m left with $?"; }
	IS[$m]=down
}

die_at_once() {
	expose "$1"
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

# Beyond its session: the others have its partitions before it wakes, and it finds out. What it was sent while it stood
# still, and what it asks for until it finds out, it delivers; so all that is on its partitions by then may come twice.
freeze() {
	expose "$1"
	kill -STOP "$(pid_of "$1")"
	IS[$1]=still
	settle "$1 is frozen"
	kill -CONT "$(pid_of "$1")"
	IS[$1]=up
	settle "$1 is awake"
	exposed
}

# Within its session: its partitions stay with it.
static_returns() {
	[ "${IS[$STATIC]}" != up ] || die_at_once $STATIC
	member_start $STATIC
}

foreign_says() { grep -qi "$1" "$WORK/kcat.log"; }
foreign_joins() {
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
		SETTLED="" SINCE="$SINCE $EVENT"
		HAPPENED[$EVENT]=$((${HAPPENED[$EVENT]-0} + 1))
		[ $((RANDOM % 2)) -eq 0 ] || { settle "$EVENT" && checkpoint; }
	done
	while [ "$(count down)" -gt 0 ]; do join; done
	SINCE="$SINCE join" && settle "the end" && checkpoint
	[ "$(count up)" -eq 4 ] && owned
	ok $? "$1: after $EVENTS events all members share all partitions"
}

declare -A HAPPENED
SETTLED=""
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
SINCE=" all leave, one joins"
STRATEGY=range
member_start m2
settle "the eager group" && checkpoint
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
is $OVER 0 "after no event more spans are stored twice than it explains; in all $((TOTAL - UNIQUE)), where $ALL_ALLOWED could be"

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
