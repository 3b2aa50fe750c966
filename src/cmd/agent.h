/* SPDX-License-Identifier: Apache-2.0 */
/* agent.h — the agent command: its settings, its state, and what cmd_agent.c and agent_*.c share. */
#ifndef AGENT_H
#define AGENT_H

#include "admin/admin.h"
#include "exporter/options.h"
#include "policy/catchup.h"
#include "daemon.h"
#include "agent/intake.h"
#include "cmd/options.h"
#include "kafka/jaeger_options.h"
#include "kafka/properties.h"
#include "agent/sinks.h"

enum { AGENT_LOSSES = 12 }; /* counters of the ledger that are reported in the log */

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

	/* Derived from the options above by the finish callback of agent_options. */
	uint64_t batch_bytes; /* of the largest batch that one datagram can be transcoded to */
	char host[256];
	bool reporter_used; /* collector.url was derived from REPORTER */
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
	bool hurried;               /* a second SIGINT came: the stop waits for nothing more */
	struct timer *second_timer; /* once a second: kernel drop counters, and losses to log */

	/* Owned by agent_log.c. */
	struct ledger at_start;
	uint64_t started_us;
	struct log_count losses[AGENT_LOSSES];
	struct catchup catchup;
};

/* Fills TO, the producer's options, from SET. TO borrows the texts of SET and PROPERTIES. The caller frees
 * PROPERTIES, also after an error. */
int agent_kafka_opts(const struct agent_settings *set, struct properties *properties, struct kafka_producer_opts *to,
        struct why *why) MUST_USE;
/* Checks every Kafka option as a start would, without opening a connection. */
int agent_kafka_check(const struct agent_settings *set, struct why *why) MUST_USE;
/* The check callback of agent_options: 0, or an error that names the option. */
int agent_check(const struct conf *c, const void *settings, struct why *why) MUST_USE;
/* The options of the intake: the listeners and the tags of SET. */
struct intake_opts agent_intake_opts(const struct agent_settings *set);

/* Callbacks of the admin server: render /metrics, /ledger and /status. ARG is a struct agent. */
void agent_metrics(void *arg, struct buf *to);
void agent_ledger(void *arg, struct buf *to);
void agent_status(void *arg, struct status *page);
/* Writes the destination and the number of delivered spans into the health notes. ARG is a struct agent. */
void agent_note_health(void *arg);

/* agent_log.c. To be called when the spool is open: the totals of agent_log_stop count from here. */
void agent_log_begin(struct agent *a);
/* Logs the spool, the admin address and the Kafka options. To be called when every part is open. */
void agent_log_start(struct agent *a);
/* Logs losses and a delivered backlog. To be called once a second. */
void agent_log_tick(struct agent *a);
/* Logs the last losses and the totals. To be called when the spool is closed. */
void agent_log_stop(struct agent *a);

#endif
