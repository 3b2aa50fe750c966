#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every test that this machine can run, in stages, each in a build directory of its own. The last
# line counts all test lines of all stages; a stage that ends badly without one counts as one failed.
# With CI=true nothing may be missing: a skip is a failure then.
set -u
# A make that calls this script has its own flags and its own jobs: those of the stages are set here.
unset MAKEFLAGS MFLAGS MAKELEVEL
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
began=$(date +%s)
jobs=$(nproc)
tests=$((2 * jobs)) # tests at once: they mostly wait, for a time-out, a broker or a process
passed=0 failed=0 skipped=0
logs=$top/build-logs
rm -rf "$logs"; mkdir -p "$logs" || exit 1

elapsed() { s=$(($(date +%s) - began)); printf '[%2dm%02ds]' $((s / 60)) $((s % 60)); }
say() { echo "$(elapsed) $*"; }

# Automake's result files of the stage $1: those newer than its start.
result_files() { find build* -name '*.trs' -newer "$logs/$1.began"; }

# "PASSED FAILED SKIPPED" of the stage $1: of its result files, else of the TAP in its own output. A
# test that ended badly without a failed line counts as one.
totals() {
	if [ -n "$(result_files "$1")" ]; then
		result_files "$1" | xargs awk '
			/^:test-result:/ { n[$2]++; seen[FILENAME]; own[FILENAME, $2]++ }
			END {
				for (f in seen)
					if (own[f, "FAIL"] + own[f, "XPASS"] == 0) bad += own[f, "ERROR"]
				print n["PASS"] + n["XFAIL"], n["FAIL"] + n["XPASS"] + bad, n["SKIP"] + 0
			}'
	else
		awk '/^ok .*# *SKIP/ { s++; next }
			/^ok / { p++ } /^not ok / || /^Bail out!/ { f++ } END { print p + 0, f + 0, s + 0 }' "$logs/$1.log"
	fi
}

# What did not pass in the stage $1, one line each.
complaints() {
	if [ -n "$(result_files "$1")" ]; then
		result_files "$1" | sed 's/\.trs$/.log/' | xargs grep -hE '^(SKIP|FAIL|ERROR|XPASS): '
	else
		grep -E '^(not ok|ok .*# *SKIP|Bail out!)' "$logs/$1.log"
	fi | sort | uniq -c | sort -rn | head -60 | sed 's/^ *1 / /;s/^ */          /'
}

