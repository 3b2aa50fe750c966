#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What no agent and no drain can run with: `config check` and the start refuse it with the same sentence,
# which names the option, and with exit status 2. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
unset CONFIG_FILE
n=0; rc=0
patience=60 # seconds; ends a start that was not refused, so that the test fails instead of staying

report() { # SENTENCE GOOD-OR-NOT
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; rc=1; fi
}

# No port is opened and the spool is the test's own, should a start not be refused.
start() { # COMMAND OPTIONS…
	command=$1; shift
	case $command in
	agent) set -- --spool.directory="$dir/spool" "$@" ;;
	drain) set -- --kafka.consumer.brokers=127.0.0.1:1 "$@" ;;
	esac
	timeout $patience "$program" "$command" "$@" >start.out 2>start.err </dev/null
}

refused() { # PATTERN COMMAND OPTIONS…
	pattern=$1; shift
	command=$1; shift
	good=0
	case $command in
	drain) "$program" config check drain --kafka.consumer.brokers=127.0.0.1:1 "$@" ;;
	*) "$program" config check "$command" "$@" ;;
	esac >check.out 2>check.err
	[ $? -eq 2 ] && [ "$(wc -l <check.err)" -eq 1 ] && grep -q -e "$pattern" check.err || good=1
	# A start that is not refused would run on: it is only tried when the check is right.
	if [ $good -eq 0 ]; then
		start "$command" "$@"
		[ $? -eq 2 ] && [ ! -e spool ] || good=1
		sed 's/^spanspool [a-z]*: //' check.err >one
		sed 's/^spanspool [a-z]*: //' start.err >other
		cmp -s one other || good=1
	fi
	report "$command $*: check and start refuse it" $good
	[ $good -eq 0 ] || sed 's/^/#   /' check.out check.err start.err
}

taken() { # COMMAND OPTIONS…
	"$program" config check "$@" >check.out 2>check.err
	good=$?
	report "config check $*: fine" $good
	[ $good -eq 0 ] || sed 's/^/#   /' check.err
}

shows() { # OPTION VALUE COMMAND OPTIONS…
	option=$1 value=$2; shift 2
	"$program" config show "$@" >show.out 2>&1
	# A long value goes on in lines of its own.
	tr -d ' \n' <show.out | grep -q -F -e "$option$(echo "$value" | tr -d ' ')"
	good=$?
	report "config show $*: $option is $value" $good
	[ $good -eq 0 ] || sed 's/^/#   /' show.out
}

compact=processor.jaeger-compact binary=processor.jaeger-binary
: >file
printf 'sesame\n' >token
printf -- '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n' >some.pem

refused '^spanspool config: --collector.url: "ftp://x" is not a collector' agent --collector.url=ftp://x
refused 'collector.url: .* is not a collector' agent --collector.url=http://
refused 'collector.url: .* is not a collector' agent "--collector.url=http://a b"
refused 'agent.tags: .*novalue' agent --agent.tags=novalue
refused 'agent.tags: ' agent --agent.tags==x
refused "$compact.server-max-packet-size: 1 B is not between 512 B and" agent --$compact.server-max-packet-size=1
refused 'server-max-packet-size: ' agent --$binary.server-max-packet-size=1G
refused 'server-socket-buffer-size: 1 B is not' agent --$binary.server-socket-buffer-size=1
refused 'server-socket-buffer-size: ' agent --$binary.server-socket-buffer-size=3T
refused "$binary.server-host-port: :6831 is taken already, by $compact.server-host-port" \
	agent --$binary.server-host-port=:6831
