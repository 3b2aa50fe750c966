/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — the rows of the agent's options, and the defaults that depend on the host or on other options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/options.h"

#define S struct agent_settings
#define LISTENER(which, name, port)                                                                                    \
	CONF_ADDRESS_OR_NONE(S, listeners[which].host_port, "processor." name ".server-host-port", port,               \
	        "UDP address; none switches it off"),                                                                  \
	        CONF_SIZE(S, listeners[which].max_packet, "processor." name ".server-max-packet-size", "65000",        \
	                "a larger datagram is counted as oversize; 0 is the default"),                                 \
	        CONF_SIZE(S, listeners[which].buffer_bytes, "processor." name ".server-socket-buffer-size", "0",       \
	                "bytes of the kernel's buffer; 0 is as large as the host allows"),                             \
	        CONF_COUNT(S, listeners[which].queue_size, "processor." name ".server-queue-size", "1000",             \
	                "no effect: there is no such queue"),                                                          \
	        CONF_COUNT(S, listeners[which].workers, "processor." name ".workers", "10",                            \
	                "no effect: one thread reads all ports")

const struct conf_row agent_intake_rows[] = {
	LISTENER(INTAKE_COMPACT, "jaeger-compact", ":6831"),
	LISTENER(INTAKE_BINARY, "jaeger-binary", ":6832"),
	LISTENER(INTAKE_ZIPKIN, "zipkin-compact", ":5775"),
	CONF_TEXT(S, tags, "agent.tags", "", "k=v,k2=${ENV:default}: added to each process"),
	CONF_END,
};

const struct conf_row agent_kafka_rows[] = {
	CONF_TEXT(S, brokers, "kafka.producer.brokers", "", "host:port,…; empty: deliver to the collector"),
	CONF_TEXT(S, topic, "kafka.producer.topic", "tracing-topic", "topic that the batches go to"),
	CONF_BOOL(S, headers, "kafka.producer.headers", "true", "send id and marks with each record"),
	CONF_LIST_OF(S, properties, "kafka.property", "=", "", true, "NAME=VALUE of librdkafka; repeatable"),
	CONF_LIST_OF(S, producer_properties, "kafka.producer.property", "=", "", true,
	        "NAME=VALUE of librdkafka, for the producer; repeatable"),
	CONF_LIST_OF(S, property_files, "kafka.property-file", "=file", "", false,
	        "NAME=FILE: the property is the file's first line; repeatable"),
	CONF_LIST_OF(S, producer_property_files, "kafka.producer.property-file", "=file", "", false,
	        "NAME=FILE, for the producer; repeatable"),
	CONF_END,
};

#define EVERY_COMMIT_IS_SYNCED "is gone: every commit is synced; spool.exposure sets how often the agent commits"

const struct conf_row agent_spool_rows[] = {
	CONF_DIRECTORY(S, directory, "spool.directory", "/var/lib/spanspool", "where batches wait on disk"),
	CONF_DURATION(S, exposure_us, "spool.exposure", "100ms",
	        "how long an accepted span may be neither delivered nor durable; 0: commit first, "
	        "send after"),
	CONF_REFUSED("spool.sync", EVERY_COMMIT_IS_SYNCED),
	CONF_REFUSED("spool.sync-interval", EVERY_COMMIT_IS_SYNCED),
	CONF_SIZE(S, max_bytes, "spool.max-bytes", "8GiB", "of all segments and refused batches on disk"),
	CONF_SIZE(S, min_free, "spool.min-free", "1GiB",
	        "of the file system, left free for others; the same share of its inodes"),
	CONF_DURATION(S, max_age_us, "spool.max-age", "0", "older spans are dropped from the spool; 0: never"),
	CONF_CHOICE(S, on_full, "spool.on-full", "drop-newest|drop-oldest", "drop-newest",
	        "what makes way when max-bytes or min-free is reached"),
	CONF_CHOICE(S, on_refused, "spool.on-refused", "quarantine|drop", "quarantine",
	        "what becomes of a batch that the other end will never take"),
	CONF_SIZE(S, segment_bytes, "spool.segment-bytes", "64MiB", "of one segment"),
	CONF_END,
};

const struct conf_row agent_rows[] = {
	CONF_ADDRESS_OR_NONE(
	        S, admin, "admin.http.host-port", ":14271", "health, metrics, ledger, status; none switches it off"),
	CONF_SIZE(S, flight_bytes, "flight.max-bytes", "16MiB",
	        "memory of batches that are neither delivered nor durable, allocation included"),
	CONF_DURATION(S, shutdown_us, "shutdown.timeout", "5s", "a stop waits this long for the last reports"),
	CONF_BOOL(
	        S, takeover, "takeover", "false", "take sockets and spool over from the agent that runs on this spool"),
	CONF_END,
};
#undef S

enum { PACKET_BYTES = 65000 };

/* As in jaeger-agent, 0 is the default. */
static void set_packet_sizes(struct agent_settings *set)
{
	for (size_t i = 0; i < INTAKE_PORTS; i++)
		if (set->listeners[i].max_packet == 0)
			set->listeners[i].max_packet = PACKET_BYTES;
}

struct intake_opts agent_intake_opts(const struct agent_settings *set)
{
	struct intake_opts o = { .tags = set->tags };

	for (size_t i = 0; i < INTAKE_PORTS; i++) {
		const struct agent_listener *l = &set->listeners[i];

		o.listeners[i] = (struct intake_listener){ l->host_port, l->max_packet, l->buffer_bytes };
	}
	return o;
}

struct pipeline_limits agent_pipeline_limits(const struct agent_settings *set)
{
	return (struct pipeline_limits){
		.drop_oldest = set->on_full == SPOOL_DROP_OLDEST,
		.drop_refused = set->on_refused == SPOOL_DROP_REFUSED,
		.largest_bytes = agent_batch_cost(set->batch_bytes),
		.max_age_us = set->max_age_us,
		.max_bytes = set->max_bytes,
		.min_free = set->min_free,
		.stop_ms = set->shutdown_us / US_PER_MS,
	};
}

int agent_options_finish(struct conf *c, struct agent_settings *set, struct why *why)
{
	struct intake_opts intake;

	set_packet_sizes(set);
	intake = agent_intake_opts(set);
	if (reporter_finish(c, &set->reporter, set->brokers[0] != '\0', why) < 0 ||
	        sampling_default_urls(c, &set->collector.urls, why) < 0 ||
	        jaeger_kafka_check(c, "kafka.producer", &set->jaeger, why) < 0)
		return why->code;
	if (intake_largest(&intake, &set->batch_bytes, why) < 0)
		return conf_add_source(c, "agent.tags", why);
	if (set->host[0] == '\0' && gethostname(set->host, sizeof(set->host)) < 0)
		snprintf(set->host, sizeof(set->host), "localhost");
	set->host[sizeof(set->host) - 1] = '\0';
	snprintf(set->sampling_cache, sizeof(set->sampling_cache), "%s/sampling.json", set->directory);
	return 0;
}
