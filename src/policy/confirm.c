/* SPDX-License-Identifier: Apache-2.0 */
/* confirm.c — a 2xx of a Jaeger collector means that spans were offered to its queue, not that they are
 * in its store. Its counters tell what became of them.
 *
 * A POST passes these, each by a reading of the counters that began after the one before:
 *
 *   ANSWERED ──a reading began after the answer──► ENTERED: so many spans had entered the queue by then,
 *      │                                                    the POST's own among them
 *      │        ──as many were saved or refused──► LEFT: the queue is first in, first out, so the POST's
 *      │                                                 spans are saved or in a worker's hand
 *      │        ──nothing entered since all were saved, or so many more were saved, or for so long,
 *      │          that no worker can still hold one of the POST's──► STORED
 *      └──the collector lost spans since the POST was sent, or is another process──► LOST, RESTART
 *
 * A reading says nothing of a POST that was answered after it began. The counters of a page are read one
 * after the other: "received" may be older than "saved", so one page alone never proves an empty queue.
 * What the next page says has entered is newer: when no more than that was saved by the page before, the
 * queue was empty.
 *
 * confirm_window.c is the other half: how many spans may be sent, and when the next reading is due. */
#include <string.h>

#include "confirm_internal.h"

enum {
	SLOWEST_PARTS = 4, /* stretches of saving, at the least, in which a save is through */
};

void confirm_init(struct confirm *c, const struct confirm_opts *opts)
{
	*c = (struct confirm){ .opts = *opts, .state = CONFIRM_UNREAD, .crowd = 1 };
	list_init(&c->awaiting);
	c->window = confirm_first_window(c);
}

void confirm_sent(struct confirm *c, struct confirm_post *p)
{
	p->smallest_window = c->window <= confirm_smallest_window(c);
	p->epoch = c->epoch;
	p->lost = confirm_lost(&c->last.counters);
	p->decided = false;
	p->entered = false;
	p->left = false;
	list_init(&p->link);
	c->on_wire += p->spans;
}

void confirm_answered(struct confirm *c, struct confirm_post *p, uint64_t now_us)
{
	c->on_wire -= p->spans;
	p->answered_us = now_us;
	c->unconfirmed += p->spans;
	c->unread += p->spans;
	c->queued += p->spans;
	list_push(&c->awaiting, &p->link);
}

/* Nobody waits for P any more, but its spans may be in the queue; they have come in by BY_US, if at all. */
static void forget(struct confirm *c, const struct confirm_post *p, uint64_t by_us)
{
	c->unsure += p->spans;
	c->unsure_us = max_u64(c->unsure_us, by_us);
}

void confirm_unanswered(struct confirm *c, const struct confirm_post *p, uint64_t now_us)
{
	c->on_wire -= p->spans;
	forget(c, p, now_us);
}

/* QUEUED: the spans of P that have not left the queue may still be there. */
static void stop_waiting(struct confirm *c, struct confirm_post *p, bool queued)
{
	list_remove(&p->link);
	c->unconfirmed -= p->spans;
	if (!p->entered)
		c->unread -= p->spans;
	if (!p->left)
		c->queued -= p->spans;
	if (!p->left && queued)
		forget(c, p, p->answered_us);
}

void confirm_withdraw(struct confirm *c, struct confirm_post *p)
{
	if (p->decided)
		list_remove(&p->link);
	else
		stop_waiting(c, p, true);
}

/* A counter never goes back within a process. */
static bool went_back(const struct confirm_counters *now, const struct confirm_counters *then)
{
	return now->received < then->received || now->dropped < then->dropped || now->rejected < then->rejected ||
	       now->saved < then->saved || now->failed < then->failed || now->refused < then->refused;
}

/* True when R is of the same process as the last reading. A process that ended and is back is no process
 * at all, but several behind one address. */
