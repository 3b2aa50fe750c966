/* SPDX-License-Identifier: Apache-2.0 */
/* writer.h — the segment that is written, through LMDB; the one file that knows lmdb.h (private).
 *
 *   NONE ──make──► PREPARED (next/) ──name──► OPEN ──begin put… commit──► OPEN
 *                                               └──close──► NONE, and nobody writes it again
 *
 * A segment is written by the process that made it and by no other: LMDB never opens a file that a
 * crash or a failing disk has had its hands on. Every commit is synced.
 */
#ifndef WRITER_H
#define WRITER_H

#include <lmdb.h>

#include "format.h"

/* A record to be put, wherever its bytes are. */
struct entry {
	struct record r;
	const uint8_t *bytes;
};

struct writer {
	MDB_env *env;          /* NULL: none */
	const struct key *key; /* borrowed: of the checksums of its records */
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_dbi dbi;
	int failed;     /* the first failure in the transaction under way */
	bool committed; /* at least once */
	struct span_offset first;
	uint64_t made_ms;
	uint64_t first_ms;
	uint64_t last_ms;
	uint32_t page_size;
	uint64_t map_pages;
	uint64_t used_pages;
	uint64_t reserved; /* bytes of blocks taken ahead */
	uint8_t *map;      /* where LMDB mapped the file; NULL until known */
	uint64_t touched;  /* bytes put since the map's memory was given back */
	char words[80];    /* the library's, on the last failure */
};

enum {
	WRITER_LEAST_BYTES = 2 << 20, /* of a segment: any legal record fits in it, several times */
	WRITER_TXN_BYTES = 4 << 20,   /* of one transaction: LMDB keeps its pages in memory */
};

/* Makes next/ below DIRECTORY (also open as AT), with a map of MAP_BYTES, and reserves RESERVE of
 * them if the disk has them. KEY must outlive it. */
int writer_make(struct writer *w, int at, const char *directory, const struct key *key, uint64_t map_bytes,
        uint64_t reserve) MUST_USE;
/* Throws away what writer_make made. */
void writer_discard(struct writer *w, int at);
/* Gives next/ its name: its first position is FIRST. Durable. */
int writer_name(struct writer *w, int at, struct span_offset first) MUST_USE;

/* How many of the N entries go into the next transaction; 0: not one fits any more. */
size_t writer_fit(const struct writer *w, const struct entry *e, size_t n);

/* One transaction; the first failure is kept and given by commit, which writes HEAD (txnid, first
 * and the times are filled in). E_TOO_LARGE: the segment is full after all, nothing is wrong with
 * it. */
void writer_begin(struct writer *w);
void writer_put(struct writer *w, const struct entry *e);
int writer_commit(struct writer *w, struct head *head) MUST_USE;

/* Bytes of the file that are in use, and bytes that are taken ahead of it. */
uint64_t writer_used(const struct writer *w);
uint64_t writer_reserve_left(const struct writer *w);
bool writer_half_full(const struct writer *w);

/* Gives back what was reserved; gives the bytes allocated. Keeps only the words. */
uint64_t writer_close(struct writer *w);

/* Bytes on disk that a record of SIZE bytes takes, about. */
uint64_t writer_cost(uint32_t size);

#endif
