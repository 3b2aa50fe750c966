/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_kafka.h — Jaeger's names of the Kafka options, as jaeger-collector and jaeger-ingester have them,
 * made into properties of librdkafka. */
#ifndef JAEGER_KAFKA_H
#define JAEGER_KAFKA_H

#include "options.h"
#include "properties.h"

enum jaeger_authentication { JAEGER_NONE, JAEGER_KERBEROS, JAEGER_TLS, JAEGER_PLAINTEXT };

/* One side. "" and 0 are "not given". */
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

/* Refuses what contradicts itself, what librdkafka cannot do, and what would break the contract. PREFIX is
 * "kafka.consumer" or "kafka.producer". E_USAGE names the option, whoever set it. */
int jaeger_kafka_check(
        const struct conf *c, const char *prefix, const struct jaeger_kafka *set, struct why *why) MUST_USE;

enum jaeger_part {
	JAEGER_CONNECTION, /* how a broker is reached: what producer and consumer have alike */
	JAEGER_ALL,        /* that, and what is of the one side alone */
};
/* Appends to TO the librdkafka properties that stand for the options in SET, those of PART. The caller appends the
 * operator's own properties after them: of two with one name librdkafka takes the last. */
int jaeger_kafka_properties(
        const struct jaeger_kafka *set, enum jaeger_part part, struct properties *to, struct why *why) MUST_USE;

/* Logs one line for each property of SET that the operator has also given directly, with the value that is used, and
 * one for each option of SET that is accepted and has no effect here. ALL is what jaeger_kafka_properties and the lists gave. */
void jaeger_kafka_log(const char *prefix, const struct jaeger_kafka *set, const struct properties *all);

#endif
