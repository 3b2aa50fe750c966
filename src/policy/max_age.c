/* SPDX-License-Identifier: Apache-2.0 */
/* max_age.c — only the wall clock survives a restart, so ages in the spool are told by it. When it steps,
 * what was received before has a wrong age; after max-age has passed on the monotonic clock all of
 * that is too old in truth, and what came later has a right one: until then nothing is. */
#include "policy/max_age.h"

enum { STEP_MS = 2000 }; /* slewing and a suspended process stay below this between two looks */

bool max_age_observe(struct max_age *w, uint64_t mono_us, uint64_t wall_ms, uint64_t max_age_us)
{
	int64_t offset = (int64_t)wall_ms - (int64_t)(mono_us / US_PER_MS);
	int64_t moved = offset - w->offset_ms;
	bool stepped = w->started && (moved > STEP_MS || moved < -STEP_MS);

	w->started = true;
	w->offset_ms = offset;
	if (stepped)
		w->frozen_until_us = mono_us + max_age_us;
	return stepped;
}

bool max_age_exceeded(
        const struct max_age *w, uint64_t mono_us, uint64_t wall_ms, uint64_t received_ms, uint64_t max_age_us)
{
	if (max_age_us == 0 || mono_us < w->frozen_until_us || wall_ms <= received_ms)
		return false;
	return wall_ms - received_ms > max_age_us / US_PER_MS;
}
