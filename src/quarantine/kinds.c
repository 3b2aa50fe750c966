/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c — opens the kind of quarantine that the drain's options name. The kind "none" keeps nothing: an item that
 * is put there never gets an outcome, so the drain commits no offset beyond it. */
#include <stdlib.h>

#include "quarantine_internal.h"

static const char part[] = "quarantine";

/* The kind "none". */
struct none {
	struct quarantine q;
	struct timer *flush_timer;
};

static void none_put(struct quarantine *q)
{
	const struct quarantine_item *item = list_first(&q->waiting, struct quarantine_item, link);

	health_post(q->health, part, HEALTH_DOWN, "stopped at a bad record, %s: there is no quarantine; %s", item->name,
	        q->opts.consequence);
}

static void none_flush(struct quarantine *q, uint64_t budget_ms)
{
	(void)budget_ms;
	timer_start(container_of(q, struct none, q)->flush_timer, 0);
}

static void none_free(struct quarantine *q)
{
	struct none *n = container_of(q, struct none, q);

	timer_free(n->flush_timer);
	free(n);
}

static void on_flush_timer(void *arg)
{
	quarantine_flushed(arg);
}

static const struct quarantine_ops none_ops = { none_put, none_flush, none_free };

static struct quarantine *none_new(struct loop *l, struct why *why)
{
	struct none *n = calloc(1, sizeof(*n));

	if (n == NULL || timer_open(&n->flush_timer, l, on_flush_timer, &n->q) < 0) {
		free(n);
		why_set(why, E_NOMEM, part);
		return NULL;
	}
	n->q.ops = &none_ops;
	return &n->q;
}

static struct quarantine *open_kind(struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	switch (opts->kind) {
	case QUARANTINE_TOPIC:
		return quarantine_topic_new(l, opts, why);
	case QUARANTINE_DIRECTORY:
		return quarantine_directory_new(l, opts, why);
	case QUARANTINE_NONE:
		break;
	}
	return none_new(l, why);
}

int quarantine_open(struct quarantine **out, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health, struct why *why)
{
	struct quarantine *q = open_kind(l, opts, why);

	if (q == NULL)
		return why_wrap(why, part);
	quarantine_begin(q, l, opts, events, health);
	*out = q;
	return 0;
}
