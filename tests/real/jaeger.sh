#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# jaeger.sh — a real Jaeger collector with its query service (all-in-one 1.62.0, or Jaeger 2.13.0 with
# JAEGER_VERSION=2.13.0, built from the Go module) on free ports of 127.0.0.1. Sourced it is a library
# (jaeger_start …), run it is a command:
#
#   jaeger.sh fetch                          builds the programs into the cache, once (minutes; 2.13 takes ten)
#   jaeger.sh start DIR                      prints the collector's and the query service's address
#   jaeger.sh kill9|pause|resume|restart DIR the collector; what is stored stays
#   jaeger.sh store_pause|store_resume DIR   the process that keeps the spans
#   jaeger.sh store_cut|store_mend DIR       the connections to it: cut, and refused until mended
#   jaeger.sh stop DIR                       all of it, by pid
#   jaeger.sh traces DIR SERVICE [LIMIT]     the query API's JSON
#   jaeger.sh dropped DIR                    spans the collector answered 202 and then threw away
#
# The spans lie in the memory of a second process (Jaeger's remote-storage): the collector can be killed
# with -9 and come back with all that was stored, and a span that came twice is stored twice, so repeats
# can be counted. What a killed collector had answered 202 and not yet given to the storage is gone, and is
# Jaeger's loss: a test that counts, and whose sender does not confirm what it delivers, lets the collector
# become idle before it kills it. For the same reason its queue is larger than the 2,000 spans of the default,
# and "dropped" must be looked at.
#
# Jaeger 2.13 runs with the configuration that is built into it, the batch processor with it; only the addresses and
# the place of the store are others. Its query API shows a span that was stored twice once.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

JAEGER_VERSION=${JAEGER_VERSION:-1.62.0}
JAEGER_BIN=$CACHE/jaeger-$JAEGER_VERSION
JAEGER_QUEUE=${JAEGER_QUEUE:-100000}
JAEGER_WORKERS=${JAEGER_WORKERS:-50}
JAEGER_MORE=() # further options of Jaeger 1.62
# JAEGER_ALONE set: the spans lie in the memory of Jaeger 1.62 itself. Its client of remote-storage ends the process when
# the first trace that is found has the id 0.

jaeger_need() { jaeger_whole || need_go "$(jaeger_go)" "Jaeger is built with it"; }

jaeger_is_2() { [ "${JAEGER_VERSION%%.*}" -eq 2 ]; }
jaeger_go() { if jaeger_is_2; then echo 24; else echo 22; fi; }
# Jaeger 2.13.0 has no module version of its own.
jaeger_module() { if jaeger_is_2; then echo v1.76.0; else echo "v$JAEGER_VERSION"; fi; }
jaeger_programs() { if jaeger_is_2; then echo jaeger remote-storage; else echo all-in-one agent remote-storage; fi; }

# The cache has all of them; one of before may lack some.
jaeger_whole() {
	local p
	[ -e "$JAEGER_BIN/.whole" ] || return
	for p in $(jaeger_programs); do [ -x "$JAEGER_BIN/$p" ] || return; done
}

jaeger_fetch() {
	local at from rc=0
	jaeger_whole && return
	jaeger_need
	mkdir -p "$CACHE" && at=$(mktemp -d "$CACHE/jaeger.XXXXXX") || return
	from=$(cd "$at" && go mod download -json "github.com/jaegertracing/jaeger@$(jaeger_module)" |
		sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p')
	# shellcheck disable=SC2046
	[ -d "$from" ] && cp -r "$from" "$at/src" && chmod -R u+w "$at/src" && mkdir "$at/bin" &&
		(cd "$at/src" && GOTOOLCHAIN=local go build -buildvcs=false -o "$at/bin/" \
			$(jaeger_programs | sed 's|[^ ]*|./cmd/&|g') >"$at/log" 2>&1) || rc=1
	if [ "$rc" -eq 0 ]; then
		touch "$at/bin/.whole"
		[ ! -e "$JAEGER_BIN" ] || jaeger_whole || mv "$JAEGER_BIN" "$at/before"
		mv -T "$at/bin" "$JAEGER_BIN" 2>/dev/null || jaeger_whole || rc=1
	else
		cat "$at/log" >&2
	fi
	rm -rf "$at"
	return "$rc"
}

# jaeger_start DIR: JAEGER_COLLECTOR and JAEGER_QUERY are where it answers
jaeger_start() {
	local dir=$1
	jaeger_fetch || return
	mkdir -p "$dir" || return
	free_ports 12
	echo "${PORTS[@]}" >"$dir/ports"
	[ -n "${JAEGER_ALONE-}" ] || { jaeger_spawn_storage "$dir" && jaeger_store_mend "$dir"; } || return
	jaeger_restart "$dir"
}

# jaeger_port DIR NAME
jaeger_port() {
	local p
	read -ra p <"$1/ports"
	case $2 in
	collector) echo "${p[0]}" ;; query) echo "${p[1]}" ;; admin) echo "${p[2]}" ;;
	query-grpc) echo "${p[6]}" ;; collector-grpc) echo "${p[5]}" ;;
	storage) echo "${p[3]}" ;; sampling) echo "${p[7]}" ;; storage-admin) echo "${p[4]}" ;; relay) echo "${p[11]}" ;;
	esac
}

