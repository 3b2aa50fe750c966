#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_rotation.sh — a real Kafka broker that wants TLS, a client certificate and a SCRAM password. Under load the
# password is changed at the broker and then in the file, and the client certificate is replaced by one of another
# authority before the broker stops trusting the old one. Agent and drain read the same files. Neither is restarted,
# nothing is lost, and every record that came twice is marked. What arrived is counted on the topic itself, and at
# the drain's collector.

here=$(dirname "$0")
. "$here/kafka.sh" && . "$here/stand.sh" || exit 1

RATE=${RATE:-2000}
TOPIC=secure
SESSION_MS=2000 # a connection that has not authenticated again after this is closed by the broker

kafka_need
need openssl "certificates are made for the test"
stand_need
workdir
PEM=$WORK/pem
mkdir "$PEM"

# authority NAME: NAME.ca and its key
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" -keyout "$PEM/$1.ca.key" \
		-out "$PEM/$1.ca" 2>>"$WORK/openssl.log" || die "no authority $1"
}

# certificate NAME AUTHORITY: NAME.crt and NAME.key, for 127.0.0.1
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
		-keyout "$PEM/$1.key" -out "$PEM/$1.csr" 2>>"$WORK/openssl.log" &&
		openssl x509 -req -in "$PEM/$1.csr" -CA "$PEM/$2.ca" -CAkey "$PEM/$2.ca.key" -CAcreateserial -days 2 \
			-extfile <(echo subjectAltName=IP:127.0.0.1) -out "$PEM/$1.crt" 2>>"$WORK/openssl.log" ||
		die "no certificate $1"
}

# put_file PATH FROM…: replaced in one step, as a rotation does it
put_file() {
	cat "${@:2}" >"$1.new" && mv "$1.new" "$1"
}

set_password_at_broker() {
	kafka_java "$WORK/kafka" kafka.admin.ConfigCommand --bootstrap-server "$KAFKA_BOOTSTRAP" --alter \
		--entity-type users --entity-name agent --add-config "SCRAM-SHA-512=[password=$1]" \
		>>"$WORK/admin.log" 2>&1
}

# The stub collector takes the lines of a pipe that stays open, and answers into collector.out.
collector_start() {
	mkfifo "$WORK/collector.in" && exec 7<>"$WORK/collector.in"
	setpriv --pdeathsig KILL "$SPANSPOOL_BUILD/tests/lib/stubcollector" <&7 >"$WORK/collector.out" &
	wait_for 10 test -s "$WORK/collector.out"
}

# stored COUNT: the collector has so many different spans
stored() {
	echo counts >&7
	wait_for 5 tail_has_counts && [ "$(sed -n '$s/.*"unique":\([0-9]*\).*/\1/p' "$WORK/collector.out")" -eq "$1" ]
}
tail_has_counts() { tail -n 1 "$WORK/collector.out" | grep -q unique; }

relayed() {
	wait_for 30 stored $((NEXT - 1))
	ok $? "$1: the drain's collector has all $((NEXT - 1)) spans"
}

handles() { grep -c "a new handle was made" "$WORK/agent/log"; }
handles_made() { [ "$(handles)" -ge "$1" ]; }

says() { curl -s -m 5 "http://127.0.0.1:$(cat "$WORK/agent/admin")/health/ready" | grep -qi "$1"; }

authority old
authority new
certificate broker old
certificate first old
certificate second new
cat "$PEM/broker.key" "$PEM/broker.crt" >"$PEM/broker.pem"
put_file "$PEM/trusted" "$PEM/old.ca" "$PEM/new.ca"
put_file "$PEM/client.crt" "$PEM/first.crt"
put_file "$PEM/client.key" "$PEM/first.key"
put_file "$WORK/password" - <<<first

free_ports 1
KAFKA_LISTENER=SASL_SSL://127.0.0.1:${PORTS[0]}
KAFKA_FORMAT=(--add-scram 'SCRAM-SHA-512=[name=agent,password=first]')
kafka_start "$WORK/kafka" --prop connections.max.reauth.ms=$SESSION_MS \
	--prop sasl.enabled.mechanisms=SCRAM-SHA-512 \
	--prop ssl.keystore.type=PEM --prop ssl.keystore.location="$PEM/broker.pem" \
	--prop ssl.truststore.type=PEM --prop ssl.truststore.location="$PEM/trusted" \
	--prop listener.name.sasl_ssl.ssl.client.auth=required \
	--prop "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;" ||
	die "no Kafka"
kafka_create "$WORK/kafka" $TOPIC 4 || die "no topic"
RUN=$(new_run)

SECURE=(--kafka.property=security.protocol=sasl_ssl --kafka.property=sasl.mechanism=SCRAM-SHA-512
	--kafka.property=sasl.username=agent --kafka.property-file=sasl.password="$WORK/password"
	--kafka.property=ssl.ca.location="$PEM/old.ca" --kafka.property=ssl.certificate.location="$PEM/client.crt"
	--kafka.property=ssl.key.location="$PEM/client.key")
agent_start agent --kafka.producer.brokers="${KAFKA_LISTENER#*://}" --kafka.producer.topic=$TOPIC "${SECURE[@]}"
ok $? "an agent serves"
collector_start || die "no collector"
drain_start drain --kafka.consumer.brokers="${KAFKA_LISTENER#*://}" --kafka.consumer.topic=$TOPIC \
	--collector.url="$(head -n 1 "$WORK/collector.out")" --drain.quarantine=none "${SECURE[@]}"
ok $? "a drain serves"
DRAIN_PID=$(pid_of drain)
PID=$(pid_of agent)
load 2
arrived 30 "TLS, a client certificate and a password"
relayed "TLS, a client certificate and a password"

set_password_at_broker second
ok $? "the broker has another password"
load 6 # a connection that is older than its session is closed when it is used
wait_for 30 says authentication
ok $? "the agent is told that its own is wrong, and says so"
wait_for 10 spooled agent 1
ok $? "what comes is spooled"
put_file "$WORK/password" - <<<second
arrived 30 "the password was changed at the broker, then in the file"
relayed "the password was changed"

HANDLES=$(handles)
load 6
put_file "$PEM/client.key" "$PEM/second.key"
put_file "$PEM/client.crt" "$PEM/second.crt"
wait_for 20 handles_made $((HANDLES + 1))
ok $? "the agent reads the certificate by itself"
loaded
kafka_term "$WORK/kafka"
put_file "$PEM/trusted" "$PEM/new.ca"
kafka_restart "$WORK/kafka" || die "Kafka does not come back"
load 2
arrived 30 "the certificate was changed, and the broker trusts the old authority no more"
stored_on_topic "$KAFKA_BOOTSTRAP" $TOPIC "$RUN" "1:$((NEXT - 1))"
is "$MISSING" 0 "of all $SENT spans none is missing"

relayed "the certificate was changed"
running "$PID" && running "$DRAIN_PID"
ok $? "both processes run, and were never restarted"
end "$DRAIN_PID" 10
is $? 0 "the drain ends well on SIGTERM"
end "$PID" 10
is $? 0 "so does the agent"
tap_done
