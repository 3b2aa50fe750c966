#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every figure in one run, each beside the floor it is compared with. Run by "make bench", in the build
# directory. GIGABYTES (5) is the size of the large spool.
#
#	run.sh          each row the best of three runs, with real Kafka and real Jaeger
#	run.sh short    each row one short run, without them: shows that every bench runs to its end and that
#	                nothing is lost in it; no figure is judged
here=tests/bench
share=${1-long}

rc=0
row() { # LONG SHORT PROGRAM: the arguments of each share
	if [ "$share" = short ]; then arguments=$2; else arguments=$1; fi
	# shellcheck disable=SC2086
	"$here/$3" $arguments || { rc=1; echo "$3 failed"; }
}
real() { # what the script $1 measures on real parts
	bash "${srcdir:-.}/tests/real/$1"
	status=$?
	[ $status -eq 0 ] || [ $status -eq 77 ] || rc=1 # 77: it said what this machine does not have
}
section() { printf '\n== %s\n' "$1"; }

if [ "$share" = short ]; then
	BENCH_RUNS=1
	export BENCH_RUNS
fi
printf '%s, %s CPUs, %s\n' "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(uname -sr)"
printf 'load before: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
section 'transcoder'
"$MAKE" -s bench-transcode || rc=1
section 'map of positions'
"$MAKE" -s bench-marks || rc=1
section 'agent, CPU'
row '' '1 10000' bench_agent
section 'agent without Kafka, CPU'
row '' '1 10000' bench_direct
section 'agent without Kafka, latency'
row '' 200 bench_latency
section 'agent with requests for sampling strategies'
row '' '1 10000' bench_sampling
section 'drain'
row '' 3000 bench_drain
section 'agent to spool'
row '' 300000 bench_store
section 'memory and start'
row "${GIGABYTES:-5}" 0.05 bench_memory
if [ "$share" != short ]; then
	section 'an outage of real Kafka'
	real outage.sh
	section 'a backlog before a real Jaeger'
	real backlog.sh
	section 'confirmation by a real Jaeger'
	real confirm_cost.sh
fi
exit $rc
