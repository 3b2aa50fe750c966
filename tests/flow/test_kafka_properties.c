/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_properties.c — every property of librdkafka with every kind of junk, on both sides, each
 * in a process of its own, since librdkafka crashes on some of it; and the values that would break
 * the contract. No broker is needed. */
#include <fcntl.h>
#include <sys/wait.h>

#include "conf.h"
#include "kafka/names.h"
#include "tap.h"
#include "tempdir.h"

enum { PROPERTIES = 300, LINE = 4096, KNOWN_LEAST = 150 };

static char names[PROPERTIES][80];
static int nnames;
static struct loop *loop; /* of a child */

static bool is_listed(const char *name)
{
	for (int i = 0; i < nnames; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* librdkafka prints its own manual: "NAME | C/P | range | …", a line for each. */
static void read_names(void)
{
	FILE *f = tmpfile();
	char line[LINE], name[80], bar[2];

	if (f == NULL)
		exit(99);
	rd_kafka_conf_properties_show(f);
	rewind(f);
	while (nnames < PROPERTIES && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%79s %1s", name, bar) != 2 || strcmp(bar, "|") != 0 || strpbrk(name, "#-|") != NULL ||
		        strcmp(name, "Property") == 0 || is_listed(name))
			continue;
		snprintf(names[nnames++], sizeof(names[0]), "%s", name);
	}
	fclose(f);
}

static int check(bool consumer, const struct kafka_property *p, size_t n, struct why *why)
{
	struct kafka_consumer_opts co = {
		.brokers = "127.0.0.1:1", .topic = "t", .group = "g", .properties = p, .nproperties = n
	};
	struct kafka_producer_opts po = {
		.brokers = "127.0.0.1:1", .topic = "t", .record_bytes = 512 << 10, .properties = p, .nproperties = n
	};

	return consumer ? kafka_consumer_check(&co, why) : kafka_producer_check(&po, why);
}

static char long_text[5000];

static const char *const junk[] = { "junk", "", "0", "-1", "99999999999999999999", "true", "a,b,,c", "\xff%s%n",
	long_text };

/* The door itself refuses what the check refused, in whole: 0. */
static int open_is_refused(bool consumer, const struct kafka_property *p)
{
	struct kafka_consumer_opts co = {
		.brokers = "127.0.0.1:1", .topic = "t", .group = "g", .properties = p, .nproperties = 1
	};
	struct kafka_producer_opts po = {
		.brokers = "127.0.0.1:1", .topic = "t", .record_bytes = 512 << 10, .properties = p, .nproperties = 1
	};
	struct kafka_consumer_events ce = { .arg = NULL };
	struct kafka_producer_events pe = { .arg = NULL };
	struct kafka_consumer *c;
	struct kafka_producer *k;
	struct why why;
	int rc = consumer ? kafka_consumer_open(&c, loop, &co, &ce, &why)
	                  : kafka_producer_open(&k, loop, &po, &pe, &why);

	return rc == E_USAGE ? 0 : 1;
}

/* 0 when each answer is either success or a sentence that is not empty. */
static int try_in_child(const char *name, bool consumer)
{
	struct why why;

	if (loop_open(&loop, &why) < 0)
		return 2;
	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		struct kafka_property p = { name, junk[i], false };

		why.text[0] = '\0';
		if (check(consumer, &p, 1, &why) == 0)
			continue;
		if (why.code != E_USAGE || why.text[0] == '\0' || open_is_refused(consumer, &p) != 0)
			return 1;
	}
	return 0;
}

static void survives_junk(const char *name, bool consumer)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		_exit(try_in_child(name, consumer));
	}
	waitpid(pid, &status, 0);
	ok(status == 0, "%s, %s: junk gives a sentence, or works (status %#x)", name,
	        consumer ? "consumer" : "producer", status);
}

static void every_property_survives_junk(void)
{
	read_names();
	ok(nnames >= KNOWN_LEAST, "librdkafka lists %d properties", nnames);
	for (int i = 0; i < nnames; i++) {
		survives_junk(names[i], false);
		survives_junk(names[i], true);
	}
}

