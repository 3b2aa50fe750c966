#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The admin port of agent and drain behind TLS and logins, asked by curl and by `spanspool status`. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
for tool in curl openssl; do
	command -v $tool >/dev/null 2>&1 || { echo "1..0 # SKIP $tool is not installed"; [ "$CI" != true ]; exit; }
done
dir=$(mktemp -d) || exit 99
daemon=''
trap '[ -z "$daemon" ] || kill -9 $daemon 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 99
unset CONFIG_FILE
n=0; rc=0
patience=600 # tenths of a second

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

until_true() { # COMMAND…
	i=0
	until "$@"; do
		i=$((i + 1)); [ $i -lt $patience ] || return 1
		sleep 0.1 # between two looks at a condition
	done
}

{
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem &&
	echo subjectAltName=DNS:localhost >ext &&
	for name in server client next; do
		openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr &&
		openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $name.pem || exit
	done
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other.key -out other.pem
} >openssl.log 2>&1 || exit 99
cp server.pem now.pem; cp server.key now.key
echo sesame >password; echo token-1 >token

has_begun() { kill -0 $daemon 2>/dev/null && port=$(sed -n 's/.*admin pages at 127.0.0.1:\([0-9]*\).*/\1/p' log | head -1) && [ -n "$port" ]; }
start() { # COMMAND OPTIONS…
	command=$1; shift
	case $command in
	agent) set -- --spool.directory="$dir/spool" --http-server.host-port=none --processor.jaeger-compact.server-host-port=none \
		--processor.jaeger-binary.server-host-port=none --processor.zipkin-compact.server-host-port=none "$@" ;;
	drain) set -- --kafka.consumer.brokers=127.0.0.1:1 "$@" ;;
	esac
	: >log # a look must not find the former port, before the redirection below is made
	"$program" "$command" --admin.http.host-port=127.0.0.1:0 "$@" >log 2>&1 </dev/null &
	daemon=$!
	until_true has_begun; report "$command $*: it begins" $?
}
stop() {
	kill $daemon; wait $daemon
	daemon=''
}
status_of() { curl -s -o page -w '%{http_code}' "$@"; } # OPTIONS… URL
answers() { # WANTED SENTENCE OPTIONS-AND-URL…
	wanted=$1 sentence=$2; shift 2
	got=$(status_of "$@"); [ "$got" = "$wanted" ]; good=$?
	report "$sentence: $wanted" $good
	[ $good -eq 0 ] || echo "#   $got"
}

# --- logins
for command in agent drain; do
	start $command --admin.http.user=ops --admin.http.password-file=password --admin.http.bearer-file=token
	at=http://127.0.0.1:$port
	for path in / /health/live; do
		answers 200 "$command: $path without a login" $at$path
	done
	[ "$(status_of $at/health/ready)" != 401 ]; report "$command: nor does /health/ready ask for one" $?
	for path in /metrics /ledger /status /status.json /config /version /nowhere; do
		answers 401 "$command: $path without a login" $at$path
	done
	answers 401 "$command: a wrong password" -u ops:sesam $at/metrics
	answers 401 "$command: one that begins right" -u ops:sesame2 $at/metrics
	answers 401 "$command: an empty one" -u ops: $at/metrics
	answers 401 "$command: another name" -u opt:sesame $at/metrics
	answers 401 "$command: a wrong token" -H 'Authorization: Bearer token-2' $at/metrics
	answers 401 "$command: an empty token" -H 'Authorization: Bearer ' $at/metrics
	answers 401 "$command: another scheme" -H 'Authorization: Digest token-1' $at/metrics
	answers 200 "$command: the password" -u ops:sesame $at/metrics
	answers 200 "$command: the token" -H 'Authorization: bearer token-1' $at/metrics
	curl -s -D - -o page $at/ledger | grep -qi '^WWW-Authenticate: Basic'; report "$command: a 401 says how" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" >out 2>err; [ $? -eq 1 ] && grep -q 'answered 401' err
	report "$command: status without a login" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" --admin.http.user=ops --admin.http.password-file=password >out
	grep -q "^command  *$command" out; report "$command: status with the password" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" --admin.http.bearer-file=token --json >out
	grep -q "\"command\": *\"$command\"" out; report "$command: status with the token" $?
	! grep -q -e sesame -e token-1 log; report "$command: no secret is in the log" $?
	stop
done

is_200_with() { [ "$(status_of -u "ops:$1" $at/metrics)" = 200 ]; }
start agent --admin.http.user=ops --admin.http.password-file=password
at=http://127.0.0.1:$port
echo open >password
until_true is_200_with open; report "a new password is taken" $?
answers 401 "the old one no longer" -u ops:sesame $at/metrics
stop

# --- TLS
for command in agent drain; do
	start $command --admin.http.tls.enabled --admin.http.tls.cert=now.pem --admin.http.tls.key=now.key --metrics-http-route=/figures
	at=https://localhost:$port
	answers 200 "$command: by TLS" --cacert ca.pem $at/
	answers 200 "$command: metrics at their own path" --cacert ca.pem $at/figures
	answers 404 "$command: not at the usual one" --cacert ca.pem $at/metrics
	answers 000 "$command: of another authority" --cacert other.pem $at/
	answers 000 "$command: plain HTTP" http://localhost:"$port"/
	answers 000 "$command: TLS 1.1" --cacert ca.pem --tls-max 1.1 $at/
	"$program" status $command --admin.http.host-port=localhost:"$port" --admin.http.tls.enabled --ca=ca.pem >out
	grep -q "^command  *$command" out; report "$command: status by TLS" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" --admin.http.tls.enabled --ca=ca.pem --server-name=localhost >out
	grep -q "^command  *$command" out; report "$command: status with the certificate's name" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" --admin.http.tls.enabled --skip-host-verify >out
	grep -q "^command  *$command" out; report "$command: status that verifies nothing" $?
	"$program" status $command --admin.http.host-port=127.0.0.1:"$port" --admin.http.tls.enabled --ca=ca.pem >out 2>err; [ $? -eq 1 ]
	report "$command: another name is refused" $?
	stop
