/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_internal.h — private to the kinds of quarantine. */
#ifndef QUARANTINE_INTERNAL_H
#define QUARANTINE_INTERNAL_H

#include "policy/disk_fault.h"
#include "quarantine/quarantine.h"

struct quarantine_ops {
	void (*put)(struct quarantine *q); /* an item was added to waiting */
	void (*flush)(struct quarantine *q, uint64_t budget_ms);
	void (*free)(struct quarantine *q);
};

struct quarantine {
	const struct quarantine_ops *ops;
	struct loop *loop;
	struct quarantine_opts opts;
	struct quarantine_events events;
	struct health *health;
	struct list waiting; /* items that are not being written */
	size_t count;        /* all items without an outcome */
	uint64_t failures;
	struct disk_faults faults; /* DISK_FAULT_QUARANTINE: of the last attempt, also one of a topic */
	bool flushing;             /* the remaining items are given up: events.done is not called */
	void (*flushed)(void *arg);
	void *flushed_arg;
};

/* Each returns a new quarantine, or NULL with WHY. */
struct quarantine *quarantine_topic_new(struct loop *l, const struct quarantine_opts *opts, struct why *why);
struct quarantine *quarantine_directory_new(struct loop *l, const struct quarantine_opts *opts, struct why *why);

/* Sets the common members of Q. To be called last by an open. */
void quarantine_begin(struct quarantine *q, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health);

/* Reports OUTCOME for ITEM, which must be in no list. */
void quarantine_done(struct quarantine *q, struct quarantine_item *item, enum quarantine_outcome outcome);
/* Calls FLUSHED of quarantine_flush, if it was called. No item may be in progress. */
void quarantine_flushed(struct quarantine *q);
/* Note the result of an attempt and post it to the health board: OK, items are kept; DOWN, the item NAME cannot be
 * written because of WHAT, with the error RC; WARN, the share of the disk is used up. */
void quarantine_well(struct quarantine *q);
void quarantine_fault(struct quarantine *q, const char *name, int rc, const char *what);
void quarantine_full(struct quarantine *q);

/* ---- files.c: kinds that write files in a worker thread ---- */

struct files;

struct files_kind {
	/* Called in the worker. Writes the files of ITEM. 0, or an error with a sentence in WHAT. E_QUOTA: the
	 * quarantine has used up its share of the disk. */
	int (*write)(struct files *f, struct quarantine_item *item, struct why *what);
	/* Called in the worker. Makes the written files durable. NULL: WRITE has done so. */
	int (*sync)(struct files *f, struct why *what);
	void (*free)(struct files *f);
};

struct files {
	struct quarantine q;
	const struct files_kind *kind;
	struct list writing; /* items of the run; owned by the worker while BUSY */
	struct why failed;   /* the last failure of the run; code 0: none */
	const char *failed_name;
	bool busy;
	bool orphan; /* freed while BUSY: on_run frees it */
	struct timer *retry_timer;
};

/* Opens F, which must be zeroed. E_NOMEM. */
int files_open(struct files *f, struct loop *l, const struct files_kind *kind) MUST_USE;

#endif