static bool same_process(struct confirm *c, const struct confirm_reading *r)
{
	const struct confirm_counters *now = &r->counters, *then = &c->last.counters;

	if (now->process == then->process && !went_back(now, then))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(c->processes); i++)
		if (c->processes[i] == now->process)
			c->state = CONFIRM_FOREIGN;
	if (then->process != 0) {
		memmove(c->processes + 1, c->processes, sizeof(c->processes) - sizeof(c->processes[0]));
		c->processes[0] = then->process;
		c->stats.restarts++;
	}
	return false;
}

/* Every span of ours that this process must have received by now shows in its counter. */
static void check_identity(struct confirm *c, const struct confirm_reading *r)
{
	list_each (node, &c->awaiting) {
		const struct confirm_post *p = container_of(node, struct confirm_post, link);

		if (!p->entered && p->answered_us < r->began_us && p->epoch == c->epoch)
			c->taken += p->spans;
	}
	if (r->counters.received - c->received_first < c->taken)
		c->state = CONFIRM_FOREIGN;
}

/* What the difference between two readings of one process says of the collector. */
static void look_at_change(struct confirm *c, const struct confirm_reading *r)
{
	const struct confirm_counters *now = &r->counters, *then = &c->last.counters;
	uint64_t lost_now = confirm_lost(now) > confirm_lost(then) ? confirm_lost(now) - confirm_lost(then) : 0;

	c->stats.lost += lost_now;
	c->lossless &= lost_now == 0;
	if (lost_now > 0 && now->saved == then->saved && confirm_failed(now) > confirm_failed(then)) {
		c->state = CONFIRM_NO_STORE;
		confirm_set_window(c, 0);
	} else if (lost_now > 0) {
		c->state = CONFIRM_LOSING;
		confirm_set_window(c, c->window / 2);
	} else if (c->state != CONFIRM_NO_STORE || now->saved > then->saved) {
		c->state = CONFIRM_STORING;
	}
}

/* A worker that holds a span while others save is through with it after slowest_us of their time. A store that hangs
 * holds all of them, so only stretches count in which something was saved, and in the one before; and of a long
 * stretch, which may have been a pause for the most part, no more than a quarter of what is needed. */
static void count_saving(struct confirm *c, const struct confirm_reading *r)
{
	bool saving = r->counters.saved > c->last.counters.saved;

	if (saving && c->saving)
		c->saving_us += min_u64(r->began_us - c->last.began_us, r->counters.slowest_us / SLOWEST_PARTS);
	c->saving = saving;
}

/* A reading, and what it says beside the one before it, of the same process. */
struct look {
	const struct confirm_reading *r;
	uint64_t entered;     /* no fewer spans had entered the queue */
	uint64_t gone_before; /* so many were saved or refused by the reading before: a loss among these is in R */
};

static bool is_stored(struct confirm *c, struct confirm_post *p, const struct look *l)
{
	if (!p->entered) {
		if (p->answered_us >= l->r->began_us)
			return false;
		p->entered = true;
		p->entered_at = l->entered;
		c->unread -= p->spans;
		return false;
	}
	if (!p->left && confirm_stored(&l->r->counters) >= p->entered_at) {
		p->left = true;
		p->left_at = c->saving_us;
		c->queued -= p->spans;
	}
	return l->gone_before >= l->entered || l->gone_before >= p->entered_at + l->r->counters.overtake ||
	       (p->left && l->r->counters.slowest_us != 0 && c->saving_us - p->left_at >= l->r->counters.slowest_us);
}

/* P was lost while the window was at its smallest and the store worked, so other senders keep the
 * collector's queue full and a smaller window cannot help: after opts.attempts such losses P is given up. */
static enum confirm_verdict blame(struct confirm *c, struct confirm_post *p)
{
	if (p->smallest_window && c->state == CONFIRM_LOSING && c->opts.attempts != 0 &&
	        ++p->attempts >= c->opts.attempts)
		return CONFIRM_GIVE_UP;
	return CONFIRM_LOST;
}

/* 0 when L decides nothing about P, else the verdict and one. */
static int decide(struct confirm *c, struct confirm_post *p, const struct look *l)
{
	if (p->epoch != c->epoch)
		return 1 + CONFIRM_RESTART;
	if (p->lost != confirm_lost(&l->r->counters))
		return 1 + (int)blame(c, p);
	return is_stored(c, p, l) ? 1 + CONFIRM_STORED : 0;
}

