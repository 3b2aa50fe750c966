#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo and emit are commands of the program spanspool-testkit: spanspool finds it in a build tree and where `make install`
# puts it, becomes it, and names the path when it is not there. TAP.
built=$PWD
[ -x "$built/spanspool" ] || { echo "Bail out! there is no $built/spanspool"; exit 99; }
dir=$(mktemp -d) || exit 99
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
TMPDIR=$dir
export TMPDIR
unset CONFIG_FILE MAKEFLAGS MFLAGS MAKELEVEL
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; sed 's/^/#   /' "$dir/out" "$dir/err"; fi
}
run() { "$@" >"$dir/out" 2>"$dir/err" </dev/null; }
# Waits until the command is true, a minute at the most.
until_so() { for i in $(seq 600); do "$@" && return 0; sleep 0.1; done; return 1; }
is_program() { [ "$(readlink "/proc/$pid/exe")" = "$1" ]; }
catches_signals() { ! grep -q '^SigCgt:[[:space:]]*0*$' "/proc/$pid/status"; }
# A child of $pid executes the program $1.
has_child() {
	for child in $(cat "/proc/$pid/task/$pid/children" 2>/dev/null); do
		[ "$(readlink "/proc/$child/exe")" != "$1" ] || return 0
	done
	return 1
}

run make -s install-exec DESTDIR="$dir/root"; report "it is installed" $?
program=$(find "$dir/root" -type f -name spanspool) kit=$(find "$dir/root" -type f -name spanspool-testkit)
[ -x "$program" ] && [ -x "$kit" ] && [ "$(dirname "$program")" != "$(dirname "$kit")" ]
report "both programs are there, in directories of their own" $?

for words in "emit --help" "help demo" "config show emit --rate=7" "config sample demo" "help"; do
	# shellcheck disable=SC2086
	run "$built/spanspool" $words && cp "$dir/out" "$dir/in-build-tree" && run "$program" $words &&
		[ -s "$dir/out" ] && cmp -s "$dir/out" "$dir/in-build-tree"
	report "\"$words\" prints the same in the build tree and where it is installed" $?
done
run "$program" emit --run=xyz; [ $? -eq 2 ] && grep -q '^spanspool emit: --run: "xyz"' "$dir/err"
report "a wrong option of emit exits with 2" $?
run "$program" config check demo --rate=1; [ $? -eq 2 ] && grep -q '^spanspool config: --rate: 1 is not between' "$dir/err"
report "so does config check of one" $?

"$program" emit --host-port=127.0.0.1:9 --duration=1h --json >"$dir/out" 2>"$dir/err" &
pid=$!
until_so is_program "$kit"; report "the process that was started becomes the test kit" $?
until_so catches_signals
kill -TERM $pid; wait $pid; got=$?; pid=
[ $got -eq 1 ] && grep -q '"refused"' "$dir/out"; report "and takes the signals of its caller" $?

"$program" demo --json >"$dir/out" 2>"$dir/err" &
pid=$!
until_so has_child "$program"; report "demo runs the agent and the drain that are installed with it" $?
kill -INT $pid; wait $pid; got=$?; pid=
[ $got -eq 1 ]; report "interrupted it exits with 1" $?

cannot_run() { # PATH REASON COMMAND…: exit 1, and one line that names path, reason and package
	path=$1 reason=$2; shift 2
	run "$@"
	[ $? -eq 1 ] && [ "$(wc -l <"$dir/err")" -eq 1 ] &&
		grep -q "^spanspool [a-z]*: cannot run $path: $reason; it belongs to the package ${path##*/}," "$dir/err"
}
chmod -x "$kit"
cannot_run "$kit" "Permission denied" "$program" emit; report "a kit that is not executable is named, with the reason" $?
rm "$kit"
for words in emit "demo --json" "help demo" "demo --help" "config show emit"; do
	# shellcheck disable=SC2086
	cannot_run "$kit" "No such file or directory" "$program" $words
	report "without the kit \"$words\" names the path and the package" $?
done
run "$program" help && grep -q '^  demo  ' "$dir/out"; report "and help still lists its commands" $?
run "$program" config check agent; report "as the others work" $?
run "$program" emit --version && grep -q '^spanspool [0-9]' "$dir/out"; report "and emit --version" $?

cp "$built/spanspool-testkit" "$(dirname "$program")/"; rm "$program"
cannot_run "$program" "No such file or directory" "$(dirname "$program")/spanspool-testkit" demo
report "a kit without its daemon names the daemon" $?
echo "1..$n"
exit $rc
