/* SPDX-License-Identifier: Apache-2.0 */
/* post_budget.c — two accounts of CPU time, one earned by the clock and one by the spans. Each POST is charged
 * to both, and may begin while either is not overdrawn; so the larger of the two earnings sets the rate. */
#include "policy/post_budget.h"

/* Microseconds of CPU time, measured: a POST of 10 to 500 spans over an open connection, and over a new one. */
#define COST_KEPT 60.0
#define COST_NEW 200.0
/* The same of each further batch in a POST. */
#define COST_BATCH 8.0
/* Microseconds of CPU time earned per microsecond of the clock, and per span. */
#define CLOCK_EARNS 0.008
#define SPAN_EARNS 0.15
/* The bound of either account, up and down: after a pause some twenty POSTs may begin at once. */
#define ACCOUNT_MOST 1200.0

static double clamp(double v)
{
	return v > ACCOUNT_MOST ? ACCOUNT_MOST : v < -ACCOUNT_MOST ? -ACCOUNT_MOST : v;
}

void post_budget_earn(struct post_budget *b, uint64_t spans)
{
	b->by_spans = clamp(b->by_spans + SPAN_EARNS * (double)spans);
}

uint64_t post_budget_wait_us(struct post_budget *b, uint64_t now_us)
{
	if (b->at_us == 0)
		b->by_clock = ACCOUNT_MOST;
	else
		b->by_clock = clamp(b->by_clock + CLOCK_EARNS * (double)(now_us - b->at_us));
	b->at_us = now_us;
	if (b->by_clock >= 0 || b->by_spans >= 0)
		return 0;
	return (uint64_t)(-b->by_clock / CLOCK_EARNS) + 1;
}

/* A POST of many batches costs no more than a new connection: the budget then allows forty a second. */
static double cost_of(uint32_t batches, bool new_connection)
{
	double cost = COST_KEPT + COST_BATCH * (double)(batches - 1);

	return new_connection || cost > COST_NEW ? COST_NEW : cost;
}

void post_budget_charge(struct post_budget *b, uint32_t batches, bool new_connection)
{
	double cost = cost_of(batches, new_connection);

	b->by_clock = clamp(b->by_clock - cost);
	b->by_spans = clamp(b->by_spans - cost);
}
