/* SPDX-License-Identifier: Apache-2.0 */
/* max_age.c — records carry the wall clock's time, since the monotonic clock does not survive a restart. When the wall
 * clock steps, the records received before have a wrong age. Once max-age has passed on the monotonic clock, all of
 * those are too old in truth and all later ones have a right age; until then no record is called too old. */
#include "policy/max_age.h"

enum { STEP_MS = 2000 }; /* a larger change between two calls is a step: slewing and a suspended process stay below */

bool max_age_observe(struct max_age *a, uint64_t mono_us, uint64_t wall_ms, uint64_t max_age_us)
{
	int64_t offset = (int64_t)wall_ms - (int64_t)(mono_us / US_PER_MS);
	int64_t moved = offset - a->offset_ms;
	bool stepped = a->started && (moved > STEP_MS || moved < -STEP_MS);

	a->started = true;
	a->offset_ms = offset;
	if (stepped)
		a->frozen_until_us = mono_us + max_age_us;
	return stepped;
}

bool max_age_exceeded(
        const struct max_age *a, uint64_t mono_us, uint64_t wall_ms, uint64_t received_ms, uint64_t max_age_us)
{
	if (max_age_us == 0 || mono_us < a->frozen_until_us || wall_ms <= received_ms)
		return false;
	return wall_ms - received_ms > max_age_us / US_PER_MS;
}
