#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_broker.sh — one real Kafka broker under an agent's load: its topic missing at the start, killed with
# -9, frozen, its topic deleted and made again, and the agent killed while it is away. Nothing is lost but what
# the deletion and the killed agent's last exposure window took, and nobody touches the agent. What arrived is
# counted on the topic itself.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${RATE:-10000}
TOPIC=spans

kafka_need
stand_need
workdir
kafka_start "$WORK/kafka" || die "no Kafka"
RUN=$(new_run)

agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves though its topic is missing"
load 3
loaded
sleep 1
is "$(spans agent delivered)" 0 "topic missing: nothing is delivered"
is "$(spans agent accepted)" $((3 * RATE)) "topic missing: everything is accepted"
kafka_create "$WORK/kafka" $TOPIC 4 || die "no topic"
arrived 30 "topic missing, then made"

load 9
sleep 3
kafka_kill9 "$WORK/kafka"
wait_for 10 spooled agent "$RATE"
ok $? "broker killed: what comes is spooled"
sleep 2
kafka_restart "$WORK/kafka" || die "Kafka does not come back"
arrived 60 "broker killed with -9 under load"

load 14
sleep 2
kafka_pause "$WORK/kafka"
sleep 10
spooled agent $((5 * RATE))
ok $? "broker frozen for 10 s: what comes is spooled"
kafka_resume "$WORK/kafka"
arrived 60 "broker frozen for 10 s under load"

# The deletion takes what is on the topic. What Kafka acknowledged before it is gone by right; what was sent
# after it is not, nor what was waiting.
load 12
sleep 3
kafka_delete "$WORK/kafka" $TOPIC || die "the topic cannot be deleted"
sleep 0.5
TAKEN=$(spans agent delivered)
sleep 4
kafka_create "$WORK/kafka" $TOPIC 4 || die "the topic cannot be made again"
loaded
ok $? "topic deleted: the agent's ports stayed open"
wait_for 60 all_delivered agent
ok $? "topic deleted and made again: the agent delivered everything by itself"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "1:$((NEXT - 1))"
[ "$MISSING" -gt 0 ] && [ "$MISSING" -le "$TAKEN" ]
ok $? "topic deleted: $MISSING of $SENT are gone with it, $TAKEN had been acknowledged by then"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$((NEXT - 8 * RATE)):$((8 * RATE))"
is "$MISSING" 0 "topic deleted: none of the $SENT sent after it is missing"
is "$(figure agent spans_dropped_total)" 0 "the agent dropped nothing in all this"
ledger_balances agent
ok $? "the ledger balances"

# An agent killed while its broker is away: what lay in the spool arrives by the next one. Of what was sent
# while it was dead nobody took anything, and its last exposure window may be gone.
kafka_kill9 "$WORK/kafka"
load 4
sleep 2
kill9 "$(pid_of agent)"
BEFORE=$((NEXT - 4 * RATE))
agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "agent killed with -9 while its broker is away: the next one serves"
wait "$EMITTING"
kafka_restart "$WORK/kafka" || die "Kafka does not come back"
wait_for 30 all_delivered agent
ok $? "agent killed: the next one delivers everything by itself"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$(range "$LOAD")"
LOST=$((MISSING - $(emitted "$LOAD" refused)))
MAY=$(window agent 100 "$RATE")
[ "$LOST" -ge 0 ] && [ "$LOST" -le "$MAY" ]
ok $? "agent killed: of $((SENT - MISSING + LOST)) spans $LOST are lost, its exposure window holds $MAY"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$BEFORE:$((RATE * 3 / 2))"
is "$MISSING" 0 "agent killed: none of $SENT that had been spooled for long is missing"
[ "$DUPLICATES" -le "$(figure agent maybe_duplicate_spans_total)" ]
ok $? "agent killed: of them $DUPLICATES came twice, each of which the agent had marked"
ledger_balances agent
ok $? "the ledger balances over the kill"

end "$(pid_of agent)" 10
is $? 0 "the agent ends well on SIGTERM"
tap_done
