#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the bill of materials of a release, SPDX 2.3 in JSON: the tarball, and each library that configure.ac asks
# for, with the version that this build found and the least one that configure takes.
#
#	sbom.sh CONFIGURE.AC VERSION COMMIT TARBALL     SOURCE_DATE_EPOCH is the moment of the release
set -eu
configure_ac=$1 version=$2 commit=$3 tarball=$4
: "${SOURCE_DATE_EPOCH:?is not set}"

# "libuv >= 1.40" for each PKG_CHECK_MODULES.
modules() { sed -n 's/^PKG_CHECK_MODULES(\[[A-Z]*\], \[\(.*\)\])$/\1/p' "$configure_ac"; }

# lmdb.h tells its own version: LMDB has a pkg-config module in Debian only.
lmdb_version() {
	printf '#include <lmdb.h>\nMDB_VERSION_MAJOR MDB_VERSION_MINOR MDB_VERSION_PATCH\n' |
		${CC:-cc} -E -P - | sed -n '$s/ /./gp'
}

package() { # NAME VERSION COMMENT
	printf ',\n    {"name": "%s", "SPDXID": "SPDXRef-%s", "versionInfo": "%s", "downloadLocation": "NOASSERTION",\n' \
		"$1" "$(id "$1")" "$2"
	printf '     "filesAnalyzed": false, "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",\n'
	printf '     "copyrightText": "NOASSERTION", "comment": "%s"}' "$3"
}
depends() { # NAME
	printf ',\n    {"spdxElementId": "SPDXRef-spanspool", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-%s"}' \
		"$(id "$1")"
}
id() { echo "$1" | tr _ -; } # an SPDXID has letters, digits, '.' and '-'

# Before anything is printed: a version that cannot be had ends the script.
lmdb=$(lmdb_version)
[ -n "$lmdb" ] || { echo "sbom.sh: lmdb.h tells no version" >&2; exit 1; }
[ -n "$(modules)" ] || { echo "sbom.sh: $configure_ac has no PKG_CHECK_MODULES" >&2; exit 1; }
libraries=$(modules | while read -r name _ least; do
	found=$(pkg-config --modversion "$name") || exit 1
	echo "$name $found $least"
done) || exit 1
checksum=$(sha256sum "$tarball" | cut -d' ' -f1)

cat <<END
{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "spanspool-$version",
  "documentNamespace": "https://spdx.org/spdxdocs/spanspool-$version-$commit",
  "creationInfo": {"created": "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)", "creators": ["Tool: spanspool-sbom.sh"]},
  "packages": [
    {"name": "spanspool", "SPDXID": "SPDXRef-spanspool", "versionInfo": "$version", "downloadLocation": "NOASSERTION",
     "packageFileName": "${tarball##*/}", "checksums": [{"algorithm": "SHA256", "checksumValue": "$checksum"}],
     "filesAnalyzed": false, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
     "copyrightText": "NOASSERTION", "sourceInfo": "commit $commit"}$(
	echo "$libraries" | while read -r name found least; do
		package "$name" "$found" "linked dynamically; configure takes $least or later"
	done
	package lmdb "$lmdb" "linked dynamically")
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-spanspool"}$(
	echo "$libraries" | while read -r name _; do depends "$name"; done
	depends lmdb)
  ]
}
END
