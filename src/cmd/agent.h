/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h — what the agent's command, its options and its pages share. */
#ifndef AGENT_H
#define AGENT_H

#include "admin/admin.h"
#include "collector_options.h"
#include "policy/catchup.h"
#include "daemon.h"
#include "agent/intake.h"
#include "options.h"
#include "jaeger_kafka.h"
#include "properties.h"
#include "agent/sinks.h"

enum { AGENT_LOSSES = 12 }; /* counters of the ledger that are reported in the log */

struct agent_listener {
	const char *host_port;
	uint64_t max_packet;
	uint64_t buffer_bytes;
	uint64_t queue_size; /* taken and not needed: there is no queue between socket and flight */
	uint64_t workers;    /* taken and not needed: one loop does it all */
};

struct agent_settings {
	struct agent_listener listeners[INTAKE_PORTS];
	const char *tags;
	const char *admin;
	const char *brokers;
	const char *topic;
	bool headers;
	struct conf_list properties;
	struct conf_list producer_properties;
	struct conf_list property_files;
	struct conf_list producer_property_files;
	struct jaeger_kafka jaeger;
	struct collector_settings collector;
	const char *reporter;
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

	/* What the texts above come to; filled by agent_finish. */
	uint64_t batch_bytes; /* of the largest batch that a datagram may unfold to */
	char host[256];
	bool reporter_used; /* the collectors are the reporter's */
};

struct agent {
	struct agent_settings set;
	struct options options;
	struct loop *loop;
	struct health health;
	struct pipeline *pipeline;
	struct sink *sink;
	bool to_kafka;
	struct properties properties;
	struct intake *intake;
	struct admin *admin;
	struct daemon daemon;
	bool hurried;         /* the stop is to wait for nothing more */
	struct timer *second; /* looks once a second at what nobody tells of */

	/* agent_log.c's */
	struct ledger at_start;
	uint64_t started_us;
	struct log_count losses[AGENT_LOSSES];
	struct catchup catchup;
};

/* What the producer is opened with. It borrows SET's texts, and PROPERTIES, which is the caller's to free
 * whatever is returned. */
int agent_kafka_opts(const struct agent_settings *set, struct properties *properties, struct kafka_producer_opts *to,
        struct why *why) MUST_USE;
/* Everything about Kafka that a start would refuse; no connection is opened. */
int agent_kafka_check(const struct agent_settings *set, struct why *why) MUST_USE;
/* The spec's check. */
int agent_check(const struct conf *c, const void *settings, struct why *why) MUST_USE;
/* What the listeners and the tags come to. */
struct intake_opts agent_intake_opts(const struct agent_settings *set);

/* The texts of /metrics, /ledger and /status; ARG is the agent. */
void agent_metrics(void *arg, struct buf *to);
void agent_ledger(void *arg, struct buf *to);
void agent_status(void *arg, struct status *page);
/* Says in the health where spans are delivered, and how many were. */
void agent_note_health(void *arg);

/* agent_log.c. The spool is open: totals count from here. */
void agent_log_begin(struct agent *a);
/* Everything is open. */
void agent_log_start(struct agent *a);
/* To be called once a second. */
void agent_log_tick(struct agent *a);
/* The spool is closed. */
void agent_log_stop(struct agent *a);

#endif
