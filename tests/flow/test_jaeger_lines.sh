#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command lines with which jaeger-agent is started in the field: each is given to an agent under that name, with free
# ports in place of its own, which must serve, deliver to the right collectors and end well. TAP.
program=$PWD/spanspool
[ -x "$program" ] || { echo "Bail out! there is no $program"; exit 99; }
command -v curl >/dev/null 2>&1 || { echo "1..0 # SKIP curl is not installed"; [ "$CI" != true ]; exit; }
dir=$(mktemp -d) || exit 99
agent=''
trap '[ -z "$agent" ] || kill -9 $agent 2>/dev/null; rm -rf "$dir"' EXIT
mkdir "$dir/bin" && ln -s "$program" "$dir/bin/jaeger-agent" || exit 99
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

# Ports that the line leaves to their defaults are free ones here; STATE_DIRECTORY has the spool.
start() { # VARIABLES-OR-"" ARGUMENTS…
	variables=$1; shift
	rm -rf spool log
	# shellcheck disable=SC2086
	env -i STATE_DIRECTORY="$dir/spool" ADMIN_HTTP_HOST_PORT=127.0.0.1:0 HTTP_SERVER_HOST_PORT=127.0.0.1:0 \
		PROCESSOR_JAEGER_COMPACT_SERVER_HOST_PORT=127.0.0.1:0 PROCESSOR_JAEGER_BINARY_SERVER_HOST_PORT=127.0.0.1:0 \
		PROCESSOR_ZIPKIN_COMPACT_SERVER_HOST_PORT=127.0.0.1:0 $variables bin/jaeger-agent "$@" >log 2>&1 </dev/null &
	agent=$!
}

admin_address() { grep -o 'admin pages at [0-9.:]*' log | grep -o '127.0.0.1:[0-9]*' | head -1; }
is_served() { kill -0 $agent 2>/dev/null && at=$(admin_address) && [ -n "$at" ] && curl -fs "http://$at/" >root; }
has_ended() { ! kill -0 $agent 2>/dev/null; }

stop() {
	kill $agent 2>/dev/null
	until_true has_ended || kill -9 $agent
	wait $agent; status=$?
	agent=''
}

# Starts the line and holds against what it must come to: the value of collector.url on /config.
serves() { # NAME VARIABLES-OR-"" COLLECTORS ARGUMENTS…
	name=$1 variables=$2 collectors=$3; shift 3
	start "$variables" "$@"
	until_true is_served; good=$?
	report "$name: it serves" $good
	[ $good -eq 0 ] || sed 's/^/#   /' log
	grep -q '^{"status":"Server available","upSince":' root; report "$name: GET / says so" $?
	curl -fs "http://$at/config" >config.json
	grep -qF "\"collector.url\":{\"value\":\"$collectors\"" config.json; good=$?
	report "$name: it delivers to $collectors" $good
	[ $good -eq 0 ] || grep -o '"collector.url":[^}]*}' config.json | sed 's/^/#   /'
	stop
	report "$name: SIGTERM ends it with 0" $status
	! grep -q -v '^{"level":"' log; report "$name: its log is JSON" $?
}

warned() { # NAME PATTERN
	[ "$(grep -c -e "\"level\":\"warn\".*$2" log)" -eq 1 ]; report "$1: one warning says $2" $?
}

refuses() { # NAME PATTERN ARGUMENTS…
	name=$1 pattern=$2; shift 2
	start "" "$@"
	until_true has_ended || kill -9 $agent
	wait $agent; [ $? -eq 1 ] && grep -q -e "$pattern" log; good=$?
	agent=''
	report "$name: refused with exit status 1" $good
	[ $good -eq 0 ] || sed 's/^/#   /' log
}

# --- jaeger-operator 1.57
serves "operator's sidecar" "POD_NAME=web-1 HOST_IP=10.0.0.7" "http://simplest-collector-headless.tracing.svc:14268" \
	--agent.tags='cluster=undefined,container.name=web,deployment.name=web,host.ip=${HOST_IP:},pod.name=${POD_NAME:},pod.namespace=${POD_NAMESPACE:}' \
	--reporter.grpc.host-port=dns:///simplest-collector-headless.tracing.svc:14250
warned "operator's sidecar" 'reporter.grpc.host-port: no gRPC is spoken'
serves "operator's DaemonSet" "" "http://jaeger-collector-headless.observability:14268" --log-level=debug \
	--reporter.grpc.host-port=dns:///jaeger-collector-headless.observability:14250 --reporter.type=grpc
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem 2>/dev/null
serves "operator on OpenShift" "" "https://simplest-collector-headless.tracing.svc:14268" \
	--reporter.grpc.host-port=dns:///simplest-collector-headless.tracing.svc:14250 \
	--reporter.grpc.tls.enabled=true --reporter.grpc.tls.ca=ca.pem \
	--reporter.grpc.tls.server-name=simplest-collector-headless.tracing.svc.cluster.local

# --- Helm charts 1.x to 3.x: the collector by a variable, cmdlineParams as flags
serves "Helm chart" "REPORTER_GRPC_HOST_PORT=jaeger-collector:14250" "http://jaeger-collector:14268"
serves "Helm chart with cmdlineParams" "REPORTER_GRPC_HOST_PORT=jaeger-collector.tracing.svc:14250 LOG_LEVEL=warn" \
	"http://jaeger-collector.tracing.svc:14268" --processor.jaeger-compact.server-queue-size=2000 \
	--processor.jaeger-compact.workers=20 --reporter.grpc.retry.max=100 --log-level=info
