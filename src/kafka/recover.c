/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c — a fatal error kills a handle for good, also when its cause is gone. So:
 *
 *   RUNNING ──fatal error──► EMPTYING ──last report──► PAUSED ──pause over──► RUNNING, room()
 *                             │    ▲                    │    ▲
 *                             └────┘                    └────┘
 *          the wire had its second: purge that too     no handle to be had: pause twice as long
 *
 * In EMPTYING the queue is purged at once, what is on the wire is given a second, because an answer
 * that comes spares a duplicate. The pause doubles with each fatal error from 100 ms to 10 s, and
 * starts again after an acknowledgement: a missing right makes the next handle fatal too.
 *
 * When a certificate or a secret has changed on disk, the handle is replaced in the same way, but gently: it
 * has three seconds to deliver what it holds, meanwhile the producer is full and not down, and no pause
 * follows.
 *
 * The handle for lone records is failed in the same way, but simply closed when it is empty.
 *
 * Only kafka_recover_step moves the state.
 */
#include "conf.h"
#include "producer_internal.h"

enum { WIRE_MS = 1000, REPLACE_MS = 3000 };

static void on_recover(void *arg)
{
	struct kafka_producer *p = arg;

	kafka_recover_step(p);
}

int kafka_recover_open(struct kafka_producer *p)
{
	p->pause_ms = KAFKA_PAUSE_LEAST_MS;
	return timer_open(&p->mend, p->loop, on_recover, p);
}

void kafka_recover_worked(struct kafka_producer *p)
{
	p->pause_ms = KAFKA_PAUSE_LEAST_MS;
}

void kafka_recover_failed(struct kafka_producer *p, struct kafka_handle *h)
{
	if (h->rk == NULL || h->failed)
		return;
	h->failed = true;
	p->stats.fatal++;
	kafka_log_fatal(&p->log, h->rk);
	kafka_handle_purge(h, false);
	/* Not here: the handle's reports may be being read just now. */
	wakeup_signal(p->wakeup);
}

static void replace(struct kafka_handle *h, struct timer *wire)
{
	if (h->rk == NULL || h->failed)
		return;
	h->failed = true;
	timer_start(wire, REPLACE_MS);
}

void kafka_recover_replace(struct kafka_producer *p)
{
	replace(&p->alone, p->idle);
	if (p->state != PRODUCER_RUNNING || p->main.failed)
		return; /* the next one is made of it anyway */
	p->replacing = true;
	replace(&p->main, p->mend);
	wakeup_signal(p->wakeup);
}

static void pause_once(struct kafka_producer *p)
{
	p->state = PRODUCER_PAUSED;
	timer_start(p->mend, p->pause_ms);
	p->pause_ms = min_u64(p->pause_ms * 2, KAFKA_PAUSE_MOST_MS);
}

static void renew(struct kafka_producer *p)
{
	struct why why;

	p->replacing = false;
	if (kafka_handle_open(&p->main, p->conf, &p->opts, p->wakeup, &why) < 0) {
		log_error("%s: %s", p->log.who, why.text);
		pause_once(p);
		return;
	}
	p->state = PRODUCER_RUNNING;
	log_info("%s: a new handle was made", p->log.who);
	p->events.room(p->events.arg);
}

/* True when H is failed and has nothing left. What its purges missed is purged again each second. */
static bool is_empty(struct kafka_handle *h, struct timer *wire)
{
	if (!h->failed)
		return false;
	if (h->waiting == 0)
		return true;
	if (!timer_armed(wire)) {
		kafka_handle_purge(h, true);
		timer_start(wire, WIRE_MS);
	}
	return false;
}

void kafka_recover_step(struct kafka_producer *p)
{
	if (is_empty(&p->alone, p->idle))
		kafka_handle_close(&p->alone, p->loop);
	if (p->state == PRODUCER_RUNNING && p->main.failed) {
		p->state = PRODUCER_EMPTYING;
		if (!p->replacing)
			timer_start(p->mend, WIRE_MS);
	}
	if (p->state == PRODUCER_EMPTYING && is_empty(&p->main, p->mend)) {
		kafka_handle_close(&p->main, p->loop);
		timer_stop(p->mend);
		if (p->replacing)
			p->state = PRODUCER_PAUSED; /* for no time */
		else
			pause_once(p);
	}
	if (p->state == PRODUCER_PAUSED && !timer_armed(p->mend))
		renew(p);
}
