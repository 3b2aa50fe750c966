#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The emitter as it is called: what it says it sent, and what it says nobody took. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
unset CONFIG_FILE
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; sed 's/^/#   /' out err; fi
}
says() { grep -q -e "$1" out; }

# Port 9 of this host: nobody listens for discard any more.
nowhere() { # ARGUMENTS…: exit 1 and one line that names the address
	"$program" emit --host-port=127.0.0.1:9 "$@" >out 2>err
	[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q 'spans were refused: nothing listens at 127.0.0.1:9 ' err
}
nowhere --spans=1234 --rate=0 --run=00c0ffee --json
report "where nobody listens it exits with 1, and names the address" $?
says '"run": "0000000000c0ffee"'; report "the run is as it was set" $?
says '"first": 1, "last": 1234, "spans": 0, "datagrams": 0, "bytes": 0, "refused": 1234, "refused_datagrams": 124'
report "and knows that all 1,234 spans in 124 datagrams were refused" $?
nowhere --spans=50 --first=1001 --rate=0 --json && says '"first": 1001, "last": 1050'
report "numbers begin where they are told to" $?
nowhere --duration=300ms --rate=1000 --json && says '"last": 300,'
report "300 ms at 1,000 a second are 300 spans" $?
nowhere --both --binary-host-port=127.0.0.1:9 --spans=100 --rate=0 && says 'numbers 1 to 100' && says '100 more spans were refused'
report "for people it says so in words" $?

# It takes signals when SIGTERM, bit 14, stands among those that it catches; then it sends for some clock ticks.
takes_sigterm() { [ $((0x$(sed -n 's/^SigCgt:.//p' /proc/$1/status) >> 14 & 1)) -eq 1 ]; }
ticks() { awk '{ print $14 + $15 }' /proc/$1/stat; }
"$program" emit --host-port=127.0.0.1:9 --duration=1h --rate=0 --json >out 2>err &
pid=$!
looks=0
while [ $looks -lt 100000 ] && ! takes_sigterm $pid; do looks=$((looks + 1)); done
before=$(ticks $pid)
while [ $looks -lt 100000 ] && [ "$(ticks $pid)" -lt $((before + 5)) ]; do looks=$((looks + 1)); done
kill -TERM $pid; wait $pid
[ $? -eq 1 ]; report "a signal ends it, with 1 when nothing was taken" $?
says '"refused": [1-9]'; report "and with the summary" $?

refused() { # SENTENCE PATTERN ARGUMENTS…
	sentence=$1 pattern=$2; shift 2
	"$program" emit "$@" >out 2>err; got=$?
	[ $got -eq 2 ] && grep -q -e "$pattern" err && [ "$(wc -l <err)" -eq 1 ]; report "$sentence" $?
}
refused "a run that is no number is an error" 'emit: --run: "xyz" is not' --run=xyz
refused "so is a datagram without spans" 'emit: --batch: a datagram has 1 to' --batch=0
refused "and a protocol that is none" 'emit: --protocol: ' --protocol=json
refused "and numbers beyond all counting" 'emit: --first: numbers end below' --first=2305843009213693952
"$program" emit --batch=1000 >out 2>err; [ $? -eq 1 ] && grep -q '65000 is the most' err
report "a datagram too large for UDP is said to be" $?
echo "1..$n"
exit $rc
