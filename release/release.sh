#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes what is published of a release, in the build directory: the tarball, its bill of materials, and SHA256SUMS of
# both. The same commit gives the same bytes, whoever makes them and when, with the same autotools.
#
#	release.sh SOURCE BUILD VERSION     MAKE is what makes the target dist-xz in BUILD
set -eu
source=$(cd "$1" && pwd) build=$2 version=$3
name=spanspool-$version tag=v$version
here=$(cd "$(dirname "$0")" && pwd)

refuse() { echo "release: $*" >&2; exit 1; }

git -C "$source" rev-parse -q --verify 'HEAD^{commit}' >/dev/null || refuse "$source is not a git checkout"
changes=$(git -C "$source" status --porcelain)
[ -z "$changes" ] || refuse "$source differs from its commit; commit or remove first: $(echo "$changes" | head -3 | tr '\n' ';')"
commit=$(git -C "$source" rev-parse HEAD)
tagged=$(git -C "$source" rev-parse -q --verify "refs/tags/$tag^{commit}" || true)
[ "${tagged:-$commit}" = "$commit" ] || refuse "tag $tag is of commit $tagged, not of $commit: change the version in configure.ac"

SOURCE_DATE_EPOCH=$(git -C "$source" log -1 --format=%ct)
TAR_OPTIONS="--sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX"
XZ_OPT='-9 --threads=1'
export SOURCE_DATE_EPOCH TAR_OPTIONS XZ_OPT

cd "$build"
${MAKE:-make} dist-xz >/dev/null
sh "$here/sbom.sh" "$source/configure.ac" "$version" "$commit" "$name.tar.xz" >"$name.spdx.json"
sha256sum "$name.tar.xz" "$name.spdx.json" >SHA256SUMS

echo "release: $name.tar.xz, $name.spdx.json and SHA256SUMS are for tag $tag, commit $commit"
[ -n "$tagged" ] || echo "release: that tag is not there yet: git tag -s $tag $commit"
