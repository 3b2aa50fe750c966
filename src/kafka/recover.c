/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c — replaces a producer handle after a fatal error, which librdkafka never clears.
 *
 *   RUNNING ──fatal error──► EMPTYING ──last report──► PAUSED ──pause over──► RUNNING, room()
 *                             │    ▲                    │    ▲
 *                             └────┘                    └────┘
 *             after 1 s: purge in-flight records too    open failed: double the pause
 *
 * In EMPTYING the queue is purged at once; records in flight have a second, because an acknowledgement spares a
 * duplicate. The pause doubles with each fatal error from 100 ms to 10 s, because a missing ACL makes the next
 * handle fatal too, and is reset by an acknowledgement.
 *
 * When a certificate or secret has changed on disk, the handle is replaced in the same way with three differences:
 * its records have three seconds, kafka_producer_send() returns E_FULL instead of E_DOWN, and no pause follows.
 *
 * The handle `alone` fails in the same way and is closed when it is empty; reports.c opens the next.
 *
 * Only kafka_recover_step() changes p->state. */
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
	return timer_open(&p->recover_timer, p->loop, on_recover, p);
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
	/* The transition waits for the wake-up: serve_handle() may be reading H's events now. */
	wakeup_signal(p->wakeup);
}

static void begin_replace(struct kafka_handle *h, struct timer *wire)
{
	if (h->rk == NULL || h->failed)
		return;
	h->failed = true;
	timer_start(wire, REPLACE_MS);
}

void kafka_recover_replace(struct kafka_producer *p)
{
	begin_replace(&p->alone, p->idle);
	if (p->state != PRODUCER_RUNNING || p->main.failed)
		return; /* the next handle uses p->conf anyway */
	p->replacing = true;
	begin_replace(&p->main, p->recover_timer);
	wakeup_signal(p->wakeup);
}

static void begin_pause(struct kafka_producer *p)
{
	p->state = PRODUCER_PAUSED;
	timer_start(p->recover_timer, p->pause_ms);
	p->pause_ms = min_u64(p->pause_ms * 2, KAFKA_PAUSE_MOST_MS);
}

static void reopen_handle(struct kafka_producer *p)
{
	struct why why;

	p->replacing = false;
	if (kafka_handle_open(&p->main, p->conf, &p->opts, p->wakeup, &why) < 0) {
		log_error("%s: %s", p->log.who, why.text);
		begin_pause(p);
		return;
	}
	p->state = PRODUCER_RUNNING;
	log_info("%s: a new handle was made", p->log.who);
	kafka_producer_report_room(p);
}

/* True when H has failed and all its records are reported. A purge may miss records, so it is repeated each second. */
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
			timer_start(p->recover_timer, WIRE_MS);
	}
	if (p->state == PRODUCER_EMPTYING && is_empty(&p->main, p->recover_timer)) {
		kafka_handle_close(&p->main, p->loop);
		timer_stop(p->recover_timer);
		if (p->replacing)
			p->state = PRODUCER_PAUSED; /* without a pause: the timer is stopped */
		else
			begin_pause(p);
	}
	if (p->state == PRODUCER_PAUSED && !timer_armed(p->recover_timer))
		reopen_handle(p);
}
