/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_cause.c — librdkafka's errors, as it really says them, and the sentence that an operator
 * gets for each; and which of them are logged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "log.h"
#include "tap.h"

#define E(name) RD_KAFKA_RESP_ERR_##name

static const struct kafka_endpoint writer = { "kafka1:9092,kafka2:9092", "tracing-topic", NULL,
	"kafka.producer.topic" };
static const struct kafka_endpoint reader = { "kafka1:9092,kafka2:9092", "tracing-topic", "tracing-app",
	"kafka.consumer.topic" };

struct row {
	rd_kafka_resp_err_t err;
	const char *text;
	enum kafka_cause cause;
	bool misconfigured;
	const char *says[3]; /* what the sentence must contain */
};

static void check(const struct row *r, const struct kafka_endpoint *endpoint)
{
	struct kafka_cause_read is;
	bool good;

	kafka_cause_read(&is, r->err, r->text, endpoint);
	good = is.cause == r->cause && is.misconfigured == r->misconfigured;
	for (size_t i = 0; i < ARRAY_LEN(r->says) && r->says[i] != NULL; i++)
		good = good && strstr(is.sentence, r->says[i]) != NULL;
	ok(good, "%s: %s%s", kafka_cause_name(is.cause), is.misconfigured ? "! " : "", is.sentence);
}

