#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kafka.sh — real Apache Kafka in KRaft mode on free ports of 127.0.0.1: one broker, or three with a
# controller of their own. Sourced it is a library (kafka_start …), run it is a command:
#
#   kafka.sh fetch                                     the jars into the cache, once
#   kafka.sh start DIR [--brokers 3] [--heap 512m] [--prop K=V]…   prints the bootstrap servers
#   kafka.sh kill9|term|pause|resume|restart DIR [ID]  one broker; no id: all brokers
#   kafka.sh stop DIR                                  all of it, by pid
#   kafka.sh create DIR TOPIC [PARTITIONS [K=V]…] | delete DIR TOPIC | wait DIR | leader DIR TOPIC [PARTITION]
#   kafka.sh records DIR TOPIC | offsets | lag | commits DIR TOPIC GROUP
#
# DIR holds the data, the logs and the pids. Sessions are short, so that a killed broker is taken back
# within seconds; topics are not made by themselves, so that a missing one stays missing.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

KAFKA_VERSION=${KAFKA_VERSION:-3.9.1}
KAFKA_LIB=$CACHE/kafka-$KAFKA_VERSION

kafka_need() {
	need java "Kafka runs on it"
	[ -e "$KAFKA_LIB/.whole" ] || need mvn "Kafka's jars come through it"
}

# Downloaded beside its place and renamed: two that fetch at once do not see each other's half.
kafka_fetch() {
	local at
	[ -e "$KAFKA_LIB/.whole" ] && return
	kafka_need
	mkdir -p "$CACHE" && at=$(mktemp -d "$CACHE/kafka.XXXXXX") || return
	kafka_pom >"$at/pom.xml"
	if ! mvn -q -B -f "$at/pom.xml" dependency:copy-dependencies -DoutputDirectory="$at/lib" \
		-DincludeScope=runtime >"$at/log" 2>&1 </dev/null; then
		cat "$at/log" >&2
		rm -rf "$at"
		return 1
	fi
	touch "$at/lib/.whole"
	mv -T "$at/lib" "$KAFKA_LIB" 2>/dev/null || [ -e "$KAFKA_LIB/.whole" ]
	local rc=$?
	rm -rf "$at"
	return "$rc"
}

kafka_pom() {
	cat <<-POM
	<project>
	  <modelVersion>4.0.0</modelVersion>
	  <groupId>spanspool</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
	  <packaging>pom</packaging>
	  <dependencies>
	    <dependency>
	      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
	      <version>$KAFKA_VERSION</version>
	    </dependency>
	    <dependency>
	      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId>
	      <version>1.7.36</version>
	    </dependency>
	  </dependencies>
	</project>
	POM
}

# Of a caller that wants them: a listener beside the plain one, such as SASL_SSL://127.0.0.1:9094, and arguments of
# the formatting, such as --add-scram.
KAFKA_LISTENER=${KAFKA_LISTENER-}
KAFKA_FORMAT=()

# kafka_properties DIR ID ROLES PORT CONTROLLER-ID CONTROLLER-PORT BROKERS
kafka_properties() {
	local listeners="" copies=$(($7 < 3 ? 1 : 3)) more=${KAFKA_LISTENER:+,$KAFKA_LISTENER}
	local name=${KAFKA_LISTENER%%:*}
	case $3 in *broker*) listeners="PLAINTEXT://127.0.0.1:$4$more" ;; esac
	case $3 in *controller*) listeners="${listeners:+$listeners,}CONTROLLER://127.0.0.1:$6" ;; esac
	case $3 in *broker*) echo "advertised.listeners=PLAINTEXT://127.0.0.1:$4$more" ;; esac
	cat <<-PROPS
	process.roles=$3
	node.id=$2
	controller.quorum.voters=$5@127.0.0.1:$6
	listeners=$listeners
	controller.listener.names=CONTROLLER
	listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${name:+,$name:$name}
	log.dirs=$1/data-$2
	num.network.threads=2
	num.io.threads=4
	num.partitions=4
	auto.create.topics.enable=false
	default.replication.factor=$copies
	min.insync.replicas=$((copies == 3 ? 2 : 1))
	offsets.topic.replication.factor=$copies
	offsets.topic.num.partitions=1
	transaction.state.log.replication.factor=$copies
	transaction.state.log.min.isr=1
	transaction.state.log.num.partitions=1
	group.initial.rebalance.delay.ms=0
	group.min.session.timeout.ms=1000
	broker.session.timeout.ms=2000
	broker.heartbeat.interval.ms=500
	replica.lag.time.max.ms=4000
	file.delete.delay.ms=1000
	PROPS
}

