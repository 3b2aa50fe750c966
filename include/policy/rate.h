/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a number grows or shrinks, by a memory that fades. */
#ifndef RATE_H
#define RATE_H

#include "base/base.h"

enum { RATE_MEMORY_S = 10 };

/* All zero is a rate that has seen nothing yet. */
struct rate {
	bool started;
	uint64_t value;  /* as last seen */
	uint64_t at_us;  /* then, monotonic */
	uint64_t age_us; /* since the first look */
	double per_s;    /* below 0 where it shrinks */
};

/* VALUE is what is counted or measured now. Looks may come at any intervals. */
void rate_observe(struct rate *t, uint64_t now_us, uint64_t value);

/* Seconds until it, now VALUE, is 0 if it goes on like this: 0 when it is, INFINITY while it does not
 * shrink. */
double rate_until_zero(const struct rate *t, uint64_t value);

#endif
