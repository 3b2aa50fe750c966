/* SPDX-License-Identifier: Apache-2.0 */
/* test_jaeger_kafka.c — Jaeger's names of the Kafka options: what they come to, what is refused, and that a
 * property of the operator's comes after them. */
#include <stdlib.h>

#include "kafka/jaeger_options.h"
#include "tap.h"

enum { ARGS = 8, TEXT = 800 };

static struct jaeger_kafka set;

/* 0, or E_USAGE and WHY, as a start with ARGS of the side whose ROWS and PREFIX these are. */
static int start(
        const struct conf_row *rows, const char *prefix, const char *const *args, struct conf **c, struct why *why)
{
	struct conf_group groups[] = { { "Kafka", rows, &set }, { NULL, NULL, NULL } };
	char *argv[ARGS];
	int n = 0, rc;

	set = (struct jaeger_kafka){ 0 };
	for (; args[n] != NULL; n++)
		argv[n] = (char *)(uintptr_t)args[n];
	rc = conf_read(c, groups, n, argv, why);
	return rc == 0 ? jaeger_kafka_check(*c, prefix, &set, why) : rc;
}

static void print(enum jaeger_part part, char to[TEXT])
{
	struct properties p = { 0 };
	struct why why;

	to[0] = '\0';
	if (jaeger_kafka_properties(&set, part, &p, &why) < 0)
		ok(0, "%s", why.text);
	for (size_t i = 0; i < p.n; i++) {
		strcat(to, i > 0 ? " " : "");
		strcat(strcat(strcat(to, p.at[i].name), "="), p.at[i].value);
	}
	properties_free(&p);
}

struct row {
	const char *args[ARGS];
	const char *want; /* properties; or, when it is refused, what the sentence holds */
};

static const struct row consumer[] = {
	{ { NULL }, "" },
	{ { "--kafka.consumer.authentication=none", "--kafka.consumer.protocol-version=2.3.0",
	          "--kafka.consumer.encoding=thrift" },
	        "" },
	{ { "--kafka.consumer.tls.enabled" }, "security.protocol=ssl" },
	{ { "--kafka.consumer.authentication=tls", "--kafka.consumer.tls.ca=/ca", "--kafka.consumer.tls.cert=/c",
	          "--kafka.consumer.tls.key=/k", "--kafka.consumer.tls.skip-host-verify" },
	        "security.protocol=ssl ssl.ca.location=/ca ssl.certificate.location=/c "
	        "ssl.key.location=/k enable.ssl.certificate.verification=false" },
	{ { "--kafka.consumer.authentication=plaintext", "--kafka.consumer.plaintext.username=u",
	          "--kafka.consumer.plaintext.password=a=b" },
	        "security.protocol=sasl_plaintext sasl.mechanisms=PLAIN sasl.username=u "
	        "sasl.password=a=b" },
	{ { "--kafka.consumer.authentication=plaintext", "--kafka.consumer.plaintext.username=u",
	          "--kafka.consumer.tls.enabled", "--kafka.consumer.plaintext.mechanism=SCRAM-SHA-512" },
	        "security.protocol=sasl_ssl sasl.mechanisms=SCRAM-SHA-512 sasl.username=u" },
	{ { "--kafka.consumer.authentication=kerberos", "--kafka.consumer.kerberos.use-keytab",
	          "--kafka.consumer.kerberos.username=u", "--kafka.consumer.kerberos.realm=R",
	          "--kafka.consumer.kerberos.keytab-file=/t" },
	        "security.protocol=sasl_plaintext sasl.mechanisms=GSSAPI "
	        "sasl.kerberos.service.name=kafka sasl.kerberos.principal=u@R "
	        "sasl.kerberos.keytab=/t" },
	{ { "--kafka.consumer.client-id=c", "--kafka.consumer.rack-id=r",
	          "--kafka.consumer.fetch-max-message-bytes=2MiB" },
	        "client.id=c client.rack=r fetch.message.max.bytes=2097152" },
};

static const struct row producer[] = {
	{ { "--kafka.producer.required-acks=all", "--kafka.producer.batch-min-messages=9" }, "" },
	{ { "--kafka.producer.compression=zstd", "--kafka.producer.compression-level=7",
	          "--kafka.producer.batch-linger=100ms", "--kafka.producer.batch-size=100000",
	          "--kafka.producer.batch-max-messages=50", "--kafka.producer.max-message-bytes=2000000" },
	        "compression.codec=zstd compression.level=7 linger.ms=100 batch.size=100000 "
	        "batch.num.messages=50 message.max.bytes=2000000" },
	{ { "--kafka.producer.batch-linger=500us" }, "linger.ms=1" },
};

