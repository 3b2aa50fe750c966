/* SPDX-License-Identifier: Apache-2.0 */
/* exposure.c — compares the ages of batches in memory only with spool.exposure and with the loop's stalls. */
#include "policy/exposure.h"

enum { STALL_LEAST_MS = EXPOSURE_EVERY_MS / 2 }; /* a call that comes later than this is a stall */

/* True when a batch of AGE_US was in memory at SINCE_US already, give or take one interval. */
static bool is_older(uint64_t now_us, uint64_t age_us, uint64_t since_us)
{
	return since_us + age_us + EXPOSURE_EVERY_MS * US_PER_MS >= now_us;
}

static void count_stall(struct exposure_watch *w, uint64_t now_us, uint64_t age_us)
{
	uint64_t due_us = w->observed_us + EXPOSURE_EVERY_MS * US_PER_MS;

	w->observed_us = now_us;
	if (!is_older(now_us, age_us, w->first_stall_us))
		w->stall_us = 0;
	if (now_us < due_us + STALL_LEAST_MS * US_PER_MS)
		return;
	if (w->stall_us == 0)
		w->first_stall_us = now_us;
	w->stall_us += now_us - due_us;
}

/* True when a batch of AGE_US would not be late without the stalls. One began up to an interval before its call was due. */
static bool is_stalls_fault(const struct exposure_watch *w, uint64_t exposure_us, uint64_t age_us)
{
	return w->stall_us > 0 && age_us - exposure_us <= w->stall_us + EXPOSURE_EVERY_MS * US_PER_MS;
}

enum exposure_state exposure_observe(struct exposure_watch *w, uint64_t now_us, uint64_t exposure_us, uint64_t age_us)
{
	count_stall(w, now_us, age_us);
	if (age_us > exposure_us) {
		w->state = is_stalls_fault(w, exposure_us, age_us) ? EXPOSURE_CPU : EXPOSURE_DISK;
		w->late_us = now_us;
		w->age_us = age_us;
	} else if (now_us - w->late_us >= EXPOSURE_QUIET_MS * US_PER_MS) {
		w->state = EXPOSURE_KEPT;
	}
	return w->state;
}
