/* SPDX-License-Identifier: Apache-2.0 */
/* disk_fault.c — pauses and parts of each kind of disk fault, and the worst fault of a part. */
#include "policy/disk_fault.h"

enum {
	QUIET_US = 3000000, /* without a failure, or without dropping the oldest records, until a fault is over */
};

static const struct {
	enum disk_part part;
	uint32_t pause_ms; /* after a failure; 0: the kind has no operation of its own that could be repeated */
	bool needs_cycle;
} kinds[DISK_FAULT_KINDS] = {
	[DISK_FAULT_LOST] = { DISK_PART_SPOOL, 0, true },
	[DISK_FAULT_WRITE] = { DISK_PART_SPOOL, 500, true },
	[DISK_FAULT_STATE] = { DISK_PART_SPOOL, 500, true },
	[DISK_FAULT_READ] = { DISK_PART_SPOOL, 100, false },
	[DISK_FAULT_SEGMENT] = { DISK_PART_ROOM, 0, true },
	[DISK_FAULT_QUARANTINE] = { DISK_PART_QUARANTINE, 1000, false },
};

void disk_fault_occurred(struct disk_faults *t, enum disk_fault_kind kind, int error, uint64_t now_us)
{
	struct disk_fault *f = &t->of[kind];

	if (f->error != error)
		f->since_us = now_us;
	f->error = error;
	f->failed_us = now_us;
	f->retry_us = now_us + kinds[kind].pause_ms * US_PER_MS;
}

void disk_fault_cleared(struct disk_faults *t, enum disk_fault_kind kind)
{
	t->of[kind] = (struct disk_fault){ 0 };
}

void disk_fault_result(struct disk_faults *t, enum disk_fault_kind kind, int rc, uint64_t now_us)
{
	if (rc < 0)
		disk_fault_occurred(t, kind, rc, now_us);
	else
		disk_fault_cleared(t, kind);
}

void disk_fault_assume_cleared(struct disk_faults *t, enum disk_fault_kind kind, uint64_t now_us)
{
	if (now_us - t->of[kind].failed_us >= QUIET_US)
		disk_fault_cleared(t, kind);
}

void disk_fault_retry_now(struct disk_faults *t, enum disk_fault_kind kind)
{
	t->of[kind].retry_us = 0;
}

bool disk_fault_may_try(const struct disk_faults *t, enum disk_fault_kind kind, uint64_t now_us)
{
	return now_us >= t->of[kind].retry_us;
}

uint64_t disk_fault_pause_ms(enum disk_fault_kind kind)
{
	return kinds[kind].pause_ms;
}

bool disk_fault_needs_cycle(const struct disk_faults *t)
{
	for (size_t i = 0; i < DISK_FAULT_KINDS; i++)
		if (t->of[i].error != 0 && kinds[i].needs_cycle)
			return true;
	return false;
}

/* A full spool is a warning only while it does drop its oldest records, or has just become full. */
static bool makes_room(const struct disk_faults *t, enum disk_fault_kind kind, uint64_t now_us)
{
	const struct disk_fault *f = &t->of[kind];

	return kind == DISK_FAULT_WRITE && f->error == E_FULL && t->drop_oldest &&
	       now_us - max_u64(f->since_us, t->culled_us) < QUIET_US;
}

static struct disk_report worst_of(const struct disk_faults *t, enum disk_part part, uint64_t now_us)
{
	for (size_t i = 0; i < DISK_FAULT_KINDS; i++)
		if (t->of[i].error != 0 && kinds[i].part == part)
			return (struct disk_report){ i, t->of[i].error, makes_room(t, i, now_us) };
	return (struct disk_report){ 0 };
}

bool disk_fault_report_changed(struct disk_faults *t, enum disk_part part, uint64_t now_us, struct disk_report *to)
{
	const struct disk_report *was = &t->reported[part];

	*to = worst_of(t, part, now_us);
	if (to->error == was->error && to->kind == was->kind && to->makes_room == was->makes_room)
		return false;
	if (to->error == 0 && now_us - t->culled_us < QUIET_US)
		return false;
	t->reported[part] = *to;
	return true;
}