# kafka_start DIR [--brokers N] [--heap M] [--prop K=V]…: KAFKA_BOOTSTRAP is where it answers
kafka_start() {
	local dir=$1 brokers=1 heap=320m props="" id uuid
	shift
	while [ $# -gt 1 ]; do
		case $1 in
		--brokers) brokers=$2 ;;
		--heap) heap=$2 ;;
		--prop) props="$props$2"$'\n' ;;
		*) die "kafka: unknown option $1" ;;
		esac
		shift 2
	done
	kafka_fetch || return
	mkdir -p "$dir" && echo "$heap" >"$dir/heap" || return
	# It may begin with a dash.
	uuid=$(head -c16 /dev/urandom | base64 | tr +/ -_ | tr -d =)
	kafka_lay "$dir" "$brokers" "$props"
	for id in $(kafka_nodes "$dir"); do
		kafka_java "$dir" kafka.tools.StorageTool format --cluster-id="$uuid" -c "$dir/$id.properties" "${KAFKA_FORMAT[@]}" \
			>>"$dir/$id.log" 2>&1 || die "kafka: cannot format: $(tail -3 "$dir/$id.log")"
	done
	for id in $(kafka_nodes "$dir"); do
		kafka_spawn "$dir" "$id" || return
	done
	KAFKA_BOOTSTRAP=$(cat "$dir/bootstrap")
	kafka_wait "$dir"
}

# The files of a cluster: one properties file a node, and where the brokers are.
kafka_lay() {
	local dir=$1 brokers=$2 id boot=""
	free_ports $((brokers + 1))
	if [ "$brokers" -eq 1 ]; then
		kafka_properties "$dir" 1 broker,controller "${PORTS[1]}" 1 "${PORTS[0]}" 1 >"$dir/1.properties"
		boot=127.0.0.1:${PORTS[1]}
	else
		kafka_properties "$dir" 100 controller "" 100 "${PORTS[0]}" "$brokers" >"$dir/100.properties"
		for id in $(seq "$brokers"); do
			kafka_properties "$dir" "$id" broker "${PORTS[$id]}" 100 "${PORTS[0]}" "$brokers" >"$dir/$id.properties"
			boot=$boot${boot:+,}127.0.0.1:${PORTS[$id]}
		done
	fi
	for id in $(kafka_nodes "$dir"); do printf %s "$3" >>"$dir/$id.properties"; done
	echo "$boot" >"$dir/bootstrap"
	echo "$brokers" >"$dir/brokers"
}

