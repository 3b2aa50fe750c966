/* SPDX-License-Identifier: Apache-2.0 */
/* drainer.h — the drain command: its settings, its state, and what cmd_drain.c and drain_*.c share. */
#ifndef DRAINER_H
#define DRAINER_H

#include "admin/admin.h"
#include "daemon.h"
#include "exporter/options.h"
#include "drain/from_directory.h"
#include "kafka/jaeger_options.h"
#include "cmd/options.h"
#include "base/progress.h"
#include "kafka/properties.h"
#include "policy/progress_rate.h"

struct drainer_settings {
	const char *brokers;
	const char *topic;
	const char *group;
	struct conf_list properties;
	struct conf_list consumer_properties;
	struct conf_list producer_properties;
	struct conf_list property_files;
	struct conf_list consumer_property_files;
	struct conf_list producer_property_files;
	struct jaeger_kafka jaeger;
	struct collector_settings collector;
	uint64_t max_in_flight;
	uint64_t max_bytes;
	uint64_t max_ahead;
	const char *max_spans_per_second; /* goes into collector */
	const char *quarantine;
	const char *admin;
	uint64_t shutdown_us;
	const char *from_text;
	const char *until_text;
	int on_loss; /* 0 continue, 1 stop */
	bool exit_at_end;
	bool from_quarantine;
	bool dry_run;
	bool json;

	/* Derived from the options above by the finish callback of drain_options. */
	char default_quarantine[300];
	enum quarantine_kind quarantine_kind;
	const char *quarantine_where;
	bool reads_directory; /* from_quarantine, and it is a directory: no Kafka is needed */
	char quarantine_group[300];
	struct replay_point from;
	struct replay_point until;
	bool own_group;         /* of a replay or dry run: GROUP is not the one that was given */
	const char *live_group; /* the one that was */
	char own_group_id[256];
};

struct drainer {
	struct drainer_settings set;
	struct options options;
	struct loop *loop;
	struct health health;
	struct properties for_consumer;
	struct properties for_producer;
	struct drain *drain;              /* NULL with set.reads_directory, */
	struct from_directory *directory; /* which is not NULL then */
	struct cause_counts refused;      /* with set.from_quarantine, of a topic */
	struct timer *halt;
	struct admin *admin;
	struct daemon daemon;
	uint64_t started_us;
	bool halted; /* by a loss, as drain.on-retention-loss=stop wants it */
	struct replay_counts counts;
	struct drainer_progress {
		struct timer *timer;
		struct progress line;
		struct progress_rate rate;
		uint64_t told_us; /* when the last line of the log was written */
	} progress;
};

/* Fills the consumer and quarantine options of TO. They borrow the texts of SET and both lists of properties. The
 * caller frees the lists, also after an error. */
int drain_kafka_opts(const struct drainer_settings *set, struct properties *for_consumer,
        struct properties *for_producer, struct drain_opts *to, struct why *why) MUST_USE;
/* Checks every Kafka option as a start would, without opening a connection. */
int drain_kafka_check(const struct drainer_settings *set, struct why *why) MUST_USE;
/* The check callback of drain_options: 0, or an error that names the option. */
int drain_check(const struct conf *c, const void *settings, struct why *why) MUST_USE;

/* Of DRAIN or DIRECTORY, whichever there is. */
const struct drain_ledger *drainer_ledger_of(const struct drainer *d);
struct exporter *drainer_exporter(const struct drainer *d);
void drainer_progress_of(const struct drainer *d, struct drain_progress *to);

/* Callbacks of the admin server: render /metrics, /ledger and /status. ARG is a struct drainer. */
void drainer_metrics(void *arg, struct buf *to);
void drainer_ledger(void *arg, struct buf *to);
void drainer_status(void *arg, struct status *page);
/* Writes the destination and the number of delivered spans into the health notes. */
void drainer_note_health(void *arg);

/* drain_progress.c: a drain with an end shows how far it is, on a terminal as a line that is written over,
 * else as a line of the log every ten seconds. Does nothing for a drain without one. E_NOMEM. */
int drainer_progress_open(struct drainer *d, struct why *why) MUST_USE;
void drainer_progress_close(struct drainer *d);

/* drain_report.c: prints to stdout what a dry run counted, as a table or as JSON. The exit status. */
int drainer_report(const struct drainer *d);

/* drain_again.c: prints to stdout what became of the records from quarantine. The exit status. */
int drainer_report_again(const struct drainer *d);

/* drain_log.c. Everything is open; the drain has stopped. */
void drainer_log_start(struct drainer *d);
void drainer_log_stop(const struct drainer *d);

#endif
