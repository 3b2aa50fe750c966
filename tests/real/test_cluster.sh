#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_cluster.sh — three real Kafka brokers and a controller under an agent's load: leaders killed with -9, a
# rolling restart, the minimum of in-sync replicas lost, a leader frozen for 30 s, the topic deleted and made
# again. Nothing is lost but what the deletion took, and nobody touches the agent. Under four minutes.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${RATE:-5000}
FROZEN=${FROZEN:-30}
TOPIC=spans

kafka_need
stand_need
workdir
kafka_start "$WORK/kafka" --brokers 3 || die "no Kafka"
RUN=$(new_run)
kafka_create "$WORK/kafka" $TOPIC 6 || die "no topic"
agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves"

back() { kafka_restart "$WORK/kafka" "$@" || die "the cluster does not come back"; }

load 24
for _ in 1 2; do
	sleep 3
	leader=$(kafka_leader "$WORK/kafka" $TOPIC 0)
	kafka_kill9 "$WORK/kafka" "$leader"
	sleep 4
	back "$leader"
done
arrived 60 "two leaders killed with -9, one after the other"

load 30
for id in 1 2 3; do
	sleep 2
	kafka_term "$WORK/kafka" "$id"
	back "$id"
done
arrived 60 "rolling restart"

load 20
sleep 3
leader=$(kafka_leader "$WORK/kafka" $TOPIC 0)
for id in 1 2 3; do
	[ "$id" -eq "$leader" ] || kafka_kill9 "$WORK/kafka" "$id"
done
wait_for 15 spooled agent "$RATE"
ok $? "in-sync minimum lost: what comes is spooled"
sleep 3
back
arrived 90 "in-sync minimum lost"

load $((FROZEN + 6))
sleep 3
leader=$(kafka_leader "$WORK/kafka" $TOPIC 0)
kafka_pause "$WORK/kafka" "$leader"
# Its partitions have new leaders within seconds; what waits for the frozen one must not hold up the rest.
sleep $((FROZEN / 2))
HALF=$(spans agent delivered)
sleep $((FROZEN - FROZEN / 2))
[ "$(spans agent delivered)" -ge $((HALF + RATE * FROZEN / 4)) ]
ok $? "a leader frozen for $FROZEN s: the others are delivered to in its second half"
kafka_resume "$WORK/kafka" "$leader"
arrived 90 "a leader frozen for $FROZEN s"

load 14
sleep 3
kafka_delete "$WORK/kafka" $TOPIC || die "the topic cannot be deleted"
sleep 0.5
TAKEN=$(spans agent delivered)
sleep 4
kafka_create "$WORK/kafka" $TOPIC 6 || die "the topic cannot be made again"
loaded
ok $? "topic deleted: the agent's ports stayed open"
wait_for 60 all_delivered agent
ok $? "topic deleted and made again: the agent delivered everything by itself"
# What Kafka had acknowledged went with the topic, by right; nothing else may have.
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "1:$((NEXT - 1))"
[ "$MISSING" -le "$TAKEN" ]
ok $? "topic deleted: $MISSING of $SENT are gone with it, $TAKEN had been acknowledged by then"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$((NEXT - 10 * RATE)):$((10 * RATE))"
is "$MISSING" 0 "topic deleted: none of the $SENT sent after it is missing"
is "$(figure agent spans_dropped_total)" 0 "the agent dropped nothing in all this"
ledger_balances agent
ok $? "the ledger balances at the end"
end "$(pid_of agent)" 10
is $? 0 "the agent ends well on SIGTERM"
tap_done
