/* SPDX-License-Identifier: Apache-2.0 */
/* rate_schedule.h — how many units are due at a set rate. Pure: time is a parameter. */
#ifndef RATE_SCHEDULE_H
#define RATE_SCHEDULE_H

#include "base/base.h"

/* A unit is whatever the owner sends at a steady rate: a datagram, or a span. */
struct rate_schedule {
	uint64_t per_s;    /* units per second; 0: unlimited */
	uint64_t began_us; /* monotonic; unit 0 is due at this moment */
	uint64_t done;     /* units that the owner has sent; the owner adds to it */
};

/* A unit that is due for longer than this is never sent. */
enum { RATE_SCHEDULE_LATE_US = 100000 };

/* Returns how many units S has to send at NOW_US (monotonic), UINT64_MAX when it is unlimited. When the process
 * stood still, for instance after SIGSTOP, units that were due more than RATE_SCHEDULE_LATE_US ago are dropped from
 * the schedule, because one burst of them would overflow the receiver's socket buffer. */
uint64_t rate_schedule_due(struct rate_schedule *s, uint64_t now_us);

/* Returns the microseconds from NOW_US until the next unit of S is due; 0: one is due now. */
uint64_t rate_schedule_wait_us(const struct rate_schedule *s, uint64_t now_us);

#endif
