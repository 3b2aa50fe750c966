#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_demo.sh — the demonstration on real Kafka and real Jaeger keeps every promise and says so in a table.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/jaeger.sh" && . "$here/stand.sh" || exit 1

kafka_need
jaeger_need
stand_need
workdir
spawn "$WORK/out" env TMPDIR="$WORK" bash "$REAL_SRC/demo.sh"
wait "$SPAWNED"
is $? 0 "the demonstration ends with 0"
is "$(grep -cE '^[1-9][0-9]? .*( +[0-9]+){5}$' "$WORK/out")" 11 "its table has a line for each of eleven phases"
grep -q "^every promise was kept" "$WORK/out"
ok $? "every promise was kept"
diag "$(cat "$WORK/out")"
tap_done
