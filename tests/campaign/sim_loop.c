/* SPDX-License-Identifier: Apache-2.0 */
/* sim_loop.c — loop.h and clock.h without a loop and without a clock. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "sim.h"

uint64_t sim_mono_us, sim_wall_ms;

struct loop {
	struct list timers;
	struct list hooks;
	struct list started; /* work that was not run */
	struct list run;     /* work that was, and was not told */
};

struct work {
	struct list link;
	void (*run)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

struct timer {
	struct list link;
	void (*ring)(void *arg);
	void *arg;
	bool armed;
	uint64_t due_us;
};

struct turn_hook {
	struct list link;
	void (*what)(void *arg);
	void *arg;
};

uint64_t clock_mono_us(void)
{
	return sim_mono_us;
}

uint64_t clock_wall_ms(void)
{
	return sim_wall_ms;
}

int loop_open(struct loop **out, struct why *why)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return why_set(why, E_NOMEM, "loop");
	list_init(&l->started);
	list_init(&l->run);
	list_init(&l->timers);
	list_init(&l->hooks);
	*out = l;
	return 0;
}

static void forget_all(struct list *work)
{
	while (!list_empty(work)) {
		struct work *w = list_first(work, struct work, link);

		list_remove(&w->link);
		free(w);
	}
}

void loop_free(struct loop *l)
{
	forget_all(&l->started);
	forget_all(&l->run);
	free(l);
}

uint64_t loop_now_us(const struct loop *l)
{
	(void)l;
	return sim_mono_us;
}

int turn_hook_open(struct turn_hook **out, struct loop *l, void (*what)(void *arg), void *arg)
{
	struct turn_hook *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return E_NOMEM;
	h->what = what;
	h->arg = arg;
	list_push(&l->hooks, &h->link);
	*out = h;
	return 0;
}

void turn_hook_free(struct turn_hook *h)
{
	if (h != NULL)
		list_remove(&h->link);
	free(h);
}

int timer_open(struct timer **out, struct loop *l, void (*ring)(void *arg), void *arg)
{
	struct timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return E_NOMEM;
	t->ring = ring;
	t->arg = arg;
	list_push(&l->timers, &t->link);
	*out = t;
	return 0;
}

void timer_start(struct timer *t, uint64_t after_ms)
{
	t->armed = true;
	t->due_us = sim_mono_us + after_ms * US_PER_MS;
}

void timer_stop(struct timer *t)
{
	t->armed = false;
}

bool timer_armed(const struct timer *t)
{
	return t->armed;
}

void timer_free(struct timer *t)
{
	if (t != NULL)
		list_remove(&t->link);
	free(t);
}

int work_start(struct loop *l, void (*run)(void *arg), void (*done)(void *arg), void *arg)
{
	struct work *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return E_NOMEM;
	*w = (struct work){ .run = run, .done = done, .arg = arg };
	list_push(&l->started, &w->link);
	return 0;
}

bool sim_work_run(struct loop *l)
{
	struct work *w;

	if (list_empty(&l->started))
		return false;
	w = list_first(&l->started, struct work, link);
	list_remove(&w->link);
	w->run(w->arg);
	list_push(&l->run, &w->link);
	return true;
}

bool sim_work_done(struct loop *l)
{
	struct work *w, it;

	if (list_empty(&l->run))
		return false;
	w = list_first(&l->run, struct work, link);
	list_remove(&w->link);
	it = *w;
	free(w);
	it.done(it.arg);
	return true;
}

void sim_turn(struct loop *l)
{
	list_each_safe (node, &l->timers) {
		struct timer *t = container_of(node, struct timer, link);

		if (t->armed && t->due_us <= sim_mono_us) {
			t->armed = false;
			t->ring(t->arg);
		}
	}
	list_each (node, &l->hooks) {
		struct turn_hook *h = container_of(node, struct turn_hook, link);

		h->what(h->arg);
	}
}
