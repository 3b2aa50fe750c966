#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Arrows point down. A file may include public headers of rooms on lower floors, and any header of its own room; a
# foreign library opens only through its door. One TAP line a file. The path says the room: include/ROOM/x.h is
# public and included as "ROOM/x.h", src/ROOM/x.h is private and included as "x.h". What the objects call is held
# against the same floors.
objects=$(pwd)
cd "${srcdir:-.}" || exit 99

floor() {
	case $1 in
	base) echo 0 ;;
	span|policy|config|telemetry) echo 1 ;;
	loop) echo 2 ;;
	net|spool|kafka|http) echo 3 ;;
	exporter|quarantine|sampling) echo 4 ;;
	agent|drain|admin) echo 5 ;;
	cmd) echo 6 ;;
	main|testkit) echo 7 ;;
	*) echo 99 ;;
	esac
}

door() { # which rooms may include this foreign header; fails when anyone may
	case $1 in
	uv.h) echo loop ;;
	lmdb.h) echo spool ;;
	librdkafka/*) echo "kafka testkit" ;;
	curl/*|microhttpd.h|gnutls/*) echo http ;;
	thrift/*|glib*.h|gio/*|gen/*) echo testkit ;;
	zlib.h) echo http ;;
	yaml.h) echo config ;;
	jansson.h) echo "admin cmd sampling span testkit" ;;
	xxhash.h) echo spool ;;
	systemd/*) echo cmd ;;
	*) return 1 ;;
	esac
}

room_of() {
	case $1 in
	include/*/*|src/*/*) echo "$1" | cut -d/ -f2 ;;
	*) echo main ;;
	esac
}

complain() { # print what FILE ($1), living in ROOM ($2), should not include
	for h in $(sed -n 's/^# *include "\([^"]*\)"$/\1/p' "$1"); do
		case $h in
		gen/*|config.h) continue ;;
		*/*) r=${h%%/*} ;;
		*)   r=$2; [ -f "src/$2/$h" ] || { printf ' %s(no private header of %s)' "$h" "$2"; continue; } ;;
		esac
		[ "$r" = "$2" ] || [ "$(floor "$r")" -lt "$(floor "$2")" ] || printf ' %s' "$h"
	done
	for h in $(sed -n 's/^# *include <\([^>]*\)>$/\1/p' "$1"); do
		allowed=$(door "$h") || continue
		case " $allowed " in *" $2 "*) ;; *) printf ' <%s>' "$h" ;; esac
	done
}

n=0; rc=0
for file in $(find src include -name '*.[ch]' | sort); do
	room=$(room_of "$file")
	n=$((n + 1)); bad=$(complain "$file" "$room")
	if [ -z "$bad" ]; then echo "ok $n - $file"; else echo "not ok $n - $file reaches for:$bad"; rc=1; fi
done

# A room that calls what it has declared for itself passes beside its includes: the symbols tell.
calls() { # lines "FROM TO SYMBOL", of rooms
	find "$objects"/src -path '*/src/*/*-*.o' | while read -r o; do
		room=$(basename "$(dirname "$o")") file=$(basename "$o" .o)
		[ ! -f "src/$room/${file#*-}.c" ] || nm "$o" | sed "s,^,$room ,"
	done | awk 'NF == 4 && $3 ~ /^[A-TV-Z]$/ { home[$4] = $1 } NF == 3 && $2 == "U" { used[$1 " " $3] }
		END { for (u in used) { split(u, p, " "); if (p[2] in home && home[p[2]] != p[1]) print p[1], home[p[2]], p[2] } }'
}
n=$((n + 1)); found=0 bad=
while read -r from to symbol; do
	[ -n "$from" ] || continue
	found=$((found + 1))
	[ "$(floor "$to")" -lt "$(floor "$from")" ] || bad="$bad $from->$to:$symbol"
done <<END
$(calls)
END
if [ $found -gt 0 ] && [ -z "$bad" ]; then echo "ok $n - calls go down, $found of them"
else echo "not ok $n - of $found calls these do not go down:$bad"; rc=1; fi

# The daemon's program has nothing of the test kit, and does not load what only the kit needs; the kit's program has it.
kit_symbols() { # of a program: how many it has of those that the test kit defines
	{
		nm "$objects"/src/testkit/libtestkit_a-*.o | awk 'NF == 3 && $2 ~ /^[A-TV-Z]$/ { print "kit", $3 }'
		nm "$1" | awk 'NF == 3 { print "program", $3 }'
	} | awk '$1 == "kit" { kit[$2] } $1 == "program" && $2 in kit { n++ } END { print n + 0 }'
}
loads() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib\(thrift\|glib\|gobject\)[^]]*\)\].*/\1/p' | tr '\n' ' '; }
n=$((n + 1))
daemon_has="$(kit_symbols "$objects/spanspool") $(loads "$objects/spanspool")"
if [ "$daemon_has" = "0 " ] && [ "$(kit_symbols "$objects/spanspool-testkit")" -gt 0 ] &&
	[ -n "$(loads "$objects/spanspool-testkit")" ]; then echo "ok $n - spanspool has nothing of the test kit"
else echo "not ok $n - spanspool has symbols of the test kit and loads its libraries: $daemon_has"; rc=1; fi

# Only src/spool/disk*.c opens a file of the spool: there it is checked for links and owners.
n=$((n + 1))
bad=$(grep -nE '(^|[^a-z_])(open|openat|creat|fopen|opendir)\(' src/spool/*.c |
	grep -vE '^src/spool/disk(_open)?\.c:|"/proc/' | cut -d: -f1,2 | tr '\n' ' ')
if [ -z "$bad" ]; then echo "ok $n - the spool opens its files in one place"
else echo "not ok $n - opened beside disk_open: $bad"; rc=1; fi
echo "1..$n"
exit $rc
