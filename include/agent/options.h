/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's options: rows, settings, checks, and the options of the parts made from them. */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include "agent/intake.h"
#include "agent/pipeline.h"
#include "agent/reporter.h"
#include "exporter/options.h"
#include "http/access.h"
#include "kafka/jaeger_options.h"
#include "kafka/producer.h"
#include "kafka/properties.h"
#include "sampling/options.h"
#include "spool/spool.h"

struct agent_listener {
	const char *host_port;
	uint64_t max_packet;
	uint64_t buffer_bytes;
	uint64_t queue_size; /* accepted, without effect: no queue stands between the socket and the flight */
	uint64_t workers;    /* accepted, without effect: one loop reads all ports */
};

struct agent_settings {
	struct agent_listener listeners[INTAKE_PORTS];
	const char *tags;
	const char *admin;
	struct access_settings access; /* of the admin port */
	const char *brokers;
	const char *topic;
	bool headers;
	struct conf_list properties;
	struct conf_list producer_properties;
	struct conf_list property_files;
	struct conf_list producer_property_files;
	struct jaeger_kafka jaeger;
	struct collector_settings collector;
	struct sampling_settings sampling;
	struct reporter_settings reporter;
	const char *directory;
	uint64_t exposure_us;
	uint64_t max_bytes;
	uint64_t min_free;
	uint64_t max_age_us;
	enum spool_on_full on_full;
	enum spool_on_refused on_refused;
	uint64_t segment_bytes;
	uint64_t flight_bytes;
	uint64_t shutdown_us;
	bool takeover;

	/* Derived from the options above by agent_options_finish. */
	uint64_t batch_bytes; /* of the largest batch that one datagram can be transcoded to */
	char host[256];
	char sampling_cache[4096]; /* file of the strategies, in the spool's directory */
};

/* Their fields are in struct agent_settings; jaeger_producer_rows, collector_rows and reporter_rows fill its members
 * jaeger, collector and reporter. */
extern const struct conf_row agent_intake_rows[], agent_kafka_rows[], agent_spool_rows[], agent_rows[];

/* Fills TO, the producer's options, from SET. TO borrows the texts of SET and PROPERTIES. The caller frees
 * PROPERTIES, also after an error. */
int agent_kafka_opts(const struct agent_settings *set, struct properties *properties, struct kafka_producer_opts *to,
        struct why *why) MUST_USE;
/* Checks every Kafka option as a start would, without opening a connection. */
int agent_kafka_check(const struct agent_settings *set, struct why *why) MUST_USE;
/* The check callback of agent_options: 0, or an error that names the option. */
int agent_check(const struct conf *c, const void *settings, struct why *why) MUST_USE;
/* Sets defaults that depend on other options, and what is derived from them. 0, or an error that names the option. */
int agent_options_finish(struct conf *c, struct agent_settings *set, struct why *why) MUST_USE;
/* The options of the pipeline that may change while it is open. */
struct pipeline_limits agent_pipeline_limits(const struct agent_settings *set);
/* The options of the intake: the listeners and the tags of SET. */
struct intake_opts agent_intake_opts(const struct agent_settings *set);

#endif
