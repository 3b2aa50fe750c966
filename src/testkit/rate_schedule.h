/* SPDX-License-Identifier: Apache-2.0 */
/* rate_schedule.h — how many units are due at a set rate. Pure: time is a parameter. */
#ifndef RATE_SCHEDULE_H
#define RATE_SCHEDULE_H

#include "base/base.h"

struct rate_schedule {
	uint64_t per_s; /* units per second; 0: unlimited */
	uint64_t began_us;
	uint64_t done; /* units sent */
};

/* Units due at NOW_US. A schedule that has fallen behind, as after SIGSTOP, skips units older than
 * RATE_SCHEDULE_LATE_US: sending them in one burst would overflow the socket. */
uint64_t rate_schedule_due(struct rate_schedule *m, uint64_t now_us);

/* Microseconds until the next unit is due, 0 when one is. */
uint64_t rate_schedule_wait_us(const struct rate_schedule *m, uint64_t now_us);

enum { RATE_SCHEDULE_LATE_US = 100000 };

#endif
