# SPDX-License-Identifier: Apache-2.0
# lib.sh — what the tests on real parts share: TAP, free ports, processes that end with the test,
# waiting for a condition. Sourced by bash; starts nothing by itself.

REAL_SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The build that is tested: given, or where the tests run (make), or the usual place.
if [ -z "${SPANSPOOL_BUILD-}" ]; then
	for d in "${builddir:-.}" "$REAL_SRC/../../build" "$REAL_SRC/../.."; do
		[ -x "$d/tests/real/tally" ] && SPANSPOOL_BUILD=$(cd "$d" && pwd) && break
	done
fi
SPANSPOOL_BUILD=${SPANSPOOL_BUILD:-$(pwd)}
SPANSPOOL=${SPANSPOOL:-$SPANSPOOL_BUILD/spanspool}
TALLY=$SPANSPOOL_BUILD/tests/real/tally
TOPICS=$SPANSPOOL_BUILD/tests/real/topics
RELAY=$SPANSPOOL_BUILD/tests/real/relay
CACHE=${SPANSPOOL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spanspool}

# ---- TAP ----

TAP_N=0
TAP_BAD=0

# ok STATUS SENTENCE
ok() {
	TAP_N=$((TAP_N + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $TAP_N - $2"
	else
		echo "not ok $TAP_N - $2"
		TAP_BAD=$((TAP_BAD + 1))
	fi
}

# is GOT WANT SENTENCE
is() {
	if [ "$1" = "$2" ]; then
		ok 0 "$3"
	else
		ok 1 "$3"
		diag "got \"$1\", want \"$2\""
	fi
}

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# The last call of a test: its plan, its exit status.
tap_done() {
	echo "1..$TAP_N"
	[ "$TAP_BAD" -eq 0 ]
	exit
}

# A machine that lacks a part cannot run the test; a machine that is there to run it must not lack any.
skip_all() {
	if [ "${CI-}" = true ]; then
		echo "not ok 1 - nothing is skipped in CI: $*"
		echo "1..1"
		exit 1
	fi
	if [ -n "${srcdir-}" ]; then
		echo "1..0 # SKIP $*"
		exit 0
	fi
	echo "SKIP $*" >&2
	exit 77
}

# need TOOL WHAT-FOR …: each must be there
need() {
	while [ $# -gt 1 ]; do
		command -v "$1" >/dev/null 2>&1 || skip_all "$1 is missing ($2)"
		shift 2
	done
}

# need_go MINOR WHAT-FOR: Go 1.MINOR or later
need_go() {
	local minor
	need go "$2"
	minor=$(GOTOOLCHAIN=local go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
	[ "${minor:-0}" -ge "$1" ] || skip_all "Go 1.$1 or later is missing ($2): $(go version)"
}

die() {
	echo "$*" >&2
	exit 1
}

# ---- processes ----

# spawn LOG COMMAND…: in the background, its pid in SPAWNED. It dies with this shell, whatever ends it.
spawn() {
	local log=$1
	shift
	setpriv --pdeathsig KILL "$@" >>"$log" 2>&1 </dev/null &
	SPAWNED=$!
}

# The same for one that outlives this shell (the commands of kafka.sh and jaeger.sh).
spawn_free() {
	local log=$1
	shift
	setsid "$@" >>"$log" 2>&1 </dev/null &
	SPAWNED=$!
	disown "$SPAWNED"
}

running() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null && [ "$(proc_state "$1")" != Z ]; }

proc_state() { sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null; }

# kill9 PID: gone when this returns
kill9() {
	kill -KILL "$1" 2>/dev/null || return 0
	wait "$1" 2>/dev/null
	wait_for 10 not running "$1"
}

# end PID SECONDS: SIGTERM, its exit status; 124 when it had to be killed
end() {
	kill -TERM "$1" 2>/dev/null
	if wait_for "$2" not running "$1"; then
		wait "$1" 2>/dev/null
		return
	fi
	kill9 "$1"
	return 124
}

not() { ! "$@"; }

# wait_for SECONDS COMMAND…: until it succeeds
wait_for() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return 1
		sleep 0.1
	done
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# ---- ports ----

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_used() {
	local hex
	printf -v hex ':%04X' "$1"
	cut -c1-21,38-60 /proc/net/tcp /proc/net/udp 2>/dev/null | grep -q "$hex " && return 0
	awk '{print $2 " "}' /proc/net/tcp6 /proc/net/udp6 2>/dev/null | grep -q "$hex "
}

# free_ports N: into PORTS. From below the ephemeral range, or a stopped broker's port may be lost.
free_ports() {
	local low p n=$1
	read -r low _ </proc/sys/net/ipv4/ip_local_port_range
	PORTS=()
	while [ "${#PORTS[@]}" -lt "$n" ]; do
		p=$((10000 + (RANDOM * 32768 + RANDOM) % (low - 10000)))
		case " ${PORTS[*]} " in *" $p "*) continue ;; esac
		port_used "$p" || PORTS+=("$p")
	done
}

# ---- a directory of the test's own, and its end ----

# workdir: into WORK; gone at the end, with all that was started, unless KEEP is set
workdir() {
	WORK=$(mktemp -d "${TMPDIR:-/tmp}/spanspool-real.XXXXXX") || die "no temporary directory"
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

finish() {
	local rc=$? pid
	for pid in $(jobs -p); do
		kill -KILL "$pid" 2>/dev/null
	done
	wait 2>/dev/null
	if [ -n "${KEEP-}" ]; then
		echo "# kept: $WORK" >&2
	else
		rm -rf "$WORK"
	fi
	exit "$rc"
}
