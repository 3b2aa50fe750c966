#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# release/spanspool.spec: rpm can read it, it has the version of configure.ac, it asks for the libraries that configure
# asks for, and each installed file is in one of its packages and no name in them is left without a file. TAP.
source=${srcdir:-.}
command -v rpmspec >/dev/null 2>&1 || { echo "1..0 # SKIP rpmspec is not installed"; [ "$CI" != true ]; exit; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
n=0; rc=0

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

# As on Fedora, where libraries are in lib64: what the spec says must not depend on the host's macros.
spec() {
	HOME=$dir rpmspec -P -D '_prefix /usr' -D '_sysconfdir /etc' -D '_libexecdir /usr/libexec' -D '_docdir /usr/share/doc' \
		"$source/release/spanspool.spec"
}
spec >"$dir/spec" 2>"$dir/errors"; report "rpm can read it" $?
sed 's/^/# /' "$dir/errors"
version=$(sed -n 's/^AC_INIT(\[spanspool\], \[\(.*\)\])/\1/p' "$source/configure.ac")
[ "$(sed -n 's/^Version: *//p' "$dir/spec")" = "$version" ]; report "it is of version $version" $?
for module in $(sed -n 's/^PKG_CHECK_MODULES(\[[A-Z]*\], \[\([^ ]*\).*/\1/p' "$source/configure.ac"); do
	grep '^BuildRequires:' "$dir/spec" | grep -qF "pkgconfig($module)"; report "a build requires $module" $?
done

# What `make install` puts there, and what the spec adds to it.
"${MAKE:-make}" -s install DESTDIR="$dir/root" prefix=/usr sysconfdir=/etc libexecdir=/usr/libexec >"$dir/install" 2>&1
report "it can be installed" $?
mkdir -p "$dir/root/usr/lib/systemd/system/jaeger-agent.service.d"
touch "$dir/root/usr/bin/jaeger-agent" "$dir/root/usr/lib/systemd/system/jaeger-agent.service.d/spanspool.conf"

awk '/^%files/ { here = 1; next } /^%/ && !/^%(config|doc|license)/ { here = 0 } here && $NF ~ /^\// { print $NF }' \
	"$dir/spec" >"$dir/names"
[ "$(wc -l <"$dir/names")" -gt 20 ]; report "its packages have files" $?
# OUTSIDE: installed files that no name covers; UNUSED: names that cover none.
: >"$dir/covered"
unused=''
while read -r name; do
	# shellcheck disable=SC2086
	found=$(cd "$dir/root" && find .$name -type f -o -type l 2>/dev/null)
	# shellcheck disable=SC2086
	found="$found $(cd "$dir/root" && for file in .$name; do [ ! -f "$file" ] || echo "$file"; done)"
	[ -n "${found# }" ] || unused="$unused $name"
	printf '%s\n' $found | sort -u >>"$dir/covered"
done <"$dir/names"
(cd "$dir/root" && find . -type f -o -type l) | sort >"$dir/installed"
outside=$(sort -u "$dir/covered" | comm -13 - "$dir/installed" | tr '\n' ' ')
[ -z "$outside" ]; report "every installed file is in a package $outside" $?
[ -z "$unused" ]; report "every name in them is a file's $unused" $?
twice=$(sort "$dir/covered" | uniq -d | tr '\n' ' ')
[ -z "$twice" ]; report "and no file is in two $twice" $?
echo "1..$n"
exit $rc
