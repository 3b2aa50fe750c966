/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_internal.h — what the kinds of quarantine share. */
#ifndef QUARANTINE_INTERNAL_H
#define QUARANTINE_INTERNAL_H

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
	struct list waiting; /* items that nobody works on */
	size_t count;        /* all items without an outcome */
	uint64_t failures;
	bool in_trouble; /* the last try failed */
	bool flushing;   /* the rest is given up: no done() any more */
	void (*flushed)(void *arg);
	void *flushed_arg;
};

/* Each gives an object whose first member is Q, or NULL with WHY. */
struct quarantine *quarantine_topic_new(struct loop *l, const struct quarantine_opts *opts, struct why *why);
struct quarantine *quarantine_directory_new(struct loop *l, const struct quarantine_opts *opts, struct why *why);

/* Q is whole. */
void quarantine_begin(struct quarantine *q, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health);

/* ITEM, which is in no list, has its OUTCOME. */
void quarantine_done(struct quarantine *q, struct quarantine_item *item, enum quarantine_outcome outcome);
/* Nobody works on an item any more: for flush. */
void quarantine_flushed(struct quarantine *q);
/* Posted on the health board: items are kept; NAME cannot be kept, WHAT says why; the share of the disk is used. */
void quarantine_well(struct quarantine *q);
void quarantine_trouble(struct quarantine *q, const char *name, const char *what);
void quarantine_full(struct quarantine *q);

/* ---- files.c: kinds that write files in a worker thread ---- */

struct files;

struct files_kind {
	/* In the worker: writes ITEM's files. 0, or an error with a sentence at WHAT. E_TOO_LARGE: the quarantine has
	 * used its share of the disk. */
	int (*write)(struct files *f, struct quarantine_item *item, struct why *what);
	/* In the worker: makes durable what was written; NULL: write does. */
	int (*sync)(struct files *f, struct why *what);
	void (*free)(struct files *f);
};

struct files {
	struct quarantine q;
	const struct files_kind *kind;
	struct list writing; /* the worker's while busy */
	struct why failed;   /* of the last failure in the run; code 0: none */
	const char *failed_name;
	bool busy;
	bool orphan; /* freed while busy: the worker's end frees it */
	struct timer *again;
};

/* F is all zero. E_NOMEM. */
int files_open(struct files *f, struct loop *l, const struct files_kind *kind) MUST_USE;

#endif