done

serial_of() { openssl s_client -connect localhost:"$port" </dev/null 2>/dev/null | openssl x509 -noout -subject 2>/dev/null; }
shows_next() { serial_of | grep -q 'CN *= *next'; }
start agent --admin.http.tls.enabled --admin.http.tls.cert=now.pem --admin.http.tls.key=now.key --admin.http.tls.client-ca=ca.pem \
	--admin.http.tls.min-version=1.2 --admin.http.tls.max-version=1.2 \
	--admin.http.tls.cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305
at=https://localhost:$port
answers 200 "a client with a certificate" --cacert ca.pem --cert client.pem --key client.key $at/ledger
for path in / /health/live /ledger; do
	answers 403 "$path without one" --cacert ca.pem $at$path
	answers 403 "$path with one of another authority" --cacert ca.pem --cert other.pem --key other.key $at$path
done
answers 000 "TLS 1.3 where 1.2 is the most" --cacert ca.pem --cert client.pem --key client.key --tlsv1.3 $at/
answers 200 "a suite of the list" --cacert ca.pem --cert client.pem --key client.key --ciphers ECDHE-RSA-CHACHA20-POLY1305 $at/
answers 000 "one that is not in it" --cacert ca.pem --cert client.pem --key client.key --ciphers ECDHE-RSA-AES256-GCM-SHA384 $at/
cp next.key now.key
has_logged_mismatch() { grep -q 'admin.http.tls have changed and cannot be used' log; }
until_true has_logged_mismatch; report "a key alone does not fit, and the log says so" $?
answers 200 "the former pair serves on" --cacert ca.pem --cert client.pem --key client.key $at/
cp next.pem now.pem
until_true shows_next; report "with its certificate it is shown" $?
answers 200 "and requests are answered" --cacert ca.pem --cert client.pem --key client.key $at/
stop

# --- no page of metrics
start agent --metrics-backend=none
answers 404 "metrics-backend=none: /metrics" http://127.0.0.1:"$port"/metrics
! grep -q '^/metrics$' page; report "and it is not listed" $?
answers 200 "the others are there" http://127.0.0.1:"$port"/ledger
stop

# --- what is refused
cp server.pem now.pem; cp server.key now.key
pair="--admin.http.tls.enabled --admin.http.tls.cert=now.pem --admin.http.tls.key=now.key"
refused() { # PATTERN OPTIONS…
	pattern=$1; shift
	for command in agent drain; do
		case $command in drain) set -- --kafka.consumer.brokers=a:1 "$@" ;; esac
		"$program" config check $command "$@" >out 2>err
		[ $? -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q -e "$pattern" err; good=$?
		report "$command $*: refused" $good
		[ $good -eq 0 ] || sed 's/^/#   /' err
	done
}
for option in cert=now.pem key=now.key client-ca=ca.pem cipher-suites=a min-version=1.2 max-version=1.3; do
	refused "admin.http.tls.${option%%=*}: cannot be used while admin.http.tls.enabled is false" --admin.http.tls.$option
done
refused 'admin.http.tls.enabled: needs admin.http.tls.cert and' --admin.http.tls.enabled
refused 'admin.http.tls.enabled: needs admin.http.tls.cert and' --admin.http.tls.enabled --admin.http.tls.cert=now.pem
refused 'admin.http.tls.cert: certificate and key cannot be used together' --admin.http.tls.enabled \
	--admin.http.tls.cert=now.pem --admin.http.tls.key=other.key
refused 'admin.http.tls.cert: nowhere.pem: No such file' --admin.http.tls.enabled --admin.http.tls.cert=nowhere.pem \
	--admin.http.tls.key=now.key
refused 'admin.http.tls.min-version: "1.4" is no version' $pair --admin.http.tls.min-version=1.4
refused 'admin.http.tls.max-version: "2" is no version' $pair --admin.http.tls.max-version=2
refused 'no version of TLS is left: the least is 1.3 and the most 1.2' $pair --admin.http.tls.min-version=1.3 \
	--admin.http.tls.max-version=1.2
refused 'cipher-suites: "TLS_FOO" is no cipher suite' $pair --admin.http.tls.cipher-suites=TLS_FOO
refused 'cipher-suites: these would allow TLS_[A-Z0-9_]* too' $pair \
	--admin.http.tls.cipher-suites=TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA
refused 'cipher-suites: no cipher suite is left' $pair --admin.http.tls.min-version=1.3 \
	--admin.http.tls.cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA
refused 'admin.http.user: needs admin.http.password-file' --admin.http.user=a
refused 'admin.http.password-file: a password without' --admin.http.password-file=password
refused 'admin.http.user: a name has no colon' --admin.http.user=a:b --admin.http.password-file=password
refused 'admin.http.bearer-file: nowhere: No such file' --admin.http.bearer-file=nowhere
for route in metrics /ledger / '/a b' '*'; do
	refused 'metrics-http-route: .* is not a path of its own' "--metrics-http-route=$route"
done
refused 'metrics-backend: "expvar" is not one of prometheus, none' --metrics-backend=expvar

echo "1..$n"
exit $rc