# The controller first: a broker without one waits.
kafka_nodes() { (cd "$1" && ls ./*.properties | tr -dc '0-9\n' | sort -rn); }

kafka_brokers() { seq "$(cat "$1/brokers")"; }

kafka_java() {
	local dir=$1
	shift
	java -Xmx"$(cat "$dir/heap")" -Xms128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$KAFKA_LIB/*" "$@"
}

kafka_spawn() {
	local dir=$1 id=$2 how=spawn
	[ -z "${KAFKA_COMMAND-}" ] || how=spawn_free
	$how "$dir/$id.log" java -Xmx"$(cat "$dir/heap")" -Xms128m -XX:TieredStopAtLevel=1 \
		-Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp "$KAFKA_LIB/*" kafka.Kafka "$dir/$id.properties"
	echo "$SPAWNED" >"$dir/$id.pid"
}

# The pid of a node, if it is still that node's: the number may have been given to another by now.
kafka_pid() {
	local pid
	pid=$(cat "$1/$2.pid" 2>/dev/null) && running "$pid" &&
		grep -qF "$1/$2.properties" "/proc/$pid/cmdline" && echo "$pid"
}

# kafka_wait DIR: until all brokers are there and a group coordinator can be had
kafka_wait() {
	"$TOPICS" "$(cat "$1/bootstrap")" wait "$(cat "$1/brokers")" 60 && return
	echo "kafka: not ready after 60 s" >&2
	tail -n 5 "$1"/*.log >&2
	return 1
}

# kafka_signal SIGNAL DIR [ID]
kafka_signal() {
	local id pid
	for id in ${3:-$(kafka_brokers "$2")}; do
		pid=$(kafka_pid "$2" "$id") || continue
		if [ "$1" = KILL ]; then kill9 "$pid"; else kill -"$1" "$pid"; fi
	done
}

kafka_kill9() { kafka_signal KILL "$@"; }
kafka_pause() { kafka_signal STOP "$@"; }
kafka_resume() { kafka_signal CONT "$@"; }

# An orderly stop: the broker hands its partitions over first.
kafka_term() {
	kafka_signal TERM "$@"
	local id
	for id in ${2:-$(kafka_brokers "$1")}; do
		wait_for 30 not kafka_pid "$1" "$id" >/dev/null || return
	done
}

# kafka_restart DIR [ID]: those that do not run are started; ready when this returns
kafka_restart() {
	local id
	for id in ${2:-$(kafka_brokers "$1")}; do
		kafka_pid "$1" "$id" >/dev/null || kafka_spawn "$1" "$id"
	done
	kafka_wait "$1"
}

kafka_stop() {
	local id pid
	for id in $(kafka_nodes "$1"); do
		pid=$(kafka_pid "$1" "$id") && kill9 "$pid"
	done
	return 0
}

# kafka_create DIR TOPIC [PARTITIONS [K=V]…]
kafka_create() {
	local dir=$1 topic=$2 parts=${3:-4} brokers
	shift $(($# < 3 ? $# : 3))
	brokers=$(cat "$dir/brokers")
	"$TOPICS" "$(cat "$dir/bootstrap")" create "$topic" "$parts" $((brokers < 3 ? 1 : 3)) "$@"
}

kafka_delete() { "$TOPICS" "$(cat "$1/bootstrap")" delete "$2"; }
kafka_leader() { "$TOPICS" "$(cat "$1/bootstrap")" leader "$2" "${3:-0}"; }
# kafka_offsets DIR TOPIC [GROUP]: PARTITION BEGINNING END COMMITTED, a line for each partition
kafka_offsets() { "$TOPICS" "$(cat "$1/bootstrap")" offsets "$2" "${3:-topics}"; }
kafka_records() {
	local all
	all=$(kafka_offsets "$1" "$2") && awk '{ n += $3 - $2 } END { print n + 0 }' <<<"$all"
}
# kafka_lag DIR TOPIC GROUP: records that the group has not committed
kafka_lag() {
	local all
	all=$(kafka_offsets "$1" "$2" "$3") && awk '{ n += $3 - ($4 > $2 ? $4 : $2) } END { print n + 0 }' <<<"$all"
}
kafka_commits() { "$TOPICS" "$(cat "$1/bootstrap")" commits "$2" "$3"; }

kafka_command() {
	local word=${1-}
	KAFKA_COMMAND=1
	case $word in
	fetch) kafka_fetch ;;
	start) shift && kafka_start "$(realpath -m "$1")" "${@:2}" && echo "$KAFKA_BOOTSTRAP" ;;
	stop | kill9 | term | pause | resume | restart | create | delete | wait | leader | offsets | records | lag | commits)
		[ $# -ge 2 ] || die "kafka.sh $word DIR …"
		"kafka_$word" "$(realpath -m "$2")" "${@:3}" ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	kafka_command "$@"
fi
