#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The alert rules and the dashboard: each rule is well formed, is seen firing and not firing, and names a section of
# OPERATIONS.md; both name only metrics and label values of spanspool-metrics(7), which tests/flow/test_metrics_manual
# holds against what the processes serve. TAP.
cd "${srcdir:-.}" || exit 99
rules=etc/prometheus/spanspool-alerts.yaml tests=tests/tools/alerts-test.yaml
dashboard=etc/grafana/spanspool.json manual=man/spanspool-metrics.7
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0; rc=0

report() { # SENTENCE WHAT-IS-WRONG
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else echo "not ok $n - $1: $2"; rc=1; fi
}
# SENTENCE COMMAND …: without its tool a skip, which is a failure where CI is true.
report_run() {
	sentence=$1; shift
	if ! command -v "$1" >/dev/null 2>&1; then
		n=$((n + 1))
		if [ "${CI-}" = true ]; then echo "not ok $n - $sentence: there is no $1"; rc=1
		else echo "ok $n - $sentence # SKIP there is no $1"; fi
		return
	fi
	"$@" >"$work/out" 2>&1 && report "$sentence" "" || report "$sentence" "$(tail -5 "$work/out" | tr '\n' ' ')"
}
flat() { sort -u | tr '\n' ' '; }
without() { for w in $1; do case " $2 " in *" $w "*) ;; *) printf '%s ' "$w" ;; esac; done; }

report_run "the alert rules are well formed" promtool check rules "$rules"
report_run "each rule fires and does not fire as its tests say" promtool test rules "$tests"

alerts=$(sed -n 's/^ *- alert: //p' "$rules" | flat)
report "there are alert rules" "$([ -n "$alerts" ] || echo none)"
tested() { # fires | silent: the alerts with such a test
	awk -v want="$1" '/alertname:/ { name = $3 }
		/exp_alerts:/ { if (($2 == "[]") == (want == "silent")) print name }' "$tests" | flat
}
report "each rule has a test in which it fires" "$(without "$alerts" "$(tested fires)")"
report "and one in which it does not" "$(without "$alerts" "$(tested silent)")"

runbooks=$(sed -n 's/^ *runbook: "OPERATIONS.md#\(.*\)"$/\1/p' "$rules" | flat)
sections=$(sed -n 's/^### \(Spanspool.*\)$/\1/p' docs/OPERATIONS.md | flat)
report "each alert has a section of OPERATIONS.md" "$(without "$alerts" "$sections")"
report "and each such section has an alert" "$(without "$sections" "$alerts")"
lower() { printf '%s' "$1" | tr '[:upper:] ' '[:lower:]\n' | flat; }
report "each runbook is the section of its alert" "$(without "$(lower "$alerts")" "$runbooks")"
report "each alert has a severity, a summary and a description" "$(for field in severity summary description runbook; do
	[ "$(grep -c "$field:" "$rules")" -ge "$(grep -c -e '- alert:' "$rules")" ] || printf '%s ' "$field"
done)"

# The expressions alone: labels and texts of people name metrics as well.
awk '/^ *expr: >-/ { more = 1; next } /^ *expr:/ { print; next } /^ *[a-z]+:/ { more = 0 } more' "$rules" >"$work/exprs"
grep -o '"expr": "\([^"\\]\|\\.\)*"' "$dashboard" | sed 's/^"expr": "\(.*\)"$/\1/; s/\\"/"/g' >"$work/panels"
grep -o 'label_values([^)]*)' "$dashboard" >>"$work/panels.labels"
names_in() { grep -ohE '\b(spanspool|process)_[a-z_]+' "$@" | sed -E 's/_(bucket|sum|count)$//' | flat; }
known=$(sed -n 's/^\.It Va \([a-z_]*\).*/\1/p' "$manual" | flat)
for file in exprs panels; do
	report "the $file name metrics" "$([ -n "$(names_in "$work/$file")" ] || echo none)"
	report "the $file name no metric that spanspool-metrics(7) has not" "$(without "$(names_in "$work/$file")" "$known")"
done
# Values of labels: outcome="quarantined", cause=~"login|topic_missing".
values=$(cat "$work/exprs" "$work/panels" | grep -oE '(outcome|cause|state|code|port)(=|!=|=~)"[a-z_|]+"' |
	sed 's/.*"\(.*\)"/\1/' | tr '|' '\n' | flat)
report "and no label value that it does not explain" "$(for v in $values; do
	grep -qE "^\.Ql (.* )?$v( |\$)" "$manual" || printf '%s ' "$v"; done)"

# Each expression of the dashboard as a recording rule, with Grafana's variables filled in.
awk 'BEGIN { print "groups:\n- name: panels\n  rules:" }
	{ gsub(/\$__rate_interval|\$__range/, "5m"); gsub(/\$(job|instance)/, ".*")
	  gsub(/\x27/, "\x27\x27"); printf "  - record: panel_%d\n    expr: \x27%s\x27\n", NR, $0 }' "$work/panels" >"$work/panels.yaml"
report_run "each expression of the dashboard is PromQL" promtool check rules "$work/panels.yaml"
cat >"$work/dashboard.py" <<'PYTHON'
import json, sys
board = json.load(open(sys.argv[1]))
ids, taken = set(), {}
for p in board["panels"]:
    assert p["id"] not in ids, "panel %d is there twice" % p["id"]
    ids.add(p["id"])
    g = p["gridPos"]
    assert g["x"] + g["w"] <= 24, "panel %d is too wide" % p["id"]
    for x in range(g["x"], g["x"] + g["w"]):
        for y in range(g["y"], g["y"] + g["h"]):
            assert (x, y) not in taken, "panels %d and %d overlap" % (p["id"], taken[x, y])
            taken[x, y] = p["id"]
    if p["type"] != "row":
        assert p["datasource"]["uid"] == "${datasource}", "panel %d has a data source of its own" % p["id"]
        assert p["description"] and p["targets"], "panel %d is bare" % p["id"]
names = {v["name"] for v in board["templating"]["list"]}
assert {"datasource", "job", "instance"} <= names, "a variable is missing"
PYTHON
report_run "the dashboard is JSON whose panels have places of their own and a data source that can be chosen" \
	python3 "$work/dashboard.py" "$dashboard"
for file in "$rules" "$dashboard"; do
	report "$file is installed" "$(grep -q "${file#etc/}" etc/local.mk || echo "it is not in etc/local.mk")"
done

echo "1..$n"
exit $rc
