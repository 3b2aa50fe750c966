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
	size_t count;        /* all items that are not kept */
	bool flushing;       /* the rest is given up: no kept() any more */
	void (*flushed)(void *arg);
	void *flushed_arg;
};

/* Each gives an object whose first member is Q, or NULL with WHY. */
struct quarantine *quarantine_topic_new(
        struct loop *l, const struct quarantine_opts *opts, struct why *why);
struct quarantine *quarantine_directory_new(
        struct loop *l, const struct quarantine_opts *opts, struct why *why);

/* ITEM, which is in no list, is durable. */
void quarantine_kept(struct quarantine *q, struct quarantine_item *item);
/* Nobody works on an item any more: for flush. */
void quarantine_flushed(struct quarantine *q);
void quarantine_well(struct quarantine *q);
void quarantine_trouble(struct quarantine *q, const char *name, const char *what);

#endif
