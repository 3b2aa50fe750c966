/* SPDX-License-Identifier: Apache-2.0 */
/* progress_rate.c — an exponential average: each new note weighs a fifth. */
#include "policy/progress_rate.h"
#include "base/clock.h"

#define NEWEST 0.2

void progress_rate_note(struct progress_rate *p, uint64_t now_us, uint64_t done)
{
	uint64_t passed = now_us - p->noted_us;
	double now;

	if (p->noted_us != 0 && passed < US_PER_S)
		return;
	if (p->noted_us != 0 && done >= p->done) {
		now = (double)(done - p->done) * US_PER_S / (double)passed;
		p->per_second = p->per_second > 0 ? p->per_second * (1 - NEWEST) + now * NEWEST : now;
	}
	p->noted_us = now_us;
	p->done = done;
}

bool progress_rate_left(const struct progress_rate *p, uint64_t whole, uint64_t *us)
{
	double seconds;

	if (p->per_second <= 0)
		return false;
	seconds = whole > p->done ? (double)(whole - p->done) / p->per_second : 0;
	if (seconds > 1e9)
		return false;
	*us = (uint64_t)(seconds + 0.999) * US_PER_S;
	return true;
}