refused 'is taken already' agent --$binary.server-host-port=127.0.0.1:6831
refused 'is taken already' agent --$compact.server-host-port=127.0.0.1:7 --$binary.server-host-port=127.0.0.1:7
refused 'server-host-port: .* is not an address' agent "--$binary.server-host-port=a b:6832"
refused 'server-host-port: .* is not an address' agent --$binary.server-host-port=udp://a:6832
refused 'server-host-port: .* is not an address' agent --$binary.server-host-port=:6832,:6833
refused 'server-host-port: .* is not an address' agent --$binary.server-host-port=:99999
refused 'server-host-port: .* is not an address' agent --$binary.server-host-port=:
refused 'collector.url: .* is not a collector' agent --collector.url=http://a:0
refused 'server-host-port: "\*\*\*\*\*\*\*\*@a:1" is not an address' agent --$binary.server-host-port=u:sesame@a:1
refused 'reporter.grpc.host-port: "\*\*\*\*\*\*\*\*@a:1" is not' agent --reporter.grpc.host-port=u:sesame@a:1
refused 'brokers: "\*\*\*\*\*\*\*\*@a:1" in the list' agent --kafka.producer.brokers=b:1,u:sesame@a:1
refused 'sampling.url: .* is not an address of strategies' agent --sampling.url=http://
refused 'sampling.url: .* is not an address of strategies' agent --sampling.url='http://a/x#y'
refused 'sampling.refresh: must be between' agent --sampling.refresh=1ms
refused 'sampling.max-services: must be between' agent --sampling.max-services=0
refused 'sampling.strategies-file: .*nowhere.json' agent --sampling.strategies-file=nowhere.json
taken agent --sampling.url=
refused 'server-host-port: an empty address' agent --$binary.server-host-port=
refused 'admin.http.host-port: .* is not an address' agent --admin.http.host-port=x/y:1
refused 'admin.http.host-port: is empty' agent --admin.http.host-port=
refused 'spool.directory: is empty' agent --spool.directory=
refused 'spool.max-bytes: 1 KiB is not between 8 MiB' agent --spool.max-bytes=1K
refused 'spool.max-bytes: ' agent --spool.max-bytes=2000T
refused 'spool.segment-bytes: 1 B is not between 4 MiB and 4 GiB' agent --spool.segment-bytes=1
refused 'spool.segment-bytes: one segment would be larger than the whole spool' \
	agent --spool.segment-bytes=1G --spool.max-bytes=512M
refused 'spool.min-free: ' agent --spool.min-free=2000T
refused 'spool.exposure: 24h is not between 1ms and 1m, nor 0' agent --spool.exposure=24h
refused 'spool.exposure: 10us is not' agent --spool.exposure=10us
refused 'spool.max-age: 1us is not' agent --spool.max-age=1us
refused 'flight.max-bytes: ' agent --flight.max-bytes=1
refused 'flight.max-bytes: ' agent --flight.max-bytes=2000T
refused 'shutdown.timeout: 24h is not' agent --shutdown.timeout=24h
refused 'kafka.producer.topic: ' agent --kafka.producer.topic=^x
refused 'kafka.producer.topic: ' agent "--kafka.producer.topic=a b"
refused 'kafka.producer.topic: ' agent --kafka.producer.topic=
refused 'kafka.producer.brokers: ' agent --kafka.producer.brokers=,
refused 'linger.mss' agent --kafka.producer.brokers=a:1 --kafka.property=linger.mss=5
refused 'ssl.ca.location\|nowhere.pem' agent --kafka.producer.brokers=a:1 --kafka.property=security.protocol=ssl \
	--kafka.property=ssl.ca.location=nowhere.pem

for command in agent drain; do
	refused 'collector.ca: nowhere.pem: No such file' $command --collector.ca=nowhere.pem
	refused 'collector.key: a key needs its certificate' $command --collector.key=file
	refused 'collector.bearer-file: file: ' $command --collector.bearer-file=file
	refused 'collector.password-file: a password without' $command --collector.password-file=token
	refused 'collector.user: a name has no colon' $command --collector.user=u:p
	refused 'collector.header: item 1 is not' $command --collector.header=novalue
	refused 'collector.header: item 1 is not' $command '--collector.header=a name: value'
	for name in Content-Length content-type Content-Encoding Transfer-Encoding Expect Connection spanspool-id Spanspool-Maybe-Dup; do
		refused "collector.header: $name cannot be set" $command "--collector.header=$name: 1"
	done
	refused 'collector.header: authorization and .* exclude each other' $command '--collector.header=authorization: x' \
		--collector.bearer-file=token
	refused 'collector.timeout: 0 is not' $command --collector.timeout=0
	refused 'collector.url: no address' $command --collector.url=
	refused 'collector.metrics-url: 1 pages for 2 collectors: one is needed for each' $command \
		--collector.url=http://a,http://b --collector.metrics-url=http://a:14269/metrics
	refused 'collector.metrics-url: "ftp://a" is not the address of a collector.s metrics page' $command \
		--collector.metrics-url=ftp://a
	refused 'collector.confirm: ' $command --collector.confirm=maybe
	refused 'collector.compression: ' $command --collector.compression=zstd
	refused 'collector.max-batch-spans: 0 is not' $command --collector.max-batch-spans=0
	refused 'collector.max-batch-bytes: ' $command --collector.max-batch-bytes=1
	refused 'collector.max-spans-per-second: "fast" is neither auto nor a number' $command \
		--collector.max-spans-per-second=fast
