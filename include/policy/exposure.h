/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether batches stay in memory only for longer than spool.exposure, and whether the disk or the lack of CPU is
 * the cause. */
#ifndef EXPOSURE_H
#define EXPOSURE_H

#include "base/base.h"

enum {
	EXPOSURE_EVERY_MS = 100,   /* between two calls of exposure_observe, when the loop has its CPU */
	EXPOSURE_QUIET_MS = 10000, /* without a batch that was late until EXPOSURE_KEPT is returned again */
};

enum exposure_state {
	EXPOSURE_KEPT, /* every batch is delivered or durable in time */
	EXPOSURE_DISK, /* batches are late, and the loop ran meanwhile: they waited for a commit */
	EXPOSURE_CPU,  /* batches are late, and would not be had the loop run when it was due */
};

/* Initially all zero but observed_us. */
struct exposure_watch {
	enum exposure_state state;
	uint64_t observed_us;    /* monotonic; the last call; at first, when the timer was started */
	uint64_t stall_us;       /* how late the calls came, in total, since the oldest batch was read */
	uint64_t first_stall_us; /* monotonic; the first of these calls */
	uint64_t late_us;        /* monotonic; the last call with a late batch */
	uint64_t age_us;         /* the greatest age in that call */
};

/* To be called every EXPOSURE_EVERY_MS by a timer of the loop. AGE_US: the greatest age that a batch reached in memory
 * only since the last call; 0: there was none.
 *
 *   late: age > exposure   by more than the stalls during its life   returns
 *   no                     -                                         the last state; KEPT after EXPOSURE_QUIET_MS
 *   yes                    no                                        EXPOSURE_CPU
 *   yes                    yes                                       EXPOSURE_DISK */
enum exposure_state exposure_observe(struct exposure_watch *w, uint64_t now_us, uint64_t exposure_us, uint64_t age_us);

#endif
