#!/bin/sh
# Every test that this machine can run, in stages, each in a build directory of its own. The last
# line counts all test lines of all stages; a stage that ends badly without one counts as one failed.
# With CI=true nothing may be missing: a skip is a failure then.
set -u
cd "$(dirname "$0")/../.." || exit 1
top=$PWD
began=$(date +%s)
jobs=$(nproc)
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

stage() { # NAME MINUTES WHAT COMMAND…
	name=$1 minutes=$2 what=$3; shift 3
	say "$name: $what"
	touch "$logs/$name.began"
	timeout -k 30 $((minutes * 60)) "$@" >"$logs/$name.log" 2>&1 </dev/null
	count "$name" $?
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

# Configures $1 once, with the other arguments, and brings it up to date.
prepare='set -e; dir=$1; jobs=$2; shift 2
mkdir -p "$dir"
[ -f "$dir/Makefile" ] || (cd "$dir" && ../configure -q "$@")
make -s -k -C "$dir" -j"$jobs"'
check="$prepare
make -C \"\$dir\" -j\"\$jobs\" check"

stage debug 15 "every test, with the ledger's identities asserted" \
	sh -c "$check" sh build-debug "$jobs" --enable-debug --enable-werror

stage format 2 "every C file is laid out alike" sh tests/tools/check-format.sh

if has clang; then
	stage clang 10 "clang has no warning" \
		sh -c "$prepare
make -s -k -C \"\$dir\" -j\"\$jobs\" check TESTS=" sh build-clang "$jobs" CC=clang --enable-werror
else
	skip clang "clang is not installed"
fi

stage sanitize 20 "every test, under address and undefined-behaviour sanitizers" \
	sh -c "$check" sh build-sanitize "$jobs" --enable-debug --enable-werror --enable-sanitize=address,undefined

# glibc's threads inside librdkafka are more than the thread sanitizer can follow; the loop and the
# spool's worker it can.
stage thread 10 "the loop and the worker, under the thread sanitizer" \
	env TSAN_OPTIONS=die_after_fork=0 setarch -R sh -c "$prepare
make -C \"\$dir\" check TESTS='tests/flow/test_forward tests/flow/test_udp'" sh build-thread "$jobs" \
	--enable-debug --enable-sanitize=thread

stage campaign 15 "the contract, by force: a share of every campaign" \
	make -C build-debug campaign-short

stage distcheck 15 "the tarball builds, tests, installs and removes itself" \
	make -C build-debug -j"$jobs" distcheck

if ! has_target fuzz; then
	skip fuzz "this tree has no target fuzz"
elif has clang; then
	stage fuzz 5 "the decoders, a short while each" \
		sh -c "$prepare
make -C \"\$dir\" fuzz" sh build-fuzz "$jobs" CC=clang --enable-fuzz --enable-sanitize=address,undefined
else
	skip fuzz "clang is not installed, and only it has libFuzzer"
fi

if build/spanspool help | grep -q '^  demo '; then
	stage demo 3 "build/spanspool demo" build/spanspool demo
else
	skip demo "this tree has no command demo"
fi

if has_target check-real; then
	stage real 20 "real Apache Kafka, real Jaeger, real clients" make -C build check-real
else
	skip real "this tree has no target check-real"
fi

say "logs are in $logs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
