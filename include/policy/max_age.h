/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a record is older than spool.max-age, by the wall clock, and detects when that clock stepped. */
#ifndef MAX_AGE_H
#define MAX_AGE_H

#include "base/base.h"

/* All zero is the valid initial value. */
struct max_age {
	bool started;
	int64_t offset_ms;        /* wall clock minus monotonic clock at the last max_age_observe */
	uint64_t frozen_until_us; /* monotonic; no record is too old before, because the wall clock stepped */
};

/* Compares both clocks with the last call; to be called at intervals, and before max_age_exceeded. True when the wall
 * clock stepped. */
bool max_age_observe(struct max_age *a, uint64_t mono_us, uint64_t wall_ms, uint64_t max_age_us);

/* True when a record received at RECEIVED_MS is older than MAX_AGE_US (0: no limit). */
bool max_age_exceeded(
        const struct max_age *a, uint64_t mono_us, uint64_t wall_ms, uint64_t received_ms, uint64_t max_age_us);

#endif