jaeger_how() { [ -z "${JAEGER_COMMAND-}" ] && echo spawn || echo spawn_free; }

jaeger_spawn_storage() {
	$(jaeger_how) "$1/storage.log" env SPAN_STORAGE_TYPE=memory "$JAEGER_BIN/remote-storage" \
		--log-level=warn --grpc.host-port="127.0.0.1:$(jaeger_port "$1" storage)" \
		--admin.http.host-port="127.0.0.1:$(jaeger_port "$1" storage-admin)"
	echo "$SPAWNED" >"$1/storage.pid"
	wait_for 20 port_open "$(jaeger_port "$1" storage)"
}

# What the collector connects to: the store, or with JAEGER_RELAY the relay before it, which can cut it off.
jaeger_store_address() {
	if [ -n "${JAEGER_RELAY-}" ]; then
		echo "127.0.0.1:$(jaeger_port "$1" relay)"
	else
		echo "127.0.0.1:$(jaeger_port "$1" storage)"
	fi
}

# The relay's port refuses from now on, and its connections are gone.
jaeger_store_cut() { kill9 "$(cat "$1/relay.pid")"; }

jaeger_store_mend() {
	[ -n "${JAEGER_RELAY-}" ] || return 0
	$(jaeger_how) "$1/relay.log" "$RELAY" "$(jaeger_port "$1" relay)" "$(jaeger_port "$1" storage)"
	echo "$SPAWNED" >"$1/relay.pid"
	wait_for 10 port_open "$(jaeger_port "$1" relay)"
}

jaeger_spawn() {
	if jaeger_is_2; then jaeger_spawn_2 "$1"; else jaeger_spawn_1 "$1"; fi
	echo "$SPAWNED" >"$1/jaeger.pid"
}

jaeger_spawn_1() {
	local p store=(env SPAN_STORAGE_TYPE=grpc "$JAEGER_BIN/all-in-one" --grpc-storage.server="$(jaeger_store_address "$1")")
	[ -z "${JAEGER_ALONE-}" ] || store=(env SPAN_STORAGE_TYPE=memory "$JAEGER_BIN/all-in-one")
	read -ra p <"$1/ports"
	$(jaeger_how) "$1/jaeger.log" "${store[@]}" --log-level=warn --collector.queue-size="$JAEGER_QUEUE" \
		--collector.num-workers="$JAEGER_WORKERS" \
		--collector.http-server.host-port="127.0.0.1:${p[0]}" --collector.grpc-server.host-port="127.0.0.1:${p[5]}" \
		--collector.otlp.enabled=false --query.http-server.host-port="127.0.0.1:${p[1]}" \
		--query.grpc-server.host-port="127.0.0.1:${p[6]}" --admin.http.host-port="127.0.0.1:${p[2]}" \
		--http-server.host-port="127.0.0.1:${p[7]}" --processor.jaeger-compact.server-host-port="127.0.0.1:${p[8]}" \
		--processor.jaeger-binary.server-host-port="127.0.0.1:${p[9]}" \
		--processor.zipkin-compact.server-host-port="127.0.0.1:${p[10]}" "${JAEGER_MORE[@]}"
}

