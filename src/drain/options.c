/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — the rows of the drain's options, and the settings derived from several options or a file. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "drain/options.h"
#include "kafka/names.h"

#define S struct drainer_settings
const struct conf_row drain_kafka_rows[] = {
	CONF_TEXT(S, brokers, "kafka.consumer.brokers", "", "host:port,…; there is no default"),
	CONF_TEXT(S, topic, "kafka.consumer.topic", "tracing-topic", "topic of the records"),
	CONF_TEXT(S, group, "kafka.consumer.group-id", "tracing-app", "consumer group"),
	CONF_LIST_OF(S, properties, "kafka.property", "=", "", true, "NAME=VALUE of librdkafka; repeatable"),
	CONF_LIST_OF(S, consumer_properties, "kafka.consumer.property", "=", "", true,
	        "the same for reading alone; it wins"),
	CONF_LIST_OF(S, producer_properties, "kafka.producer.property", "=", "", true,
	        "the same for writing to a quarantine topic alone; it wins"),
	CONF_LIST_OF(S, property_files, "kafka.property-file", "=file", "", false,
	        "NAME=FILE: the property is the file's first line; repeatable"),
	CONF_LIST_OF(S, consumer_property_files, "kafka.consumer.property-file", "=file", "", false,
	        "the same for reading alone; it wins"),
	CONF_LIST_OF(S, producer_property_files, "kafka.producer.property-file", "=file", "", false,
	        "the same for writing to a quarantine topic alone; it wins"),
	CONF_END,
};

const struct conf_row drain_rows[] = {
	CONF_COUNT(S, max_in_flight, "drain.max-in-flight", "64", "most requests without an answer"),
	CONF_SIZE(S, max_bytes, "drain.max-bytes", "16MiB", "most bytes of records in memory"),
	CONF_COUNT(S, max_ahead, "drain.max-ahead", "65536",
	        "most records read beyond the oldest of a partition that is not done"),
	CONF_TEXT(S, max_spans_per_second, "drain.max-spans-per-second", "",
	        "the old name of collector.max-spans-per-second"),
	CONF_TEXT(S, quarantine, "drain.quarantine", "topic:tracing-topic-quarantine",
	        "topic:TOPIC, directory:PATH, or none: stop at a bad record"),
	CONF_CHOICE(S, on_loss, "drain.on-retention-loss", "continue|stop", "continue",
	        "when Kafka has deleted records before they were read"),
	CONF_DURATION(S, shutdown_us, "shutdown.timeout", "5s", "a stop waits this long for the last answers"),
	CONF_END,
};

const struct conf_row drain_replay_rows[] = {
	CONF_TEXT(S, from_text, "from", "stored",
	        "where to begin: stored, beginning, end, a time, or PARTITION:OFFSET,…"),
	CONF_TEXT(S, until_text, "until", "", "where to end, as --from; a drain without it runs until it is stopped"),
	CONF_BOOL(S, exit_at_end, "exit-at-end", "false", "the same as --until=end"),
	CONF_BOOL(S, from_quarantine, "from-quarantine", "false",
	        "send again what stands in drain.quarantine, and exit at its end"),
	CONF_BOOL(S, dry_run, "dry-run", "false", "count records by service and time; send and commit nothing"),
	CONF_BOOL(S, json, "json", "false", "print what --dry-run counted as JSON"),
	CONF_END,
};

const struct conf_row drain_http_rows[] = {
	CONF_ADDRESS_OR_NONE(
	        S, admin, "admin.http.host-port", ":14270", "health, metrics, ledger, status; none switches it off"),
	CONF_END,
};
#undef S

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

	snprintf(set->default_quarantine, sizeof(set->default_quarantine), "topic:%s-quarantine", set->topic);
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
		return why_set(why, E_USAGE, "\"%s\" is not topic:TOPIC, directory:PATH or none", set->quarantine);
	if (set->quarantine_kind == QUARANTINE_TOPIC && strcmp(where, set->topic) == 0)
		return why_set(why, E_USAGE, "the quarantine cannot be the topic that is read, %s", where);
	set->quarantine_where = where;
	return set->quarantine_kind == QUARANTINE_TOPIC ? kafka_topic_check(where, why) : 0;
}

static int check_kafka_names(struct conf *c, const struct drainer_settings *set, struct why *why)
{
	const char *where = set->quarantine;

	/* Of a directory no broker is asked; read_from_quarantine refuses none. */
	if (set->brokers[0] == '\0' && set->from_quarantine &&
	        (takes_off(&where, "directory:") || strcmp(where, "none") == 0))
		return 0;
	if (set->brokers[0] == '\0')
		return why_set(why, E_USAGE, "--kafka.consumer.brokers: no broker is named (try kafka1:9092)");
	if (kafka_brokers_check(set->brokers, why) < 0)
		return conf_add_source(c, "kafka.consumer.brokers", why);
	if (kafka_topic_check(set->topic, why) < 0)
		return conf_add_source(c, "kafka.consumer.topic", why);
	if (kafka_group_check(set->group, why) < 0)
		return conf_add_source(c, "kafka.consumer.group-id", why);
	return 0;
}

