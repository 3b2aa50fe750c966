/* SPDX-License-Identifier: Apache-2.0 */
/* confirm.c — a 2xx of a Jaeger collector means that spans were offered to its queue, not that they are in its store.
 * Its counters show whether they were stored.
 *
 * A POST passes these states, each by a reading of the counters that began after the previous one:
 *
 *   ANSWERED ──a reading began after the answer──► ENTERED: entered_at spans had entered the queue by then,
 *      │                                                    the POST's own among them
 *      │        ──as many were saved or failed──► LEFT: the queue is first in, first out, so the POST's spans
 *      │                                                are saved, or a worker has them
 *      │        ──the queue was empty, or "overtake" more spans were saved, or saving went on for slowest_us:
 *      │          no worker can still have a span of the POST──► STORED
 *      └──the collector lost spans since the POST was sent, or is another process──► LOST, RESTART
 *
 * A reading shows nothing about a POST that was answered after it began. The page reads its counters one after the other,
 * so "received" may be older than "saved", and one page alone never proves that the queue was empty. Two do: when the
 * earlier page has as many saved or failed as the later page has entered, the queue was empty in between.
 *
 * confirm_window.c decides how many spans may be sent, and when the next reading is due. */
#include <string.h>

#include "confirm_internal.h"

enum {
	SLOWEST_PARTS = 4, /* one interval between readings counts for at most slowest_us / SLOWEST_PARTS */
};

