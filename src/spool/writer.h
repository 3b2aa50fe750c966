/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h — writes one segment through LMDB; the only file that includes lmdb.h (private).
 *
 *   NONE ──make──► PREPARED (next/) ──name──► OPEN ──begin put… commit──► OPEN
 *                                               └──close──► NONE, and the segment is never written again
 *
 * Only the process that made a segment writes it, so LMDB never opens a file that a crash or an I/O error may have
 * damaged. Every commit is synced. */
#ifndef WRITER_H
#define WRITER_H

#include <lmdb.h>

#include "format.h"

/* A record to be put, with its batch's bytes. */
struct entry {
	struct record r;
	const uint8_t *bytes;
};

struct writer {
	MDB_env *env;          /* NULL: no segment is open */
	const struct key *key; /* key of the records' checksums, borrowed */
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_dbi dbi;
	int failed;     /* the first failure in the transaction under way */
	bool committed; /* a commit has succeeded */
	struct span_offset first;
	uint64_t made_ms;
	uint64_t first_ms;
	uint64_t last_ms;
	uint32_t page_size;
	uint64_t map_pages;
	uint64_t used_pages;
	uint64_t reserved;   /* bytes of preallocated blocks */
	uint8_t *map;        /* where LMDB mapped the file; NULL until known */
	uint64_t touched;    /* bytes put since the map's resident memory was last released */
	char error_text[80]; /* LMDB's text of the last failure */
};

enum {
	WRITER_LEAST_BYTES = 2 << 20, /* smallest segment: any legal record fits in it several times */
	WRITER_TXN_BYTES = 4 << 20,   /* of records in one transaction; LMDB keeps its dirty pages in memory */
};

/* Makes next/ below DIRECTORY (also open as DIR) with a map of MAP_BYTES, and preallocates RESERVE bytes of it
 * unless the disk is full. KEY must outlive the writer. */
int writer_make(struct writer *w, int dir, const char *directory, const struct key *key, uint64_t map_bytes,
        uint64_t reserve) MUST_USE;
/* Closes the writer and removes next/. */
void writer_discard(struct writer *w, int dir);
/* Renames next/ to the name of position FIRST, or to the next name that is free, durably. SEG is what it is now. */
int writer_name(struct writer *w, int dir, struct span_offset first, struct segment *seg) MUST_USE;

/* Number of the N entries that fit in the next transaction; 0: the segment is full. */
size_t writer_fit(const struct writer *w, const struct entry *e, size_t n);

/* One transaction: begin, put entries, commit. An error of begin or put is returned by commit. Commit writes HEAD
 * after filling in its txnid, first and times. E_SEGMENT_FULL: the segment is not damaged. */
void writer_begin(struct writer *w);
void writer_put(struct writer *w, const struct entry *e);
int writer_commit(struct writer *w, struct head *head) MUST_USE;

/* Bytes of the file in use, and preallocated bytes beyond them. */
uint64_t writer_used(const struct writer *w);
uint64_t writer_reserve_left(const struct writer *w);
bool writer_half_full(const struct writer *w);

/* Frees preallocated blocks, closes, and returns the allocated bytes. w->error_text stays valid. */
uint64_t writer_close(struct writer *w);

/* About how many bytes a record of SIZE bytes takes on disk. */
uint64_t writer_cost(uint32_t size);

#endif
