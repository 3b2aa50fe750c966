#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients.sh — unchanged Jaeger clients from npm, PyPI, the Go module proxy and Maven, of pinned versions, in the
# cache, and what holds their spans against those that a Jaeger has. Sourced it is a library, run it is a command:
#
#   clients.sh fetch
#   clients.sh node|python|go|otel HOST:PORT SERVICE K     sends K spans, prints what it sent, a line of JSON each
#   clients.sh sample node|python|go HOST:PORT SERVICE all|none    samples by that port until all or no spans are
#   clients.sh stored HOST:PORT [SERVICE…]                 prints what a Jaeger holds, by its query API over gRPC
#   clients.sh compare told TOLD STORED | beside A B       prints the differences

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CLIENTS_NODE=$CACHE/npm-jaeger-client-3.19.0
CLIENTS_PYTHON=$CACHE/pypi-jaeger-client-4.8.0
CLIENTS_JAVA=$CACHE/maven-jaeger-thrift-0.33.1
# Built from the sources here, so others of these are another place.
CLIENTS_GO=$CACHE/go-clients-$(cat "$REAL_SRC"/clients/go/go.* "$REAL_SRC"/clients/go/*/*.go | sha256sum | cut -c1-16)

clients_need() {
	need node "the npm client runs on it" python3 "the PyPI client runs on it"
	[ -e "$CLIENTS_NODE/.whole" ] || need npm "the npm client comes through it"
	[ -e "$CLIENTS_PYTHON/.whole" ] || python3 -c 'import ensurepip, venv' 2>/dev/null ||
		skip_all "python3-venv is missing (the PyPI client is put into an environment of its own)"
	clients_go_need
}

# Beside the Go clients it has the reader of what is stored, and comparing is done in Python.
clients_go_need() {
	need python3 "spans are compared with it"
	[ -e "$CLIENTS_GO/.whole" ] || need_go 23 "the Go clients are built with it"
}

clients_fetch() {
	clients_need
	mkdir -p "$CACHE" && clients_fetch_node && clients_fetch_python && clients_fetch_go
}

# clients_into DIR COMMAND…: run in a new directory that takes DIR's place when it is whole
clients_into() {
	local to=$1 at
	shift
	[ -e "$to/.whole" ] && return
	at=$(mktemp -d "$CACHE/client.XXXXXX") || return
	if (cd "$at" && "$@") >"$at/log" 2>&1; then
		touch "$at/.whole"
		mv -T "$at" "$to" 2>/dev/null || [ -e "$to/.whole" ]
		return
	fi
	cat "$at/log" >&2
	rm -rf "$at"
	return 1
}

clients_fetch_node() {
	clients_into "$CLIENTS_NODE" clients_npm
}

clients_npm() {
	cp "$REAL_SRC/clients/node/package.json" "$REAL_SRC/clients/node/package-lock.json" . &&
		npm ci --no-audit --no-fund --ignore-scripts
}

# Into a plain directory: an environment's programs know where it was made, and it is moved.
clients_fetch_python() {
	clients_into "$CLIENTS_PYTHON" clients_pip
}

clients_pip() {
	python3 -m venv pip && pip/bin/pip install -q --disable-pip-version-check --no-compile --target lib \
		-r "$REAL_SRC/clients/python/requirements.txt" && rm -rf pip
}

clients_fetch_go() {
	clients_go_need
	mkdir -p "$CACHE" && clients_into "$CLIENTS_GO" clients_go_build
}

clients_go_build() {
	local at=$PWD
	(cd "$REAL_SRC/clients/go" && GOTOOLCHAIN=local GOFLAGS=-mod=readonly go build -buildvcs=false -o "$at/" ./...)
}

clients_java_need() {
	need javac "the Java client is compiled with it"
	[ -e "$CLIENTS_JAVA/.whole" ] || need mvn "the Java client comes through it"
}

clients_fetch_java() {
	clients_java_need
	mkdir -p "$CACHE" && clients_into "$CLIENTS_JAVA" clients_mvn
}

clients_mvn() {
	mvn -q -B -f "$REAL_SRC/clients/java/pom.xml" dependency:copy-dependencies \
		-DoutputDirectory="$PWD/lib" -DincludeScope=runtime </dev/null
}

# clients_java BROKERS TOPIC SERVICE K DIRECTORY: the Java client writes to Kafka; see Send.java
clients_java() {
	java -Dfile.encoding=UTF-8 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$CLIENTS_JAVA/lib/*" \
		"$REAL_SRC/clients/java/Send.java" "$@"
}

clients_node() { NODE_PATH=$CLIENTS_NODE/node_modules node "$REAL_SRC/clients/node/send.js" "$@"; }
clients_go() { "$CLIENTS_GO/jaeger" "$@"; }
clients_otel() { "$CLIENTS_GO/otel" "$@"; }
clients_python() { PYTHONPATH=$CLIENTS_PYTHON/lib python3 "$REAL_SRC/clients/python/send.py" "$@"; }

clients_sample() {
	case $1 in
	node) NODE_PATH=$CLIENTS_NODE/node_modules node "$REAL_SRC/clients/node/sample.js" "${@:2}" ;;
	python) PYTHONPATH=$CLIENTS_PYTHON/lib python3 "$REAL_SRC/clients/python/sample.py" "${@:2}" ;;
	go) "$CLIENTS_GO/sample" "${@:2}" ;;
	esac
}

# clients_stored HOST:PORT [SERVICE…]
clients_stored() { "$CLIENTS_GO/stored" "$@"; }
clients_compare() { python3 "$REAL_SRC/clients/compare.py" "$@"; }

# clients_stored_whole TOLD JAEGER-DIRECTORY SERVICE: that Jaeger has the spans as the client told, and no other;
# TOLD.differences says where not
clients_stored_whole() {
	clients_stored "127.0.0.1:$(jaeger_port "$2" query-grpc)" "$3" >"$1.stored" &&
		[ "$(wc -l <"$1.stored")" -ge "$(wc -l <"$1")" ] &&
		clients_compare told "$1" "$1.stored" >"$1.differences"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1-} in
	fetch) clients_fetch ;;
	node | python | go | otel)
		[ $# -eq 4 ] || die "clients.sh $1 HOST:PORT SERVICE K"
		clients_fetch && "clients_$1" "${@:2}" ;;
	sample) clients_fetch && "clients_$1" "${@:2}" ;;
	stored | compare) clients_fetch_go && "clients_$1" "${@:2}" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
fi