void confirm_init(struct confirm *c, const struct confirm_opts *opts)
{
	*c = (struct confirm){ .opts = *opts, .state = CONFIRM_UNREAD, .received_per_own = 1 };
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

/* P is no longer awaited, but its spans may be in the queue; they have come by BY_US, if at all. */
static void count_unsure(struct confirm *c, const struct confirm_post *p, uint64_t by_us)
{
	c->unsure += p->spans;
	c->unsure_us = max_u64(c->unsure_us, by_us);
}

void confirm_unanswered(struct confirm *c, const struct confirm_post *p, uint64_t now_us)
{
	c->on_wire -= p->spans;
	count_unsure(c, p, now_us);
}

/* Removes P from awaiting. QUEUED: those of its spans that are not known to have left the queue may still be there. */
static void remove_awaiting(struct confirm *c, struct confirm_post *p, bool queued)
{
	list_remove(&p->link);
	c->unconfirmed -= p->spans;
	if (!p->entered)
		c->unread -= p->spans;
	if (!p->left)
		c->queued -= p->spans;
	if (!p->left && queued)
		count_unsure(c, p, p->answered_us);
}

void confirm_withdraw(struct confirm *c, struct confirm_post *p)
{
	if (p->decided)
		list_remove(&p->link);
	else
		remove_awaiting(c, p, true);
}

/* True when a counter decreased, which it never does within one process. */
static bool went_back(const struct confirm_counters *now, const struct confirm_counters *then)
{
	return now->received < then->received || now->dropped < then->dropped || now->rejected < then->rejected ||
	       now->saved < then->saved || now->failed < then->failed || now->refused < then->refused;
}

/* True when R is of the same process as the last reading. When a process that ended is back, several processes are behind
 * one address: then the state becomes CONFIRM_FOREIGN. */
static bool is_same_process(struct confirm *c, const struct confirm_reading *r)
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

/* The process must have received all own spans that were answered before R began; a smaller counter is another
 * collector's. */
static void check_identity(struct confirm *c, const struct confirm_reading *r)
{
	list_each (node, &c->awaiting) {
		const struct confirm_post *p = container_of(node, struct confirm_post, link);

		if (!p->entered && p->answered_us < r->began_us && p->epoch == c->epoch)
			c->must_have_received += p->spans;
	}
	if (r->counters.received - c->received_first < c->must_have_received)
		c->state = CONFIRM_FOREIGN;
}

/* Sets the state and the window by the losses between the last reading and R, both of one process. */
static void update_state(struct confirm *c, const struct confirm_reading *r)
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

/* Adds to saving_us the interval between the last reading and R. While other workers save, a worker has saved its span
 * after slowest_us. A store that hangs stops all workers, so an interval counts only if spans were saved in it and in
 * the one before; and a long interval, most of which may have been a pause, counts for a quarter of slowest_us. */
static void count_saving(struct confirm *c, const struct confirm_reading *r)
{
	bool saving = r->counters.saved > c->last.counters.saved;

	if (saving && c->saving)
		c->saving_us += min_u64(r->began_us - c->last.began_us, r->counters.slowest_us / SLOWEST_PARTS);
	c->saving = saving;
}

/* A reading, compared with the one before it, of the same process. */
struct comparison {
	const struct confirm_reading *r;
	uint64_t entered;     /* upper bound of the spans that had entered the queue by R */
	uint64_t gone_before; /* saved or failed by the reading before R; a failure among them is in R's counters */
};

static bool is_stored(struct confirm *c, struct confirm_post *p, const struct comparison *cmp)
{
	if (!p->entered) {
		if (p->answered_us >= cmp->r->began_us)
			return false;
		p->entered = true;
		p->entered_at = cmp->entered;
		c->unread -= p->spans;
		return false;
	}
	if (!p->left && confirm_stored(&cmp->r->counters) >= p->entered_at) {
		p->left = true;
		p->left_at = c->saving_us;
		c->queued -= p->spans;
	}
	return cmp->gone_before >= cmp->entered || cmp->gone_before >= p->entered_at + cmp->r->counters.overtake ||
	       (p->left && cmp->r->counters.slowest_us != 0 &&
	               c->saving_us - p->left_at >= cmp->r->counters.slowest_us);
}

/* The verdict on P, which was lost. When the window was at its smallest and the store worked, other senders keep the
 * collector's queue full, and a smaller window cannot help: after opts.attempts such losses P is given up. */
static enum confirm_verdict verdict_on_loss(struct confirm *c, struct confirm_post *p)
{
	if (p->smallest_window && c->state == CONFIRM_LOSING && c->opts.attempts != 0 &&
	        ++p->attempts >= c->opts.attempts)
		return CONFIRM_GIVE_UP;
	return CONFIRM_LOST;
}

/* Returns the verdict plus one, or 0 when CMP does not decide about P. */
static int decide_post(struct confirm *c, struct confirm_post *p, const struct comparison *cmp)
{
	if (p->epoch != c->epoch)
		return 1 + CONFIRM_RESTART;
	if (p->lost != confirm_lost(&cmp->r->counters))
		return 1 + (int)verdict_on_loss(c, p);
	return is_stored(c, p, cmp) ? 1 + CONFIRM_STORED : 0;
}

static void count_verdict(struct confirm *c, const struct confirm_post *p, enum confirm_verdict v)
{
	switch (v) {
	case CONFIRM_STORED:
		c->stats.confirmed += p->spans;
		c->stored_in_window += p->spans;
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

/* Another process, or the first reading: begins an epoch. STALE_AT: once so many spans were saved or failed, no span of a
 * POST from before this epoch is in the process's queue. */
static void begin_epoch(struct confirm *c, uint64_t stale_at)
{
	c->epoch++;
	c->stale_at = stale_at;
	c->state = CONFIRM_STORING;
	c->others = 0;
	c->must_have_received = 0;
	c->received_first = c->last.counters.received;
	c->lossless = true;
	confirm_set_window(c, confirm_first_window(c));
}

/* Moves P to DECIDED with verdict V. QUEUED: see remove_awaiting. */
static void finish_post(
        struct confirm *c, struct confirm_post *p, enum confirm_verdict v, bool queued, struct list *decided)
{
	remove_awaiting(c, p, queued);
	count_verdict(c, p, v);
	p->decided = true;
	p->verdict = v;
	list_push(decided, &p->link);
}

static void decide_all(struct confirm *c, const struct comparison *cmp, struct list *decided)
{
	list_each_safe (node, &c->awaiting) {
		struct confirm_post *p = container_of(node, struct confirm_post, link);
		int v = decide_post(c, p, cmp);

		if (v != 0)
			finish_post(c, p, (enum confirm_verdict)(v - 1),
			        v - 1 != CONFIRM_STORED && v - 1 != CONFIRM_RESTART, decided);
	}
}

void confirm_read(struct confirm *c, const struct confirm_reading *r, struct list *decided)
{
	bool same = is_same_process(c, r), first = c->last.began_us == 0;
	struct comparison cmp = { r, r->counters.received, 0 };

	if (same) {
		cmp.entered = confirm_entered_at_most(&r->counters, &c->last.counters);
		cmp.gone_before = confirm_stored(&c->last.counters);
	}
	if (same) {
		update_state(c, r);
		confirm_count_others(c, r);
		count_saving(c, r);
		check_identity(c, r);
	}
	confirm_next_reading(c, r);
	c->last = *r;
	if (c->state == CONFIRM_FOREIGN)
		return;
	if (!same)
		begin_epoch(c, first ? cmp.entered : 0);
	if (c->unsure > 0 && r->began_us >= c->unsure_us) {
		c->stale_at = cmp.entered;
		c->unsure = 0;
	}
	/* The first reading's bound includes spans that were dropped before it; the second's does not. */
	if (same)
		c->stale_at = min_u64(c->stale_at, cmp.entered);
	if (cmp.gone_before >= cmp.entered)
		c->stale_at = 0;
	decide_all(c, &cmp, decided);
	confirm_grow(c);
	confirm_pause_or_resume(c, r);
}

void confirm_return_oldest(struct confirm *c, struct list *decided)
{
	if (!list_empty(&c->awaiting))
		finish_post(c, list_first(&c->awaiting, struct confirm_post, link), CONFIRM_RESTART, true, decided);
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
	c->pause_began_us = c->pause_again_us = 0;
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
