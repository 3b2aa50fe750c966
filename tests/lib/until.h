/* until.h — runs a loop until something is true, or a deadline that only a broken program meets. */
#ifndef UNTIL_H
#define UNTIL_H

#include "base/clock.h"
#include "loop/loop.h"

enum { UNTIL_LOOK_MS = 2 };

struct until {
	struct loop *loop;
	struct timer *timer;
	bool (*cond)(void *arg);
	void *arg;
	uint64_t deadline_us;
	bool met;
};

static inline void until_look(void *arg)
{
	struct until *u = arg;

	u->met = u->cond(u->arg);
	if (u->met || clock_mono_us() > u->deadline_us)
		loop_stop(u->loop);
	else
		timer_start(u->timer, UNTIL_LOOK_MS);
}

static inline bool until_true(struct loop *l, bool (*cond)(void *arg), void *arg, unsigned seconds)
{
	struct until u = { l, NULL, cond, arg, clock_mono_us() + seconds * US_PER_S, false };

	if (timer_open(&u.timer, l, until_look, &u) < 0)
		return false;
	timer_start(u.timer, 0);
	loop_run(l);
	timer_free(u.timer);
	return u.met;
}

static inline bool until_never(void *arg)
{
	(void)arg;
	return false;
}

/* Lets the loop live for MS, whatever happens. For showing that something does NOT happen. */
static inline void until_passed(struct loop *l, unsigned ms)
{
	struct until u = { l, NULL, until_never, NULL, clock_mono_us() + ms * US_PER_MS, false };

	if (timer_open(&u.timer, l, until_look, &u) < 0)
		return;
	timer_start(u.timer, 0);
	loop_run(l);
	timer_free(u.timer);
}

#endif
