/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_window.c — how many spans the collector may be sent, and how soon its counters are read.
 *
 * The window bounds what is in the collector's queue: what the last reading saw there, what others send meanwhile,
 * and what we sent since. It doubles until the first loss, halves at each, and grows slowly after that. */
#include "confirm_internal.h"

enum {
	FIRST_WINDOW = 500,      /* spans; a quarter of the queue that Jaeger 1.x has by default */
	LEAST_STEP = 50,         /* spans that the window grows by */
	READ_COST = 25,          /* a reading follows the last after so many times what that took */
	URGENT_COST = 4,         /* or, when the queue would run empty by then, so many times */
	URGENT_US = 5000,        /* and never sooner than this */
	COST_GROWS = 8,          /* the cost of a reading grows by at most one part in so many */
	READ_MOST_US = 10000000, /* other senders make no reading wait longer */
	CROWD_MOST = 10000,      /* senders; with more, each waits READ_MOST_US anyway */
};

/* A POST has to fit into a small queue as well, beside what others send. */
uint64_t confirm_smallest_window(const struct confirm *c)
{
	uint64_t quarter = c->last.counters.capacity / 4;

	return quarter == 0 ? c->opts.post_spans : min_u64(c->opts.post_spans, quarter);
}

uint64_t confirm_first_window(const struct confirm *c)
{
	uint64_t quarter = c->last.counters.capacity / 4;

	return quarter == 0 ? FIRST_WINDOW : min_u64(quarter, max_u64(FIRST_WINDOW, c->opts.post_spans));
}

uint32_t confirm_post_spans(const struct confirm *c)
{
	return (uint32_t)min_u64(c->opts.post_spans, c->window);
}

/* No span of ours is in the queue, or on its way there. */
static bool none_queued(const struct confirm *c)
{
	return c->on_wire + c->queued + c->unsure == 0 && confirm_stored(&c->last.counters) >= c->stale_at;
}

bool confirm_may_send(const struct confirm *c, uint32_t spans)
{
	uint64_t load = confirm_in_queue(&c->last.counters) + c->others + c->unread + c->unsure + c->on_wire;

	if (c->last.began_us == 0 || c->state == CONFIRM_FOREIGN)
		return false;
	/* Others may fill the queue for ever: one POST of ours may always be under way. */
	return none_queued(c) || load + spans <= c->window;
}

uint64_t confirm_read_at(const struct confirm *c, uint32_t waiting)
{
	/* With a whole window unconfirmed its sender may have no memory left for more, and so none that waits. */
	if ((waiting > 0 && !confirm_may_send(c, waiting)) || c->unconfirmed >= c->window)
		return c->urgent_at_us;
	return c->unconfirmed + c->unsure > 0 ? c->read_at_us : UINT64_MAX;
}

/* A collector that is busy storing answers late, and that is no cost of the page: the least time that a reading took
 * lately is. */
static void learn_cost(struct confirm *c, uint64_t took_us)
{
	if (c->cost_us == 0 || took_us < c->cost_us)
		c->cost_us = took_us;
	else
		c->cost_us = min_u64(took_us, c->cost_us + c->cost_us / COST_GROWS + 1);
}

/* In so many microseconds half a window leaves the queue, as fast as spans left it until R. A queue that ran empty
 * meanwhile makes this too long: then the next reading comes sooner, and measures again. UINT64_MAX: none left. */
static uint64_t half_window_us(const struct confirm *c, const struct confirm_reading *r)
{
	uint64_t then = confirm_stored(&c->last.counters), now = confirm_stored(&r->counters);

	if (c->last.began_us == 0 || now <= then)
		return UINT64_MAX;
	return c->window / 2 * (r->began_us - c->last.began_us) / (now - then);
}

/* All senders together may cost the collector as much by reading as one alone: each reads less often, by its share
 * of what comes in. When a POST waits for the window, the collector is kept at work: it is read again before its
 * queue runs empty, though that costs more. */
void confirm_next_reading(struct confirm *c, const struct confirm_reading *r)
{
	uint64_t rest_us, shared_us, least_us;

	learn_cost(c, r->ended_us - r->began_us);
	rest_us = READ_COST * c->cost_us;
	shared_us = min_u64(rest_us * c->crowd, max_u64(rest_us, READ_MOST_US));
	least_us = min_u64(URGENT_COST * c->cost_us * c->crowd, rest_us);
	c->read_at_us = r->began_us + max_u64(c->opts.read_every_us, shared_us);
	c->urgent_at_us = r->began_us + max_u64(URGENT_US, min_u64(max_u64(half_window_us(c, r), least_us), rest_us));
}

/* A reading that ran into its time-out says nothing of what one costs. The page of a collector that is away is not
 * asked for more often because POSTs wait. */
void confirm_read_failed(struct confirm *c, uint64_t ended_us)
{
	c->read_at_us = c->urgent_at_us = ended_us + c->opts.read_every_us;
}

void confirm_set_window(struct confirm *c, uint64_t to)
{
	c->window = max_u64(to, confirm_smallest_window(c));
	c->clean = 0;
}

/* A window's worth of spans was stored, and none was lost. */
void confirm_grow(struct confirm *c)
{
	uint64_t capacity = c->last.counters.capacity;

	if (capacity == 0 || c->clean < c->window)
		return;
	c->window += c->lossless ? c->window : max_u64(c->window / 8, LEAST_STEP);
	confirm_set_window(c, min_u64(c->window, capacity));
}

/* Counts the spans of other senders since the last reading; as many are expected until the next. */
void confirm_count_others(struct confirm *c, const struct confirm_reading *r)
{
	uint64_t all = r->counters.received - c->last.counters.received, ours = 0;

	list_each (node, &c->awaiting) {
		const struct confirm_post *p = container_of(node, struct confirm_post, link);

		if (!p->entered)
			ours += p->spans;
	}
	c->others = all > ours ? all - ours : 0;
	if (ours > 0)
		c->crowd = (c->crowd + min_u64(max_u64(all / ours, 1), CROWD_MOST)) / 2;
}

bool confirm_store_away(const struct confirm *c)
{
	return c->state == CONFIRM_NO_STORE || (c->state == CONFIRM_LOSING && c->window <= confirm_smallest_window(c));
}
