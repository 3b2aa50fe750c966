/* SPDX-License-Identifier: Apache-2.0 */
/* post_budget.c — two accounts of CPU time, one earned by the clock and one by the spans. Each POST is charged
 * to both, and may begin while either is not overdrawn; so the larger of the two earnings sets the rate. */
#include "policy/post_budget.h"

/* Microseconds of CPU time, measured: a POST of 10 to 500 spans over a connection that stays, and over one made
 * for it. */
#define COST_KEPT 60.0
#define COST_NEW 200.0
/* Per microsecond of the clock, and per span. */
#define CLOCK_EARNS 0.008
#define SPAN_EARNS 0.6
/* Most in either account, and most that it may owe: some twenty POSTs may begin at once after a pause. */
#define MOST 1200.0

static double within(double v)
{
	return v > MOST ? MOST : v < -MOST ? -MOST : v;
}

void post_budget_earn(struct post_budget *b, uint64_t spans)
{
	b->by_spans = within(b->by_spans + SPAN_EARNS * (double)spans);
}

uint64_t post_budget_wait_us(struct post_budget *b, uint64_t now_us)
{
	if (b->at_us == 0)
		b->by_clock = MOST;
	else
		b->by_clock = within(b->by_clock + CLOCK_EARNS * (double)(now_us - b->at_us));
	b->at_us = now_us;
	if (b->by_clock >= 0 || b->by_spans >= 0)
		return 0;
	return (uint64_t)(-b->by_clock / CLOCK_EARNS) + 1;
}

void post_budget_take(struct post_budget *b, bool new_connection)
{
	double cost = new_connection ? COST_NEW : COST_KEPT;

	b->by_clock = within(b->by_clock - cost);
	b->by_spans = within(b->by_spans - cost);
}
