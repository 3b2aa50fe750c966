#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The units start their daemon again for ever, whatever made it end. TAP.
units=${srcdir:-.}/etc
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

# The values of KEY in SECTION of the unit, one a line.
values() { # UNIT SECTION KEY
	awk -F= -v section="[$2]" -v key="$3" '/^\[/ { here = $0 == section } here && $1 == key { print $2 }' "$1"
}

for name in spanspool spanspool-drain; do
	unit=$units/$name.service.in
	[ "$(values "$unit" Unit StartLimitIntervalSec)" = 0 ]; report "$name: no limit of starts" $?
	[ "$(values "$unit" Service Restart)" = always ]; report "$name: started again, however it ended" $?
	[ "$(values "$unit" Service RestartSec)" = 2s ]; report "$name: after a pause" $?
	[ "$(values "$unit" Service Type)" = notify ]; report "$name: tells when it serves" $?
	[ "$(values "$unit" Service ExecReload)" = '/bin/kill -HUP $MAINPID' ]; report "$name: a reload is SIGHUP" $?
	[ -n "$(values "$unit" Service WatchdogSec)" ]; report "$name: has a watchdog" $?
	[ -z "$(values "$unit" Service RestartPreventExitStatus)" ]; report "$name: with no exception" $?
	if command -v systemd-analyze >/dev/null 2>&1; then
		dir=$(mktemp -d)
		sed -e 's|@bindir@/spanspool|/bin/true|' -e 's|@sysconfdir@|/etc|' "$unit" >"$dir/$name.service"
		# No manager runs in a container: only what is said of the unit itself counts.
		! systemd-analyze verify --man=no "$dir/$name.service" 2>&1 | grep -q "$name.service:[0-9]"
		report "$name: systemd understands each line" $?
		exposed=$(systemd-analyze security --offline=true --no-pager "$dir/$name.service" 2>/dev/null |
			sed -n 's/.*exposure level for.*: \([0-9.]*\) .*/\1/p')
		awk -v level="$exposed" 'BEGIN { exit !(level != "" && level <= 1.5) }'
		report "$name: exposed by $exposed, at most 1.5" $?
		rm -rf "$dir"
	fi
done
socket=$units/spanspool.socket
for port in 6831 6832 5775; do
	values "$socket" Socket ListenDatagram | grep -qx $port; report "spanspool.socket holds UDP $port" $?
done
[ "$(values "$socket" Socket TriggerLimitIntervalSec)" = 0 ]; report "spanspool.socket is not given up" $?
echo "1..$n"
exit $rc
