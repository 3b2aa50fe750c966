/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_options.c — Jaeger's Kafka options: their rows, their checks, and the librdkafka properties made from them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kafka/jaeger_options.h"

#define S struct jaeger_kafka
#define COMMON_ROWS(side)                                                                                              \
	{ side ".authentication", CONF_TYPE_CHOICE, CONF_ENUM(S, authentication), "none",                              \
		"none|kerberos|tls|plaintext", "how to log in; plaintext is SASL with a password", false },            \
	        CONF_BOOL(S, tls_enabled, side ".tls.enabled", "false", "TLS to the brokers"),                         \
	        CONF_FILE_NAME(S, tls_ca, side ".tls.ca", "", "file of authorities; empty: the system's"),             \
	        CONF_FILE_NAME(S, tls_cert, side ".tls.cert", "", "file of the own certificate"),                      \
	        CONF_FILE_NAME(S, tls_key, side ".tls.key", "", "file of its key"),                                    \
	        CONF_TEXT(S, tls_server_name, side ".tls.server-name", "",                                             \
	                "refused: the name in the broker's address is checked"),                                       \
	        CONF_BOOL(S, tls_skip_host_verify, side ".tls.skip-host-verify", "false",                              \
	                "check neither name nor authority of a broker"),                                               \
	        CONF_TEXT(S, username, side ".plaintext.username", "", "for plaintext"),                               \
	        CONF_SECRET(S, password, side ".plaintext.password", "",                                               \
	                "for plaintext; better property-file sasl.password=FILE"),                                     \
	        CONF_TEXT(                                                                                             \
	                S, mechanism, side ".plaintext.mechanism", "PLAIN", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"),  \
	        CONF_TEXT(S, service_name, side ".kerberos.service-name", "kafka", "of the brokers"),                  \
	        CONF_TEXT(S, realm, side ".kerberos.realm", "", "of the user"),                                        \
	        CONF_BOOL(S, use_keytab, side ".kerberos.use-keytab", "false",                                         \
	                "log in with the keytab, as kerberos must here"),                                              \
	        CONF_TEXT(S, principal, side ".kerberos.username", "", "for kerberos"),                                \
	        CONF_SECRET(S, kerberos_password, side ".kerberos.password", "", "refused: use a keytab"),             \
	        CONF_FILE_NAME(S, config_file, side ".kerberos.config-file", "/etc/krb5.conf",                         \
	                "another one is named by the variable KRB5_CONFIG"),                                           \
	        CONF_FILE_NAME(                                                                                        \
	                S, keytab_file, side ".kerberos.keytab-file", "/etc/security/kafka.keytab", "the keytab"),     \
	        CONF_BOOL(S, no_fast, side ".kerberos.disable-fast-negotiation", "false",                              \
	                "taken for Jaeger's sake; libkrb5 negotiates"),                                                \
	        CONF_TEXT(S, protocol_version, side ".protocol-version", "",                                           \
	                "taken for Jaeger's sake; it is negotiated"),                                                  \
	        CONF_TEXT(S, client_id, side ".client-id", "", "client.id; empty: spanspool"),                         \
	        CONF_TEXT(S, encoding, side ".encoding", "thrift",                                                     \
	                "thrift: a record is a jaeger.Batch; Jaeger's other ones are refused")

const struct conf_row jaeger_consumer_rows[] = {
	COMMON_ROWS("kafka.consumer"),
	CONF_TEXT(S, rack_id, "kafka.consumer.rack-id", "", "client.rack: read from a near replica"),
	CONF_SIZE(S, fetch_max_message_bytes, "kafka.consumer.fetch-max-message-bytes", "0",
	        "of one partition in one fetch; 0: by drain.max-bytes"),
	CONF_END,
};

const struct conf_row jaeger_producer_rows[] = {
	COMMON_ROWS("kafka.producer"),
	CONF_TEXT(
	        S, required_acks, "kafka.producer.required-acks", "all", "all is the only one that keeps the promise"),
	CONF_TEXT(S, compression, "kafka.producer.compression", "", "none, gzip, snappy, lz4 or zstd; empty: lz4"),
	CONF_TEXT(S, compression_level, "kafka.producer.compression-level", "", "of the codec"),
	CONF_DURATION(S, batch_linger_us, "kafka.producer.batch-linger", "0",
	        "how long a record waits for company; 0: by spool.exposure"),
	CONF_SIZE(S, batch_size, "kafka.producer.batch-size", "0", "most of one request; 0: 500 kB"),
	CONF_COUNT(S, batch_min_messages, "kafka.producer.batch-min-messages", "0",
	        "taken for Jaeger's sake; batch-linger decides"),
	CONF_COUNT(S, batch_max_messages, "kafka.producer.batch-max-messages", "0",
	        "most records of one request; 0: librdkafka's"),
	CONF_SIZE(S, max_message_bytes, "kafka.producer.max-message-bytes", "0", "the largest record; 0: librdkafka's"),
	CONF_END,
};

/* ---- checks ---- */

/* One check: when REFUSED is true, OPTION is refused for REASON. */
struct refusal {
	bool refused;
	const char *option; /* without the prefix */
	const char *reason;
};

static bool is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool is_tls(const struct jaeger_kafka *s)
{
	return s->tls_enabled || s->authentication == JAEGER_TLS;
}

static bool is_one_of(const char *text, const char *const *all)
{
	for (; *all != NULL; all++)
		if (strcasecmp(text, *all) == 0)
			return true;
	return false;
}

static const char *const mechanisms[] = { "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", NULL };
static const char *const codecs[] = { "", "none", "gzip", "snappy", "lz4", "zstd", NULL };
static const char *const acks[] = { "", "all", NULL };
static const char *const encodings[] = { "", "thrift", NULL };

static int report_first_refusal(
        const struct conf *c, const char *prefix, const struct refusal *all, size_t n, struct why *why)
{
	char name[80];

	for (size_t i = 0; i < n; i++) {
		if (!all[i].refused)
			continue;
		snprintf(name, sizeof(name), "%s.%s", prefix, all[i].option);
		why_set(why, E_USAGE, "%s", all[i].reason);
		return conf_add_source(c, name, why);
	}
	return 0;
}

#define NEEDS_TLS "needs tls.enabled, or authentication=tls"
#define NEEDS_SASL "needs authentication=plaintext"
#define NEEDS_KERBEROS "needs authentication=kerberos"

int jaeger_kafka_check(const struct conf *c, const char *prefix, const struct jaeger_kafka *s, struct why *why)
{
	bool tls = is_tls(s), sasl = s->authentication == JAEGER_PLAINTEXT,
	     kerberos = s->authentication == JAEGER_KERBEROS;
	const char *krb5 = getenv("KRB5_CONFIG");
	const struct refusal all[] = {
		{ !tls && is_given(s->tls_ca), "tls.ca", NEEDS_TLS },
		{ !tls && is_given(s->tls_cert), "tls.cert", NEEDS_TLS },
		{ !tls && is_given(s->tls_key), "tls.key", NEEDS_TLS },
		{ !tls && s->tls_skip_host_verify, "tls.skip-host-verify", NEEDS_TLS },
		{ is_given(s->tls_cert) && !is_given(s->tls_key), "tls.cert", "needs tls.key" },
		{ is_given(s->tls_key) && !is_given(s->tls_cert), "tls.key", "needs tls.cert" },
		{ is_given(s->tls_server_name), "tls.server-name",
		        "librdkafka checks the name in each broker's address, and no other: name "
		        "the brokers as their certificates do" },
		{ is_given(s->username) && !sasl, "plaintext.username", NEEDS_SASL },
		{ is_given(s->password) && !sasl, "plaintext.password", NEEDS_SASL },
		{ sasl && !is_given(s->username), "authentication", "plaintext needs plaintext.username" },
		{ !is_one_of(s->mechanism, mechanisms), "plaintext.mechanism",
		        "is not PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512" },
		{ is_given(s->principal) && !kerberos, "kerberos.username", NEEDS_KERBEROS },
		{ is_given(s->realm) && !kerberos, "kerberos.realm", NEEDS_KERBEROS },
		{ s->use_keytab && !kerberos, "kerberos.use-keytab", NEEDS_KERBEROS },
		{ is_given(s->kerberos_password), "kerberos.password",
		        "librdkafka logs in with a keytab alone: use kerberos.use-keytab and "
		        "kerberos.keytab-file" },
		{ kerberos && !s->use_keytab, "authentication",
		        "kerberos needs kerberos.use-keytab: librdkafka logs in with a keytab "
		        "alone" },
		{ kerberos && !is_given(s->principal), "authentication", "kerberos needs kerberos.username" },
		{ kerberos && strcmp(s->config_file, krb5 == NULL ? "/etc/krb5.conf" : krb5) != 0,
		        "kerberos.config-file", "libkrb5 takes the file from the environment: set KRB5_CONFIG to it" },
		{ !is_one_of(s->encoding, encodings), "encoding",
		        "is not thrift: a record is a whole jaeger.Batch, and the topic of "
		        "Jaeger's "
		        "own collector and ingester, one span a record, must be another one" },
		{ !is_one_of(s->required_acks == NULL ? "" : s->required_acks, acks), "required-acks",
		        "is not all: a record counts as delivered only when all in-sync replicas "
		        "have it" },
		{ !is_one_of(s->compression == NULL ? "" : s->compression, codecs), "compression",
		        "is not none, gzip, snappy, lz4 or zstd" },
	};

	return report_first_refusal(c, prefix, all, ARRAY_LEN(all), why);
}

/* ---- properties ---- */

static int put_text(struct properties *to, const char *name, const char *value, struct why *why)
{
	return is_given(value) ? properties_put(to, name, value, why) : 0;
}

static int put_number(struct properties *to, const char *name, uint64_t value, struct why *why)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return value > 0 ? properties_put(to, name, text, why) : 0;
}