done
shows collector.url 'http://a:14268, http://b:1, http://[::1]:14268' agent \
	'--reporter.grpc.host-port=a:14250,dns:///b:1,[::1]:14250'
shows collector.url 'http://c:1' agent --reporter.grpc.host-port=a:14250,b:1 --collector.url=http://c:1
shows collector.url 'http://a:1, http://b:2' agent --collector.url=http://a:1,http://b:2
refused 'reporter.grpc.host-port: ' agent --reporter.grpc.host-port=a:1,,b
refused 'reporter.grpc.host-port: .* names no host' agent --reporter.grpc.host-port=a:1,:2
refused 'reporter.grpc.host-port: .* is a socket of this host' agent --reporter.grpc.host-port=unix:///run/c.sock
refused 'reporter.type: unknown reporter type "zipkin"' agent --reporter.type=zipkin
refused 'reporter.grpc.retry.max: "-1" is not a count' agent --reporter.grpc.retry.max=-1
for option in ca=some.pem cert=some.pem key=some.pem server-name=a skip-host-verify; do
	refused "reporter.grpc.tls.${option%%=*}: .*" agent --reporter.grpc.tls.$option
done
refused 'reporter.grpc.tls.ca: cannot be used while reporter.grpc.tls.enabled is false' agent --reporter.grpc.tls.ca=some.pem
refused 'reporter.grpc.tls.skip-host-verify: cannot be used' agent --reporter.grpc.tls.skip-host-verify
refused 'reporter.grpc.tls.ca: nowhere.pem: No such file' agent --reporter.grpc.tls.enabled --reporter.grpc.tls.ca=nowhere.pem
refused 'reporter.grpc.tls.cert: a certificate and its key belong together' agent --reporter.grpc.tls.enabled \
	--reporter.grpc.tls.cert=some.pem
shows collector.url 'https://a:14268' agent --reporter.grpc.host-port=a:14250 --reporter.grpc.tls.enabled=true
shows collector.url 'https://a:14268' agent --reporter.grpc.host-port=a:14250 --reporter.grpc.tls
shows collector.ca some.pem agent --reporter.grpc.tls.enabled --reporter.grpc.tls.ca=some.pem
shows collector.ca other.pem agent --reporter.grpc.tls.enabled --reporter.grpc.tls.ca=some.pem --collector.ca=other.pem
shows collector.server-name a agent --reporter.grpc.tls.enabled --reporter.grpc.tls.server-name=a
shows collector.skip-host-verify true agent --reporter.grpc.tls.enabled --reporter.grpc.tls.skip-host-verify
shows sampling.url 'http://a:14268/api/sampling' agent --reporter.grpc.host-port=a:14250 --kafka.producer.brokers=b:1
shows processor.jaeger-compact.server-host-port 6799 agent --processor.jaeger-compact.server-host-port=6799
taken agent --processor.jaeger-compact.server-max-packet-size=0 --processor.jaeger-compact.workers=0 \
	--processor.jaeger-compact.server-queue-size=0
taken agent --reporter.type=tchannel --collector.host-port=a:14267 --reporter.tchannel.report-timeout=1s
refused '^spanspool config: --collector.url: "ftp://x" is not' drain --collector.url=ftp://x
refused 'collector.ca: nowhere.pem: No such file' drain --collector.ca=nowhere.pem
refused 'collector.ca: .* is a directory' drain --collector.ca=.
refused 'collector.cert: a certificate needs its key' drain --collector.cert=file
refused 'collector.key: a key needs its certificate' drain --collector.key=file
refused 'collector.key: nowhere.pem: ' drain --collector.cert=some.pem --collector.key=nowhere.pem
refused 'collector.cert: token: holds no PEM' drain --collector.cert=token --collector.key=some.pem
refused 'collector.bearer-file: .* exclude each other' drain --collector.user=u --collector.bearer-file=token
refused 'collector.bearer-file: nowhere' drain --collector.bearer-file=nowhere
refused 'collector.bearer-file: file: ' drain --collector.bearer-file=file
refused 'collector.password-file: ' drain --collector.password-file=token
refused 'collector.header: ' drain --collector.header=novalue
refused 'collector.timeout: 0 is not' drain --collector.timeout=0
refused 'drain.max-spans-per-second: "1k" is neither' drain --drain.max-spans-per-second=1k
refused 'old name of --collector.max-spans-per-second, which is set too' drain \
	--drain.max-spans-per-second=1 --collector.max-spans-per-second=2
