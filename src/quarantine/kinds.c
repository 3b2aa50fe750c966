/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c — the kinds of quarantine that the drain has, one of which keeps nothing: an item that is put there stays,
 * and nothing is committed beyond it. */
#include <stdlib.h>

#include "quarantine_internal.h"

static const char part[] = "quarantine";

/* The kind that keeps nothing. */
struct nowhere {
	struct quarantine q;
	struct timer *soon;
};

static void nowhere_put(struct quarantine *q)
{
	const struct quarantine_item *item = list_first(&q->waiting, struct quarantine_item, link);

	health_post(q->health, part, HEALTH_DOWN, "stopped at a bad record, %s: there is no quarantine; %s", item->name,
	        q->opts.consequence);
}

static void nowhere_flush(struct quarantine *q, uint64_t budget_ms)
{
	(void)budget_ms;
	timer_start(container_of(q, struct nowhere, q)->soon, 0);
}

static void nowhere_free(struct quarantine *q)
{
	struct nowhere *n = container_of(q, struct nowhere, q);

	timer_free(n->soon);
	free(n);
}

static void on_soon(void *arg)
{
	quarantine_flushed(arg);
}

static const struct quarantine_ops nowhere_ops = { nowhere_put, nowhere_flush, nowhere_free };

static struct quarantine *nowhere_new(struct loop *l, struct why *why)
{
	struct nowhere *n = calloc(1, sizeof(*n));

	if (n == NULL || timer_open(&n->soon, l, on_soon, &n->q) < 0) {
		free(n);
		why_set(why, E_NOMEM, part);
		return NULL;
	}
	n->q.ops = &nowhere_ops;
	return &n->q;
}

static struct quarantine *make(struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	switch (opts->kind) {
	case QUARANTINE_TOPIC:
		return quarantine_topic_new(l, opts, why);
	case QUARANTINE_DIRECTORY:
		return quarantine_directory_new(l, opts, why);
	case QUARANTINE_NONE:
		break;
	}
	return nowhere_new(l, why);
}

int quarantine_open(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health, struct why *why)
{
	struct quarantine *q = make(l, opts, why);

	if (q == NULL)
		return why_wrap(why, part);
	quarantine_begin(q, l, opts, events, health);
	*out = q;
	return 0;
}
