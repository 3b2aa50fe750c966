#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The status pages in a real browser; browse.py looks at them. KEEP=DIRECTORY keeps its screenshots. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
for tool in chromium python3 bash; do
	command -v $tool >/dev/null 2>&1 && continue
	if [ "${CI-}" = true ]; then echo "not ok 1 - the status pages in a browser: there is no $tool"
	else echo "ok 1 - the status pages in a browser # SKIP there is no $tool"; fi
	echo "1..1"
	exit 0
done
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
python3 "${srcdir:-.}/tests/flow/browse.py" "$program" "$work" chromium
rc=$?
[ -z "${KEEP-}" ] || cp "$work"/*.png "$KEEP"
exit $rc
