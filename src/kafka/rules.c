/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c — librdkafka accepts any of its properties, but some values would break guarantees of the agent and the
 * drain (no loss, no unmarked duplicate). Each row names such a property, the allowed values, and the reason, which
 * the operator sees. A property without a row is left to librdkafka. The table is the same for producer and
 * consumer, so that kafka.property has one answer. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "rules.h"

enum kind {
	NEVER,   /* cannot be set: REASON says which option to use instead, or why there is none */
	ONLY,    /* only VALUE is allowed, as librdkafka prints it */
	NOT,     /* any value but VALUE, as librdkafka prints it */
	BETWEEN, /* LEAST to MOST, both allowed */
};

/* WAIT_MOST_MS: the circuit opens when a record has no report for 2 s (policy/circuit.c), of which lingering or a
 * retry's backoff may take half. PROPAGATION_MOST_MS: above 2,147,483 ms librdkafka 2.0.2 overflows to no wait at
 * all (measured). REQUESTS: a broker detects duplicates only among the last 5 requests of an idempotent producer. */
enum { WAIT_MOST_MS = 1000, TIMEOUT_LEAST_MS = 1000, PROPAGATION_MOST_MS = 2000000, REQUESTS = 5 };

/* Room for a record's key, headers and framing beside its value; ours are far smaller. */
enum { RECORD_OVERHEAD = 4096 };

struct rule {
	const char *name;
	enum kind kind;
	const char *value;
	int64_t least, most;
	const char *reason;
};

#define USE_BROKERS "use --kafka.producer.brokers or --kafka.consumer.brokers"
#define OWN_COMMITS "an offset is committed only after its record was delivered"
#define ALL_REPLICAS "a record counts as delivered only when all in-sync replicas have it"
#define NO_TIME_LIMIT "a record waits for Kafka without a time limit"
#define OWN_OFFSETS "offsets are stored by the group, in the broker"
#define NO_LIFO "records must leave in the order in which they were accepted"
#define TOO_LATE "a record without a report for 2 s counts as an outage, so it must be sent well before"
#define NO_TIME_TO_ANSWER "a broker needs time to answer; a retry per request would never end"
#define RETRIES "a record whose request failed must be sent again"

static const struct rule rules[] = {
	{ "bootstrap.servers", NEVER, .reason = USE_BROKERS },
	{ "metadata.broker.list", NEVER, .reason = USE_BROKERS },
	{ "group.id", NEVER, .reason = "use --kafka.consumer.group-id" },
	{ "transactional.id", NEVER, .reason = "transactions are not supported" },
	{ "test.mock.num.brokers", BETWEEN, NULL, 0, 0,
	        "records would go to brokers inside this process, which forget them" },
	{ "plugin.library.paths", NEVER, .reason = "a plugin could change or drop records unseen" },
	{ "enabled_events", NEVER, .reason = "spanspool needs the events that it has chosen" },
	{ "log.queue", ONLY, "true", .reason = "spanspool reads librdkafka's log from the queue" },
	{ "topic.blacklist", NEVER, .reason = "the topic is an option, no other one is touched" },
	{ "internal.termination.signal", BETWEEN, NULL, 0, 0, "signals are handled by spanspool" },
	{ "api.version.request", ONLY, "true",
	        .reason = "idempotence and headers depend on what the broker says it can do" },
	{ "client.id", NOT, "", .reason = "brokers, quotas and logs know this client by it" },

	{ "enable.idempotence", ONLY, "true",
	        .reason = "librdkafka's own retries would make duplicates without a mark" },
	{ "enable.gapless.guarantee", ONLY, "false",
	        .reason = "each outage leaves a gap when records return to the spool, and a gap "
	                  "would be a fatal error" },
	{ "acks", ONLY, "-1", .reason = ALL_REPLICAS },
	{ "request.required.acks", ONLY, "-1", .reason = ALL_REPLICAS },
	{ "message.timeout.ms", BETWEEN, NULL, 0, 0, NO_TIME_LIMIT },
	{ "delivery.timeout.ms", BETWEEN, NULL, 0, 0, NO_TIME_LIMIT },
	{ "retries", BETWEEN, NULL, 1, INT32_MAX, RETRIES },
	{ "message.send.max.retries", BETWEEN, NULL, 1, INT32_MAX, RETRIES },
	{ "max.in.flight", BETWEEN, NULL, 1, REQUESTS,
	        "a broker recognises duplicates only among the last five requests" },
	{ "max.in.flight.requests.per.connection", BETWEEN, NULL, 1, REQUESTS,
	        "a broker recognises duplicates only among the last five requests" },
	{ "queuing.strategy", ONLY, "fifo", .reason = NO_LIFO },
	{ "delivery.report.only.error", ONLY, "false", .reason = "every record needs a delivery report" },
	{ "linger.ms", BETWEEN, NULL, 0, WAIT_MOST_MS, TOO_LATE },
	{ "queue.buffering.max.ms", BETWEEN, NULL, 0, WAIT_MOST_MS, TOO_LATE },
	{ "retry.backoff.ms", BETWEEN, NULL, 1, WAIT_MOST_MS, TOO_LATE },
	{ "request.timeout.ms", BETWEEN, NULL, TIMEOUT_LEAST_MS, INT32_MAX, NO_TIME_TO_ANSWER },
	{ "socket.timeout.ms", BETWEEN, NULL, TIMEOUT_LEAST_MS, INT32_MAX, NO_TIME_TO_ANSWER },
	{ "topic.metadata.propagation.max.ms", BETWEEN, NULL, 0, PROPAGATION_MOST_MS,
	        "librdkafka overflows on more, and then fails every record of a missing topic" },
	{ "topic.metadata.refresh.interval.ms", BETWEEN, NULL, 1, INT32_MAX,
	        "new leaders are found by asking for them" },

	{ "enable.auto.commit", ONLY, "false", .reason = OWN_COMMITS },
	{ "auto.commit.enable", ONLY, "false", .reason = OWN_COMMITS },
	{ "enable.auto.offset.store", ONLY, "false", .reason = OWN_COMMITS },
	{ "enable.partition.eof", ONLY, "true", .reason = "the end of a partition must be seen" },
	{ "auto.offset.reset", NOT, "error", .reason = "a group without a stored offset would never begin" },
	{ "group.protocol.type", ONLY, "consumer", .reason = "the drain is a consumer group" },
	{ "offset.store.method", ONLY, "broker", .reason = OWN_OFFSETS },
	{ "offset.store.path", NEVER, .reason = OWN_OFFSETS },
	{ "offset.store.sync.interval.ms", NEVER, .reason = OWN_OFFSETS },
};

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