# Adds up the stage $1, which ended with status $2.
count() {
	read -r p f s <<-END
		$(totals "$1")
	END
	if [ "$2" -eq 0 ]; then
		[ $((p + s + f)) -gt 0 ] || p=1
	else
		[ "$f" -gt 0 ] || f=1
	fi
	complaints "$1"
	if [ "$2" -ne 0 ]; then
		say "$1: failed with status $2; the end of $logs/$1.log:"
		tail -25 "$logs/$1.log" | sed 's/^/          | /'
	fi
	if [ "${CI-}" = true ]; then f=$((f + s)); s=0; fi
	say "$1: $p passed, $f failed, $s skipped"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# The processes of the session $1. Tests make groups of their own, but stay in the session.
members() {
	for stat in /proc/[0-9]*/stat; do
		# After the name, which may hold blanks and brackets: state, parent, group, session.
		sed -n 's/^\([0-9]*\) .*) . [0-9]* [0-9]* \([0-9]*\) .*/\2 \1/p' "$stat" 2>/dev/null
	done | sed -n "s/^$1 //p"
}

# Ends the stage that runs, with everything that it has started.
end_stage() {
	[ -n "$session" ] || return 0
	for signal in TERM KILL; do
		pids=$(members "$session")
		[ -n "$pids" ] || break
		# shellcheck disable=SC2086
		kill -$signal $pids 2>/dev/null
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			[ -n "$(members "$session")" ] || break 2
			sleep 0.5
		done
	done
	session=
}

interrupted() { # SIGNAL STATUS
	trap '' INT TERM HUP
	[ ! -t 1 ] || printf '\r\033[K'
	say "$name: ended by SIG$1, with all that it had started"
	end_stage
	exit "$2"
}
session='' name=set-up
trap 'interrupted INT 130' INT
trap 'interrupted TERM 143' TERM
trap 'interrupted HUP 129' HUP

# "PASSED FAILED" of the result file $1.
result() {
	awk '/^:test-result: (PASS|XFAIL)/ { p++ } /^:test-result: (FAIL|XPASS|ERROR)/ { f++ }
		END { print p + 0, f + 0 }' "$1"
}

# Says what the stage $1 has finished since the last look: one line a test, or one line that changes on a
# terminal.
show_progress() {
	result_files "$1" 2>/dev/null | sort >"$logs/$1.now"
	comm -13 "$logs/$1.seen" "$logs/$1.now" >"$logs/$1.new"
	mv "$logs/$1.now" "$logs/$1.seen"
	if [ -t 1 ]; then
		last=$(tail -n 1 "$logs/$1.new")
		[ -z "$last" ] || latest=${last%.trs}
		printf '\r\033[K%s' "$(printf '%s %s: %d tests done %s' "$(elapsed)" "$1" \
			"$(wc -l <"$logs/$1.seen")" "${latest#*/}" | cut -c 1-79)"
		return
	fi
	while read -r file; do
		read -r p f <<-END
			$(result "$file")
		END
		test=${file%.trs}
		say "    ${test#*/}: $p passed$([ "$f" -eq 0 ] || echo ", $f FAILED")"
	done <"$logs/$1.new"
}

stage() { # NAME MINUTES WHAT COMMAND…
	name=$1 minutes=$2 what=$3; shift 3
	say "$name: $what"
	touch "$logs/$name.began"
	: >"$logs/$name.seen"
	latest=
	# What a shell starts in the background ignores SIGINT, and tests inherit that.
	setsid env --default-signal=INT,QUIT timeout -k 30 $((minutes * 60)) "$@" \
		>"$logs/$name.log" 2>&1 </dev/null &
	session=$!
	while kill -0 $session 2>/dev/null; do
		sleep 1
		show_progress "$name"
	done
	wait $session
	status=$?
	[ ! -t 1 ] || printf '\r\033[K'
	end_stage
	count "$name" $status
}

skip() { # NAME WHY
	if [ "${CI-}" = true ]; then
		say "$1: FAILED, it cannot run: $2"; failed=$((failed + 1))
	else
		say "$1: SKIP, $2"; skipped=$((skipped + 1))
	fi
}

has() { command -v "$1" >/dev/null 2>&1; }
has_target() { make -n -C build "$1" >/dev/null 2>&1; }

# What a tool that is missing costs: its name, then the part that cannot run without it.
tools='clang stages clang and fuzz
clang-format stage format
mandoc the syntax of the manual pages
systemd-analyze the syntax of the units
java stage real, which needs Apache Kafka
mvn stage real, which needs the jars of Apache Kafka
go stage real, which needs Jaeger
node the npm client in stage real
npm the npm client in stage real
python3 the PyPI client in stage real
kcat the clients in stage real
curl stage real
setpriv stage real
dh the packages in stage real
lintian the packages in stage real
mmdebstrap the bare host in stage real
systemd-nspawn the bare host in stage real'

missing_tools() {
	printf '%s\n' "$tools" | while read -r tool part; do
		has "$tool" || say "missing: $tool ($part)"
	done
}

say "about 45 minutes on 2 cores without other load, up to 2 hours at the most; here are $jobs cores"
missing_tools

# Configures $1 once, with the other arguments, and brings it up to date.
prepare='set -e; dir=$1; jobs=$2; tests=$3; shift 3
mkdir -p "$dir"
[ -f "$dir/Makefile" ] || (cd "$dir" && ../configure -q "$@")
make -s -k -C "$dir" -j"$jobs"'
check="$prepare
make -C \"\$dir\" -j\"\$tests\" check"

# Every test runs twice: under the sanitizers with the identities asserted, and in the release build, from the
# tarball (distcheck), which alone is what users run. This build is for the campaigns.
stage debug 10 "a build without a warning, with the ledger's identities asserted" \
	sh -c "$prepare
make -s -k -C \"\$dir\" -j\"\$jobs\" check TESTS=" sh build-debug "$jobs" "$tests" --enable-debug --enable-werror

stage format 2 "every C file is laid out alike" sh tests/tools/check-format.sh

if has clang; then
	stage clang 10 "clang has no warning" \
		sh -c "$prepare
make -s -k -C \"\$dir\" -j\"\$jobs\" check TESTS=" sh build-clang "$jobs" "$tests" CC=clang --enable-werror
else
	skip clang "clang is not installed"
fi

stage sanitize 30 "every test, under address and undefined-behaviour sanitizers" \
	sh -c "$check" sh build-sanitize "$jobs" "$tests" --enable-debug --enable-werror --enable-sanitize=address,undefined

# glibc's threads inside librdkafka are more than the thread sanitizer can follow; the loop and the
# spool's worker it can.
stage thread 10 "the loop and the worker, under the thread sanitizer" \
	env TSAN_OPTIONS=die_after_fork=0 setarch -R sh -c "$prepare
make -C \"\$dir\" -j\"\$tests\" check TESTS='tests/flow/test_pipeline tests/flow/test_udp'" sh build-thread "$jobs" "$tests" \
	--enable-debug --enable-sanitize=thread

stage campaign 15 "the contract, by force: a share of every campaign" \
	make -C build-debug campaign-short

stage distcheck 15 "the tarball builds, tests, installs and removes itself" \
	make -C build-debug -j"$tests" distcheck

if ! has_target fuzz; then
	skip fuzz "this tree has no target fuzz"
elif has clang; then
	stage fuzz 5 "the decoders, a short while each" \
		sh -c "$prepare
make -C \"\$dir\" fuzz" sh build-fuzz "$jobs" "$tests" CC=clang --enable-fuzz --enable-sanitize=address,undefined
else
	skip fuzz "clang is not installed, and only it has libFuzzer"
fi

if build/spanspool help | grep -q '^  demo '; then
	stage demo 3 "build/spanspool demo" build/spanspool demo
else
	skip demo "this tree has no command demo"
fi

if has_target bench-short; then
	stage bench 5 "every bench runs to its end, and nothing is lost in it; its figures are in the log" \
		make -C build bench-short
else
	skip bench "this tree has no target bench-short"
fi

if has_target check-real; then
	stage real 20 "real Apache Kafka, real Jaeger, real clients" make -C build check-real
else
	skip real "this tree has no target check-real"
fi

say "logs are in $logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
