/* SPDX-License-Identifier: Apache-2.0 */
/* Tells a worker that a fault of the program holds for ever from one that waits for a slow disk. */
#ifndef STALL_H
#define STALL_H

#include "base/base.h"

struct stall {
	uint64_t work_id;  /* of the work at the last call */
	uint64_t since_us; /* monotonic; the last call at which that work was new, or a thread waited for the disk */
};

/* To be called at intervals. WORK_ID names the work under way, 0: there is none. IN_DISK_WAIT: some thread of the
 * process is in an uninterruptible wait of the kernel now.
 *
 *   work      disk wait   for           returns
 *   none      any         any           false
 *   a new one any         any           false
 *   the same  yes         any           false: the disk is slow or away; a restart would lose what is in memory
 *   the same  no          < LIMIT_US    false
 *   the same  no          >= LIMIT_US   true: the work does not end by itself */
bool stall_observe(struct stall *s, uint64_t now_us, uint64_t work_id, bool in_disk_wait, uint64_t limit_us);

#endif
