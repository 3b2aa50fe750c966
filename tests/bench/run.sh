#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every figure in one run, each beside the floor it is compared with. Run by "make bench", in the
# build directory. GIGABYTES (5) is the size of the large spool.
here=tests/bench

section() { printf '\n== %s\n' "$1"; }

printf '%s, %s CPUs, %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(uname -sr)"
printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
rc=0
section 'transcoder'
"$MAKE" -s bench-transcode || rc=1
section 'map of positions'
"$MAKE" -s bench-marks || rc=1
section 'agent, CPU'
"$here/bench_agent" || rc=1
section 'agent without Kafka, CPU'
"$here/bench_direct" || rc=1
section 'agent without Kafka, latency'
"$here/bench_latency" || rc=1
section 'agent with requests for sampling strategies'
"$here/bench_sampling" || rc=1
section 'drain'
"$here/bench_drain" || rc=1
section 'agent to spool'
"$here/bench_store" || rc=1
section 'memory and start'
"$here/bench_memory" "${GIGABYTES:-5}" || rc=1
section 'an outage of real Kafka'
bash "${srcdir:-.}/tests/real/outage.sh"
status=$?
[ $status -eq 0 ] || [ $status -eq 77 ] || rc=1 # 77: it said what this machine does not have
section 'a backlog before a real Jaeger'
bash "${srcdir:-.}/tests/real/backlog.sh"
status=$?
[ $status -eq 0 ] || [ $status -eq 77 ] || rc=1
section 'confirmation by a real Jaeger'
bash "${srcdir:-.}/tests/real/confirm_cost.sh"
status=$?
[ $status -eq 0 ] || [ $status -eq 77 ] || rc=1
exit $rc
