/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c — an exponential average in which each interval weighs by its length. Until RATE_MEMORY_S have passed it is the
 * plain mean. */
#include <math.h>

#include "policy/rate.h"

static const double memory_us = (double)RATE_MEMORY_S * US_PER_S;

void rate_observe(struct rate *t, uint64_t now_us, uint64_t value)
{
	double took, weight, now_per_s;

	if (t->started && now_us <= t->at_us)
		return;
	if (t->started) {
		took = (double)(now_us - t->at_us);
		t->age_us += now_us - t->at_us;
		weight = took / fmin((double)t->age_us, fmax(memory_us, took));
		now_per_s = ((double)value - (double)t->value) * US_PER_S / took;
		t->per_s += (now_per_s - t->per_s) * weight;
	}
	t->started = true;
	t->value = value;
	t->at_us = now_us;
}

double rate_until_zero(const struct rate *t, uint64_t value)
{
	if (value == 0)
		return 0;
	return t->per_s < 0 ? (double)value / -t->per_s : INFINITY;
}
