/* SPDX-License-Identifier: Apache-2.0 */
/* The average rate at which a value grows or shrinks; old samples weigh less. */
#ifndef RATE_H
#define RATE_H

#include "base/base.h"

enum { RATE_MEMORY_S = 10 }; /* the time constant of the average, in seconds */

/* All zero is a rate without a sample. */
struct rate {
	bool started;    /* there was a sample */
	uint64_t value;  /* of the last sample */
	uint64_t at_us;  /* monotonic moment of the last sample */
	uint64_t age_us; /* from the first sample to the last */
	double per_s;    /* the average rate; negative while the value shrinks */
};

/* Adds a sample: the value is VALUE now. Samples may come at any intervals. */
void rate_observe(struct rate *t, uint64_t now_us, uint64_t value);

/* Seconds until the value, now VALUE, is 0 at this rate; 0 when it is 0, INFINITY while it does not shrink. */
double rate_until_zero(const struct rate *t, uint64_t value);

#endif