static void count(struct confirm *c, const struct confirm_post *p, enum confirm_verdict v)
{
	switch (v) {
	case CONFIRM_STORED:
		c->stats.confirmed += p->spans;
		c->clean += p->spans;
		break;
	case CONFIRM_LOST:
	case CONFIRM_RESTART:
		c->stats.resent += p->spans;
		break;
	case CONFIRM_GIVE_UP:
		c->stats.given_up += p->spans;
		break;
	}
}

/* STALE_AT: what this process may have in its queue of POSTs from before we looked leaves it by then. */
static void begin_epoch(struct confirm *c, uint64_t stale_at)
{
	c->epoch++;
	c->stale_at = stale_at;
	c->state = CONFIRM_STORING;
	c->others = 0;
	c->taken = 0;
	c->received_first = c->last.counters.received;
	c->lossless = true;
	confirm_set_window(c, confirm_first_window(c));
}

/* P is no longer held: it has its verdict. QUEUED: see stop_waiting. */
static void give_verdict(
        struct confirm *c, struct confirm_post *p, enum confirm_verdict v, bool queued, struct list *decided)
{
	stop_waiting(c, p, queued);
	count(c, p, v);
	p->decided = true;
	p->verdict = v;
	list_push(decided, &p->link);
}

static void decide_all(struct confirm *c, const struct look *l, struct list *decided)
{
	list_each_safe (node, &c->awaiting) {
		struct confirm_post *p = container_of(node, struct confirm_post, link);
		int v = decide(c, p, l);

		if (v != 0)
			give_verdict(c, p, (enum confirm_verdict)(v - 1),
			        v - 1 != CONFIRM_STORED && v - 1 != CONFIRM_RESTART, decided);
	}
}

void confirm_read(struct confirm *c, const struct confirm_reading *r, struct list *decided)
{
	bool same = same_process(c, r), first = c->last.began_us == 0;
	struct look l = { r, r->counters.received, 0 };

	if (same) {
		l.entered = confirm_entered_at_most(&r->counters, &c->last.counters);
		l.gone_before = confirm_stored(&c->last.counters);
	}
	if (same) {
		look_at_change(c, r);
		confirm_count_others(c, r);
		count_saving(c, r);
		check_identity(c, r);
	}
	confirm_next_reading(c, r);
	c->last = *r;
	if (c->state == CONFIRM_FOREIGN)
		return;
	if (!same)
		begin_epoch(c, first ? l.entered : 0);
	if (c->unsure > 0 && r->began_us >= c->unsure_us) {
		c->stale_at = l.entered;
		c->unsure = 0;
	}
	/* The first reading cannot tell what was dropped before it; the second can. */
	if (same)
		c->stale_at = min_u64(c->stale_at, l.entered);
	if (l.gone_before >= l.entered)
		c->stale_at = 0;
	decide_all(c, &l, decided);
	confirm_grow(c);
}

void confirm_return_oldest(struct confirm *c, struct list *decided)
{
	if (!list_empty(&c->awaiting))
		give_verdict(c, list_first(&c->awaiting, struct confirm_post, link), CONFIRM_RESTART, true, decided);
}

void confirm_forget(struct confirm *c, struct list *decided)
{
	while (!list_empty(&c->awaiting))
		confirm_return_oldest(c, decided);
	c->last = (struct confirm_reading){ 0 };
	memset(c->processes, 0, sizeof(c->processes));
	c->epoch++;
	c->state = CONFIRM_UNREAD;
	c->read_at_us = c->urgent_at_us = 0;
}

uint64_t confirm_oldest_us(const struct confirm *c)
{
	return list_empty(&c->awaiting) ? 0 : list_first(&c->awaiting, struct confirm_post, link)->answered_us;
}

const char *confirm_state_name(enum confirm_state s)
{
	static const char *const names[] = { "unread", "storing", "losing", "no_store", "foreign" };

	return names[s];
}
