/* SPDX-License-Identifier: Apache-2.0 */
/* The Kafka options of jaeger-collector and jaeger-ingester, translated to librdkafka
 * properties. */
#ifndef JAEGER_OPTIONS_H
#define JAEGER_OPTIONS_H

#include "config/conf.h"
#include "kafka/properties.h"

enum jaeger_authentication { JAEGER_NONE, JAEGER_KERBEROS, JAEGER_TLS, JAEGER_PLAINTEXT };

/* The options of one side, consumer or producer. "" and 0 mean "not given". */
struct jaeger_kafka {
	int authentication;
	bool tls_enabled;
	const char *tls_ca, *tls_cert, *tls_key, *tls_server_name;
	bool tls_skip_host_verify;
	const char *username, *password, *mechanism;
	const char *service_name, *realm, *principal, *kerberos_password, *config_file, *keytab_file;
	bool use_keytab, no_fast;
	const char *protocol_version, *client_id, *encoding;
	/* consumer */
	const char *rack_id;
	uint64_t fetch_max_message_bytes;
	/* producer */
	const char *required_acks, *compression, *compression_level;
	uint64_t batch_linger_us, batch_size, batch_min_messages, batch_max_messages, max_message_bytes;
};

extern const struct conf_row jaeger_consumer_rows[], jaeger_producer_rows[];

/* Refuses options that contradict each other, that librdkafka cannot honor, or that would lose spans (required-acks
 * below all). PREFIX is "kafka.consumer" or "kafka.producer". 0, or E_USAGE with the option's name. */
int jaeger_kafka_check(
        const struct conf *c, const char *prefix, const struct jaeger_kafka *set, struct why *why) MUST_USE;

enum jaeger_part {
	JAEGER_CONNECTION, /* properties of the connection to a broker, the same for producer and consumer */
	JAEGER_ALL,        /* these, and the properties of one side */
};
/* Appends to TO the librdkafka properties of PART that the options in SET translate to. The caller appends the
 * operator's own properties after them: when a name occurs twice, librdkafka uses the last value. */
int jaeger_kafka_properties(
        const struct jaeger_kafka *set, enum jaeger_part part, struct properties *to, struct why *why) MUST_USE;

/* Logs one line for each property of SET that the operator has also given directly, with the value that is used, and
 * one for each option of SET that is accepted without effect. ALL is the complete list of properties, those of SET first. */
void jaeger_kafka_log(const char *prefix, const struct jaeger_kafka *set, const struct properties *all);

#endif
