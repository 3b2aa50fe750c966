/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c — three layers, the later one wins: the defaults in the rows below, the options, the operator's properties.
 * rules.c says which properties are refused, and why. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "files.h"
#include "kafka/names.h"
#include "rules.h"

enum {
	QUEUE_BYTES = 16 << 20,
	FETCH_BYTES = 8 << 20,
	FETCH_LEAST = 16 << 10,
	QUEUED_MOST = 10000000, /* librdkafka's maximum of queued.min.messages, */
	MESSAGE_LEAST = 1000,   /* and its minimum of message.max.bytes */
	LINGER_MS = 25,
};

struct row {
	const char *name;
	const char *value;
};

/* Reasons, all measured. topic.metadata.propagation.max.ms: librdkafka reports a missing topic 5 s after the handle
 * was created instead of 30 s; until then its records wait without an error. reconnect.backoff.max.ms: the default
 * of 10 s between connects is most of the time that a recovery takes. batch.size: a batch above the broker's limit
 * fails as a whole. topic.metadata.refresh.interval.ms: a frozen broker never announces new leaders, so they are
 * asked for every 10 s instead of every 5 minutes. */
static const struct row producer_rows[] = {
	{ "client.id", "spanspool" },
	{ "acks", "all" },
	{ "enable.idempotence", "true" },
	{ "message.timeout.ms", "0" },
	{ "compression.codec", "lz4" },
	{ "batch.size", "500000" },
	{ "reconnect.backoff.max.ms", "1000" },
	{ "topic.metadata.propagation.max.ms", "5000" },
	{ "topic.metadata.refresh.interval.ms", "10000" },
	{ "socket.keepalive.enable", "true" },
	{ "socket.nagle.disable", "true" },
	{ "log.queue", "true" },
	{ "log_level", "4" },
	{ NULL, NULL },
};

/* session.timeout.ms: a dead member keeps its partitions for 10 s instead of 45. topic.metadata.refresh.interval.ms:
 * a topic that does not exist yet is looked for every 10 s instead of every 5 minutes. socket.timeout.ms: a handle
 * can be destroyed only when a commit to a frozen broker has timed out, 10 s instead of 60. */
static const struct row consumer_rows[] = {
	{ "client.id", "spanspool" },
	{ "enable.auto.commit", "false" },
	{ "enable.auto.offset.store", "false" },
	{ "auto.offset.reset", "earliest" },
	{ "enable.partition.eof", "true" },
	{ "partition.assignment.strategy", "cooperative-sticky" },
	{ "session.timeout.ms", "10000" },
	{ "heartbeat.interval.ms", "2000" },
	{ "socket.timeout.ms", "10000" },
	{ "topic.metadata.refresh.interval.ms", "10000" },
	{ "reconnect.backoff.max.ms", "1000" },
	{ "socket.keepalive.enable", "true" },
	{ "socket.nagle.disable", "true" },
	{ "log.queue", "true" },
	{ "log_level", "4" },
	{ NULL, NULL },
};

int kafka_conf_put(rd_kafka_conf_t *c, const char *name, const char *value, struct why *why)
{
	char said[256];

	if (rd_kafka_conf_set(c, name, value, said, sizeof(said)) != RD_KAFKA_CONF_OK)
		return why_set(why, E_USAGE, "kafka property %s: %s", name, said);
	return 0;
}

static int put_number(rd_kafka_conf_t *c, const char *name, uint64_t value, struct why *why)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return kafka_conf_put(c, name, text, why);
}

static int put_rows(rd_kafka_conf_t *c, const struct row *rows, struct why *why)
{
	int rc = 0;

	for (; rc == 0 && rows->name != NULL; rows++)
		rc = kafka_conf_put(c, rows->name, rows->value, why);
	return rc;
}

/* The error text must not contain librdkafka's own, which may quote the secret. */
static int put_secret(rd_kafka_conf_t *c, const struct kafka_property *p, struct why *why)
{
	struct buf secret = { 0 };
	int rc = kafka_files_secret(p, &secret, why);

	if (rc == 0 && kafka_conf_put(c, p->name, buf_cstr(&secret), why) < 0)
		rc = why_set(why, why->code, "kafka property %s cannot be what stands in %s", p->name, p->value);
	buf_free(&secret);
	return rc;
}

static int put_value(rd_kafka_conf_t *c, const struct kafka_property *p, struct why *why)
{
	if (p->in_file)
		return put_secret(c, p, why);
	if (kafka_files_named_by(p) && kafka_files_check(p, why) < 0)
		return why->code;
	return kafka_conf_put(c, p->name, p->value, why);
}

static int put_property(rd_kafka_conf_t *c, const struct kafka_property *p, struct why *why)
{
	int rc = kafka_rules_check_name(p->name, why);

	if (rc == 0)
		rc = put_value(c, p, why);
	return rc == 0 ? kafka_rules_check_value(c, p->name, why) : rc;
}

