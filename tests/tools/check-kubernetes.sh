#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples in etc/kubernetes are what the program takes: check-kubernetes.py. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
python3 -c 'import yaml' 2>/dev/null || { echo "1..0 # SKIP python3-yaml is not installed"; [ "$CI" != true ]; exit; }
unset CONFIG_FILE
exec python3 "${srcdir:-.}/tests/tools/check-kubernetes.py" "$program" "${srcdir:-.}"/etc/kubernetes/*.yaml
