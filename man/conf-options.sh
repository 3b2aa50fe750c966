#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the page spanspool.conf(5) with its lists of options made anew: conf-options.sh PROGRAM PAGE. Each list stands
# behind a line '.\" options of COMMAND' and ends before the next '.\" end of options'; it is made from what
# `config sample COMMAND` prints.
list() { # PROGRAM COMMAND
	CONFIG_FILE='' "$1" config sample "$2" | sed -e 's/\\/\\e/g' -e 's/…/.../g' | awk '
	function text(s) { return s ~ /^[.\x27]/ ? "\\&" s : s }
	/^# --- .* ---$/ { if (open) print ".El"; open = 1; gsub(/^# --- | ---$/, "")
		print ".Ss " command ": " $0; print ".Bl -tag -width Ds"; next }
	!open { next }
	/^# / { help = help (help == "" ? "" : "\n") substr($0, 3); next }
	/^#[a-z]/ { at = index($0, ": "); value = substr($0, at + 2)
		print ".It Cm " substr($0, 2, at - 2) (value == "\"\"" ? "" : " : Ar " value)
		if (help != "") { gsub(/\. /, ".\n", help); print text(help) }
		help = "" }
	END { if (open) print ".El" }' command="$2"
}
while IFS= read -r line; do
	case $line in
	'.\" options of '*) skipping=yes; printf '%s\n' "$line"; list "$1" "${line#.\\\" options of }" || exit 1 ;;
	'.\" end of options') skipping=no; printf '%s\n' "$line" ;;
	*) [ "${skipping-no}" = yes ] || printf '%s\n' "$line" ;;
	esac
done <"$2"
