/* SPDX-License-Identifier: Apache-2.0 */
/* How fast something goes, and how long the rest will take at that rate. */
#ifndef PROGRESS_RATE_H
#define PROGRESS_RATE_H

#include "base/base.h"

/* A struct of zeros is ready for the first progress_rate_note. */
struct progress_rate {
	uint64_t noted_us; /* monotonic moment of the last note that was not passed over; 0: none yet */
	uint64_t done;     /* as that note said */
	double per_second; /* an average in which the last ten seconds count most; 0: not known yet */
};

/* At NOW_US, monotonic, DONE units are done. A note less than a second after the last one changes nothing. */
void progress_rate_note(struct progress_rate *p, uint64_t now_us, uint64_t done);

/* Sets US to the microseconds until WHOLE units are done, in whole seconds. False, and US is not set: the rate is not
 * known yet, or is 0. */
bool progress_rate_left(const struct progress_rate *p, uint64_t whole, uint64_t *us);

#endif
