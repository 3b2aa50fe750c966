/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h — makes chosen system calls fail, or kills the process at one of them.
 *
 * Linked into a test program its definitions stand before libc's, for the program and for the
 * libraries it uses. Counting and failing is for the whole process, any thread.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
	FAULT_PWRITE = 1,    /* pwrite, pwritev, write, writev */
	FAULT_SYNC = 2,      /* fsync, fdatasync, msync */
	FAULT_TRUNCATE = 4,  /* ftruncate */
	FAULT_ALLOCATE = 8,  /* fallocate */
	FAULT_MKDIR = 16,    /* mkdir, mkdirat */
	FAULT_RENAME = 32,   /* rename, renameat */
	FAULT_UNLINK = 64,   /* unlink, unlinkat */
	FAULT_OPEN = 128,    /* open, openat */
	FAULT_PREAD = 256,   /* pread, preadv */
	FAULT_MAP = 512,     /* mmap of a file */
	FAULT_SEND = 1024,   /* sendmsg; what a test calls sending */
	FAULT_NOTE = 2048,   /* a store to mapped memory that a test knows of */
	FAULT_MEMORY = 4096, /* malloc, calloc, realloc, strdup of a test that wraps them */
	FAULT_CHANGES = 127, /* all that change what is on disk, but for open */
};

struct fault_plan {
	unsigned calls;   /* which are counted */
	uint64_t at;      /* the first that is hit, from 1; 0: none, only count */
	uint64_t count;   /* how many are hit, 0: all from there on */
	int err;          /* errno they fail with */
	bool kill;        /* instead of failing: SIGKILL before the call */
	bool half;        /* a write does half of it before */
	bool after;       /* with kill: the call is done, then SIGKILL */
	bool shortened;   /* a write does half of it and says so; other calls go on */
	const char *path; /* only files whose path contains this; NULL: all. Borrowed */
};

void fault_arm(const struct fault_plan *plan);
/* Calls that matched since fault_arm. */
uint64_t fault_disarm(void);
/* The planned call was made since it was armed. */
bool fault_begun(void);

/* A test's own point: what becomes of this call of kind CALL. Before it, SIGKILL comes here. */
enum fault_verdict { FAULT_GO, FAULT_FAIL, FAULT_HALF_AND_DIE, FAULT_DIE_AFTER, FAULT_SHORTEN };
enum fault_verdict fault_judge(enum fault_call call, int fd, const char *name);
void fault_die(void);

/* Things no spool may do, as far as these calls show them. */
struct fault_sins {
	uint64_t distrusted; /* writes to a data.mdb after a sync of it had been refused */
	uint64_t hasty;      /* data.mdb of a segment unlinked while the last sync of state had failed */
};
struct fault_sins fault_sins(void);

#endif
