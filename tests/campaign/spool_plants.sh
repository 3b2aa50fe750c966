#!/bin/sh
# Puts bugs in on purpose, one after the other, and asks that the campaigns over the spool find each:
# those that the log of the disk can play by itself (--plant), and those of plants/spool-*.patch, each in
# a copy of the source that is built for it. Usage: spool_plants.sh, in a build directory that is made.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
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

mkdir "$work/tree" "$work/build" || exit 1
(cd "$top" && tar cf - --exclude=./build --exclude='./build-[!a]*' --exclude=./.git .) | (cd "$work/tree" && tar xf -) || exit 1
(cd "$work/build" && ../tree/configure -q) >"$work/configure.log" 2>&1 || exit 1
for patch in "$top"/tests/campaign/plants/spool-*.patch; do
	name=$(basename "$patch" .patch)
	(cd "$work/tree" && patch -s -p1 <"$patch") || exit 1
	(cd "$work/build" && make -j2 tests/campaign/powerloss tests/campaign/corrupt) >"$work/make.log" 2>&1 || {
		tail -20 "$work/make.log"; exit 1; }
	status=0
	for campaign in powerloss corrupt; do
		[ $status -eq 0 ] || continue
		timeout 600 "$work/build/tests/campaign/$campaign" >"$work/log"
		status=$?
	done
	caught "$name" $status "$work/log"
	(cd "$work/tree" && patch -s -R -p1 <"$patch") || exit 1
done
echo "1..$n"
[ $failed -eq 0 ]