static const struct row refused_consumer[] = {
	{ { "--kafka.consumer.authentication=oauth" }, "--kafka.consumer.authentication" },
	{ { "--kafka.consumer.tls.ca=/ca" }, "--kafka.consumer.tls.ca: needs tls.enabled" },
	{ { "--kafka.consumer.tls.enabled", "--kafka.consumer.tls.cert=/c" }, "needs tls.key" },
	{ { "--kafka.consumer.tls.enabled", "--kafka.consumer.tls.key=/c" }, "needs tls.cert" },
	{ { "--kafka.consumer.tls.skip-host-verify" }, "needs tls.enabled" },
	{ { "--kafka.consumer.tls.enabled", "--kafka.consumer.tls.server-name=x" },
	        "--kafka.consumer.tls.server-name: librdkafka checks the name" },
	{ { "--kafka.consumer.plaintext.username=u" }, "needs authentication=plaintext" },
	{ { "--kafka.consumer.plaintext.password=u" }, "needs authentication=plaintext" },
	{ { "--kafka.consumer.authentication=plaintext" }, "needs plaintext.username" },
	{ { "--kafka.consumer.plaintext.mechanism=LOGIN" }, "is not PLAIN, SCRAM-SHA-256" },
	{ { "--kafka.consumer.kerberos.realm=R" }, "needs authentication=kerberos" },
	{ { "--kafka.consumer.kerberos.password=p" }, "with a keytab alone" },
	{ { "--kafka.consumer.authentication=kerberos", "--kafka.consumer.kerberos.username=u" },
	        "kerberos needs kerberos.use-keytab" },
	{ { "--kafka.consumer.authentication=kerberos", "--kafka.consumer.kerberos.use-keytab" },
	        "kerberos needs kerberos.username" },
	{ { "--kafka.consumer.authentication=kerberos", "--kafka.consumer.kerberos.use-keytab",
	          "--kafka.consumer.kerberos.username=u", "--kafka.consumer.kerberos.config-file=/x" },
	        "set KRB5_CONFIG" },
	{ { "--kafka.consumer.encoding=protobuf" }, "--kafka.consumer.encoding: is not thrift" },
};

static const struct row refused_producer[] = {
	{ { "--kafka.producer.required-acks=local" }, "all in-sync replicas" },
	{ { "--kafka.producer.required-acks=noack" }, "all in-sync replicas" },
	{ { "--kafka.producer.compression=brotli" }, "is not none, gzip" },
	{ { "--kafka.producer.encoding=json" }, "--kafka.producer.encoding: is not thrift" },
};

static void options_come_to_properties(const struct conf_row *rows, const char *prefix, const struct row *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct conf *c = NULL;
		char text[TEXT];
		struct why why;

		if (start(rows, prefix, all[i].args, &c, &why) < 0)
			ok(0, "%s", why.text);
		print(JAEGER_ALL, text);
		is_text(text, all[i].want, all[i].args[0] == NULL ? "nothing" : all[i].args[0]);
		conf_free(c);
	}
}

static void what_cannot_be_is_refused(const struct conf_row *rows, const char *prefix, const struct row *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct conf *c = NULL;
		struct why why = { 0 };

		ok(start(rows, prefix, all[i].args, &c, &why) == E_USAGE && strstr(why.text, all[i].want) != NULL,
		        "%s is refused: %s", all[i].args[0], why.text);
		conf_free(c);
	}
}

/* The quarantine's producer reaches the same brokers. */
static void a_connection_is_the_same_for_both_sides(void)
{
	static const char *const args[] = { "--kafka.consumer.tls.enabled", "--kafka.consumer.client-id=c",
		"--kafka.consumer.rack-id=r", NULL };
	struct conf *c = NULL;
	char text[TEXT];
	struct why why;

	if (start(jaeger_consumer_rows, "kafka.consumer", args, &c, &why) < 0)
		ok(0, "%s", why.text);
	print(JAEGER_CONNECTION, text);
	is_text(text, "security.protocol=ssl client.id=c", "without what is the consumer's alone");
	conf_free(c);
}

int main(void)
{
	unsetenv("KRB5_CONFIG");
#define EACH(rows) rows, ARRAY_LEN(rows)
	options_come_to_properties(jaeger_consumer_rows, "kafka.consumer", EACH(consumer));
	options_come_to_properties(jaeger_producer_rows, "kafka.producer", EACH(producer));
	what_cannot_be_is_refused(jaeger_consumer_rows, "kafka.consumer", EACH(refused_consumer));
	what_cannot_be_is_refused(jaeger_producer_rows, "kafka.producer", EACH(refused_producer));
#undef EACH
	a_connection_is_the_same_for_both_sides();
	return tap_done();
}
