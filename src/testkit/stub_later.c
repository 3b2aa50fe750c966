/* SPDX-License-Identifier: Apache-2.0 */
/* stub_later.c — a delay comes after handling: a slow collector has a batch long before it answers.
 *
 *   request ──hang──► queued until that ends ─┐
 *      └──────────────────────────────────────┴► handled ──delay──► answered */
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "stub_later.h"

enum { NEAR_US = US_PER_MS / 2 }; /* the loop's timers count milliseconds: an answer is early or late by half of one */

struct stub_later {
	struct timer *timer; /* fires for the first of DELAYED */
	void (*handle)(void *arg, const struct http_call *call, struct http_reply *reply);
	void *arg;
	struct list queued;  /* struct pending: not handled yet */
	struct list delayed; /* struct pending: handled, answered later */
	uint64_t delay_us;
	bool hangs;
	unsigned drops; /* number of stub_later_drop() calls; handle() may make one */
};

struct pending {
	struct list link;
	struct http_later *later;
	const struct http_call *call;
	struct http_reply reply;
	uint64_t due_us;
};

static void discard(struct pending *p)
{
	list_remove(&p->link);
	buf_free(&p->reply.body);
	free(p);
}

/* Starts the timer for the first of DELAYED. */
static void wait_for_due(struct stub_later *l)
{
	uint64_t first = UINT64_MAX, now = clock_mono_us();

	list_each (node, &l->delayed)
		first = min_u64(first, container_of(node, struct pending, link)->due_us);
	if (first != UINT64_MAX)
		timer_start(l->timer, first <= now ? 0 : (first - now + NEAR_US) / US_PER_MS);
}

static void on_due(void *arg)
{
	struct stub_later *l = arg;
	uint64_t now = clock_mono_us();

	list_each_safe (node, &l->delayed) {
		struct pending *p = container_of(node, struct pending, link);

		if (p->due_us > now + NEAR_US)
			continue;
		http_later_answer(&p->later, &p->reply);
		discard(p);
	}
	wait_for_due(l);
}

static void handle_pending(struct stub_later *l, struct pending *p)
{
	unsigned drops = l->drops;

	l->handle(l->arg, p->call, &p->reply);
	if (l->drops != drops) {
		discard(p);
		return;
	}
	p->due_us = clock_mono_us() + l->delay_us;
	list_push(&l->delayed, &p->link);
	wait_for_due(l);
}

void stub_later_request(struct stub_later *l, const struct http_call *call, struct http_reply *reply)
{
	struct pending *p;

	if (!l->hangs && l->delay_us == 0) {
		l->handle(l->arg, call, reply);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		reply->reset_connections = true;
		return;
	}
	list_init(&p->link);
	p->call = call;
	p->later = http_call_later(call);
	if (l->hangs)
		list_push(&l->queued, &p->link);
	else
		handle_pending(l, p);
}

void stub_later_hang(struct stub_later *l, bool hang)
{
	l->hangs = hang;
	while (!hang && !list_empty(&l->queued)) {
		struct pending *p = list_first(&l->queued, struct pending, link);

		list_remove(&p->link);
		handle_pending(l, p);
	}
}

void stub_later_delay(struct stub_later *l, uint64_t ms)
{
	l->delay_us = ms * US_PER_MS;
}

void stub_later_drop(struct stub_later *l)
{
	l->drops++;
	list_each_safe (node, &l->queued)
		discard(container_of(node, struct pending, link));
	list_each_safe (node, &l->delayed)
		discard(container_of(node, struct pending, link));
	timer_stop(l->timer);
}

int stub_later_open(struct stub_later **out, struct loop *loop,
        void (*handle)(void *arg, const struct http_call *call, struct http_reply *reply), void *arg)
{
	struct stub_later *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return E_NOMEM;
	*l = (struct stub_later){ .handle = handle, .arg = arg };
	list_init(&l->queued);
	list_init(&l->delayed);
	if (timer_open(&l->timer, loop, on_due, l) < 0) {
		free(l);
		return E_NOMEM;
	}
	*out = l;
	return 0;
}

void stub_later_free(struct stub_later *l)
{
	if (l == NULL)
		return;
	stub_later_drop(l);
	timer_free(l->timer);
	free(l);
}
