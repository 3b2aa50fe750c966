/* SPDX-License-Identifier: Apache-2.0 */
/* drainer.h — the drain command: its state, and what cmd_drain.c and drain_*.c share. */
#ifndef DRAINER_H
#define DRAINER_H

#include "admin/admin.h"
#include "daemon.h"
#include "drain/from_directory.h"
#include "drain/options.h"
#include "cmd/options.h"
#include "base/progress.h"
#include "policy/progress_rate.h"

struct drainer {
	int argc; /* as given to cmd_drain */
	char **argv;
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
	bool halted; /* records were lost to retention, and drain.on-retention-loss is stop */
	struct replay_counts counts;
	struct drainer_progress {
		struct timer *timer;
		struct progress line;
		struct progress_rate rate;
		uint64_t told_us; /* when the last line of the log was written */
	} progress;
};

/* Of DRAIN or DIRECTORY, whichever there is. */
const struct drain_ledger *drainer_ledger_of(const struct drainer *d);
struct exporter *drainer_exporter(const struct drainer *d);
void drainer_progress_of(const struct drainer *d, struct drain_progress *to);

/* Callbacks of the admin server: render /metrics, /ledger and /status. ARG is a struct drainer. */
void drainer_metrics(void *arg, struct buf *to);
void drainer_ledger(void *arg, struct buf *to);
void drainer_status(void *arg, struct status *page);
extern const struct history_series drainer_series[];
void drainer_sample(void *arg, double values[HISTORY_SERIES]);
/* Writes the destination and the number of delivered spans into the health notes. */
void drainer_note_health(void *arg);

/* drain_progress.c: a drain with an end shows how far it is, on a terminal as a line that is written over,
 * else as a line of the log every ten seconds. Does nothing for a drain without one. E_NOMEM. */
int drainer_progress_open(struct drainer *d, struct why *why) MUST_USE;
void drainer_progress_close(struct drainer *d);

/* drain_report.c: prints to stdout what a dry run counted, as a table or as JSON. The exit status. */
int drainer_report(const struct drainer *d);

/* from_quarantine_report.c: prints to stdout how many records from quarantine were delivered, refused again, or neither. The
 * exit status. */
int drainer_report_from_quarantine(const struct drainer *d);

/* drain_log.c. start: call when every part is open; stop: when the drain has stopped. */
void drainer_log_start(struct drainer *d);
void drainer_log_stop(const struct drainer *d);

#endif