/* Of both sides, with a word that the sentence must contain. */
static void what_breaks_the_contract_is_refused_with_the_reason(void)
{
	static const struct {
		const char *name, *value, *says;
	} cases[] = {
		{ "bootstrap.servers", "a:1", "--kafka.producer.brokers" },
		{ "metadata.broker.list", "a:1", "--kafka.consumer.brokers" },
		{ "group.id", "other", "--kafka.consumer.group-id" },
		{ "transactional.id", "t", "transactions" },
		{ "enable.auto.commit", "true", "committed only after" },
		{ "auto.commit.enable", "true", "committed only after" },
		{ "enable.auto.offset.store", "true", "committed only after" },
		{ "enable.partition.eof", "false", "end of a partition" },
		{ "auto.offset.reset", "error", "never begin" },
		{ "partition.assignment.strategy", "foo", "foo" },
		{ "partition.assignment.strategy", "range,foo", "foo" },
		{ "partition.assignment.strategy", "rangefoo", "rangefoo" },
		{ "enable.idempotence", "false", "duplicates without a mark" },
		{ "acks", "1", "all in-sync" },
		{ "acks", "0", "all in-sync" },
		{ "request.required.acks", "1", "all in-sync" },
		{ "retries", "0", "sent again" },
		{ "message.send.max.retries", "0", "sent again" },
		{ "message.timeout.ms", "5000", "without a time limit" },
		{ "delivery.timeout.ms", "5000", "without a time limit" },
		{ "max.in.flight", "6", "last five" },
		{ "max.in.flight.requests.per.connection", "100", "last five" },
		{ "queuing.strategy", "lifo", "order" },
		{ "enable.gapless.guarantee", "true", "fatal" },
		{ "delivery.report.only.error", "true", "delivery report" },
		{ "linger.ms", "5000", "outage" },
		{ "queue.buffering.max.ms", "1001", "outage" },
		{ "retry.backoff.ms", "60000", "outage" },
		{ "topic.metadata.propagation.max.ms", "3600000", "overflows" },
		{ "api.version.request", "false", "idempotence" },
		{ "plugin.library.paths", "evil", "plugin" },
		{ "test.mock.num.brokers", "1", "inside this process" },
		{ "offset.store.method", "file", "broker" },
		{ "offset.store.path", "/tmp", "broker" },
		{ "internal.termination.signal", "15", "signals" },
		{ "log.queue", "false", "log" },
		{ "ssl.ca.location", "/no/such/ca.pem", "/no/such/ca.pem" },
		{ "ssl.certificate.location", "/no/such/file", "No such file" },
		{ "ssl.key.location", "/dev/null", "regular file" },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int consumer = 0; consumer < 2; consumer++) {
			struct kafka_property p = { cases[i].name, cases[i].value, false };
			int rc = check(consumer, &p, 1, &why);

			ok(rc == E_USAGE && strstr(why.text, cases[i].name) != NULL &&
			                strstr(why.text, cases[i].says) != NULL,
			        "%s=%s: %s", cases[i].name, cases[i].value, rc == 0 ? "was taken" : why.text);
		}
}

static void what_keeps_the_contract_is_taken(void)
{
	static const struct kafka_property same[] = { { "acks", "all", false }, { "enable.idempotence", "true", false },
		{ "enable.auto.commit", "false", false }, { "message.timeout.ms", "0", false },
		{ "linger.ms", "1000", false }, { "max.in.flight", "5", false },
		{ "auto.offset.reset", "latest", false },
		{ "partition.assignment.strategy", "range, roundrobin", false }, { "compression.codec", "zstd", false },
		{ "client.id", "me", false }, { "statistics.interval.ms", "1000", false } };
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		for (int consumer = 0; consumer < 2; consumer++)
			ok(check(consumer, &same[i], 1, &why) == 0, "%s=%s is taken", same[i].name, same[i].value);
}

