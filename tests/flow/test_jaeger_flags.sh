#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every flag of jaeger-agent 1.62, as its --help lists them (tests/data/jaeger-agent/flags.tsv): as a flag, a variable and a
# key of the file, with a value that is not the default, `config show` has the value and where it was set. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
flags=$(cd "${srcdir:-.}" && pwd)/tests/data/jaeger-agent/flags.tsv
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
unset CONFIG_FILE
export HOME="$dir"
n=0; rc=0; tab=$(printf '\t')

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

{ openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=a -keyout a.key -out a.pem; } 2>/dev/null || exit 99

value_of() { # NAME TYPE: one that is not the default
	case $1 in
	config-file) echo other.yaml ;;
	log-level) echo debug ;;
	log-encoding) echo console ;;
	metrics-backend) echo none ;;
	metrics-http-route) echo /figures ;;
	reporter.type) echo grpc ;; # there is no other
	agent.tags) echo a=b ;;
	*.min-version) echo 1.3 ;;
	*.max-version) echo 1.2 ;;
	*.cipher-suites) echo TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 ;;
	*.tls.ca|*.tls.cert|*.tls.client-ca) echo a.pem ;;
	*.tls.key) echo a.key ;;
	*.server-name) echo elsewhere ;;
	*host-port) echo 127.0.0.1:7000 ;;
	*) case $2 in
		bool) echo true ;;
		int|uint) echo 7001 ;;
		*) echo "Bail out! no value for $1" ;;
	esac ;;
	esac
}

# Options that an option needs beside it, as flags.
beside() {
	case $1 in
	admin.http.tls.*) echo "--admin.http.tls.enabled --admin.http.tls.cert=a.pem --admin.http.tls.key=a.key" ;;
	reporter.grpc.tls.*) echo "--reporter.grpc.tls.enabled --reporter.grpc.tls.cert=a.pem --reporter.grpc.tls.key=a.key" ;;
	esac | tr ' ' '\n' | grep -v -e "--$1\$" -e "--$1=" | tr '\n' ' '
}

# The value and the source of an option, which config show may print in up to three lines.
shown() { # NAME
	awk -v name="$1" '$1 == name { print; on = 1; next } on && /^ / { print; next } { on = 0 }' show.out | tr -s ' \n' ' '
}

shows() { # NAME VALUE SOURCE OPTIONS…
	name=$1 value=$2 source=$3; shift 3
	"$program" config show agent "$@" >show.out 2>show.err || { sed 's/^/#   /' show.err; return 1; }
	[ "$(shown "$name")" = "$name $value $source " ] || { echo "#   $(shown "$name")"; return 1; }
	"$program" config check agent "$@" >/dev/null 2>show.err || { sed 's/^/#   /' show.err; return 1; }
}

rows=0
while IFS="$tab" read -r name type default; do
	[ "$name" != flag ] && [ "$name" != help ] || continue
	rows=$((rows + 1))
	value=$(value_of "$name" "$type")
	more=$(beside "$name")
	: >other.yaml
	# shellcheck disable=SC2086
	shows "$name" "$value" flag $more "--$name=$value"; report "--$name=$value ($type, ${default:-no default})" $?
	if [ "$type" = bool ]; then
		# shellcheck disable=SC2086
		shows "$name" true flag $more "--$name"; report "--$name alone" $?
	fi
	variable=$(echo "$name" | tr 'a-z.-' 'A-Z__')
	export "$variable=$value"
	# shellcheck disable=SC2086
	shows "$name" "$value" "environment $variable" $more; report "$variable=$value" $?
	unset "$variable"
	[ "$name" != config-file ] || continue # a file names no other
	printf '%s: "%s"\n' "$(echo "$name" | tr a-z A-Z)" "$value" >one.yaml
	# shellcheck disable=SC2086
	shows "$name" "$value" "one.yaml:1" $more --config-file=one.yaml; report "$name in a file" $?
done <"$flags"
[ $rows -eq 40 ]; report "these were 40 flags" $?

"$program" agent --help >help
groups=$(sed -n '/^[A-Z].*:$/p; /^jaeger-agent.*:$/p' help | tr '\n' ' ')
case $groups in *"jaeger-agent's names: "*) good=0 ;; *) good=1 ;; esac
report "--help has groups: $groups" $good

echo "1..$n"
exit $rc