static void a_connection_that_fails_names_the_broker(void)
{
	static const struct row rows[] = {
		{ E(_TRANSPORT),
		        "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection "
		        "refused "
		        "(after 0ms in state CONNECT)",
		        KAFKA_CAUSE_UNREACHABLE, false, { "127.0.0.1:1 cannot be reached: Connection refused" } },
		{ E(_TRANSPORT),
		        "127.0.0.1:1/bootstrap: Receive failed: Invalid response size 1213486160 "
		        "(0..100000000): increase receive.message.max.bytes",
		        KAFKA_CAUSE_UNREACHABLE, false,
		        { "127.0.0.1:1 does not answer in Kafka's protocol", "another port" } },
		{ E(_TRANSPORT),
		        "127.0.0.1:1/bootstrap: ApiVersionRequest failed: Local: Timed out: "
		        "probably due to broker version < 0.10 (see api.version.request "
		        "configuration) (after 10002ms in state APIVERSION_QUERY)",
		        KAFKA_CAUSE_SILENT, false, { "127.0.0.1:1 takes connections and gives no answer", "hangs" } },
		{ E(_FAIL),
		        "127.0.0.1:1/bootstrap: Failed to create socket: Too many open files "
		        "(after 0ms in state TRY_CONNECT)",
		        KAFKA_CAUSE_UNREACHABLE, false,
		        { "127.0.0.1:1 was not asked: no file descriptor is free", "raise LimitNOFILE" } },
		{ E(_RESOLVE),
		        "no-such.invalid:9092/bootstrap: Failed to resolve 'no-such.invalid:9092': "
		        "Name "
		        "or service not known (after 0ms in state CONNECT)",
		        KAFKA_CAUSE_UNRESOLVED, true,
		        { "no-such.invalid:9092 does not resolve", "(Name or service not known)", "list of brokers" } },
		{ E(_RESOLVE),
		        "kafka7.inside:9092/7: Failed to resolve 'kafka7.inside:9092': Name or "
		        "service "
		        "not known (after 3ms in state CONNECT, 4 identical error(s) suppressed)",
		        KAFKA_CAUSE_UNRESOLVED, true, { "kafka7.inside:9092", "advertise", "advertised.listeners" } },
		{ E(_RESOLVE),
		        "kafka7:9092/7: Failed to resolve 'kafka7:9092': Temporary failure in name "
		        "resolution (after 3ms in state CONNECT)",
		        KAFKA_CAUSE_UNRESOLVED, false, { "kafka7:9092", "Temporary failure" } },
		{ E(_SSL),
		        "ssl://k:9093/bootstrap: SSL handshake failed: error:0A000086:SSL "
		        "routines::certificate verify failed: broker certificate could not be "
		        "verified, "
		        "verify that ssl.ca.location is correctly configured (after 3ms in state "
		        "SSL_HANDSHAKE)",
		        KAFKA_CAUSE_TLS, true, { "broker k:9093 is not trusted", "ssl.ca.location" } },
		{ E(_TRANSPORT),
		        "ssl://k:9093/bootstrap: error:0A000086:SSL routines::certificate verify "
		        "failed "
		        "(after 2ms in state SSL_HANDSHAKE)",
		        KAFKA_CAUSE_TLS, true, { "k:9093", "ssl.ca.location" } },
		{ E(_TRANSPORT),
		        "ssl://k:9092/1: SSL handshake failed: Disconnected: connecting to a "
		        "PLAINTEXT "
		        "broker listener? (after 2ms in state SSL_HANDSHAKE)",
		        KAFKA_CAUSE_TLS, true, { "k:9092 does not speak TLS", "security.protocol" } },
		{ E(_TRANSPORT),
		        "k:9093/bootstrap: Disconnected while requesting ApiVersion: might be "
		        "caused by "
		        "incorrect security.protocol configuration (connecting to a SSL listener?) "
		        "or "
		        "broker version is < 0.10 (after 0ms in state APIVERSION_QUERY)",
		        KAFKA_CAUSE_UNREACHABLE, false, { "k:9093", "wants TLS" } },
		{ E(_AUTHENTICATION),
		        "sasl_plaintext://k:9092/bootstrap: SASL authentication error: "
		        "Authentication "
		        "failed: Invalid username or password (after 9ms in state AUTH_REQ)",
		        KAFKA_CAUSE_LOGIN, true,
		        { "k:9092 refuses the login", "Invalid username or password", "sasl.password" } },
		{ E(_TIMED_OUT), "k:9092/1: ApiVersionRequest failed: Local: Timed out: probably down",
		        KAFKA_CAUSE_SILENT, false, { "k:9092 takes connections and gives no answer" } },
		{ E(_TRANSPORT), "GroupCoordinator: [::1]:9092: Disconnected (after 9ms in state UP)",
		        KAFKA_CAUSE_UNREACHABLE, false, { "[::1]:9092 cannot be reached" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i], &writer);
}

static void a_refusal_names_the_topic_or_the_group(void)
{
	static const struct row rows[] = {
		{ E(UNKNOWN_TOPIC_OR_PART), "Subscribed topic not available: t: Broker: Unknown topic",
		        KAFKA_CAUSE_TOPIC_MISSING, true,
		        { "tracing-topic does not exist", "kafka1:9092", "kafka.consumer.topic" } },
		{ E(_UNKNOWN_TOPIC), "", KAFKA_CAUSE_TOPIC_MISSING, true, { "tracing-topic" } },
		{ E(TOPIC_AUTHORIZATION_FAILED), "", KAFKA_CAUSE_TOPIC_DENIED, true,
		        { "denies reading topic tracing-topic" } },
		{ E(GROUP_AUTHORIZATION_FAILED), "FindCoordinator response error: denied", KAFKA_CAUSE_GROUP_DENIED,
		        true, { "consumer group tracing-app" } },
		{ E(CLUSTER_AUTHORIZATION_FAILED), "", KAFKA_CAUSE_CLUSTER_DENIED, true, { "IdempotentWrite" } },
		{ E(NOT_ENOUGH_REPLICAS), "", KAFKA_CAUSE_REFUSED, false, { "in-sync replicas", "tracing-topic" } },
		{ E(_ALL_BROKERS_DOWN), "1/1 brokers are down", KAFKA_CAUSE_NONE, false, { NULL } },
		{ E(_TRANSPORT), "Local: Broker transport failure", KAFKA_CAUSE_UNREACHABLE, false,
		        { "kafka1:9092,kafka2:9092 cannot be reached" } },
	};
	static const struct row written = { E(TOPIC_AUTHORIZATION_FAILED), "", KAFKA_CAUSE_TOPIC_DENIED, true,
		{ "denies writing to topic tracing-topic" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i], &reader);
	check(&written, &writer);
}

/* The longest names leave room for what to do; junk is harmless. */
static void any_text_gives_a_sentence(void)
{
	static char name[300];
	struct kafka_endpoint endpoint = { name, name, name, "kafka.consumer.topic" };
	static const char *const texts[] = { "", ": ", "a: b", "://",
		"x:1/2: ", "a:1/bootstrap:", "Failed to resolve '", "a:1: Failed to resolve '",
		"a:1: Connect to  failed: ", "GroupCoordinator: ", "%s%n: %d" };
	struct kafka_cause_read is;
	int sentences = 0, tried = 0;

	memset(name, 'n', sizeof(name) - 1);
	for (int err = -200; err < 100; err++)
		for (size_t i = 0; i < ARRAY_LEN(texts); i++, tried++) {
			kafka_cause_read(&is, (rd_kafka_resp_err_t)err, texts[i], &endpoint);
			sentences += (is.cause == KAFKA_CAUSE_NONE) == (is.sentence[0] == '\0');
		}
	is_int(sentences, tried, "every code with every text has a sentence, or says nothing");
	kafka_cause_read(&is, E(UNKNOWN_TOPIC_OR_PART), "", &endpoint);
	ok(strstr(is.sentence, "kafka.consumer.topic") != NULL, "%s", is.sentence);
}

static void each_cause_is_news_once(void)
{
	struct kafka_recent_lines said = { .n = 0 };
	char text[32];
	int news = 0;

	ok(kafka_recent_is_new(&said, "one", 1, 100, 1000), "a text is news");
	ok(!kafka_recent_is_new(&said, "one", 1, 100, 1099), "not again within its time");
	ok(kafka_recent_is_new(&said, "two", 1, 100, 1099), "another one is, at the same moment");
	ok(kafka_recent_is_new(&said, "one", 1, 100, 1100), "the first again, after its time");
	is_int(said.suppressed, 1, "what was held back is counted");
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "broker %d", i);
		news += kafka_recent_is_new(&said, text, 1, 100, 1150);
	}
	is_int(news, KAFKA_RECENT_MOST - 2, "a thousand at once are news up to the bound");
	ok(kafka_recent_is_new(&said, "later", 1, 100, 1250), "later ones are again");
}

