/* SPDX-License-Identifier: Apache-2.0 */
/* lmdb_pages.h — reads a segment's B+tree through pread, every page checked before it is believed
 * (private).
 *
 * LMDB itself only writes segments here. It reads through a map, trusts what it finds, and
 * answers a damaged page with SIGBUS or an assertion; and what is read through a map counts as
 * resident. This reader meets the same bytes with bounds. It knows data format 1 of LMDB 0.9 for
 * one unnamed database with 8-byte integer keys, and nothing else.
 */
#ifndef LMDB_H
#define LMDB_H

#include "base/err.h"

enum { LMDB_DEPTH = 8, LMDB_PAGE_HEADER = 16, LMDB_PAGE_MOST = 32768 };

/* Where a value lies in the file. */
struct place {
	uint64_t key;
	uint64_t offset;
	uint32_t size;
};

struct lmdb_pages {
	int fd; /* borrowed */
	uint32_t page_size;
	uint64_t pages; /* no page number is at or above this */
	uint64_t root;
	unsigned depth;
	uint64_t txnid; /* of the commit that is seen; 0: nothing was ever committed */
	struct lmdb_pages_page {
		uint64_t number; /* 0: none */
		uint8_t *bytes;  /* allocated when first used */
	} level[LMDB_DEPTH];
};

/* The pair of metas must be as two commits one after the other leave it, else E_CORRUPT: a higher
 * number alone proves nothing. E_NEWER: another data format. All zero but fd is a valid start, and
 * a second call sees what was committed since. */
int lmdb_pages_start(struct lmdb_pages *t) MUST_USE;

/* The first key at or above WANT. 0, E_MISSING, E_CORRUPT, E_NOMEM, E_IO. */
int lmdb_pages_find(struct lmdb_pages *t, uint64_t want, struct place *found) MUST_USE;

/* PAGE, of which LMDB_PAGE_HEADER bytes are read, is the first overflow page of a value, and page NUMBER of
 * its file. */
bool lmdb_pages_is_overflow(const uint8_t *page, uint64_t number);
/* How many nodes PAGE has, of PAGE_SIZE bytes; 0: it is no leaf, is not page NUMBER, or does not hold. */
unsigned lmdb_pages_leaf_nodes(const uint8_t *page, uint32_t page_size, uint64_t number);
/* The value of node I, by its offset in PAGE; size 0: it is in overflow pages. */
struct place lmdb_pages_leaf_node(const uint8_t *page, unsigned i);
/* [*from, *to) of PAGE is free. */
void lmdb_pages_leaf_gap(const uint8_t *page, size_t *from, size_t *to);

void lmdb_pages_free(struct lmdb_pages *t);

#endif
