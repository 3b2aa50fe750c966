/* SPDX-License-Identifier: Apache-2.0 */
/* emitting.c — waits for the next step with a timer, or with a wakeup when it is due within 1 ms: either way the
 * loop does its other work between two steps. */
#include <stdlib.h>

#include "testkit/emitting.h"

struct emitting {
	struct loop *loop;
	struct emitter *emitter;
	struct timer *timer;
	struct wakeup *wakeup;
	void (*over)(void *arg);
	void *arg;
};

static void step(void *arg)
{
	struct emitting *g = arg;
	uint64_t wait_us = emitter_step(g->emitter, loop_now_us(g->loop));

	if (wait_us == EMITTER_OVER) {
		emitter_count_refused(g->emitter);
		g->over(g->arg);
	} else if (wait_us < US_PER_MS) {
		wakeup_signal(g->wakeup);
	} else {
		timer_start(g->timer, wait_us / US_PER_MS);
	}
}

int emitting_start(struct emitting **out, struct loop *l, struct emitter *e, void (*over)(void *arg), void *arg)
{
	struct emitting *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return E_NOMEM;
	g->loop = l;
	g->emitter = e;
	g->over = over;
	g->arg = arg;
	if (timer_open(&g->timer, l, step, g) < 0 || wakeup_open(&g->wakeup, l, step, g) < 0) {
		emitting_free(g);
		return E_NOMEM;
	}
	wakeup_signal(g->wakeup);
	*out = g;
	return 0;
}

void emitting_free(struct emitting *g)
{
	if (g == NULL)
		return;
	timer_free(g->timer);
	wakeup_free(g->wakeup);
	free(g);
}