# As shipped, but for addresses and the store. Ports that no test asks are free ones at each start.
jaeger_spawn_2() {
	local p
	read -ra p <"$1/ports"
	$(jaeger_how) "$1/jaeger.log" "$JAEGER_BIN/jaeger" --set=service.telemetry.logs.level=warn \
		--set=extensions.jaeger_storage.backends.apart.grpc.endpoint="$(jaeger_store_address "$1")" \
		--set=extensions.jaeger_storage.backends.apart.grpc.tls.insecure=true \
		--set=exporters.jaeger_storage_exporter.trace_storage=apart \
		--set=extensions.jaeger_query.storage.traces=apart \
		--set="service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${p[2]}}}}}]" \
		--set=receivers.jaeger.protocols.thrift_http.endpoint="127.0.0.1:${p[0]}" \
		--set=receivers.jaeger.protocols.grpc.endpoint="127.0.0.1:${p[5]}" \
		--set=receivers.jaeger.protocols.thrift_compact.endpoint="127.0.0.1:${p[8]}" \
		--set=receivers.jaeger.protocols.thrift_binary.endpoint="127.0.0.1:${p[9]}" \
		--set=receivers.zipkin.endpoint=127.0.0.1:0 \
		--set=receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0 \
		--set=receivers.otlp.protocols.http.endpoint=127.0.0.1:0 \
		--set=extensions.jaeger_query.http.endpoint="127.0.0.1:${p[1]}" \
		--set=extensions.jaeger_query.grpc.endpoint=127.0.0.1:0 \
		--set=extensions.remote_sampling.http.endpoint=127.0.0.1:0 \
		--set=extensions.remote_sampling.grpc.endpoint=127.0.0.1:0 \
		--set=extensions.healthcheckv2.http.endpoint=127.0.0.1:0 \
		--set=extensions.expvar.endpoint=127.0.0.1:0 \
		--set=extensions.zpages.endpoint=127.0.0.1:0
}

# jaeger_agent_start DIR COLLECTOR-DIR [OPTION]…: the agent of Jaeger 1.62, on the same ports each time; it serves when
# this returns. Its addresses: JAEGER_AGENT_COMPACT, _BINARY, _ZIPKIN, _SAMPLING, _ADMIN.
jaeger_agent_start() {
	local dir=$1 collector=$2 p
	shift 2
	mkdir -p "$dir"
	if [ ! -e "$dir/ports" ]; then
		free_ports 5
		echo "${PORTS[@]}" >"$dir/ports"
	fi
	read -ra p < <(sed 's/[0-9][0-9]*/127.0.0.1:&/g' "$dir/ports")
	JAEGER_AGENT_COMPACT=${p[0]} JAEGER_AGENT_BINARY=${p[1]} JAEGER_AGENT_ZIPKIN=${p[2]}
	JAEGER_AGENT_SAMPLING=${p[3]} JAEGER_AGENT_ADMIN=${p[4]}
	$(jaeger_how) "$dir/log" "$JAEGER_BIN/agent" --log-level=error \
		--processor.jaeger-compact.server-host-port="${p[0]}" --processor.jaeger-binary.server-host-port="${p[1]}" \
		--processor.zipkin-compact.server-host-port="${p[2]}" --http-server.host-port="${p[3]}" \
		--admin.http.host-port="${p[4]}" \
		--reporter.grpc.host-port="127.0.0.1:$(jaeger_port "$collector" collector-grpc)" "$@"
	echo "$SPAWNED" >"$dir/pid"
	wait_for 10 curl -sf -o /dev/null -m 2 "http://$JAEGER_AGENT_ADMIN/" && return
	diag "jaeger-agent does not serve:" "$(tail -n 5 "$dir/log")"
	return 1
}

# The pid, if it is still that program: the number may have been given to another by now.
jaeger_pid() {
	local pid
	pid=$(cat "$1/$2.pid" 2>/dev/null) && running "$pid" &&
		grep -qF -e "127.0.0.1:$(jaeger_port "$1" storage)" -e "127.0.0.1:$(jaeger_port "$1" collector)" \
			"/proc/$pid/cmdline" && echo "$pid"
}

jaeger_ready() {
	port_open "$(jaeger_port "$1" collector)" &&
		curl -sf -o /dev/null -m 2 "http://127.0.0.1:$(jaeger_port "$1" query)/api/services"
}

