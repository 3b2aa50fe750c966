#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing is longer than a reader holds in mind: a file 500 lines, a function 60 (of a test, with its
# table of cases, 100). One TAP line a file.
cd "${srcdir:-.}" || exit 99

too_long() { # what is too long in the file $1
	case $1 in tests/*) most=100 ;; *) most=60 ;; esac
	awk -v most=$most '
		FNR > 500 && !said++ { printf " more than 500 lines;" }
		FILENAME !~ /\.[ch]$/ { next }
		/^{/ { start = FNR }
		/^}/ && start {
			if (FNR - start - 1 > most)
				printf " the function at line %d has %d lines;", start - 1, FNR - start - 1
			start = 0
		}' "$1"
}

n=0; rc=0
for file in bootstrap $(find src include tests etc docs -name '*.[ch]' -o -name '*.sh' -o -name '*.mk' | sort); do
	n=$((n + 1)); bad=$(too_long "$file")
	if [ -z "$bad" ]; then echo "ok $n - $file"; else echo "not ok $n - $file:$bad"; rc=1; fi
done
echo "1..$n"
exit $rc
