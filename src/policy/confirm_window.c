/* SPDX-License-Identifier: Apache-2.0 */
/* confirm_window.c — decides how many spans the collector may be sent, and when its counters are read next.
 *
 * The window bounds the spans in the collector's queue: those of the last reading, those that other senders are expected
 * to add, and those that this sender sent since. It doubles until the first loss, halves at each loss, and grows slowly
 * after that. */
#include "confirm_internal.h"

enum {
	PAUSE_AFTER = 8, /* age of a POST that has left the queue and has no verdict, in opts.read_every_us */
	PAUSE_MOST = 4,  /* the longest pause, likewise; with 250 ms the circuit stays closed */
	PAUSE_REST = 4,  /* between two pauses, in multiples of the first; doubles while they are in vain */
	VAIN_MOST = 5,
	FIRST_WINDOW = 500,      /* spans; a quarter of the default queue of Jaeger 1.x */
	LEAST_STEP = 50,         /* least spans by which the window grows after a loss */
	READ_COST = 25,          /* the interval between readings, in multiples of cost_us */
	URGENT_COST = 4,         /* the shortest interval while the queue would run empty, in multiples of cost_us */
	URGENT_US = 5000,        /* the shortest interval in any case */
	COST_GROWS = 8,          /* cost_us grows by at most an eighth per reading */
	READ_MOST_US = 10000000, /* the longest interval that other senders' share can cause */
	RECEIVED_PER_OWN_MOST = 10000, /* bound of received_per_own: with more, the interval is READ_MOST_US anyway */
};

/* One POST, or a quarter of the queue if that is smaller, since other senders' spans must fit as well. */
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

/* True when no span of this sender is in the queue or on its way there. */
static bool none_queued(const struct confirm *c)
{
	return c->on_wire + c->queued + c->unsure == 0 && confirm_stored(&c->last.counters) >= c->stale_at;
}

static bool is_pausing(const struct confirm *c)
{
	return c->pause_began_us != 0 && c->unconfirmed > 0;
}

/* Where it is not known how long a save may take, a POST is known to be stored only once the queue was empty, and a sender
 * that never rests may never see that: exporters behind a batch processor count in steps, and the next POST comes before
 * they have counted the last one. So it rests, when the oldest POST has long left the queue. Beside other senders that do
 * not rest this is in vain, and rare. */
static bool needs_pause(const struct confirm *c, const struct confirm_reading *r)
{
	const struct confirm_post *oldest = container_of(c->awaiting.next, struct confirm_post, link);

	return r->counters.slowest_us == 0 && !list_empty(&c->awaiting) && oldest->left &&
	       r->began_us >= c->pause_again_us &&
	       r->began_us - oldest->answered_us >= PAUSE_AFTER * c->opts.read_every_us;
}

static void end_pause(struct confirm *c, uint64_t now_us, bool in_vain)
{
	c->vain_pauses = in_vain ? (unsigned)min_u64(c->vain_pauses + 1, VAIN_MOST) : 0;
	c->pause_again_us = now_us + (PAUSE_REST * (now_us - c->pause_began_us) << c->vain_pauses);
	c->pause_began_us = 0;
}

void confirm_pause_or_resume(struct confirm *c, const struct confirm_reading *r)
{
	if (c->pause_began_us == 0) {
		if (needs_pause(c, r))
			c->pause_began_us = r->began_us;
		return;
	}
	if (list_empty(&c->awaiting))
		end_pause(c, r->began_us, false);
	else if (r->began_us - c->pause_began_us >= PAUSE_MOST * c->opts.read_every_us)
		end_pause(c, r->began_us, true);
}

bool confirm_may_send(const struct confirm *c, uint32_t spans)
{
	uint64_t load = confirm_in_queue(&c->last.counters) + c->others + c->unread + c->unsure + c->on_wire;

	if (c->last.began_us == 0 || c->state == CONFIRM_FOREIGN || is_pausing(c))
		return false;
	/* Other senders may keep the queue full for ever, so one POST may always be under way. */
	return none_queued(c) || load + spans <= c->window;
}

