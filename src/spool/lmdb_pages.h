/* SPDX-License-Identifier: Apache-2.0 */
/* lmdb_pages.h — reads a segment's B+tree through pread and checks every page before it is used (private).
 *
 * LMDB only writes segments in this program. LMDB reads through a memory map and trusts its pages: a damaged page
 * ends the process by SIGBUS or an assertion, and mapped pages count as resident memory. This reader supports data
 * format 1 of LMDB 0.9, one unnamed database with 8-byte integer keys, and nothing else. */
#ifndef LMDB_H
#define LMDB_H

#include "base/err.h"

enum { LMDB_DEPTH = 8, LMDB_PAGE_HEADER = 16, LMDB_PAGE_MOST = 32768 };

/* Location of a value in the file. */
struct place {
	uint64_t key;
	uint64_t offset;
	uint32_t size;
};

struct lmdb_pages {
	int fd; /* borrowed */
	uint32_t page_size;
	uint64_t pages; /* all page numbers are below this */
	uint64_t root;
	unsigned depth;
	uint64_t txnid; /* of the commit that is read; 0: the file has no commit */
	struct lmdb_pages_page {
		uint64_t number; /* 0: none */
		uint8_t *bytes;  /* allocated when first used */
	} level[LMDB_DEPTH];
};

/* Reads both meta pages and selects the last commit. The metas must be those of two consecutive commits, else
 * E_CORRUPT: a higher transaction id alone proves nothing. E_NEWER: another data format. T may be all zero but
 * fd; a second call sees later commits. */
int lmdb_pages_start(struct lmdb_pages *t) MUST_USE;

/* The first key at or above WANT. 0, E_END, E_CORRUPT, E_NOMEM, E_IO. */
int lmdb_pages_find(struct lmdb_pages *t, uint64_t want, struct place *found) MUST_USE;

/* True when PAGE, of which LMDB_PAGE_HEADER bytes are read, is the first overflow page of a value, and its number
 * is NUMBER. */
bool lmdb_pages_is_overflow(const uint8_t *page, uint64_t number);
/* Number of nodes in PAGE, of PAGE_SIZE bytes; 0: it is no intact leaf with number NUMBER. */
unsigned lmdb_pages_leaf_nodes(const uint8_t *page, uint32_t page_size, uint64_t number);
/* The value of node I; offset counts from the start of PAGE; size 0: the value is in overflow pages. */
struct place lmdb_pages_leaf_node(const uint8_t *page, unsigned i);
/* The free part of PAGE is [*from, *to). */
void lmdb_pages_leaf_gap(const uint8_t *page, size_t *from, size_t *to);

void lmdb_pages_free(struct lmdb_pages *t);

#endif
