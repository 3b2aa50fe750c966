/* SPDX-License-Identifier: Apache-2.0 */
/* emitting.c — a timer while there is something to wait for, a wake-up while there is not: the other
 * parts of the loop get their turn between two steps either way. */
#include <stdlib.h>

#include "testkit/emitting.h"

struct emitting {
	struct loop *loop;
	struct emitter *emitter;
	struct timer *wait;
	struct wakeup *again;
	void (*over)(void *arg);
	void *arg;
};

static void step(void *arg)
{
	struct emitting *g = arg;
	uint64_t wait_us = emitter_step(g->emitter, loop_now_us(g->loop));

	if (wait_us == EMITTER_OVER) {
		emitter_settle(g->emitter);
		g->over(g->arg);
	} else if (wait_us < US_PER_MS) {
		wakeup_signal(g->again);
	} else {
		timer_start(g->wait, wait_us / US_PER_MS);
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
	if (timer_open(&g->wait, l, step, g) < 0 || wakeup_open(&g->again, l, step, g) < 0) {
		emitting_free(g);
		return E_NOMEM;
	}
	wakeup_signal(g->again);
	*out = g;
	return 0;
}

void emitting_free(struct emitting *g)
{
	if (g == NULL)
		return;
	timer_free(g->wait);
	wakeup_free(g->again);
	free(g);
}
