#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The root that etc/container/Containerfile makes: the agent runs there as process 1 and user 10001, on a root that is
# read-only, takes spans, is healthy, and ends with the spool closed. The Containerfile agrees with it. TAP.
program=$PWD/spanspool
source=${srcdir:-.}
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
skip() { echo "1..0 # SKIP $1"; [ "$CI" != true ]; exit; }
[ "$(id -u)" -eq 0 ] || skip "only root can make a root"
for tool in unshare nsenter chroot pgrep python3; do
	command -v $tool >/dev/null 2>&1 || skip "$tool is not installed"
done
dir=$(mktemp -d) || exit 99
agent=''
trap '[ -z "$agent" ] || kill -9 $agent 2>/dev/null; rm -rf "$dir"' EXIT
chmod 755 "$dir"
unset CONFIG_FILE
n=0; rc=0
patience=600 # tenths of a second

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}
until_true() { # COMMAND…
	i=0
	until "$@"; do
		i=$((i + 1)); [ $i -lt $patience ] || return 1
		sleep 0.1 # between two looks at a condition
	done
}

root=$dir/root
sh "$source/etc/container/root.sh" "$program" "$root"; report "the root is made" $?
[ ! -e "$root/bin/sh" ] && [ ! -e "$root/usr/bin/sh" ]; report "it has no shell" $?
[ "$(readlink "$root/go/bin/agent-linux")" = ../../usr/bin/jaeger-agent ]; report "jaeger-agent's entry point is there" $?

# In namespaces of its own for mounts and processes: the root read-only, the spool not, the agent as process 1.
inside='mount --bind "$0" "$0" && mount --bind "$0/var/lib/spanspool" "$0/var/lib/spanspool" &&
	mount -o remount,bind,ro "$0" && mount -t proc proc "$0/proc" &&
	exec chroot --userspec=10001:10001 "$0" /usr/bin/spanspool "$@"'
start() { # OPTIONS…
	: >"$dir/log"
	env -i SPOOL_DIRECTORY=/var/lib/spanspool unshare --mount --pid --fork --kill-child=TERM sh -c "$inside" "$root" "$@" \
		>"$dir/log" 2>&1 </dev/null &
	agent=$!
}
port_of() { sed -n "s/.*$1 at 127.0.0.1:\([0-9]*\).*/\1/p" "$dir/log" | head -1; }
serves() { kill -0 $agent 2>/dev/null && [ -n "$(port_of 'admin pages')" ]; }
# Spans in the spool, of what `status --json` or `spool stat --json` has printed to stdin.
in_spool() { python3 -c 'import json, sys; print(json.load(sys.stdin)["ledger"]["spans"]["in_spool"])' 2>/dev/null; }
spans_wait() { [ "$("$program" status --json --admin.http.host-port="127.0.0.1:$admin" 2>/dev/null | in_spool)" = "$1" ]; }

udp=$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
start agent --admin.http.host-port=127.0.0.1:0 --processor.jaeger-compact.server-host-port="127.0.0.1:$udp" \
	--processor.jaeger-binary.server-host-port=none --processor.zipkin-compact.server-host-port=none \
	--http-server.host-port=none --collector.url=http://127.0.0.1:1
until_true serves; report "the agent serves" $?
[ $rc -eq 0 ] || sed 's/^/# /' "$dir/log"
admin=$(port_of 'admin pages')
child=$(pgrep -P $agent)
[ "$(awk '/^NSpid:/ { print $NF } /^Uid:/ { print $2 }' "/proc/$child/status" | tr '\n' ' ')" = "10001 1 " ]
report "as user 10001 and process 1" $?
"$program" emit --host-port="127.0.0.1:$udp" --spans=200 --rate=2000 >/dev/null; report "it is sent 200 spans" $?
until_true spans_wait 200; report "which wait in the spool" $?
nsenter -t "$child" --mount --pid --root --wd=/ /usr/bin/spanspool status --admin.http.host-port="127.0.0.1:$admin" >"$dir/health" 2>&1
report "the health check succeeds there" $?
kill -TERM "$child"
wait $agent; report "SIGTERM ends process 1 with 0" $?
agent=''
chroot --userspec=10001:10001 "$root" /usr/bin/spanspool spool stat --spool.directory=/var/lib/spanspool --json >"$dir/stat"
[ "$(in_spool <"$dir/stat")" = 200 ]
report "and all spans are in the spool" $?

container=$source/etc/container/Containerfile
for port in 5775/udp 6831/udp 6832/udp 5778/tcp 14271/tcp; do
	grep -q "^EXPOSE .*\b$port" "$container"; report "the image tells of $port" $?
done
user=$(sed -n 's/^user=\([0-9]*\).*/\1/p' "$source/etc/container/root.sh")
grep -qx "USER $user:$user" "$container"; report "and has the root's user" $?
echo "1..$n"
exit $rc
