/* SPDX-License-Identifier: Apache-2.0 */
/* rate_schedule.h — when is what due, at a set rate. Pure: the clock comes in as a number. */
#ifndef RATE_SCHEDULE_H
#define RATE_SCHEDULE_H

#include "base/base.h"

struct rate_schedule {
	uint64_t per_s; /* units a second; 0: all is due at once */
	uint64_t began_us;
	uint64_t done; /* units */
};

/* Units due at NOW. One that has fallen far behind (a stopped process) does not make up for it in
 * one burst that no socket could hold: what is older than RATE_SCHEDULE_LATE_US is let go. */
uint64_t rate_schedule_due(struct rate_schedule *m, uint64_t now_us);

/* Microseconds until the next unit is due, 0 when one is. */
uint64_t rate_schedule_wait_us(const struct rate_schedule *m, uint64_t now_us);

enum { RATE_SCHEDULE_LATE_US = 100000 };

#endif
