#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bugs that the log of the disk can play by itself (--plant): syncs that were never made, a snapshot
# without its checksum, a segment removed too early. powerloss must find each. Run in a build directory;
# bugs in the source are in plants/.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
n=0 failed=0

caught() { # NAME STATUS LOG
	n=$((n + 1))
	if [ "$2" -eq 1 ] && grep -q '^not ok' "$3"; then
		echo "ok $n - $1 is found"
		grep -m1 -- '--seed' "$3"
	else
		failed=$((failed + 1))
		echo "not ok $n - $1 is found"
	fi
}

for plant in no-data-sync no-meta-sync no-state-sync no-sync-at-rename no-directory-sync \
	no-state-checksum unlink-first; do
	timeout 300 tests/campaign/powerloss --plant $plant --count 300 >"$work/log"
	caught "$plant" $? "$work/log"
done

echo "1..$n"
[ $failed -eq 0 ]