# jaeger_restart DIR: started if it does not run; ready when this returns
jaeger_restart() {
	jaeger_pid "$1" jaeger >/dev/null || jaeger_spawn "$1"
	JAEGER_COLLECTOR=http://127.0.0.1:$(jaeger_port "$1" collector)
	JAEGER_QUERY=http://127.0.0.1:$(jaeger_port "$1" query)
	wait_for 30 jaeger_ready "$1" && return
	echo "jaeger: not ready after 30 s" >&2
	tail -n 5 "$1"/*.log >&2
	return 1
}

jaeger_signal() {
	local pid
	pid=$(jaeger_pid "$2" jaeger) || return 0
	if [ "$1" = KILL ]; then kill9 "$pid"; else kill -"$1" "$pid"; fi
}

jaeger_kill9() { jaeger_signal KILL "$1"; }
jaeger_pause() { jaeger_signal STOP "$1"; }
jaeger_resume() { jaeger_signal CONT "$1"; }

jaeger_store_pause() { kill -STOP "$(jaeger_pid "$1" storage)"; }
jaeger_store_resume() { kill -CONT "$(jaeger_pid "$1" storage)"; }

jaeger_stop() {
	local pid
	jaeger_kill9 "$1"
	pid=$(jaeger_pid "$1" storage) && kill9 "$pid"
	[ -z "${JAEGER_RELAY-}" ] || jaeger_store_cut "$1"
	return 0
}

# Without a start the API looks at the last hour only; the end lies beyond any clock.
jaeger_traces() {
	curl -sf -m 120 -G "http://127.0.0.1:$(jaeger_port "$1" query)/api/traces" --data-urlencode "service=$2" \
		-d "limit=${3:-1000000}" -d start=0 -d "end=9000000000000000"
}

jaeger_metric() {
	curl -sf -m 5 "http://127.0.0.1:$(jaeger_port "$1" admin)/metrics" |
		awk -v m="$2" '$1 ~ "^" m "({|$)" { s += $2 } END { printf "%d\n", s }'
}

# Where its counters are.
jaeger_metrics_url() { echo "http://127.0.0.1:$(jaeger_port "$1" admin)/metrics"; }

# Spans that it answered 202 and then dropped, its queue being full.
jaeger_dropped() {
	if jaeger_is_2; then
		jaeger_metric "$1" otelcol_exporter_enqueue_failed_spans_total
	else
		jaeger_metric "$1" jaeger_collector_spans_dropped_total
	fi
}

# jaeger_saved DIR RESULT: of Jaeger 1.x, by what the storage said
jaeger_saved() {
	curl -sf -m 5 "$(jaeger_metrics_url "$1")" | awk -v r="result=\"$2\"" '
		index($1, "jaeger_collector_spans_saved_by_svc_total{") && index($0, r) { s += $NF } END { printf "%d\n", s }'
}

# Spans that its storage took.
jaeger_stored() {
	if jaeger_is_2; then jaeger_metric "$1" otelcol_exporter_sent_spans_total; else jaeger_saved "$1" ok; fi
}

# Spans that its storage refused, or did not answer for in time.
jaeger_failed() {
	if jaeger_is_2; then jaeger_metric "$1" otelcol_exporter_send_failed_spans_total; else jaeger_saved "$1" err; fi
}

jaeger_received() {
	if jaeger_is_2; then
		jaeger_metric "$1" otelcol_receiver_accepted_spans_total
	else
		jaeger_metric "$1" jaeger_collector_spans_received_total
	fi
}

# What it answered 202 is with the storage.
jaeger_idle() {
	[ "$(jaeger_received "$1")" -le $(($(jaeger_stored "$1") + $(jaeger_failed "$1") + $(jaeger_dropped "$1"))) ]
}

jaeger_command() {
	local word=${1-}
	JAEGER_COMMAND=1 JAEGER_RELAY=1
	case $word in
	fetch) jaeger_fetch ;;
	start | restart)
		[ $# -ge 2 ] || die "jaeger.sh $word DIR"
		"jaeger_$word" "$(realpath -m "$2")" && echo "$JAEGER_COLLECTOR $JAEGER_QUERY" ;;
	stop | kill9 | pause | resume | store_pause | store_resume | store_cut | store_mend | traces | dropped)
		[ $# -ge 2 ] || die "jaeger.sh $word DIR …"
		"jaeger_$word" "$(realpath -m "$2")" "${@:3}" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	jaeger_command "$@"
fi
