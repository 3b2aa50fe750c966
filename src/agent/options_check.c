/* SPDX-License-Identifier: Apache-2.0 */
/* options_check.c — checks the agent's options without opening a socket or the spool. `config check` and the start
 * both call agent_check, so both accept and refuse the same options. */
#include <string.h>

#include "agent/options.h"
#include "kafka/names.h"
#include "config/limits.h"

#define S struct agent_settings
/* Least packet size 512: a datagram with a process and one small span has about 300 bytes. */
#define LISTENER(which, of)                                                                                            \
	{ "processor." of ".server-max-packet-size", CONF_TYPE_SIZE, LIMIT_FIELD(S, listeners[which].max_packet), 512, \
		1 << 20, false, "a datagram has at most 65507 bytes" },                                                \
	{                                                                                                              \
		"processor." of ".server-socket-buffer-size", CONF_TYPE_SIZE,                                          \
		        LIMIT_FIELD(S, listeners[which].buffer_bytes), 1 << 10, 1 << 30, true,                         \
		        "0 takes what the host allows"                                                                 \
	}

static const struct limit limits[] = {
	LISTENER(INTAKE_COMPACT, "jaeger-compact"),
	LISTENER(INTAKE_BINARY, "jaeger-binary"),
	LISTENER(INTAKE_ZIPKIN, "zipkin-compact"),
	{ "spool.exposure", CONF_TYPE_DURATION, LIMIT_FIELD(S, exposure_us), 1000, 60000000, true,
	        "kill -9 loses what is that old, and memory holds it" },
	{ "spool.segment-bytes", CONF_TYPE_SIZE, LIMIT_FIELD(S, segment_bytes), 4 << 20, UINT64_C(4) << 30, false,
	        NULL },
	{ "spool.max-bytes", CONF_TYPE_SIZE, LIMIT_FIELD(S, max_bytes), 8 << 20, UINT64_C(1) << 50, true,
	        "space comes back a segment at a time; 0 is no limit" },
	{ "spool.min-free", CONF_TYPE_SIZE, LIMIT_FIELD(S, min_free), 1, UINT64_C(1) << 50, true, NULL },
	{ "spool.max-age", CONF_TYPE_DURATION, LIMIT_FIELD(S, max_age_us), 1000000, UINT64_MAX, true,
	        "0 drops nothing by age" },
	{ "flight.max-bytes", CONF_TYPE_SIZE, LIMIT_FIELD(S, flight_bytes), 0, UINT64_C(1) << 40, false, NULL },
	{ "shutdown.timeout", CONF_TYPE_DURATION, LIMIT_FIELD(S, shutdown_us), 0, UINT64_C(3600000000), false, NULL },
	LIMIT_END,
};

static const char *const listener_options[] = {
	[INTAKE_COMPACT] = "processor.jaeger-compact.server-host-port",
	[INTAKE_BINARY] = "processor.jaeger-binary.server-host-port",
	[INTAKE_ZIPKIN] = "processor.zipkin-compact.server-host-port",
};
#undef S

static int check_sizes(const struct conf *c, const struct agent_settings *set, struct why *why)
{
	if (set->max_bytes == 0 || set->segment_bytes <= set->max_bytes ||
	        conf_origin(c, "spool.segment-bytes") == CONF_DEFAULT)
		return 0; /* the spool reduces the default segment size to fit */
	why_set(why, E_USAGE, "one segment would be larger than the whole spool (spool.max-bytes)");
	return conf_add_source(c, "spool.segment-bytes", why);
}

/* flight.max-bytes holds at least two of the largest batches: one waits while the next one is built. */
static int check_flight(const struct conf *c, const struct agent_settings *set, struct why *why)
{
	uint64_t least = 2 * agent_batch_cost(set->batch_bytes);

	if (set->flight_bytes >= least)
		return 0;
	why_set(why, E_USAGE,
	        "%llu bytes are less than %llu: two batches must fit, and the largest datagram may "
	        "unfold to a batch of %llu bytes (see server-max-packet-size)",
	        (unsigned long long)set->flight_bytes, (unsigned long long)least, (unsigned long long)set->batch_bytes);
	return conf_add_source(c, "flight.max-bytes", why);
}

static bool is_none(const char *host_port)
{
	return strcmp(host_port, "none") == 0;
}

/* True when both listeners would bind the same UDP port on the same address. An empty host is every address. */
static bool addresses_collide(const char *one, const char *other)
{
	struct hostport a, b;
	struct why ignored;

	if (is_none(one) || is_none(other) || units_hostport(one, &a, &ignored) < 0 ||
	        units_hostport(other, &b, &ignored) < 0 || a.port != b.port || a.port == 0)
		return false;
	return a.host[0] == '\0' || b.host[0] == '\0' || strcmp(a.host, b.host) == 0;
}

static int check_listeners(const struct conf *c, const struct agent_settings *set, struct why *why)
{
	for (size_t i = 0; i < INTAKE_PORTS; i++) {
		if (set->listeners[i].host_port[0] == '\0') {
			why_set(why, E_USAGE, "an empty address (try :6831, or none)");
			return conf_add_source(c, listener_options[i], why);
		}
		for (size_t other = 0; other < i; other++) {
			if (!addresses_collide(set->listeners[i].host_port, set->listeners[other].host_port))
				continue;
			why_set(why, E_USAGE, "%s is taken already, by %s", set->listeners[i].host_port,
			        listener_options[other]);
			return conf_add_source(c, listener_options[i], why);
		}
	}
	return 0;
}

static int check_empty(
        const struct conf *c, const char *option, const char *value, const char *example, struct why *why)
{
	if (value[0] != '\0')
		return 0;
	why_set(why, E_USAGE, "is empty (try %s)", example);
	return conf_add_source(c, option, why);
}

static int check_kafka(const struct conf *c, const struct agent_settings *set, struct why *why)
{
	if (kafka_topic_check(set->topic, why) < 0)
		return conf_add_source(c, "kafka.producer.topic", why);
	if (set->brokers[0] == '\0')
		return 0;
	if (kafka_brokers_check(set->brokers, why) < 0)
		return conf_add_source(c, "kafka.producer.brokers", why);
	return agent_kafka_check(set, why);
}

int agent_check(const struct conf *c, const void *settings, struct why *why)
{
	const struct agent_settings *set = settings;

	if (limits_check(c, limits, set, why) < 0 || check_sizes(c, set, why) < 0 || check_listeners(c, set, why) < 0 ||
	        check_flight(c, set, why) < 0)
		return why->code;
	if (check_empty(c, "admin.http.host-port", set->admin, ":14271, or none", why) < 0 ||
	        check_empty(c, "spool.directory", set->directory, "/var/lib/spanspool", why) < 0)
		return why->code;
	if (collector_check(c, &set->collector, why) < 0 || sampling_check(c, &set->sampling, why) < 0)
		return why->code;
	return check_kafka(c, set, why);
}