int kafka_rules_check_name(const char *name, struct why *why)
{
	const struct rule *r = find_rule(name);

	if (r != NULL && r->kind == NEVER)
		return why_set(why, E_USAGE, "kafka property %s cannot be set: %s", name, r->reason);
	return 0;
}

int kafka_rules_check_value(const rd_kafka_conf_t *c, const char *name, struct why *why)
{
	const struct rule *r = find_rule(name);
	char text[64];
	int64_t number;

	if (r == NULL)
		return 0;
	kafka_conf_text(c, name, text, sizeof(text));
	number = strtoll(text, NULL, 10);
	if (r->kind == ONLY && strcmp(text, r->value) != 0)
		return why_set(
		        why, E_USAGE, "kafka property %s is %s, but must be %s: %s", name, text, r->value, r->reason);
	if (r->kind == NOT && strcmp(text, r->value) == 0)
		return why_set(why, E_USAGE, "kafka property %s cannot be \"%s\": %s", name, r->value, r->reason);
	if (r->kind == BETWEEN && r->least == r->most && number != r->least)
		return why_set(why, E_USAGE, "kafka property %s is %s, but must be %lld: %s", name, text,
		        (long long)r->least, r->reason);
	if (r->kind == BETWEEN && (number < r->least || number > r->most))
		return why_set(why, E_USAGE, "kafka property %s is %s, but must be between %lld and %lld: %s", name,
		        text, (long long)r->least, (long long)r->most, r->reason);
	return 0;
}

static int check_room(const char *name, uint64_t is, uint64_t least, struct why *why)
{
	if (is >= least)
		return 0;
	return why_set(why, E_USAGE,
	        "kafka property %s is %llu, but must be at least %llu: the largest batch would "
	        "never pass",
	        name, (unsigned long long)is, (unsigned long long)least);
}

/* Without one of these properties librdkafka waits for a token from a callback, which this program does not have. */
static int check_tokens(const rd_kafka_conf_t *c, struct why *why)
{
	char text[64];

	if (strncmp(kafka_conf_text(c, "security.protocol", text, sizeof(text)), "sasl", 4) != 0 ||
	        strcmp(kafka_conf_text(c, "sasl.mechanisms", text, sizeof(text)), "OAUTHBEARER") != 0)
		return 0;
	if (strcmp(kafka_conf_text(c, "sasl.oauthbearer.method", text, sizeof(text)), "oidc") == 0 ||
	        strcmp(kafka_conf_text(c, "enable.sasl.oauthbearer.unsecure.jwt", text, sizeof(text)), "true") == 0)
		return 0;
	return why_set(why, E_USAGE,
	        "kafka property sasl.mechanisms is OAUTHBEARER, which needs "
	        "sasl.oauthbearer.method=oidc: nothing else brings a token");
}

int kafka_rules_producer(const rd_kafka_conf_t *c, uint64_t record_bytes, struct why *why)
{
	int rc = 0;

	if (record_bytes > 0)
		rc = check_room("message.max.bytes", kafka_conf_number(c, "message.max.bytes"),
		        record_bytes + RECORD_OVERHEAD, why);
	if (rc == 0)
		rc = check_room("queue.buffering.max.kbytes", kafka_conf_number(c, "queue.buffering.max.kbytes"),
		        (record_bytes + 1023) / 1024, why);
	return rc == 0 ? check_tokens(c, why) : rc;
}

int kafka_rules_consumer(const rd_kafka_conf_t *c, struct why *why)
{
	uint64_t heartbeat = kafka_conf_number(c, "heartbeat.interval.ms"),
	         session = kafka_conf_number(c, "session.timeout.ms");

	if (heartbeat >= session)
		return why_set(why, E_USAGE,
		        "kafka property heartbeat.interval.ms is %llu, but must be less than "
		        "session.timeout.ms, %llu: the member would leave its group again and "
		        "again",
		        (unsigned long long)heartbeat, (unsigned long long)session);
	return check_tokens(c, why);
}