/* Properties that are wrong only together, or for the size of a batch. */
static void combinations_are_checked(void)
{
	static const struct {
		bool consumer;
		struct kafka_property p[2];
		const char *says;
	} cases[] = {
		{ false, { { "message.max.bytes", "100000", false } }, "largest batch" },
		{ false, { { "queue.buffering.max.kbytes", "100", false } }, "largest batch" },
		{ true, { { "session.timeout.ms", "1500", false } }, "heartbeat.interval.ms" },
		{ true, { { "heartbeat.interval.ms", "20000", false } }, "session.timeout.ms" },
		{ true, { { "partition.assignment.strategy", "range,cooperative-sticky", false } },
		        "partition.assignment.strategy" },
		{ false, { { "security.protocol", "sasl_ssl", false }, { "sasl.mechanism", "OAUTHBEARER", false } },
		        "token" },
		{ false, { { "security.protocol", "sasl_ssl", false }, { "sasl.mechanism", "ROT13", false } },
		        "ROT13" },
	};
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = cases[i].p[1].name == NULL ? 1 : 2;
		int rc = check(cases[i].consumer, cases[i].p, n, &why);

		ok(rc == E_USAGE && strstr(why.text, cases[i].says) != NULL, "%s=%s: %s", cases[i].p[n - 1].name,
		        cases[i].p[n - 1].value, rc == 0 ? "was taken" : why.text);
	}
}

static void names_that_cannot_be_are_refused(void)
{
	static char too_long[251];
	static const char *const topics[] = { "^x", "a b", "a/b", ".", "..", "", "caf\xc3\xa9", too_long };
	static const char *const good[] = { "a", "...", "tracing-topic", "A.b_c-9" };
	static const char *const brokers[] = { "", ",", "a:b", "a:0", "a:65536", "a:1,b:x", "a b:c", ":9092", "[::1",
		"ftp://a:1", "a:1:2", "http://a:9092" };
	static const char *const good_brokers[] = { "a", "a:9092", "a:1, b:2", "a:1,b:2,", "[::1]:9092", "ssl://a:9093",
		"10.0.0.1:9092" };
	struct why why;

	memset(too_long, 'x', sizeof(too_long) - 1);
	for (size_t i = 0; i < ARRAY_LEN(topics); i++)
		ok(kafka_topic_check(topics[i], &why) == E_USAGE, "topic: %.60s", why.text);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok(kafka_topic_check(good[i], &why) == 0, "topic %s is one", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(brokers); i++)
		ok(kafka_brokers_check(brokers[i], &why) == E_USAGE, "brokers \"%s\": %s", brokers[i], why.text);
	for (size_t i = 0; i < ARRAY_LEN(good_brokers); i++)
		ok(kafka_brokers_check(good_brokers[i], &why) == 0, "brokers \"%s\" are some", good_brokers[i]);
	ok(kafka_group_check("", &why) == E_USAGE && kafka_group_check("a\nb", &why) == E_USAGE &&
	                kafka_group_check("tracing app", &why) == 0,
	        "groups");
}

static const char *put_file(const char *dir, const char *name, const char *text)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f == NULL)
		exit(99);
	fputs(text, f);
	fclose(f);
	return path;
}

static void a_secret_is_the_first_line_of_its_file(void)
{
	static const struct {
		const char *text, *is;
	} cases[] = { { "sesame", "sesame" }, { "sesame\n", "sesame" }, { "sesame\r\n", "sesame" },
		{ "sesame\nsecond\n", "sesame" }, { "", NULL }, { "\n", NULL } };
	char dir[TEMPDIR_PATH], is[64];
	struct why why;

	tempdir_make(dir);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kafka_property p = { "sasl.password", put_file(dir, "secret", cases[i].text), true };
		struct kafka_producer_opts o = { .brokers = "a:1", .topic = "t", .properties = &p, .nproperties = 1 };
		rd_kafka_conf_t *conf = NULL;
		int rc = kafka_conf_producer(&conf, &o, &why);

		ok(rc == (cases[i].is == NULL ? E_USAGE : 0) &&
		                (rc < 0 || strcmp(kafka_conf_text(conf, "sasl.password", is, sizeof(is)),
		                                   cases[i].is) == 0),
		        "case %zu: %s", i, rc < 0 ? why.text : is);
		if (rc == 0)
			rd_kafka_conf_destroy(conf);
	}
	tempdir_remove(dir);
}

int main(void)
{
	memset(long_text, 'x', sizeof(long_text) - 1);
	every_property_survives_junk();
	what_breaks_the_contract_is_refused_with_the_reason();
	what_keeps_the_contract_is_taken();
	combinations_are_checked();
	names_that_cannot_be_are_refused();
	a_secret_is_the_first_line_of_its_file();
	return tap_done();
}
