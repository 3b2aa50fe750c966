/* SPDX-License-Identifier: Apache-2.0 */
/* How fast a backlog may leave for a collector whose store cannot be seen. */
#ifndef REPLAY_PACE_H
#define REPLAY_PACE_H

#include "base/base.h"

/* A backlog leaves at most twice as fast as it was produced, by its records' own times, and never slower than a
 * floor. What was produced just now is never held. */
struct replay_pace {
	double floor_per_s;    /* spans */
	double produced_per_s; /* spans, of the backlog that went last; 0 not known */
	uint64_t known_ms;     /* that mean is over so much of the records' time */
	uint64_t newest_ms;    /* the newest time in this stretch of records; 0: none yet */
	uint64_t window_ms;    /* of the records' time, since produced_per_s was last computed, */
	uint64_t window_spans; /* and the spans in it */
	uint64_t next_us;      /* monotonic: a backlog may go on from here */
};

void replay_pace_init(struct replay_pace *p, uint64_t floor_spans_per_s);

/* Microseconds until SPANS that were produced at PRODUCED_MS (wall clock) may go; 0: now. */
uint64_t replay_pace_wait_us(
        const struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us);
/* SPANS that were produced at PRODUCED_MS are handed over now. */
void replay_pace_take(struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us);
/* Spans a second at which a backlog leaves now. */
double replay_pace_per_s(const struct replay_pace *p);

#endif