static int put_properties(rd_kafka_conf_t *c, const struct kafka_property *p, size_t n, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = put_property(c, &p[i], why);
	return rc;
}

static int put_producer(rd_kafka_conf_t *c, const struct kafka_producer_opts *o, struct why *why)
{
	uint64_t wanted = o->queue_bytes == 0 ? QUEUE_BYTES : o->queue_bytes, queue = max_u64(wanted, o->record_bytes);
	int rc = put_rows(c, producer_rows, why);

	if (rc == 0)
		rc = put_number(c, "queue.buffering.max.kbytes", max_u64(1, (queue + 1023) / 1024), why);
	if (rc == 0)
		rc = put_number(
		        c, "queue.buffering.max.messages", max_u64(1000, queue / KAFKA_QUEUE_RECORD_BYTES), why);
	if (rc == 0)
		rc = put_number(c, "linger.ms", o->linger_ms == 0 ? LINGER_MS : o->linger_ms, why);
	if (rc == 0)
		rc = put_properties(c, o->properties, o->nproperties, why);
	return rc == 0 ? kafka_rules_producer(c, o->record_bytes, why) : rc;
}

int kafka_conf_producer(rd_kafka_conf_t **out, const struct kafka_producer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int rc;

	if (kafka_brokers_check(o->brokers, why) < 0 || kafka_topic_check(o->topic, why) < 0)
		return why->code;
	c = rd_kafka_conf_new();
	rc = put_producer(c, o, why);
	if (rc < 0) {
		rd_kafka_conf_destroy(c);
		return rc;
	}
	rd_kafka_conf_set_events(c, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
	*out = c;
	return 0;
}

/* librdkafka pauses fetching for 1 s when its queue was full; since 2.2 this property shortens the pause. Older
 * versions do not know the property, so fetch.c wakes the fetch instead. */
static void put_backoff(rd_kafka_conf_t *c)
{
	char said[256];

	(void)rd_kafka_conf_set(c, "fetch.queue.backoff.ms", "20", said, sizeof(said));
}

/* librdkafka refuses a fetch.max.bytes below message.max.bytes. message.max.bytes bounds what a producer sends, and
 * a record larger than a fetch is fetched all the same, so a consumer may lower it. OURS is the fetch.max.bytes set
 * before the operator's properties; when the operator has set another value, librdkafka judges it. */
static int fit_message_max(rd_kafka_conf_t *c, uint64_t ours, struct why *why)
{
	if (kafka_conf_number(c, "fetch.max.bytes") != ours)
		return 0;
	return put_number(c, "message.max.bytes",
	        min_u64(kafka_conf_number(c, "message.max.bytes"), max_u64(ours, MESSAGE_LEAST)), why);
}

/* Brokers count the compressed size of a fetch, and spans compress to a tenth: a fetch is limited to a sixteenth of
 * the queue, so that it cannot exceed the queue by much, and one partition to a quarter of that, so that partitions
 * alternate. Tiny records are limited by number, since each costs memory beside its value. */
static int put_consumer(rd_kafka_conf_t *c, const struct kafka_consumer_opts *o, struct why *why)
{
	uint64_t queue = o->queue_bytes == 0 ? FETCH_BYTES : max_u64(o->queue_bytes, 64 << 10);
	uint64_t fetch = min_u64(max_u64(queue / 16, FETCH_LEAST), INT32_MAX);
	int rc = put_rows(c, consumer_rows, why);

	put_backoff(c);

	if (rc == 0)
		rc = kafka_conf_put(c, "group.id", o->group, why);
	if (rc == 0)
		rc = kafka_conf_put(c, "group.instance.id", o->instance == NULL ? "" : o->instance, why);
	if (rc == 0)
		rc = put_number(c, "queued.max.messages.kbytes", queue / 1024, why);
	if (rc == 0)
		rc = put_number(c, "queued.min.messages", min_u64(queue / KAFKA_QUEUE_RECORD_BYTES, QUEUED_MOST), why);
	if (rc == 0)
		rc = put_number(c, "fetch.max.bytes", fetch, why);
	if (rc == 0)
		rc = put_number(c, "fetch.message.max.bytes", min_u64(max_u64(queue / 64, FETCH_LEAST), 1 << 20), why);
	if (rc == 0)
		rc = put_properties(c, o->properties, o->nproperties, why);
	if (rc == 0)
		rc = fit_message_max(c, fetch, why);
	return rc == 0 ? kafka_rules_consumer(c, why) : rc;
}

/* auto.offset.reset is applied by consumer.c, and only to a group without a committed offset. librdkafka would also
 * apply it to a committed offset that the broker no longer has, and with "latest" skip all records that are still
 * there; so librdkafka always gets "earliest". librdkafka prints either end under its oldest name ("smallest" is
 * earliest). */
static int take_offset_reset(rd_kafka_conf_t *c, int64_t *initial_offset, struct why *why)
{
	char text[32];

	kafka_conf_text(c, "auto.offset.reset", text, sizeof(text));
	*initial_offset = strcmp(text, "smallest") == 0 ? KAFKA_OFFSET_BEGINNING : KAFKA_OFFSET_END;
	return kafka_conf_put(c, "auto.offset.reset", "earliest", why);
}

int kafka_conf_consumer(
        rd_kafka_conf_t **out, int64_t *initial_offset, const struct kafka_consumer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int rc;

	if (kafka_brokers_check(o->brokers, why) < 0 || kafka_topic_check(o->topic, why) < 0 ||
	        kafka_group_check(o->group, why) < 0)
		return why->code;
	c = rd_kafka_conf_new();
	rc = put_consumer(c, o, why);
	if (rc == 0)
		rc = take_offset_reset(c, initial_offset, why);
	if (rc < 0) {
		rd_kafka_conf_destroy(c);
		return rc;
	}
	rd_kafka_conf_set_events(
	        c, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
	*out = c;
	return 0;
}

/* True when librdkafka authenticates (runs kinit, or requests a token) as soon as a client exists. */
static bool logs_in_at_once(const rd_kafka_conf_t *c)
{
	char text[32];

	kafka_conf_text(c, "sasl.mechanisms", text, sizeof(text));
	return strcmp(text, "GSSAPI") == 0 || strcmp(text, "OAUTHBEARER") == 0;
}

static int create_client(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, struct why *why)
{
	char said[400];
	rd_kafka_t *rk = rd_kafka_new(type, conf, said, sizeof(said));

	if (rk == NULL)
		return why_set(why, rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE ? E_NOMEM : E_USAGE,
		        "kafka: %s", said);
	*out = rk;
	return 0;
}

/* A client without brokers opens no connection, but librdkafka loads its certificates and cross-checks all
 * properties. A mechanism that authenticates at once is switched off for this check. */
int kafka_conf_try(rd_kafka_type_t type, const rd_kafka_conf_t *conf, struct why *why)
{
	rd_kafka_conf_t *c = rd_kafka_conf_dup(conf);
	rd_kafka_t *rk = NULL;
	char protocol[32];
	int rc = 0;

	kafka_conf_text(c, "security.protocol", protocol, sizeof(protocol));
	if (logs_in_at_once(c))
		rc = kafka_conf_put(c, "security.protocol", strstr(protocol, "ssl") == NULL ? "plaintext" : "ssl", why);
	if (rc == 0)
		rc = create_client(&rk, type, c, why);
	if (rc == 0)
		rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	else
		rd_kafka_conf_destroy(c);
	return rc;
}

int kafka_producer_check(const struct kafka_producer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int rc = kafka_conf_producer(&c, o, why);

	if (rc < 0)
		return rc;
	rc = kafka_conf_try(RD_KAFKA_PRODUCER, c, why);
	rd_kafka_conf_destroy(c);
	return rc;
}

int kafka_consumer_check(const struct kafka_consumer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int64_t initial_offset;
	int rc = kafka_conf_consumer(&c, &initial_offset, o, why);

	if (rc < 0)
		return rc;
	rc = kafka_conf_try(RD_KAFKA_CONSUMER, c, why);
	rd_kafka_conf_destroy(c);
	return rc;
}

const char *kafka_conf_text(const rd_kafka_conf_t *c, const char *name, char *to, size_t cap)
{
	to[0] = '\0';
	if (rd_kafka_conf_get(c, name, to, &cap) != RD_KAFKA_CONF_OK)
		to[0] = '\0';
	return to;
}

uint64_t kafka_conf_number(const rd_kafka_conf_t *c, const char *name)
{
	char text[64];

	return strtoull(kafka_conf_text(c, name, text, sizeof(text)), NULL, 10);
}

/* When rd_kafka_new() fails it has already freed the interceptors of CONF, and destroying CONF would free them again
 * (librdkafka issue 4142). kafka_conf_try() finds nearly all failures before; a CONF that fails here is leaked. */
int kafka_conf_client(
        rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers, struct why *why)
{
	rd_kafka_t *rk;

	if (create_client(&rk, type, conf, why) < 0) {
		if (type == RD_KAFKA_PRODUCER)
			rd_kafka_conf_destroy(conf);
		return why->code;
	}
	rd_kafka_set_log_queue(rk, NULL);
	if (rd_kafka_brokers_add(rk, brokers) == 0) {
		rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
		return why_set(why, E_USAGE, "kafka brokers \"%s\" name no broker (host:port,…)", brokers);
	}
	*out = rk;
	return 0;
}