static void a_line_is_forgotten_when_no_client_has_it(void)
{
	enum { READER = 1, WRITER = 2, THIRD = 4 };
	struct kafka_recent_lines said = { .n = 0 };

	kafka_recent_is_new(&said, "both", READER, 100, 1000);
	ok(!kafka_recent_is_new(&said, "both", WRITER, 100, 1001), "two clients have a cause: it is logged once");
	kafka_recent_is_new(&said, "reader's", READER, 100, 1002);
	kafka_recent_is_new(&said, "third's", THIRD, 100, 1003);
	kafka_recent_forget(&said, READER);
	ok(kafka_recent_is_new(&said, "reader's", READER, 100, 1004), "one recovers: its own cause would be news");
	ok(!kafka_recent_is_new(&said, "both", WRITER, 100, 1005), "the cause that the other still has is not");
	ok(!kafka_recent_is_new(&said, "third's", THIRD, 100, 1006), "nor is a cause that it never had");
	kafka_recent_forget(&said, WRITER);
	ok(kafka_recent_is_new(&said, "both", READER, 100, 1007), "both have recovered: it is news");
}

/* Lines of FILE, the log, that have TEXT. */
static int lines_with(FILE *file, const char *text)
{
	char line[1024];
	int n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, text) != NULL;
	return n;
}

static void a_recovery_ends_the_causes_of_its_own_client(void)
{
	static struct kafka_log consumer, producer;
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);

	if (log == NULL || saved < 0 || dup2(fileno(log), STDERR_FILENO) < 0)
		exit(99);
	kafka_log_begin(&consumer, "kafka consumer");
	kafka_log_begin(&producer, "kafka producer");
	consumer.endpoint = reader;
	producer.endpoint = writer;
	kafka_log_fault(&producer, E(TOPIC_AUTHORIZATION_FAILED), "");
	kafka_log_fault(&consumer, E(_ALL_BROKERS_DOWN), "");
	kafka_log_fault(
	        &consumer, E(_TRANSPORT), "a:1/bootstrap: Connect to ipv4#1.2.3.4:1 failed: Connection refused");
	consumer.since_us -= 2 * US_PER_S;
	kafka_log_recovered(&consumer);
	kafka_log_fault(&producer, E(TOPIC_AUTHORIZATION_FAILED), "");
	kafka_log_fault(
	        &consumer, E(_TRANSPORT), "a:1/bootstrap: Connect to ipv4#1.2.3.4:1 failed: Connection refused");
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	is_int(lines_with(log, "works again"), 1, "the consumer works again");
	is_int(lines_with(log, "denies writing"), 1, "what the producer still has is logged once");
	is_int(lines_with(log, "cannot be reached"), 2, "what the consumer has again is logged again");
	fclose(log);
}

int main(void)
{
	a_connection_that_fails_names_the_broker();
	a_refusal_names_the_topic_or_the_group();
	any_text_gives_a_sentence();
	each_cause_is_news_once();
	a_line_is_forgotten_when_no_client_has_it();
	a_recovery_ends_the_causes_of_its_own_client();
	return tap_done();
}