shows collector.max-spans-per-second 1000 drain --kafka.consumer.brokers=a:1 --drain.max-spans-per-second=1000
shows collector.max-spans-per-second auto drain --kafka.consumer.brokers=a:1
refused 'drain.max-in-flight: 0 is not between 1 and 10000' drain --drain.max-in-flight=0
refused 'drain.max-ahead: 0 is not' drain --drain.max-ahead=0
refused 'drain.max-bytes: 1 B is not' drain --drain.max-bytes=1
refused 'drain.quarantine: ' drain --drain.quarantine=nonsense
refused 'drain.quarantine: file is no directory' drain --drain.quarantine=directory:file
refused 'drain.quarantine: .* cannot be the topic that is read' drain --drain.quarantine=topic:tracing-topic
refused 'quarantine' drain --drain.quarantine=topic:^x
refused 'admin.http.host-port: is empty' drain --admin.http.host-port=
refused 'shutdown.timeout: 24h is not' drain --shutdown.timeout=24h
refused 'kafka.producer.required-acks: is not all' agent --kafka.producer.brokers=a:1 --kafka.producer.required-acks=local
refused 'linger.ms' agent --kafka.producer.brokers=a:1 --kafka.producer.batch-linger=2s
refused 'ssl.ca.location: nowhere.pem' agent --kafka.producer.brokers=a:1 --kafka.producer.tls.enabled \
	--kafka.producer.tls.ca=nowhere.pem
refused 'ssl.ca.location: nowhere.pem' drain --kafka.consumer.tls.enabled --kafka.consumer.tls.ca=nowhere.pem
refused 'kafka.consumer.tls.ca: needs' drain --kafka.consumer.tls.ca=nowhere.pem
refused 'kafka.consumer.encoding: is not thrift' drain --kafka.consumer.encoding=protobuf
refused 'from: "x"' drain --from=x
refused 'until=beginning' drain --until=beginning
mkdir "$dir/kept"
refused 'from-quarantine and --until: ' drain --from-quarantine --until=end
refused 'from-quarantine and --exit-at-end: ' drain --from-quarantine --exit-at-end
refused 'from-quarantine and --drain.quarantine=none: ' drain --from-quarantine --drain.quarantine=none
refused 'from-quarantine and --from=end: ' drain --from-quarantine --from=end
refused 'from-quarantine and --from: ' drain --from-quarantine --from=beginning --drain.quarantine=directory:kept
refused 'drain.quarantine: nowhere: No such file' drain --from-quarantine --drain.quarantine=directory:nowhere
refused 'drain.quarantine: file is no directory' drain --from-quarantine --dry-run --drain.quarantine=directory:file
taken drain --from-quarantine --drain.quarantine=directory:kept
refused 'kafka.consumer.topic: ' drain --kafka.consumer.topic=^x
refused 'kafka.consumer.group-id: ' drain --kafka.consumer.group-id=
refused 'partition.assignment.strategy' drain --kafka.consumer.property=partition.assignment.strategy=foo

taken agent
taken agent --$binary.server-host-port=none --$compact.server-host-port=127.0.0.1:7 \
	--processor.zipkin-compact.server-host-port=127.0.0.2:7
taken agent --spool.exposure=0 --spool.max-bytes=0 --spool.max-age=0 --shutdown.timeout=0
taken drain --kafka.consumer.brokers=a:1 --drain.max-bytes=1MiB
taken drain --kafka.consumer.brokers=a:1 --kafka.property=message.max.bytes=20000000
refused 'fetch.max.bytes' drain --kafka.property=message.max.bytes=20000000 --kafka.property=fetch.max.bytes=1000000
taken agent --spool.max-bytes=10MiB
taken agent '--collector.header=Host: a' '--collector.header=Authorization: Basic x' '--collector.header=X-Content-Length: 1'
taken drain --kafka.consumer.brokers=a:1 '--collector.header=Host: a' '--collector.header=X-Spanspool-Id: 1'
taken agent --admin.http.host-port=none
taken agent --$binary.server-host-port=[::1]:6832 --admin.http.host-port=[fe80::1%eth0]:14271
taken drain --kafka.consumer.brokers=a:1 --drain.max-bytes=1MiB
taken drain --kafka.consumer.brokers=a:1 --kafka.property=message.max.bytes=5000000
taken drain --kafka.consumer.brokers=127.0.0.1:1 --collector.bearer-file=token --admin.http.host-port=none
echo "1..$n"
exit $rc
