#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_refused.sh — one real Kafka broker that is up and says no. First a topic that refuses everything (compacted:
# the agent's records have no key): the agent asks seldom, keeps everything, sets nothing aside, says so in the
# broker's words, and delivers by itself once the topic is another. Then a topic that refuses some records for
# themselves (their time is too old): those, and no others, are in the quarantine with the broker's words.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${RATE:-1000}
TOPIC=refused
OLD_MS=30000 # records may be as old as this
ASKS=20     # offers a second, at most, while everything is refused

kafka_need
stand_need
workdir
kafka_start "$WORK/kafka" || die "no Kafka"
RUN=$(new_run)

# ready NAME: the page, whatever its status
ready() { curl -s -m 5 "http://127.0.0.1:$(cat "$WORK/$1/admin")/health/ready"; }
says() { ready "$1" | grep -q "$2"; }
status_of() { curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$(cat "$WORK/$1/admin")/health/ready"; }
not_ready() { [ "$(status_of "$1")" = 503 ]; }
ready_again() { [ "$(status_of "$1")" = 200 ]; }
at_rest() { [ "$(figure "$1" flight_spans)" -eq 0 ] && [ "$(figure "$1" spool_spans)" -eq 0 ]; }

kafka_create "$WORK/kafka" $TOPIC 4 cleanup.policy=compact || die "no topic"
agent_start agent --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves before a topic that refuses everything"
load 3
loaded
wait_for 30 says agent INVALID_RECORD
ok $? "ready tells the broker's own words"
wait_for 30 not_ready agent
ok $? "and is 503: somebody must change something"
OFFERED=$(figure agent sink_offered_batches_total)
SINCE=$(now_ms)
sleep 5
OFFERED=$(($(figure agent sink_offered_batches_total) - OFFERED))
MS=$(($(now_ms) - SINCE))
diag "$OFFERED offers in $MS ms"
[ $((OFFERED * 1000)) -le $((ASKS * MS)) ]
ok $? "the broker is asked at most $ASKS times a second"
is "$(spans agent quarantined)" 0 "while nothing passes nothing is set aside"
is "$(spans agent delivered)" 0 "and nothing is delivered"
kafka_delete "$WORK/kafka" $TOPIC || die "the topic cannot be deleted"
kafka_create "$WORK/kafka" $TOPIC 4 || die "the topic cannot be made again"
arrived 90 "the topic takes records now"
wait_for 10 ready_again agent
ok $? "and the agent is ready"

TOPIC=dated
agent_start dated --kafka.producer.brokers="$KAFKA_BOOTSTRAP" --kafka.producer.topic=$TOPIC
ok $? "an agent serves though its topic is missing"
load 3
loaded
sleep $((OLD_MS / 1000 + 2)) # so old its records shall be
BAD=$(spans dated accepted)
kafka_create "$WORK/kafka" $TOPIC 4 message.timestamp.before.max.ms=$OLD_MS || die "no topic"
load 60 # what is bad is found out by what passes beside it
loaded
ok $? "while some are refused the agent's ports stay open"
wait_for 60 at_rest dated
ok $? "nothing waits in the end"
is "$(spans dated quarantined)" "$BAD" "what was too old, and nothing else, is in the quarantine"
grep -q 'quarantine/ now: INVALID_TIMESTAMP' "$WORK/dated/log"
ok $? "with the broker's words"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "$(range "$LOAD")"
is "$MISSING" 0 "none of the $SENT good spans is missing on the topic"
OFFERED=$(figure dated sink_offered_batches_total)
diag "$OFFERED offers for $(figure dated batches_accepted_total) batches"
ledger_balances dated
ok $? "the ledger balances"
tap_done
