/* fault.h — makes chosen system calls fail, or kills the process at one of them.
 *
 * Linked into a test program its definitions stand before libc's, for the program and for the
 * libraries it uses. Counting and failing is for the whole process, any thread.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_call {
	FAULT_PWRITE = 1,    /* pwrite, pwritev, write, writev */
	FAULT_SYNC = 2,      /* fsync, fdatasync */
	FAULT_TRUNCATE = 4,  /* ftruncate */
	FAULT_ALLOCATE = 8,  /* fallocate */
	FAULT_MKDIR = 16,    /* mkdir, mkdirat */
	FAULT_RENAME = 32,   /* renameat */
	FAULT_UNLINK = 64,   /* unlinkat */
	FAULT_OPEN = 128,    /* open, openat */
	FAULT_PREAD = 256,   /* pread, preadv */
	FAULT_CHANGES = 127, /* all that change what is on disk, but for open */
};

struct fault_plan {
	unsigned calls;   /* which are counted */
	uint64_t at;      /* the first that is hit, from 1; 0: none, only count */
	uint64_t count;   /* how many are hit, 0: all from there on */
	int err;          /* errno they fail with */
	bool kill;        /* instead of failing: SIGKILL before the call */
	bool half;        /* a write does half of it before */
	const char *path; /* only files whose path contains this; NULL: all. Borrowed */
};

void fault_arm(const struct fault_plan *plan);
/* Calls that matched since fault_arm. */
uint64_t fault_disarm(void);

#endif
