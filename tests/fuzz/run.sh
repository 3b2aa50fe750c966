#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/run.sh SECONDS — each libFuzzer target of a build with --enable-fuzz, for that long, from
# the seeds, the kept finds and what an earlier run left in fuzz-work/. Ends with 1 at the first
# finding, whose bytes then lie in fuzz-work/.
seconds=${1:-20}
data=${srcdir:-.}/tests/data
bin=${builddir:-.}/tests/fuzz

fuzz() { # TARGET ENDING
	[ -x "$bin/fuzz_$1" ] || { echo "fuzz: $bin/fuzz_$1 is missing: configure with --enable-fuzz CC=clang"; exit 2; }
	mkdir -p "fuzz-work/$1" "fuzz-work/$1-seeds" && cp "$data"/corpus/*"$2" "fuzz-work/$1-seeds/" || exit 2
	echo "fuzz: $1 for $seconds seconds"
	"$bin/fuzz_$1" -max_total_time="$seconds" -max_len=65000 -timeout=10 -rss_limit_mb=512 -print_final_stats=1 \
		-artifact_prefix="fuzz-work/$1-" "fuzz-work/$1" "fuzz-work/$1-seeds" "$data/fuzz/$1" \
		>"fuzz-work/$1.log" 2>&1 || { tail -40 "fuzz-work/$1.log"; echo "fuzz: $1 found something"; exit 1; }
	sed -n 's/^stat::\(number_of_executed_units\|peak_rss_mb\): */fuzz:   \1 /p' "fuzz-work/$1.log"
	rm -rf "fuzz-work/$1-seeds"
}

fuzz datagram .bin
fuzz zipkin .bin
fuzz batch .tbinary
