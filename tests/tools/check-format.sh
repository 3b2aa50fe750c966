#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format leaves it ("make format" writes it so). One TAP line a file.
cd "${srcdir:-.}" || exit 99

# Another version lays out a few things otherwise.
version=$(clang-format --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
if [ "$version" != 14 ]; then
	echo "1..0 # SKIP clang-format 14 is not installed"
	exit 0
fi

n=0; rc=0
for file in $(find src include tests -name '*.[ch]' | sort); do
	n=$((n + 1)); line=$(clang-format "$file" | diff "$file" - | sed -n '1s/[^0-9].*//p')
	if [ -z "$line" ]; then
		echo "ok $n - $file"
	else
		echo "not ok $n - $file is laid out otherwise from line $line on"; rc=1
	fi
done
echo "1..$n"
exit $rc
