/* SPDX-License-Identifier: Apache-2.0 */
/* stall.c — measures since when a work has neither ended nor waited for the disk. */
#include "policy/stall.h"

bool stall_observe(struct stall *s, uint64_t now_us, uint64_t work_id, bool in_disk_wait, uint64_t limit_us)
{
	if (work_id == 0 || work_id != s->work_id || in_disk_wait) {
		s->work_id = work_id;
		s->since_us = now_us;
		return false;
	}
	return now_us - s->since_us >= limit_us;
}
