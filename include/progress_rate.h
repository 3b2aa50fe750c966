/* policy: how fast something goes, and how long the rest will take at that rate. */
#ifndef PROGRESS_RATE_H
#define PROGRESS_RATE_H

#include "base.h"

/* All zero is a valid beginning. */
struct progress_rate {
	uint64_t noted_us;
	uint64_t done;
	double per_second; /* an average in which the last ten seconds count most; 0: not known yet */
};

/* DONE is so far, at NOW_US on a monotonic clock. Notes less than a second apart are passed over. */
void progress_rate_note(struct progress_rate *p, uint64_t now_us, uint64_t done);

/* Microseconds until WHOLE, to the second. False: that cannot be said. */
bool progress_rate_left(const struct progress_rate *p, uint64_t whole, uint64_t *us);

#endif
