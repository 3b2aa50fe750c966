/* SPDX-License-Identifier: Apache-2.0 */
/* The average rate of a task's progress, and the time until it is done at that rate. */
#ifndef PROGRESS_RATE_H
#define PROGRESS_RATE_H

#include "base/base.h"

/* A struct of zeros is ready for the first progress_rate_note. */
struct progress_rate {
	uint64_t noted_us; /* monotonic moment of the last note that counted; 0: none yet */
	uint64_t done;     /* units that were done at that note */
	double per_second; /* average in which the last ten seconds weigh most; 0: not known yet */
};

/* Notes that DONE units are done at NOW_US, monotonic. A note less than a second after the last one is ignored. */
void progress_rate_note(struct progress_rate *p, uint64_t now_us, uint64_t done);

/* Sets US to the microseconds until WHOLE units are done, rounded to whole seconds. False, and US is not set: the rate is
 * unknown or 0. */
bool progress_rate_left(const struct progress_rate *p, uint64_t whole, uint64_t *us);

#endif
