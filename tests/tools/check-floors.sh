#!/bin/sh
# Arrows point down. A file may include headers of its own folder and of lower floors; a foreign
# library opens only through its door. One TAP line a file.
# Every public header says its folder in its first line: "/* folder: purpose. */".
cd "${srcdir:-.}" || exit 99

floor() {
	case $1 in
	base) echo 0 ;;                      table|span|policy) echo 1 ;;
	loop) echo 2 ;;                      net|spool|kafka|http) echo 3 ;;
	exporter|quarantine) echo 4 ;;       flow|drain|serve|lab) echo 5 ;;
	cmd) echo 6 ;;                       main) echo 7 ;;
	*) echo 99 ;;
	esac
}

door() { # which folders may include this foreign header; fails when anyone may
	case $1 in
	uv.h) echo loop ;;
	lmdb.h) echo spool ;;
	librdkafka/*) echo kafka ;;
	curl/*|microhttpd.h) echo http ;;
	thrift/*|glib*.h|gio/*|gen/*) echo span ;;
	zlib.h) echo http ;;
	yaml.h) echo table ;;
	jansson.h) echo "serve cmd" ;;
	xxhash.h) echo spool ;;
	systemd/*) echo cmd ;;
	*) return 1 ;;
	esac
}

folder_of() { sed -n '1s,^/\* \([a-z]*\): .*,\1,p' "include/$1"; }

complain() { # print what FILE ($1), living in FOLDER ($2), should not include
	for h in $(sed -n 's/^# *include "\([^"]*\)"$/\1/p' "$1"); do
		[ -f "include/$h" ] || continue
		f=$(folder_of "$h")
		[ -n "$f" ] || { printf ' %s(no folder line)' "$h"; continue; }
		[ "$f" = "$2" ] || [ "$(floor "$f")" -lt "$(floor "$2")" ] || printf ' %s(%s)' "$h" "$f"
	done
	for h in $(sed -n 's/^# *include <\([^>]*\)>$/\1/p' "$1"); do
		allowed=$(door "$h") || continue
		case " $allowed " in *" $2 "*) ;; *) printf ' <%s>' "$h" ;; esac
	done
}

n=0; rc=0
for file in $(find src include -name '*.[ch]' | sort); do
	case $file in
	include/*) folder=$(folder_of "${file#include/}") ;;
	src/*/*)   folder=$(basename "$(dirname "$file")") ;;
	*)         folder=main ;;
	esac
	n=$((n + 1)); bad=$(complain "$file" "${folder:-none}")
	if [ -z "$bad" ]; then echo "ok $n - $file"; else echo "not ok $n - $file reaches for:$bad"; rc=1; fi
done

# Only src/spool/disk*.c opens a file of the spool: there it is checked for links and owners.
n=$((n + 1))
bad=$(grep -nE '(^|[^a-z_])(open|openat|creat|fopen|opendir)\(' src/spool/*.c |
	grep -vE '^src/spool/disk(_open)?\.c:|"/proc/' | cut -d: -f1,2 | tr '\n' ' ')
if [ -z "$bad" ]; then echo "ok $n - the spool opens its files in one place"
else echo "not ok $n - opened beside disk_open: $bad"; rc=1; fi
echo "1..$n"
exit $rc