warned "Helm chart with cmdlineParams" 'processor.jaeger-compact.server-queue-size: has no effect'
warned "Helm chart with cmdlineParams" 'processor.jaeger-compact.workers: has no effect'
warned "Helm chart with cmdlineParams" 'reporter.grpc.retry.max: has no effect'

# --- cephadm: a bare port, several collectors; the port is whatever is free
serves "cephadm" "" "http://host1:14268, http://host2:14268" \
	--reporter.grpc.host-port=host1:14250,host2:14250 --processor.jaeger-compact.server-host-port=0

# --- docker-compose files
serves "hotrod's docker-compose" "" "http://jaeger-collector:14268" --reporter.grpc.host-port=jaeger-collector:14250
serves "docker-compose with addresses" "" "http://collector:14268" --reporter.grpc.host-port=collector:14250 \
	--processor.jaeger-compact.server-host-port=0.0.0.0:0 --processor.jaeger-binary.server-host-port=0.0.0.0:0 \
	--http-server.host-port=127.0.0.1:0
serves "docker-compose by environment" "REPORTER_GRPC_HOST_PORT=collector:14250 AGENT_TAGS=env=dev REPORTER_TYPE=grpc" \
	"http://collector:14268" --metrics-backend=prometheus --log-encoding json
serves "values behind a blank" "" "http://collector:14268" --reporter.grpc.host-port collector:14250 --log-level info
serves "IPv6 and a list" "" "http://[fd00::1]:14268, http://[fd00::2]:14268" '--reporter.grpc.host-port=[fd00::1]:14250,[fd00::2]:14250'
serves "the option twice" "" "http://a:14268, http://b:14268" --reporter.grpc.host-port=a:14250 --reporter.grpc.host-port=b:14250
printf 'reporter:\n  grpc:\n    host-port: collector:14250\nlog-level: debug\nPROCESSOR:\n  jaeger-compact:\n    workers: 5\n' >agent.yaml
serves "a config file" "CONFIG_FILE=agent.yaml" "http://collector:14268"
printf '{"reporter.grpc.host-port": "collector:14250", "processor": {"jaeger-binary": {"workers": 5}}}' >agent.json
serves "a config file of JSON" "" "http://collector:14268" --config-file agent.json

# --- releases 1.8 to 1.17
serves "tchannel of 1.8" "" "http://jaeger-collector:14268" --collector.host-port=jaeger-collector:14267 --discovery.min-peers=1
warned "tchannel of 1.8" 'collector.host-port: is an old name of reporter.grpc.host-port'
serves "tchannel of 1.10 to 1.17" "" "http://c1:14268, http://c2:14268" --reporter.type=tchannel \
	--reporter.tchannel.host-port=c1:14267,c2:14267 --reporter.tchannel.report-timeout=1s \
	--reporter.tchannel.discovery.min-peers=2 --reporter.tchannel.discovery.conn-check-timeout=250ms --jaeger.tags=a=b
serves "TLS of 1.13" "" "https://collector:14268" --reporter.grpc.host-port=collector:14250 --reporter.grpc.tls \
	--reporter.grpc.tls.ca=ca.pem

# --- what jaeger-agent refuses
refuses "an unknown flag" 'unknown option --reporter.grpc.hostport; is --reporter.grpc.host-port meant' --reporter.grpc.hostport=a:1
refuses "an unknown word" 'unknown command "collector"' collector
refuses "an unknown reporter" 'unknown reporter type "http"' --reporter.type=http
refuses "TLS options without TLS" 'cannot be used while reporter.grpc.tls.enabled is false' --reporter.grpc.tls.ca=ca.pem
refuses "a level that is none" 'log-level: "loud" is not one of' --log-level=loud
refuses "a word for a number" 'workers: "many" is not a count' --processor.jaeger-binary.workers=many
refuses "a file that is not there" 'config-file: cannot read "nowhere.yaml"' --config-file=nowhere.yaml
refuses "a tag without a value" 'agent.tags: ' --agent.tags=a

# --- the commands
bin/jaeger-agent version >out && grep -q '^{"gitCommit":"[^"]*","gitVersion":"v[0-9.]*","buildDate":"[^"]*"}$' out
report "version is a JSON object" $?
[ "$(wc -l <out)" -eq 0 ]; report "without a newline" $?
bin/jaeger-agent help >out && grep -q '^  status ' out && grep -q '^  --processor.jaeger-compact.workers=N' out
report "help lists commands and options" $?
bin/jaeger-agent --help | grep -q "^jaeger-agent's names:"; report "so does --help, by groups" $?
bin/jaeger-agent docs >out 2>err; [ $? -eq 1 ] && grep -q 'spanspool-agent(8)' err; report "docs names the manual" $?
start "" --reporter.grpc.host-port=127.0.0.1:9
until_true is_served
bin/jaeger-agent status --status.http.host-port="$at" >out; good=$?
report "status of an agent that serves is 0" $good
grep -q '^{"status":"Server available"' out; report "it prints the answer" $?
STATUS_HTTP_HOST_PORT=$at bin/jaeger-agent status >out; report "the variable names the port" $?
curl -fs "http://$at/version" >out && bin/jaeger-agent version | cmp -s - out; report "GET /version is what version prints" $?
stop
bin/jaeger-agent status --status.http.host-port="$at" >out 2>err; [ $? -eq 1 ] && [ -s err ]
report "status without an agent is 1" $?

echo "1..$n"
exit $rc
