/* quarantine.c — the door of the quarantine, whichever kind stands behind it, and the kind that keeps
 * nothing: what is put there stays under way, and so does everything behind it. */
#include <stdlib.h>

#include "quarantine_internal.h"

static const char part[] = "quarantine";

void quarantine_kept(struct quarantine *q, struct quarantine_item *item)
{
	q->count--;
	if (!q->flushing)
		q->events.kept(q->events.arg, item);
}

void quarantine_flushed(struct quarantine *q)
{
	void (*flushed)(void *arg) = q->flushed;

	if (flushed == NULL)
		return;
	q->flushed = NULL;
	flushed(q->flushed_arg);
}

void quarantine_well(struct quarantine *q)
{
	health_post(q->health, part, HEALTH_OK, "%s %s takes records",
	        q->opts.kind == QUARANTINE_TOPIC ? "topic" : "directory", q->opts.where);
}

void quarantine_trouble(struct quarantine *q, const char *name, const char *what)
{
	health_post(q->health, part, HEALTH_DOWN,
	        "%s cannot be kept in %s: %s; nothing is committed beyond it", name, q->opts.where,
	        what);
}

/* The kind that keeps nothing. */
struct nowhere {
	struct quarantine q;
	struct timer *soon;
};

static void nowhere_put(struct quarantine *q)
{
	const struct quarantine_item *item = list_first(&q->waiting, struct quarantine_item, link);

	health_post(q->health, part, HEALTH_DOWN,
	        "stopped at a bad record, %s: there is no quarantine; nothing is committed beyond "
	        "it",
	        item->name);
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
	q->loop = l;
	q->opts = *opts;
	q->events = *events;
	q->health = health;
	list_init(&q->waiting);
	*out = q;
	return 0;
}

void quarantine_put(struct quarantine *q, struct quarantine_item *item)
{
	list_push(&q->waiting, &item->link);
	q->count++;
	q->ops->put(q);
}

size_t quarantine_waiting(const struct quarantine *q)
{
	return q->count;
}

void quarantine_flush(
        struct quarantine *q, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	q->flushed = flushed;
	q->flushed_arg = arg;
	q->ops->flush(q, budget_ms);
}

void quarantine_free(struct quarantine *q)
{
	if (q != NULL)
		q->ops->free(q);
}
