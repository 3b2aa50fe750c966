#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A campaign that cannot fail proves nothing: each patch in plants/ puts one bug into a copy of the tree,
# and the campaign that its first line names, or the test (unit/NAME, flow/NAME), must fail there.
#
#	plants.sh [NAME…]        of the patches; all of them without one
#
# The copy is built once, each bug is built on top of it and taken out again. Prints TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
copy=$(mktemp -d "${TMPDIR:-/tmp}/spanspool-plants.XXXXXX") || exit 99
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM

die() { tail -3 "$copy/build.log" | sed "s/^/# /"; echo "Bail out! $*"; exit 99; }

# One after the other: all is a make of its own, and two of them would write the same files.
build() {
	for goal; do make -s -C "$copy/build" -j"$(nproc)" "$goal" >>"$copy/build.log" 2>&1 || return 1; done
}

(cd "$top" && tar -cf - --exclude='./build*' --exclude=./.git .) | (cd "$copy" && tar -xf -) || die "no copy"
(cd "$copy" && autoreconf -fi >/dev/null 2>&1) || die "no configure"
mkdir "$copy/build" && (cd "$copy/build" && ../configure -q --enable-debug >/dev/null 2>&1) || die "it does not configure"
build all tests/lib/mockbroker || die "it does not build"

n=0 rc=0
[ $# -gt 0 ] || set -- $(cd "$here/plants" && ls ./*.patch | sed 's|./||;s|\.patch$||')
for name in "$@"; do
	patch=$here/plants/$name.patch
	run=$(sed -n '1s/^Caught by: //p' "$patch")
	case ${run%% *} in */*) run=tests/$run ;; *) run=tests/campaign/$run ;; esac
	n=$((n + 1))
	patch -s -d "$copy" -p1 <"$patch" || die "$name does not apply any more"
	if ! build all "${run%% *}"; then
		echo "not ok $n - $name does not build"; rc=1
		tail -3 "$copy/build.log" | sed "s/^/# /"
	elif (cd "$copy/build" && builddir=. timeout -k 10 900 $run) >"$copy/log" 2>&1; then
		echo "not ok $n - $name is not caught by $run"; rc=1
	else
		echo "ok $n - $name is caught by $run"
		grep -m 3 '^not ok\|died\|Assertion' "$copy/log" | sed 's/^/#   /'
	fi
	patch -s -R -d "$copy" -p1 <"$patch" || die "$name does not come out again"
done
echo "1..$n"
exit $rc
