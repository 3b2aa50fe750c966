#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual says what the program does: every command and every option is described, nothing else
# is, the sample files are those that the program prints, and the pages are well formed. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
cd "${srcdir:-.}" || exit 99
n=0; rc=0

report() { # SENTENCE WHAT-IS-WRONG
	n=$((n + 1))
	if [ -z "$2" ]; then echo "ok $n - $1"; else echo "not ok $n - $1: $2"; rc=1; fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

# Names on one line, each once.
flat() { sort -u | tr '\n' ' '; }
# What stands in $1 and not in $2, both flat.
without() { for w in $1; do case " $2 " in *" $w "*) ;; *) printf '%s ' "$w" ;; esac; done; }

options_of() { CONFIG_FILE='' "$program" config sample "$1" 2>/dev/null | sed -n 's/^#\([a-z0-9.-]*\): .*/\1/p'; }
described_in() { sed -n 's/^\.It Fl -\([a-z0-9.-]*\).*/\1/p' "$1"; }

commands=$("$program" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | flat)
report "the program lists its commands" "$([ -n "$commands" ] || echo none)"
in_page=$(sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' man/spanspool.1 | flat)
report "every command stands in spanspool.1" "$(without "$commands" "$in_page")"
in_common=$(described_in man/spanspool.1 | flat)
in_readme=$(sed -n 's/^| `\([a-z]*\)[^`]*` |.*/\1/p' README.md | flat)
report "every command stands in the table of README.md" "$(without "$commands" "$in_readme")"

for command in $commands; do
	options=$(options_of "$command" | flat)
	[ -n "$options" ] || continue
	page=$(ls man/spanspool-"$command".[18] 2>/dev/null)
	if [ -z "$page" ]; then
		report "spanspool-$command has a page" "there is none in man/"
		continue
	fi
	described=$(described_in "$page" | flat)
	report "$page describes every option" "$(without "$options" "$described$in_common")"
	report "$page describes no other" "$(without "$described" "$options$in_common")"
done

# A function is written as `name()`.
unknown=$(grep -o '`[a-z_]*()`' docs/*.md | sed 's/.*`\(.*\)()`/\1/' | sort -u | while read -r name; do
	grep -rqE "\\b$name\\(" src include tests || printf '%s ' "$name"
done)
report "every function that a document names is in the source" "$unknown"

# The walk of ARCHITECTURE.md: | `file`, … | `function()` → … | …
walk=$(grep '^| `[a-z]*/[a-z_]*\.c`' docs/ARCHITECTURE.md)
elsewhere=$(printf '%s\n' "$walk" | while IFS='|' read -r _ files functions _; do
	paths=$(printf '%s' "$files" | grep -o '[a-z]*/[a-z_]*\.c' | sed 's|^|src/|')
	for name in $(printf '%s' "$functions" | grep -o '[a-z_]*()' | tr -d '()'); do
		# shellcheck disable=SC2086
		grep -qE "^([a-z].*[ *])?$name\(" $paths || printf '%s ' "$name"
	done
done)
report "the walk of a datagram names files" "$([ -n "$walk" ] || echo none)"
report "and each function stands in a file of its row" "$elsewhere"

verbs_of() { "$program" "$@" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | sed "s/^/${2:+$2 }/"; }
verbs=$( { verbs_of spool; verbs_of spool quarantine; } | grep -vx quarantine | tr ' ' _ | flat)
in_page=$(sed -n 's/^\.It Cm \([a-z ]*\)$/\1/p' man/spanspool-spool.8 | tr ' ' _ | flat)
report "every verb of spool stands in spanspool-spool.8" "$(without "$verbs" "$in_page")"
report "and no other" "$(without "$in_page" "$verbs")"

for sample in agent:etc/spanspool.yaml drain:etc/spanspool-drain.yaml; do
	command=${sample%%:*} file=${sample#*:}
	case " $commands " in
	*" $command "*)
		report "$file is what config sample $command prints (make samples)" \
			"$("$program" config sample "$command" | cmp - "$file" 2>&1)" ;;
	*) skip "$file is what config sample $command prints" "this program has no command $command" ;;
	esac
done
page=man/spanspool.conf.5
report "$page has the options that config sample prints (make samples)" \
	"$(man/conf-options.sh "$program" $page | cmp - $page 2>&1)"

fixtures=$(cd tests/lib && ls ./*.h | sed 's|./||' | flat)
in_readme=$(sed -n '/^## Which fixture/,/^## /s/^| *\(`[^|]*\)|.*/\1/p' tests/README.md | grep -o '[a-z_]*\.h' | flat)
report "every fixture of tests/lib stands in tests/README.md" "$(without "$fixtures" "$in_readme")"
report "and no other" "$(without "$in_readme" "$fixtures")"

# Parts of the health page, as the sources name them: the second argument of each post, a word in quotes or
# a name whose definition has the words, and "part" in JSON.
posts() {
	find src -name '*.c' -exec cat {} + | tr '\n\t' '  ' | grep -oE '\bhealth_(post|begin)\( *[^,()]+, *[^,()]+,' |
		grep -v 'const char' | sed 's/.*, *\([^,]*\),$/\1/; s/.*[.>]//' | sort -u
}
health_parts() {
	for post in $(posts); do
		case $post in
		\"*) words=$post ;;
		*) words=$(grep -rhoE "[ .*]$post(\[\])? = [^;]*" src | grep -oE "$post(\[\])? = ([^,\"]*\"[a-z]+\")+" | grep -o '"[a-z]*"') ;;
		esac
		[ -n "$words" ] || echo "the-value-of-$post"
		printf '%s\n' "$words" | tr -d '"'
	done
	grep -rhoE '"part", "[a-z]+"' src | sed 's/.*"\([a-z]*\)"$/\1/'
}
parts_in() { sed -n '/^\.Sh HEALTH/,/^\.Sh SIGNALS/s/^\.It Cm \([a-z]*\)$/\1/p' "$@"; }
parts=$(health_parts | flat)
in_pages=$(parts_in man/spanspool-agent.8 man/spanspool-drain.8 | flat)
report "each part of the health page stands in HEALTH of spanspool-agent.8 or spanspool-drain.8" "$(without "$parts" "$in_pages")"
report "and no other" "$(without "$in_pages" "$parts")"

for page in man/*.[178]; do
	command=$(basename "$page" | sed -n 's/spanspool-\(.*\)\.[18]$/\1/p')
	case $page:" $commands " in
	*.7:*) report "$page is named in spanspool.1" "$(grep -q "^\.Xr $(basename "$page" .7) 7" man/spanspool.1 || echo it is not)" ;;
	*" ${command:-help} "*) report "$page is of a command that there is" "" ;;
	*) skip "$page is of a command that there is" "this program has no command $command" ;;
	esac
	if command -v mandoc >/dev/null 2>&1; then
		report "$page is well formed" "$(mandoc -T lint -W warning "$page" 2>&1 | head -3 | tr '\n' ' ')"
	else
		skip "$page is well formed" "mandoc is not installed"
	fi
done
bare=$(find src include tests \( -name '*.[ch]' -o -name '*.sh' \) ! -path 'tests/data/*' -print0 |
	xargs -0 grep -L 'SPDX-License-Identifier: Apache-2.0' | flat)
report "every source file names its licence" "$bare"

echo "1..$n"
exit $rc
