#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every campaign, its short share, which CI plays, or its long one. SEED=N for other dice than the usual.
set -u
share=${1-short}
dir=${builddir:-.}/tests/campaign
rc=0

run() { # NAME SHORT LONG [OPTION…]
	name=$1
	if [ "$share" = long ]; then count=$3; else count=$2; fi
	shift 3
	echo "# $name $*: $count"
	began=$(date +%s)
	"$dir/$name" "$@" --count "$count" --seed "${SEED-1}" || { rc=1; echo "# $name $* failed"; }
	echo "# $name $* took $(($(date +%s) - began)) s"
}

run model 20000 500000
run confirm_model 20000 1000000
run collector_answers 700 30000
run powerloss 300 5000
run corrupt 1000 20000
run outage 4 40
run kill_calls 600 100000
run kill_load 40 300
run kill_agent 24 300
run kill_agent 6 60 --to collector
run kill_drain 6 72
run answers_process 8 120
run fault_calls 900 100000
run disk_full 1 20
run kafka_codes 1 12
run rebalance 6 126
run outage_http 5 60
run backlog 10 50
exit $rc