static const char *protocol_of(const struct jaeger_kafka *s)
{
	if (s->authentication == JAEGER_PLAINTEXT || s->authentication == JAEGER_KERBEROS)
		return is_tls(s) ? "sasl_ssl" : "sasl_plaintext";
	return is_tls(s) ? "ssl" : "";
}

static int put_sasl(const struct jaeger_kafka *s, struct properties *to, struct why *why)
{
	char principal[600];

	if (s->authentication == JAEGER_PLAINTEXT) {
		if (put_text(to, "sasl.mechanisms", s->mechanism, why) < 0 ||
		        put_text(to, "sasl.username", s->username, why) < 0 ||
		        put_text(to, "sasl.password", s->password, why) < 0)
			return why->code;
	} else if (s->authentication == JAEGER_KERBEROS) {
		snprintf(principal, sizeof(principal), "%s%s%s", s->principal, is_given(s->realm) ? "@" : "", s->realm);
		if (put_text(to, "sasl.mechanisms", "GSSAPI", why) < 0 ||
		        put_text(to, "sasl.kerberos.service.name", s->service_name, why) < 0 ||
		        put_text(to, "sasl.kerberos.principal", principal, why) < 0 ||
		        put_text(to, "sasl.kerberos.keytab", s->keytab_file, why) < 0)
			return why->code;
	}
	return 0;
}

