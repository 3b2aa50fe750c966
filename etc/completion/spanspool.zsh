#compdef spanspool jaeger-agent
# SPDX-License-Identifier: Apache-2.0
# Completes spanspool and jaeger-agent in zsh; printed by `spanspool completion zsh`.
_spanspool()
{
	local line candidate
	local -a open closed
	for line in "${(@f)$("${(Q)words[1]}" completion words "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
		candidate=${line%%$'\t'*}
		case $candidate in
		:file) compset -P '*='; _files; return ;;
		:directory) compset -P '*='; _files -/; return ;;
		*=) open+=("${candidate//:/\\:}:${line#*$'\t'}") ;;
		?*) closed+=("${candidate//:/\\:}:${line#*$'\t'}") ;;
		esac
	done
	local found=1
	(( $#open )) && _describe -o option open -S '' && found=0
	(( $#closed )) && _describe word closed && found=0
	return found
}
if [[ ${funcstack[1]-} == _spanspool ]]; then
	_spanspool "$@"
else
	compdef _spanspool spanspool jaeger-agent
fi
