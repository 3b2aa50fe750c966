/* SPDX-License-Identifier: Apache-2.0 */
/* A CPU budget for POSTs: decides when a POST may begin that would take more spans if it waited. */
#ifndef POST_BUDGET_H
#define POST_BUDGET_H

#include "base/base.h"

/* A POST costs about as much CPU time as a hundred spans in it, so many small POSTs would cost far more than the
 * spans. All POSTs together may cost 0.8 % of a core, or 0.15 µs for each span, whichever is more: with little
 * traffic each batch leaves at once, and the busier it gets the more spans share a POST. The batches in a POST are
 * charged as well, so POSTs become rarer as the batches that each of them saves a POST become more: 100 batches a
 * second leave in 100 POSTs, 500 in 77, and 1,000 in 40. All zero is valid. */
struct post_budget {
	uint64_t at_us;  /* monotonic; when by_clock was last brought up to date; 0: never */
	double by_clock; /* microseconds of CPU time earned by the clock and not spent; negative: overdrawn */
	double by_spans; /* microseconds of CPU time earned by spans and not spent; negative: overdrawn */
};

/* SPANS more wait to be sent: they earn CPU time. */
void post_budget_earn(struct post_budget *b, uint64_t spans);
/* Microseconds until a POST may begin that would take more spans if it waited; 0: it may begin now. */
uint64_t post_budget_wait_us(struct post_budget *b, uint64_t now_us);
/* Charges one POST of BATCHES, at least one. NEW_CONNECTION: it needs a new connection, since the collector closes
 * them. */
void post_budget_charge(struct post_budget *b, uint32_t batches, bool new_connection);

#endif
