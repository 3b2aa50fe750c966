/* SPDX-License-Identifier: Apache-2.0 */
/* How often POSTs may begin that could still grow by waiting. */
#ifndef POST_BUDGET_H
#define POST_BUDGET_H

#include "base/base.h"

/* A POST costs about as much CPU time as a hundred spans in it, so many small POSTs would cost far more than the
 * spans. All POSTs together may cost 0.8 % of a core, or 0.6 µs for each span, whichever is more: with little
 * traffic each batch leaves at once, and the busier it gets the more spans share a POST. All zero is valid. */
struct post_budget {
	uint64_t at_us;  /* BY_CLOCK was right then, monotonic; 0 never */
	double by_clock; /* CPU time in hand that the clock earned, microseconds; below zero: owed */
	double by_spans; /* the same, that spans earned */
};

/* SPANS wait to be sent. */
void post_budget_earn(struct post_budget *b, uint64_t spans);
/* How long from now until a POST may begin that could still grow, in microseconds; 0: now. */
uint64_t post_budget_wait_us(struct post_budget *b, uint64_t now_us);
/* A POST begins. NEW_CONNECTION: the collector closes its connections, so this one has to connect. */
void post_budget_take(struct post_budget *b, bool new_connection);

#endif
