/* SPDX-License-Identifier: Apache-2.0 */
/* Limits the rate at which a backlog is sent to a collector whose counters cannot be read. */
#ifndef REPLAY_PACE_H
#define REPLAY_PACE_H

#include "base/base.h"

/* A backlog is sent at most twice as fast as it was produced, by its records' timestamps, but at a floor rate at the
 * least. Records that were produced just now are not limited. */
struct replay_pace {
	double floor_per_s;    /* spans per second */
	double produced_per_s; /* average rate at which the latest records were produced, in spans; 0: not known */
	uint64_t known_ms;     /* time between records' timestamps that produced_per_s averages over */
	uint64_t newest_ms;    /* the newest timestamp in this stretch of records (replay_pace.c); 0: none yet */
	uint64_t window_ms;    /* by how much timestamps advanced since produced_per_s was last computed */
	uint64_t window_spans; /* spans in the records since then */
	uint64_t next_us;      /* monotonic; the next batch of the backlog may be sent from this moment on */
};

void replay_pace_init(struct replay_pace *p, uint64_t floor_spans_per_s);

/* Microseconds until a batch of SPANS that was produced at PRODUCED_MS (wall clock) may be sent; 0: now. */
uint64_t replay_pace_wait_us(
        const struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us);
/* A batch of SPANS that was produced at PRODUCED_MS is sent now. */
void replay_pace_sent(struct replay_pace *p, uint32_t spans, uint64_t produced_ms, uint64_t wall_ms, uint64_t mono_us);
/* The rate at which a backlog may be sent now, in spans per second. */
double replay_pace_per_s(const struct replay_pace *p);

#endif
