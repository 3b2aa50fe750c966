/* kafka_conf.c — three layers, the later one wins: the rows below, what the options say, the owner's
 * properties. A few properties are the door's own: setting them would break what it promises, so
 * they are refused by name. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka_conf.h"

enum {
	QUEUE_BYTES = 16 << 20,
	QUEUE_RECORD_BYTES = 1024, /* a record that waits costs about this much beside its value */
	FETCH_BYTES = 8 << 20,
	LINGER_MS = 25,
};

struct row {
	const char *name;
	const char *value;
};

/* The reasons are measured: a topic that is missing fails its records after 30 s by default, a
 * larger value than 2000000 overflows to nothing; the default pause of 10 s between connects is
 * most of the time a recovery takes; a batch above the broker's limit fails as a whole; a frozen broker
 * says nothing of its partitions' new leaders, which are asked for every 10 s instead of every 5 minutes. */
static const struct row producer_rows[] = {
	{ "client.id", "spanspool" },
	{ "acks", "all" },
	{ "enable.idempotence", "true" },
	{ "message.timeout.ms", "0" },
	{ "compression.codec", "lz4" },
	{ "batch.size", "500000" },
	{ "reconnect.backoff.max.ms", "1000" },
	{ "topic.metadata.propagation.max.ms", "2000000" },
	{ "topic.metadata.refresh.interval.ms", "10000" },
	{ "socket.keepalive.enable", "true" },
	{ "socket.nagle.disable", "true" },
	{ "log.queue", "true" },
	{ "log_level", "4" },
	{ NULL, NULL },
};

/* A member that dies keeps its partitions for the session: 10 s instead of 45. A topic that is not
 * there yet is looked for every 10 s instead of every 5 minutes. A handle can be destroyed only when a
 * commit to a frozen broker has timed out: 10 s instead of 60. */
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

/* What the door itself stands on. */
static const struct row reserved[] = {
	{ "bootstrap.servers", "the brokers have an option of their own" },
	{ "metadata.broker.list", "the brokers have an option of their own" },
	{ "delivery.report.only.error", "every record needs its report" },
	{ "transactional.id", "transactions are not supported" },
	{ "log.queue", "the log is ours to read" },
	{ "enabled_events", "the events are ours to choose" },
	{ "enable.auto.commit", "only what was delivered may be committed" },
	{ "enable.auto.offset.store", "only what was delivered may be committed" },
	{ "enable.partition.eof", "the end of a partition must be seen" },
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

static int put_properties(
        rd_kafka_conf_t *c, const struct kafka_property *p, size_t n, struct why *why)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		for (const struct row *r = reserved; r->name != NULL; r++)
			if (strcmp(r->name, p[i].name) == 0)
				return why_set(why, E_USAGE, "kafka property %s cannot be set: %s",
				        r->name, r->value);
		rc = kafka_conf_put(c, p[i].name, p[i].value, why);
	}
	return rc;
}

static const char *text_of(const rd_kafka_conf_t *c, const char *name, char *to, size_t cap)
{
	return rd_kafka_conf_get(c, name, to, &cap) == RD_KAFKA_CONF_OK ? to : "";
}

static bool missing(const char *text)
{
	return text == NULL || text[0] == '\0';
}

static int put_producer(rd_kafka_conf_t *c, const struct kafka_producer_opts *o, struct why *why)
{
	uint64_t queue = o->queue_bytes == 0 ? QUEUE_BYTES : o->queue_bytes;
	int rc = put_rows(c, producer_rows, why);

	if (rc == 0)
		rc = put_number(c, "queue.buffering.max.kbytes", max_u64(1, queue / 1024), why);
	if (rc == 0)
		rc = put_number(c, "queue.buffering.max.messages",
		        max_u64(1000, queue / QUEUE_RECORD_BYTES), why);
	if (rc == 0)
		rc = put_number(c, "linger.ms", o->linger_ms == 0 ? LINGER_MS : o->linger_ms, why);
	if (rc == 0)
		rc = put_properties(c, o->properties, o->nproperties, why);
	if (rc == 0 && kafka_conf_number(c, "acks") == 0)
		rc = why_set(why, E_USAGE,
		        "kafka property acks: 0 would call records delivered that nobody "
		        "acknowledged");
	return rc;
}

int kafka_conf_producer(rd_kafka_conf_t **out, const struct kafka_producer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int rc;

	if (missing(o->brokers) || missing(o->topic))
		return why_set(why, E_USAGE, "kafka producer: brokers and topic must be given");
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

/* One fetch may bring a quarter of what may wait, so that the bound is not overrun by much. */
static int put_consumer(rd_kafka_conf_t *c, const struct kafka_consumer_opts *o, struct why *why)
{
	uint64_t queue = o->queue_bytes == 0 ? FETCH_BYTES : max_u64(o->queue_bytes, 64 << 10);
	int rc = put_rows(c, consumer_rows, why);
	char text[32];

	if (rc == 0)
		rc = kafka_conf_put(c, "group.id", o->group, why);
	if (rc == 0)
		rc = put_number(c, "queued.max.messages.kbytes", queue / 1024, why);
	if (rc == 0)
		rc = put_number(c, "fetch.max.bytes", min_u64(queue / 4, INT32_MAX), why);
	if (rc == 0)
		rc = put_number(c, "fetch.message.max.bytes", min_u64(queue / 4, 1 << 20), why);
	if (rc == 0)
		rc = put_properties(c, o->properties, o->nproperties, why);
	if (rc == 0 && strcmp(text_of(c, "auto.offset.reset", text, sizeof(text)), "error") == 0)
		rc = why_set(why, E_USAGE,
		        "kafka property auto.offset.reset: error would stand still for ever");
	return rc;
}

int kafka_conf_consumer(rd_kafka_conf_t **out, const struct kafka_consumer_opts *o, struct why *why)
{
	rd_kafka_conf_t *c;
	int rc;

	if (missing(o->brokers) || missing(o->topic) || missing(o->group))
		return why_set(
		        why, E_USAGE, "kafka consumer: brokers, topic and group must be given");
	c = rd_kafka_conf_new();
	rc = put_consumer(c, o, why);
	if (rc < 0) {
		rd_kafka_conf_destroy(c);
		return rc;
	}
	rd_kafka_conf_set_events(c, RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
	                                    RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG);
	*out = c;
	return 0;
}

int64_t kafka_conf_fresh(const rd_kafka_conf_t *c)
{
	char text[32];

	/* librdkafka has three names for either end, and gives back the one of its own. */
	return strcmp(text_of(c, "auto.offset.reset", text, sizeof(text)), "smallest") == 0
	               ? KAFKA_OFFSET_BEGINNING
	               : KAFKA_OFFSET_END;
}

uint64_t kafka_conf_number(const rd_kafka_conf_t *c, const char *name)
{
	char text[64];

	return strtoull(text_of(c, name, text, sizeof(text)), NULL, 10);
}

int kafka_conf_client(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf,
        const char *brokers, struct why *why)
{
	char said[400];
	rd_kafka_t *rk = rd_kafka_new(type, conf, said, sizeof(said));

	if (rk == NULL) {
		bool no_thread = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;

		rd_kafka_conf_destroy(conf);
		return why_set(why, no_thread ? E_NOMEM : E_USAGE, "kafka: %s", said);
	}
	rd_kafka_set_log_queue(rk, NULL);
	if (rd_kafka_brokers_add(rk, brokers) == 0) {
		rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
		return why_set(
		        why, E_USAGE, "kafka brokers \"%s\" name no broker (host:port,…)", brokers);
	}
	*out = rk;
	return 0;
}
