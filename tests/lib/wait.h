/* SPDX-License-Identifier: Apache-2.0 */
/* wait.h — runs a loop until something is true, or a deadline that only a broken program meets. */
#ifndef WAIT_H
#define WAIT_H

#include "base/clock.h"
#include "loop/loop.h"

enum { WAIT_LOOK_MS = 2 };

struct wait {
	struct loop *loop;
	struct timer *timer;
	bool (*cond)(void *arg);
	void *arg;
	uint64_t deadline_us;
	bool met;
};

static inline void wait_look(void *arg)
{
	struct wait *u = arg;

	u->met = u->cond(u->arg);
	if (u->met || clock_mono_us() > u->deadline_us)
		loop_stop(u->loop);
	else
		timer_start(u->timer, WAIT_LOOK_MS);
}

static inline bool wait_until(struct loop *l, bool (*cond)(void *arg), void *arg, unsigned seconds)
{
	struct wait u = { l, NULL, cond, arg, clock_mono_us() + seconds * US_PER_S, false };

	if (timer_open(&u.timer, l, wait_look, &u) < 0)
		return false;
	timer_start(u.timer, 0);
	loop_run(l);
	timer_free(u.timer);
	return u.met;
}

static inline bool wait_never(void *arg)
{
	(void)arg;
	return false;
}

/* Lets the loop live for MS, whatever happens. For showing that something does NOT happen. */
static inline void wait_ms(struct loop *l, unsigned ms)
{
	struct wait u = { l, NULL, wait_never, NULL, clock_mono_us() + ms * US_PER_MS, false };

	if (timer_open(&u.timer, l, wait_look, &u) < 0)
		return;
	timer_start(u.timer, 0);
	loop_run(l);
	timer_free(u.timer);
}

#endif
