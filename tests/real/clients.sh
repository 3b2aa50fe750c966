#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clients.sh — unchanged Jaeger clients from npm, PyPI and Maven, of pinned versions, in the cache. Sourced it is
# a library, run it is a command:
#
#   clients.sh fetch
#   clients.sh node|python HOST PORT SERVICE K     sends K spans, prints what it sent as JSON

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

CLIENTS_NODE=$CACHE/npm-jaeger-client-3.19.0
CLIENTS_PYTHON=$CACHE/pypi-jaeger-client-4.8.0
CLIENTS_JAVA=$CACHE/maven-jaeger-thrift-0.33.1

clients_need() {
	need node "the npm client runs on it" python3 "the PyPI client runs on it"
	[ -e "$CLIENTS_NODE/.whole" ] || need npm "the npm client comes through it"
	[ -e "$CLIENTS_PYTHON/.whole" ] || python3 -c 'import ensurepip, venv' 2>/dev/null ||
		skip_all "python3-venv is missing (the PyPI client is put into an environment of its own)"
}

clients_fetch() {
	clients_need
	mkdir -p "$CACHE" && clients_fetch_node && clients_fetch_python
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
clients_python() { PYTHONPATH=$CLIENTS_PYTHON/lib python3 "$REAL_SRC/clients/python/send.py" "$@"; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	case ${1-} in
	fetch) clients_fetch ;;
	node | python) [ $# -eq 5 ] || die "clients.sh $1 HOST PORT SERVICE K"; clients_fetch && "clients_$1" "${@:2}" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
fi
