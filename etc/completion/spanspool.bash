# SPDX-License-Identifier: Apache-2.0
# Completes spanspool and jaeger-agent in bash; printed by `spanspool completion bash`.
_spanspool()
{
	local line=${COMP_LINE:0:COMP_POINT} piece=${COMP_WORDS[COMP_CWORD]} word candidate help
	local -a words
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	word=${words[-1]}
	# bash breaks words at COMP_WORDBREAKS and wants only the last piece of a word replaced.
	[[ $COMP_WORDBREAKS == *"$piece"* ]] && piece=
	local before=${word%"$piece"}
	COMPREPLY=()
	while IFS=$'\t' read -r candidate help; do
		case $candidate in
		:file | :directory)
			compopt -o filenames
			local value=$word kind=-f
			[[ $value == --*=* ]] && value=${value#*=}
			[[ $value == *=* ]] && value=${value#*=}
			[[ $candidate == :directory ]] && kind=-d
			mapfile -t COMPREPLY < <(compgen "$kind" -- "$value")
			[[ $before == *"${value%"$piece"}" ]] && before=${value%"$piece"}
			COMPREPLY=("${COMPREPLY[@]#"$before"}")
			return
			;;
		*=) compopt -o nospace ;;
		esac
		COMPREPLY+=("${candidate#"$before"}")
	done < <("${words[0]}" completion words "${words[@]}" 2>/dev/null)
}
complete -F _spanspool spanspool jaeger-agent
