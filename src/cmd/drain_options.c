/* drain_options.c — the drain's options, and what two of them or a file make together. */
#include <stdio.h>
#include <string.h>

#include "drainer.h"
#include "kafka_names.h"

#define S struct drainer_settings
static const struct conf_row kafka_rows[] = { CONF_TEXT(S, brokers, "kafka.consumer.brokers", "",
	                                              "host:port,…; there is no default"),
	CONF_TEXT(S, topic, "kafka.consumer.topic", "tracing-topic", "topic of the records"),
	CONF_TEXT(S, group, "kafka.consumer.group-id", "tracing-app", "consumer group"),
	CONF_LIST_OF(S, properties, "kafka.property", "=", "", true,
	        "NAME=VALUE of librdkafka; repeatable"),
	CONF_LIST_OF(S, consumer_properties, "kafka.consumer.property", "=", "", true,
	        "the same for reading alone; it wins"),
	CONF_LIST_OF(S, producer_properties, "kafka.producer.property", "=", "", true,
	        "the same for writing to a quarantine topic alone; it wins"),
	CONF_LIST_OF(S, property_files, "kafka.property-file", "=", "", false,
	        "NAME=FILE: the property is the file's first line; repeatable"),
	CONF_LIST_OF(S, consumer_property_files, "kafka.consumer.property-file", "=", "", false,
	        "the same for reading alone; it wins"),
	CONF_LIST_OF(S, producer_property_files, "kafka.producer.property-file", "=", "", false,
	        "the same for writing to a quarantine topic alone; it wins"),
	CONF_END };

static const struct conf_row drain_rows[] = { CONF_COUNT(S, max_in_flight, "drain.max-in-flight",
	                                              "64", "most requests without an answer"),
	CONF_SIZE(S, max_bytes, "drain.max-bytes", "16MiB", "most bytes of records in memory"),
	CONF_COUNT(S, max_ahead, "drain.max-ahead", "65536",
	        "most records read beyond the oldest of a partition that is not done"),
	CONF_COUNT(S, max_spans_per_second, "drain.max-spans-per-second", "0", "0 is no limit"),
	CONF_TEXT(S, quarantine, "drain.quarantine", "topic:tracing-topic-quarantine",
	        "topic:TOPIC, directory:PATH, or none: stop at a bad record"),
	CONF_DURATION(S, shutdown_us, "shutdown.timeout", "5s",
	        "a stop waits this long for the last answers"),
	CONF_END };

static const struct conf_row http_rows[] = {
	CONF_ADDRESS_OR_NONE(S, admin, "admin.http.host-port", ":14270",
	        "health, metrics, ledger, status; none switches it off"),
	CONF_END
};
#undef S

static const struct options_group groups[] = {
	{ "Kafka", kafka_rows, 0 },
	{ "Collector", collector_rows, offsetof(struct drainer_settings, collector) },
	{ "Drain", drain_rows, 0 },
	{ "HTTP", http_rows, 0 },
	{ NULL, NULL, 0 },
};

static bool takes_off(const char **text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*text, prefix, n) != 0)
		return false;
	*text += n;
	return true;
}

static int read_quarantine(struct conf *c, struct drainer_settings *set, struct why *why)
{
	const char *where;

	snprintf(set->default_quarantine, sizeof(set->default_quarantine), "topic:%s-quarantine",
	        set->topic);
	if (conf_default(c, "drain.quarantine", set->default_quarantine, why) < 0)
		return why->code;
	where = set->quarantine;
	if (strcmp(where, "none") == 0)
		set->quarantine_kind = QUARANTINE_NONE;
	else if (takes_off(&where, "topic:"))
		set->quarantine_kind = QUARANTINE_TOPIC;
	else if (takes_off(&where, "directory:"))
		set->quarantine_kind = QUARANTINE_DIRECTORY;
	else
		where = "";
	if (*where == '\0')
		return why_set(why, E_USAGE, "\"%s\" is not topic:TOPIC, directory:PATH or none",
		        set->quarantine);
	if (set->quarantine_kind == QUARANTINE_TOPIC && strcmp(where, set->topic) == 0)
		return why_set(
		        why, E_USAGE, "the quarantine cannot be the topic that is read, %s", where);
	set->quarantine_where = where;
	return set->quarantine_kind == QUARANTINE_TOPIC ? kafka_topic_check(where, why) : 0;
}

static int check_kafka_names(struct conf *c, const struct drainer_settings *set, struct why *why)
{
	if (kafka_brokers_check(set->brokers, why) < 0)
		return conf_blame(c, "kafka.consumer.brokers", why);
	if (kafka_topic_check(set->topic, why) < 0)
		return conf_blame(c, "kafka.consumer.topic", why);
	if (kafka_group_check(set->group, why) < 0)
		return conf_blame(c, "kafka.consumer.group-id", why);
	return 0;
}

static int finish(struct conf *c, void *settings, struct why *why)
{
	struct drainer_settings *set = settings;

	if (set->brokers[0] == '\0')
		return why_set(why, E_USAGE,
		        "--kafka.consumer.brokers: no broker is named (try kafka1:9092)");
	if (check_kafka_names(c, set, why) < 0)
		return why->code;
	if (read_quarantine(c, set, why) < 0)
		return conf_blame(c, "drain.quarantine", why);
	return 0;
}

const struct options_spec drain_options = {
	.command = "drain",
	.summary = "spans from Kafka to a collector",
	.manual = "spanspool-drain(8)",
	.groups = groups,
	.size = sizeof(struct drainer_settings),
	.finish = finish,
	.daemon = true,
	.check = drain_check,
};