uint64_t confirm_read_at(const struct confirm *c, uint32_t waiting)
{
	/* A whole window is unconfirmed: the sender may have no memory left for another POST, so that none waits. */
	if ((waiting > 0 && !confirm_may_send(c, waiting)) || c->unconfirmed >= c->window || is_pausing(c))
		return c->urgent_at_us;
	return c->unconfirmed + c->unsure > 0 ? c->read_at_us : UINT64_MAX;
}

/* A collector that is busy storing makes the page late, which is not the page's cost: cost_us follows the shortest of the
 * recent readings. */
static void learn_cost(struct confirm *c, uint64_t took_us)
{
	if (c->cost_us == 0 || took_us < c->cost_us)
		c->cost_us = took_us;
	else
		c->cost_us = min_u64(took_us, c->cost_us + c->cost_us / COST_GROWS + 1);
}

/* Spans that may leave the queue until the next urgent reading: half a window. A sender that has less than that
 * unconfirmed, and waits, has no memory for more: a verdict takes two readings, so each is due when a quarter is
 * stored. */
static uint64_t spans_between_readings(const struct confirm *c)
{
	return c->unconfirmed < c->window / 2 ? c->unconfirmed / 4 : c->window / 2;
}

/* Microseconds in which that many leave the queue, at the rate between the last reading and R. If the queue ran
 * empty in between, this is too long; confirm_next_reading has an upper bound. UINT64_MAX: no span left the queue. */
static uint64_t storing_us(const struct confirm *c, const struct confirm_reading *r)
{
	uint64_t then = confirm_stored(&c->last.counters), now = confirm_stored(&r->counters);

	if (c->last.began_us == 0 || now <= then)
		return UINT64_MAX;
	return spans_between_readings(c) * (r->began_us - c->last.began_us) / (now - then);
}

/* The readings of all senders together should cost the collector no more than those of one alone, so each sender reads
 * less often, by its share of the spans received. While a POST waits for the window, the page is read before the queue
 * runs empty, so that the collector does not idle, although that costs more. */
void confirm_next_reading(struct confirm *c, const struct confirm_reading *r)
{
	uint64_t rest_us, shared_us, least_us;

	learn_cost(c, r->ended_us - r->began_us);
	rest_us = READ_COST * c->cost_us;
	shared_us = min_u64(rest_us * c->received_per_own, max_u64(rest_us, READ_MOST_US));
	least_us = min_u64(URGENT_COST * c->cost_us * c->received_per_own, rest_us);
	c->read_at_us = r->began_us + max_u64(c->opts.read_every_us, shared_us);
	c->urgent_at_us = r->began_us + max_u64(URGENT_US, min_u64(max_u64(storing_us(c, r), least_us), rest_us));
}

/* A failed reading does not change cost_us, and waiting POSTs do not make the next one earlier. */
void confirm_read_failed(struct confirm *c, uint64_t ended_us)
{
	c->read_at_us = c->urgent_at_us = ended_us + c->opts.read_every_us;
	if (c->pause_began_us != 0)
		end_pause(c, ended_us, true);
}

void confirm_set_window(struct confirm *c, uint64_t to)
{
	c->window = max_u64(to, confirm_smallest_window(c));
	c->stored_in_window = 0;
}

/* Grows the window once as many spans as it allows were stored without a loss. */
void confirm_grow(struct confirm *c)
{
	uint64_t capacity = c->last.counters.capacity;

	if (capacity == 0 || c->stored_in_window < c->window)
		return;
	c->window += c->lossless ? c->window : max_u64(c->window / 8, LEAST_STEP);
	confirm_set_window(c, min_u64(c->window, capacity));
}

/* Sets others, the spans of other senders since the last reading; as many are expected until the next one. */
void confirm_count_others(struct confirm *c, const struct confirm_reading *r)
{
	uint64_t all = r->counters.received - c->last.counters.received, own = 0;

	list_each (node, &c->awaiting) {
		const struct confirm_post *p = container_of(node, struct confirm_post, link);

		if (!p->entered)
			own += p->spans;
	}
	c->others = all > own ? all - own : 0;
	if (own > 0)
		c->received_per_own = (c->received_per_own + min_u64(max_u64(all / own, 1), RECEIVED_PER_OWN_MOST)) / 2;
}

bool confirm_store_away(const struct confirm *c)
{
	return c->state == CONFIRM_NO_STORE || (c->state == CONFIRM_LOSING && c->window <= confirm_smallest_window(c));
}
