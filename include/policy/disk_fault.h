/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of the spool's disk as a table: which operation fails now, from when on it may be tried again, which fault
 * is the worst, and whether it is to be reported. */
#ifndef DISK_FAULT_H
#define DISK_FAULT_H

#include "base/err.h"

/* The worst first. */
enum disk_fault_kind {
	DISK_FAULT_LOST,       /* the spool's directory is not where it was opened */
	DISK_FAULT_WRITE,      /* batches cannot be stored */
	DISK_FAULT_STATE,      /* the state cannot be written */
	DISK_FAULT_READ,       /* waiting records cannot be read */
	DISK_FAULT_SEGMENT,    /* the next segment cannot be preallocated; the current one still has room */
	DISK_FAULT_QUARANTINE, /* a refused batch cannot be written to the quarantine */
	DISK_FAULT_KINDS
};

/* The parts of the health page that report the kinds. */
enum disk_part {
	DISK_PART_SPOOL,      /* LOST, WRITE, STATE, READ */
	DISK_PART_ROOM,       /* SEGMENT */
	DISK_PART_QUARANTINE, /* QUARANTINE */
	DISK_PARTS
};

struct disk_fault {
	int error;          /* of the last failure; 0: there is no fault */
	uint64_t since_us;  /* monotonic; when the fault began, or its error changed */
	uint64_t failed_us; /* monotonic; the last failure */
	uint64_t retry_us;  /* monotonic; no further try before */
};

struct disk_report {
	enum disk_fault_kind kind; /* the worst fault of the part */
	int error;                 /* 0: the part has no fault */
	bool makes_room;           /* the spool is full, and its oldest records are being dropped: a warning only */
};

/* All zero is the valid initial value: no fault. */
struct disk_faults {
	struct disk_fault of[DISK_FAULT_KINDS];
	struct disk_report reported[DISK_PARTS];
	bool drop_oldest;   /* a full spool drops its oldest records */
	uint64_t culled_us; /* monotonic; when the oldest records were dropped last */
};

/* An operation of KIND failed with ERROR. It may be tried again after the pause of KIND. */
void disk_fault_occurred(struct disk_faults *t, enum disk_fault_kind kind, int error, uint64_t now_us);
/* An operation of KIND succeeded. */
void disk_fault_cleared(struct disk_faults *t, enum disk_fault_kind kind);
/* disk_fault_occurred when RC is an error, else disk_fault_cleared. */
void disk_fault_result(struct disk_faults *t, enum disk_fault_kind kind, int rc, uint64_t now_us);
/* Another operation succeeded which suggests that one of KIND would succeed too. The fault ends when no operation of
 * KIND has failed for 3 s: a disk that takes one kind of write and refuses the other must not be posted as well and
 * down by turns. */
void disk_fault_assume_cleared(struct disk_faults *t, enum disk_fault_kind kind, uint64_t now_us);
/* The cause of the fault of KIND may be gone: it may be tried at once. */
void disk_fault_retry_now(struct disk_faults *t, enum disk_fault_kind kind);

/* False during the pause after a failure of KIND. */
bool disk_fault_may_try(const struct disk_faults *t, enum disk_fault_kind kind, uint64_t now_us);
/* The pause after a failure of KIND; 0: there is none. */
uint64_t disk_fault_pause_ms(enum disk_fault_kind kind);
/* True when only a commit cycle can find out whether a fault is over: any kind but READ and QUARANTINE, which are tried
 * when there is something to read or to write. */
bool disk_fault_needs_cycle(const struct disk_faults *t);

/* True when the health part PART is to be posted, with TO: its worst fault, or that it has none, is not what this function
 * returned last. The end of a fault is returned only when no records were dropped to make room for 3 s, since a full spool
 * has room for a moment after each drop. */
bool disk_fault_report_changed(struct disk_faults *t, enum disk_part part, uint64_t now_us, struct disk_report *to);

#endif