static int put_connection(const struct jaeger_kafka *s, struct properties *to, struct why *why)
{
	if (put_text(to, "security.protocol", protocol_of(s), why) < 0 ||
	        put_text(to, "ssl.ca.location", s->tls_ca, why) < 0 ||
	        put_text(to, "ssl.certificate.location", s->tls_cert, why) < 0 ||
	        put_text(to, "ssl.key.location", s->tls_key, why) < 0 ||
	        put_text(to, "enable.ssl.certificate.verification", s->tls_skip_host_verify ? "false" : "", why) < 0 ||
	        put_text(to, "client.id", s->client_id, why) < 0)
		return why->code;
	return put_sasl(s, to, why);
}

int jaeger_kafka_properties(const struct jaeger_kafka *s, enum jaeger_part part, struct properties *to, struct why *why)
{
	if (put_connection(s, to, why) < 0)
		return why->code;
	if (part == JAEGER_CONNECTION)
		return 0;
	if (put_text(to, "client.rack", s->rack_id, why) < 0 ||
	        put_number(to, "fetch.message.max.bytes", s->fetch_max_message_bytes, why) < 0 ||
	        put_text(to, "compression.codec", s->compression, why) < 0 ||
	        put_text(to, "compression.level", s->compression_level, why) < 0 ||
	        put_number(to, "linger.ms", (s->batch_linger_us + US_PER_MS - 1) / US_PER_MS, why) < 0 ||
	        put_number(to, "batch.size", s->batch_size, why) < 0 ||
	        put_number(to, "batch.num.messages", s->batch_max_messages, why) < 0 ||
	        put_number(to, "message.max.bytes", s->max_message_bytes, why) < 0)
		return why->code;
	return 0;
}

static void log_if_overridden(const char *prefix, const struct properties *all, size_t i)
{
	for (size_t k = i + 1; k < all->n; k++) {
		if (strcmp(all->at[k].name, all->at[i].name) != 0)
			continue;
		log_info("kafka: property %s, given as such, wins over what the %s options say", all->at[i].name,
		        prefix);
		return;
	}
}

void jaeger_kafka_log(const char *prefix, const struct jaeger_kafka *s, const struct properties *all)
{
	struct properties ours = { 0 };
	struct why why;

	if (jaeger_kafka_properties(s, JAEGER_ALL, &ours, &why) == 0)
		for (size_t i = 0; i < ours.n && i < all->n; i++)
			log_if_overridden(prefix, all, i);
	properties_free(&ours);
	if (is_given(s->protocol_version))
		log_info("kafka: %s.protocol-version has no meaning here: the version is "
		         "negotiated with each broker",
		        prefix);
	if (s->batch_min_messages > 0)
		log_info("kafka: %s.batch-min-messages has no meaning here: batch-linger says how "
		         "long a record waits",
		        prefix);
}
