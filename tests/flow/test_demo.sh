#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration keeps every promise, ends its children however it ends, and leaves nothing. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
TMPDIR=$(mktemp -d) || exit 99
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
unset CONFIG_FILE
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}
# Processes that were started on a directory of this test; grep's own words do not match.
name=$(basename "$TMPDIR")
children() { grep -l -a -e "[${name%"${name#?}"}]${name#?}/" /proc/[0-9]*/cmdline 2>/dev/null | wc -l; }
# Waits until the command is true, a minute at the most.
until_so() { for i in $(seq 600); do "$@" && return 0; sleep 0.1; done; return 1; }
agent_runs() { grep -q -s listening "$TMPDIR"/spanspool-demo.*/agent.log; }
nobody_left() { [ "$(children)" -eq 0 ]; }
is_empty() { [ -z "$(ls "$TMPDIR")" ]; }

for exposure in 100ms 0; do
	"$program" demo --json --exposure=$exposure >"$TMPDIR/out"; got=$?
	report "with an exposure of $exposure every promise is kept" $got
	grep -q '"broken": \[\]' "$TMPDIR/out"; report "none is listed as broken" $?
	[ "$(grep -c '"phase":' "$TMPDIR/out")" -eq 11 ]; report "in eleven phases" $?
	grep -q '"failed": [1-9]' "$TMPDIR/out"; report "although the collector lost spans behind its answer" $?
	[ $got -eq 0 ] || sed 's/^/# /' "$TMPDIR/out"
	rm "$TMPDIR/out"
	nobody_left && is_empty; report "no process and no file is left" $?
done

# Nobody reads: the first line of output finds a closed pipe.
{ "$program" demo 2>"$TMPDIR/err"; echo $? >"$TMPDIR/status"; } | :
until_so test -s "$TMPDIR/status"; ! grep -q 'could not be written' "$TMPDIR/err" && [ "$(cat "$TMPDIR/status")" -eq 1 ]
report "when nobody reads what it prints it exits with 1, and says nothing" $?
rm "$TMPDIR/err" "$TMPDIR/status"
nobody_left && is_empty; report "and leaves no process and no file" $?

for signal in INT HUP KILL; do
	"$program" demo >/dev/null 2>&1 &
	pid=$!
	until_so agent_runs; report "another one is under way" $?
	kill -$signal $pid; wait $pid; got=$?
	if [ $signal != KILL ]; then
		[ $got -eq 1 ] && is_empty; report "interrupted it exits with 1 and leaves no file" $?
	fi
	until_so nobody_left; report "after SIG$signal none of its children is left" $?
done
echo "1..$n"
exit $rc
