/* SPDX-License-Identifier: Apache-2.0 */
/* Is a record older than the operator allows? By the wall clock, and never because it stepped. */
#ifndef MAX_AGE_H
#define MAX_AGE_H

#include "base/base.h"

/* All zero is a watch that has seen nothing yet. */
struct max_age {
	bool started;
	int64_t offset_ms;        /* wall minus monotonic, as last seen */
	uint64_t frozen_until_us; /* monotonic: a step makes older wall times incomparable until then */
};

/* Looks at both clocks; call it now and then, and before max_age_exceeded. True when the wall clock stepped. */
bool max_age_observe(struct max_age *w, uint64_t mono_us, uint64_t wall_ms, uint64_t max_age_us);

/* True when what was received at RECEIVED_MS is older than MAX_AGE_US (0: never). */
bool max_age_exceeded(
        const struct max_age *w, uint64_t mono_us, uint64_t wall_ms, uint64_t received_ms, uint64_t max_age_us);

#endif
