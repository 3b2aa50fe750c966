/* SPDX-License-Identifier: Apache-2.0 */
/* disklog.h — everything that a run does to the files below one directory, in order, with what it had
 * been told so far; and the directory as a power cut at any point may leave it.
 *
 * Linked into a program its calls stand before libc's, as those of tests/lib/fault.c do; not both.
 * What the model of the disk knows: a write or a change of size may be lost until the file is synced,
 * in any order, in sectors; a write through a descriptor with O_DSYNC is there when it returns. A name
 * that is made, moved or removed may be lost until its directory is synced, a moved one as a whole. */
#ifndef DISKLOG_H
#define DISKLOG_H

#include "spool_history.h"

enum disklog_kind {
	DISKLOG_WRITE,
	DISKLOG_SIZE,
	DISKLOG_SYNC, /* of a file or a directory */
	DISKLOG_MAKE, /* a file or a directory gets its name */
	DISKLOG_MOVE,
	DISKLOG_REMOVE,
};

enum { DISKLOG_NAME = 64, DISKLOG_OPS = 1 << 15, DISKLOG_INODES = 512 };

struct disklog_op {
	enum disklog_kind kind;
	bool synced;     /* a write that is its own sync */
	uint16_t inode;  /* what is written, synced, made, moved or removed */
	uint16_t in, to; /* directories that the name is in, and goes to */
	char name[DISKLOG_NAME], new_name[DISKLOG_NAME];
	uint64_t offset; /* of a write; a size */
	uint64_t len;
	uint64_t bytes;                 /* where they begin in the log */
	struct spool_fixture_told told; /* when the call began */
};

/* In memory that outlives a child. */
struct disklog {
	size_t n;
	uint64_t used; /* of bytes */
	size_t inodes;
	struct {
		uint64_t ino;
		bool is_dir;
		bool gone;       /* its number may be another one's */
	} inode[DISKLOG_INODES]; /* 0 is the directory itself */
	bool overrun;
	size_t stop_at; /* the run ends before this operation; 0: it does not */
	struct disklog_op op[DISKLOG_OPS];
	uint8_t data[];
};

struct disklog *disklog_new(void);
/* From now on what is done below DIRECTORY, which is empty, is logged. TOLD is copied with each. */
void disklog_start(struct disklog *l, const char *directory, const struct spool_fixture_told *told);
void disklog_stop(void);
/* What memory maps have changed since; before each operation it is looked at anyway. */
void disklog_look_at_maps(void);

/* How a cut picks among what is not synced. */
enum disklog_cut { CUT_NOTHING, CUT_ALL, CUT_SOME, CUT_ALL_BUT_ONE, CUTS };
/* Makes DIRECTORY, which is empty, what it may be after a cut before operation AT. *seed decides;
 * gives how many operations were in doubt. */
size_t disklog_cut(const struct disklog *l, size_t at, enum disklog_cut how, uint64_t *seed, const char *directory);

#endif