static int read_old_rate(struct conf *c, const struct drainer_settings *set, struct why *why)
{
	static const char old[] = "drain.max-spans-per-second", name[] = "collector.max-spans-per-second";
	uint64_t per_s;
	bool automatic;

	if (conf_origin(c, old) == CONF_DEFAULT)
		return 0;
	if (conf_origin(c, name) != CONF_DEFAULT)
		return why_set(why, E_USAGE, "--%s is the old name of --%s, which is set too", old, name);
	if (conf_default(c, name, set->max_spans_per_second, why) < 0 ||
	        collector_rate(&set->collector, &per_s, &automatic, why) < 0)
		return conf_add_source(c, old, why);
	return 0;
}

/* Each replay gets a group of its own, so that two replays at the same time do not share the partitions. */
static void name_own_group(struct drainer_settings *set)
{
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(set->own_group_id, sizeof(set->own_group_id), "%.120s-replay-%.60s-%d-%" PRIu64, set->live_group, host,
	        (int)getpid(), clock_wall_ms());
	set->group = set->own_group_id;
}

static int read_points(struct conf *c, struct drainer_settings *set, struct why *why)
{
	const char *from = set->from_text[0] == '\0' ? "stored" : set->from_text;

	if (replay_point_read(from, &set->from, why) < 0)
		return conf_add_source(c, "from", why);
	if (replay_point_read(set->until_text, &set->until, why) < 0)
		return conf_add_source(c, "until", why);
	if (set->until.kind == REPLAY_NONE && (set->exit_at_end || set->dry_run))
		set->until.kind = REPLAY_END;
	if (set->json && !set->dry_run)
		return why_set(why, E_USAGE, "--json prints what --dry-run counted, so it goes only with that");
	return replay_check(&set->from, &set->until, clock_wall_ms(), why);
}

/* The quarantine is read by a group of its own that stays the same, so a second run goes on behind the first. */
static int read_quarantine_topic(struct conf *c, struct drainer_settings *set, struct why *why)
{
	if (strcmp(set->from_text, "end") == 0)
		return why_set(why, E_USAGE, "--from-quarantine and --from=end: nothing would be read");
	snprintf(set->quarantine_group, sizeof(set->quarantine_group), "%.250s-from-quarantine", set->group);
	set->group = set->quarantine_group;
	set->topic = set->quarantine_where;
	return kafka_group_check(set->group, why) < 0 ? conf_add_source(c, "kafka.consumer.group-id", why) : 0;
}

static int read_from_quarantine(struct conf *c, struct drainer_settings *set, struct why *why)
{
	bool all = set->from_text[0] == '\0' || strcmp(set->from_text, "stored") == 0;

	if (set->quarantine_kind == QUARANTINE_NONE)
		return why_set(why, E_USAGE,
		        "--from-quarantine and --drain.quarantine=none: there is no quarantine to send from");
	if (set->until_text[0] != '\0' || set->exit_at_end)
		return why_set(why, E_USAGE,
		        "--from-quarantine and --%s: its end is always what stands in quarantine when it starts",
		        set->exit_at_end ? "exit-at-end" : "until");
	set->reads_directory = set->quarantine_kind == QUARANTINE_DIRECTORY;
	if (set->reads_directory && !all)
		return why_set(why, E_USAGE,
		        "--from-quarantine and --from: a directory is always read from its first file on");
	set->exit_at_end = true;
	return set->reads_directory ? 0 : read_quarantine_topic(c, set, why);
}

/* A replay must move no offset of the drain that runs, so only a group named on this command line is its own
 * choice; one in a file is that drain's. Nor may it take that drain's admin port. */
static int read_replay(struct conf *c, struct drainer_settings *set, struct why *why)
{
	bool named = conf_origin(c, "kafka.consumer.group-id") == CONF_FLAG;

	if (read_points(c, set, why) < 0)
		return why->code;
	set->live_group = set->group;
	set->own_group = set->dry_run || (set->from.kind != REPLAY_STORED && !named && !set->from_quarantine);
	if (set->own_group)
		name_own_group(set);
	if ((set->own_group || set->from_quarantine) && conf_origin(c, "admin.http.host-port") != CONF_FLAG)
		set->admin = "none";
	return 0;
}

int drain_options_finish(struct conf *c, void *settings, struct why *why)
{
	struct drainer_settings *set = settings;

	if (check_kafka_names(c, set, why) < 0 || jaeger_kafka_check(c, "kafka.consumer", &set->jaeger, why) < 0)
		return why->code;
	if (read_old_rate(c, set, why) < 0)
		return why->code;
	if (read_quarantine(c, set, why) < 0)
		return conf_add_source(c, "drain.quarantine", why);
	if (set->from_quarantine && read_from_quarantine(c, set, why) < 0)
		return why->code;
	if (read_replay(c, set, why) < 0)
		return why->code;
	if (set->dry_run) { /* nothing is sent: no collector is looked at, nothing is kept */
		set->quarantine_kind = QUARANTINE_NONE;
		set->collector.confirm = CONFIRMER_OFF;
	}
	return 0;
}
