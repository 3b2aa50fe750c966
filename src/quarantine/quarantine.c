/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c — shared by all kinds of quarantine: items, outcomes and the health part. */
#include "base/clock.h"
#include "quarantine_internal.h"

static const char part[] = "quarantine";

void quarantine_done(struct quarantine *q, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	q->count--;
	if (!q->flushing)
		q->events.done(q->events.arg, item, outcome);
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
	disk_fault_cleared(&q->faults, DISK_FAULT_QUARANTINE);
	health_post(q->health, part, HEALTH_OK, "%s %s takes records",
	        q->opts.spool == NULL && q->opts.kind == QUARANTINE_TOPIC ? "topic" : "directory", q->opts.where);
}

void quarantine_fault(struct quarantine *q, const char *name, int rc, const char *what)
{
	disk_fault_occurred(&q->faults, DISK_FAULT_QUARANTINE, rc, clock_mono_us());
	health_post(q->health, part, HEALTH_DOWN, "%s cannot be kept in %s: %s%s%s", name, q->opts.where, what,
	        q->opts.consequence[0] == '\0' ? "" : "; ", q->opts.consequence);
}

void quarantine_full(struct quarantine *q)
{
	disk_fault_cleared(&q->faults, DISK_FAULT_QUARANTINE);
	health_post(q->health, part, HEALTH_WARN,
	        "%s holds its share of spool.max-bytes: what is refused now is dropped", q->opts.where);
}

void quarantine_begin(struct quarantine *q, struct loop *l, const struct quarantine_opts *opts,
        const struct quarantine_events *events, struct health *health)
{
	q->loop = l;
	q->opts = *opts;
	if (q->opts.consequence == NULL)
		q->opts.consequence = "";
	q->events = *events;
	q->health = health;
	list_init(&q->waiting);
}

void quarantine_put(struct quarantine *q, struct quarantine_item *item)
{
	item->rc = 0;
	item->filed = false;
	list_push(&q->waiting, &item->link);
	q->count++;
	q->ops->put(q);
}

size_t quarantine_waiting(const struct quarantine *q)
{
	return q->count;
}

uint64_t quarantine_failures(const struct quarantine *q)
{
	return q->failures;
}

struct quarantine_item *quarantine_reclaim(struct quarantine *q, bool (*may)(const struct quarantine_item *item))
{
	if (q->faults.of[DISK_FAULT_QUARANTINE].error == 0)
		return NULL;
	for (struct list *node = q->waiting.prev; node != &q->waiting; node = node->prev) {
		struct quarantine_item *item = container_of(node, struct quarantine_item, link);

		if (item->filed || !may(item))
			continue;
		list_remove(&item->link);
		q->count--;
		if (q->count == 0)
			quarantine_well(q); /* no item is left whose success would clear the health part */
		return item;
	}
	return NULL;
}

void quarantine_return(struct quarantine *q)
{
	while (!list_empty(&q->waiting)) {
		struct quarantine_item *item = list_first(&q->waiting, struct quarantine_item, link);

		list_remove(&item->link);
		quarantine_done(q, item, item->filed ? QUARANTINE_KEPT : QUARANTINE_RETURNED);
	}
}

void quarantine_flush(struct quarantine *q, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
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
