#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# release/release.sh on a small repository of its own, whose dist-xz packs one file: what it refuses, which tag it names,
# and that the same commit gives the same bytes. The bill of materials is of the real configure.ac. TAP.
srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
scripts=$srcdir/release
n=0; rc=0
check() { # SENTENCE STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}
command -v git >/dev/null 2>&1 || { echo "1..0 # SKIP git is not installed"; exit 0; }

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@localhost GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@localhost
GIT_COMMITTER_DATE=@1700000000 GIT_AUTHOR_DATE=@1700000000
export GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL \
	GIT_COMMITTER_DATE GIT_AUTHOR_DATE
unset MAKEFLAGS MFLAGS MAKELEVEL GIT_DIR GIT_WORK_TREE

# The dist-xz of this repository dates its file anew and lists it in another order each time, as a copy does.
repository() {
	mkdir "$dir/source" "$dir/build"
	cp "$srcdir/configure.ac" "$dir/source/"
	echo text >"$dir/source/README"
	printf 'dist-xz:\n\trm -rf p-1 && mkdir p-1 && touch p-1/$$(date +%%s%%N) && rm p-1/*\n' >"$dir/build/Makefile"
	printf '\tcp ../source/README p-1/b && cp ../source/README p-1/a\n' >>"$dir/build/Makefile"
	printf '\ttar chof - p-1 | xz -c >spanspool-1.tar.xz\n' >>"$dir/build/Makefile"
	git -C "$dir/source" init -q && git -C "$dir/source" add . && git -C "$dir/source" commit -q -m one
}
release() { MAKE=make sh "$scripts/release.sh" "$dir/source" "$dir/build" 1 >"$dir/out" 2>&1; }
said() { grep -q -- "$1" "$dir/out"; }

repository >/dev/null 2>&1 || { cat "$dir/out"; exit 99; }
release; check "a clean tree is released" $?
said "are for tag v1, commit $(git -C "$dir/source" rev-parse HEAD)"; check "it names tag and commit" $?
said "git tag -s v1 "; check "and that the tag is not there yet" $?
(cd "$dir/build" && sha256sum -c SHA256SUMS >/dev/null 2>&1); check "SHA256SUMS holds" $?
[ "$(wc -l <"$dir/build/SHA256SUMS")" = 2 ]; check "it has the tarball and the bill of materials" $?

cp "$dir/build/SHA256SUMS" "$dir/first"
rm "$dir/build/spanspool-1".*
(umask 077; release); cmp -s "$dir/first" "$dir/build/SHA256SUMS"
check "made again, at another time and with another umask, it has the same bytes" $?

git -C "$dir/source" tag v1
release && ! said "git tag"; check "with its tag it says nothing more" $?

echo more >>"$dir/source/README"
! release && said README; check "a changed file is refused by name" $?
git -C "$dir/source" checkout -q README
touch "$dir/source/stray"
! release && said stray; check "a file that git does not know is refused by name" $?
rm "$dir/source/stray"
git -C "$dir/source" commit -q --allow-empty -m two
! release && said "tag v1 is of commit"; check "a tag of another commit is refused" $?

bill=$dir/build/spanspool-1.spdx.json
for name in $(sed -n 's/^PKG_CHECK_MODULES(\[[A-Z]*\], \[\([^ ]*\).*/\1/p' "$srcdir/configure.ac") lmdb; do
	grep -q "\"name\": \"$name\", \"SPDXID\": \"SPDXRef-[A-Za-z0-9.-]*\", \"versionInfo\": \"[0-9]" "$bill"
	check "the bill of materials has $name with a version" $?
done
grep -q '"spdxVersion": "SPDX-2.3"' "$bill"; check "it says its own version" $?
grep -q "\"checksumValue\": \"$(sha256sum "$dir/build/spanspool-1.tar.xz" | cut -d' ' -f1)\"" "$bill"
check "it has the checksum of the tarball" $?
if command -v python3 >/dev/null 2>&1; then
	python3 -c 'import json, sys
bill = json.load(open(sys.argv[1]))
ids = {p["SPDXID"] for p in bill["packages"]} | {bill["SPDXID"]}
ends = {r[k] for r in bill["relationships"] for k in ("spdxElementId", "relatedSpdxElement")}
sys.exit(ids != ends or len(ids) != len(bill["packages"]) + 1)' "$bill"
	check "it is JSON, and its relationships are of its packages" $?
fi
echo "1..$n"
exit $rc
