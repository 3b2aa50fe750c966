/* SPDX-License-Identifier: Apache-2.0 */
/* lmdb_pages.c — searches a B+tree from the root. One page is cached per level, so that the next key in the same
 * leaf needs no read. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "lmdb_pages.h"

/* LMDB's on-disk format, native byte order.
 *   page    0 u64 number   8 u16 pad   10 u16 flags   12 u16 lower  14 u16 upper | 12 u32 pages
 *           16 u16 offsets of nodes, up to lower; nodes from upper to the end
 *   node    0 u16 lo  2 u16 hi  4 u16 flags  6 u16 key size  8 key, data
 *   meta    16 u32 magic  20 u32 version  24 address  32 u64 map size  40 free db  88 main db
 *           136 u64 last page  144 u64 txnid
 *   db      0 u32 pad (free db: page size)  4 u16 flags  6 u16 depth
 *           8 u64 branch, 16 leaf, 24 overflow pages
 *           32 u64 entries  40 u64 root */
enum {
	PAGE_BRANCH = 1,
	PAGE_LEAF = 2,
	PAGE_OVERFLOW = 4,
	PAGE_META = 8,
	NODE_HEADER = 8,
	NODE_BIG = 1, /* the data is the number of an overflow page */
	KEY_BYTES = 8,
	META_BYTES = 152,
	META_FREE_DB = 40,
	META_MAIN_DB = 88,
	DB_INTEGER_KEYS = 8,
	DATA_VERSION = 1,
};

static const uint32_t META_MAGIC = 0xBEEFC0DE;
static const uint64_t NO_PAGE = ~UINT64_C(0);

struct meta {
	bool good;
	bool other_format;
	uint32_t page_size;
	uint64_t txnid;
	uint8_t bytes[META_BYTES];
};

static uint16_t at16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t at32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t at64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool is_page_size(uint32_t n)
{
	return n >= 4096 && n <= LMDB_PAGE_MOST && (n & (n - 1)) == 0;
}

/* Reads meta page I of a file with pages of PAGE_SIZE. Returns an error only if the disk does; m->good says
 * whether the meta is valid. */
static int read_meta(int fd, unsigned i, uint32_t page_size, struct meta *m)
{
	ssize_t got = disk_read(fd, m->bytes, META_BYTES, (uint64_t)i * page_size);

	m->good = m->other_format = false;
	if (got < 0)
		return (int)got;
	if (got < META_BYTES || at64(m->bytes) != i || at16(m->bytes + 10) != PAGE_META ||
	        at32(m->bytes + 16) != META_MAGIC)
		return 0;
	m->page_size = at32(m->bytes + META_FREE_DB);
	m->txnid = at64(m->bytes + 144);
	m->other_format = at32(m->bytes + 20) != DATA_VERSION;
	m->good = !m->other_format && is_page_size(m->page_size) && (i == 0 || m->page_size == page_size);
	return 0;
}

/* LMDB writes commit N to meta N % 2, so two intact metas differ by one, and the higher is the last commit. In a
 * file without a commit both metas are equal, with txnid 0. */
static const struct meta *last_commit(const struct meta m[2])
{
	if (!m[0].good || !m[1].good)
		return NULL;
	if (m[0].txnid == 0 && m[1].txnid == 0)
		return memcmp(m[0].bytes + 16, m[1].bytes + 16, META_BYTES - 16) == 0 ? &m[0] : NULL;
	if ((m[0].txnid & 1) != 0 || (m[1].txnid & 1) != 1)
		return NULL;
	if (m[0].txnid + 1 == m[1].txnid)
		return &m[1];
	return m[1].txnid + 1 == m[0].txnid ? &m[0] : NULL;
}

static int apply_meta(struct lmdb_pages *t, const struct meta *m)
{
	const uint8_t *db = m->bytes + META_MAIN_DB;
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return E_IO;
	if (m->txnid != t->txnid || m->page_size != t->page_size)
		for (unsigned i = 0; i < LMDB_DEPTH; i++)
			t->level[i].number = 0;
	if (t->page_size != 0 && t->page_size != m->page_size)
		return E_CORRUPT;
	t->page_size = m->page_size;
	t->txnid = m->txnid;
	/* Pages that LMDB allocated and freed again may lie behind the end of the file; no record does. */
	t->pages = min_u64(at64(m->bytes + 136) + 1, (uint64_t)st.st_size / m->page_size);
	t->depth = at16(db + 6);
	t->root = at64(db + 40);
	if (m->txnid == 0)
		return 0;
	if (t->depth == 0 || t->depth > LMDB_DEPTH || t->root < 2 || t->root >= t->pages ||
	        at16(db + 4) != DB_INTEGER_KEYS)
		return E_CORRUPT;
	return 0;
}

int lmdb_pages_start(struct lmdb_pages *t)
{
	struct meta m[2];
	const struct meta *last;
	int rc = read_meta(t->fd, 0, 0, &m[0]);

	if (rc == 0)
		rc = read_meta(t->fd, 1, m[0].good ? m[0].page_size : (uint32_t)getpagesize(), &m[1]);
	if (rc < 0)
		return rc;
	if (m[0].other_format && m[1].other_format)
		return E_NEWER;
	last = last_commit(m);
	return last == NULL ? E_CORRUPT : apply_meta(t, last);
}

static unsigned nodes_of(const uint8_t *page)
{
	return (unsigned)(at16(page + 12) - LMDB_PAGE_HEADER) / 2;
}

/* Every node of PAGE lies within it, with an 8-byte key (a branch's first node may have none). */
static bool nodes_are_sane(const uint8_t *page, uint32_t page_size, bool leaf)
{
	uint32_t lower = at16(page + 12), upper = at16(page + 14);

	if (lower < LMDB_PAGE_HEADER || lower > page_size || (lower & 1) != 0 || upper < lower || upper > page_size)
		return false;
	for (unsigned i = 0; i < nodes_of(page); i++) {
		uint32_t at = at16(page + LMDB_PAGE_HEADER + 2 * i), key, data = 0;

		if (at < upper || at + NODE_HEADER > page_size)
			return false;
		key = at16(page + at + 6);
		if (key != KEY_BYTES && (leaf || i > 0 || key != 0))
			return false;
		if (leaf)
			data = (at16(page + at + 4) & NODE_BIG) != 0 ? 8 : at32(page + at);
		if (data > page_size || at + NODE_HEADER + key + data > page_size)
			return false;
	}
	return true;
}

/* Reads page NUMBER into the cache of LEVEL and checks it as a leaf or a branch. */
static int load_page(struct lmdb_pages *t, unsigned level, uint64_t number, const uint8_t **page)
{
	struct lmdb_pages_page *p = &t->level[level];
	bool leaf = level + 1 == t->depth;
	ssize_t got;

	if (number < 2 || number >= t->pages)
		return E_CORRUPT;
	if (p->bytes == NULL)
		p->bytes = malloc(t->page_size);
	if (p->bytes == NULL)
		return E_NOMEM;
	*page = p->bytes;
	if (p->number == number)
		return 0;
	p->number = 0;
	got = disk_read(t->fd, p->bytes, t->page_size, number * t->page_size);
	if (got < 0)
		return (int)got;
	if (got < (ssize_t)t->page_size || at64(p->bytes) != number ||
	        at16(p->bytes + 10) != (leaf ? PAGE_LEAF : PAGE_BRANCH) ||
	        !nodes_are_sane(p->bytes, t->page_size, leaf))
		return E_CORRUPT;
	p->number = number;
	return 0;
}

static const uint8_t *node_at(const uint8_t *page, unsigned i)
{
	return page + at16(page + LMDB_PAGE_HEADER + 2 * i);
}

static uint64_t key_of(const uint8_t *node)
{
	return at16(node + 6) == 0 ? 0 : at64(node + NODE_HEADER);
}

/* How many of the page's keys are below WANT. */
static unsigned keys_below(const uint8_t *page, uint64_t want)
{
	unsigned low = 0, high = nodes_of(page);

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (key_of(node_at(page, mid)) < want)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Finds the leaf for key WANT. All keys of the next leaf are at or above *BOUND; NO_PAGE: it is the last leaf. */
static int descend(struct lmdb_pages *t, uint64_t want, const uint8_t **page, uint64_t *bound)
{
	uint64_t number = t->root;

	*bound = NO_PAGE;
	for (unsigned level = 0;; level++) {
		const uint8_t *node;
		unsigned n, i;
		int rc = load_page(t, level, number, page);

		if (rc < 0 || level + 1 == t->depth)
			return rc;
		n = nodes_of(*page);
		i = want == NO_PAGE ? n : keys_below(*page, want + 1);
		if (n == 0)
			return E_CORRUPT;
		if (i < n)
			*bound = key_of(node_at(*page, i));
		node = node_at(*page, i > 0 ? i - 1 : 0);
		number = (uint64_t)at32(node) | (uint64_t)at16(node + 4) << 32;
	}
}

static int locate_value(const struct lmdb_pages *t, const uint8_t *page, unsigned i, struct place *found)
{
	const uint8_t *node = node_at(page, i);

	found->key = key_of(node);
	found->size = at32(node);
	if ((at16(node + 4) & NODE_BIG) != 0) {
		uint64_t number = at64(node + NODE_HEADER + KEY_BYTES);

		if (number < 2 || number >= t->pages)
			return E_CORRUPT;
		found->offset = number * t->page_size + LMDB_PAGE_HEADER;
	} else {
		found->offset = at64(page) * t->page_size + (uint64_t)(node - page) + NODE_HEADER + KEY_BYTES;
	}
	return found->offset + found->size <= t->pages * t->page_size ? 0 : E_CORRUPT;
}

int lmdb_pages_find(struct lmdb_pages *t, uint64_t want, struct place *found)
{
	for (;;) {
		const uint8_t *page;
		uint64_t bound;
		unsigned i;
		int rc = descend(t, want, &page, &bound);

		if (rc < 0)
			return rc;
		i = keys_below(page, want);
		if (i < nodes_of(page))
			return locate_value(t, page, i, found);
		if (bound == NO_PAGE)
			return E_END;
		if (bound <= want)
			return E_CORRUPT; /* the next leaf must have higher keys, or the loop would not end */
		want = bound;
	}
}

bool lmdb_pages_is_overflow(const uint8_t *page, uint64_t number)
{
	return at64(page) == number && at16(page + 10) == PAGE_OVERFLOW;
}

unsigned lmdb_pages_leaf_nodes(const uint8_t *page, uint32_t page_size, uint64_t number)
{
	if (at64(page) != number || at16(page + 10) != PAGE_LEAF || !nodes_are_sane(page, page_size, true))
		return 0;
	return nodes_of(page);
}

struct place lmdb_pages_leaf_node(const uint8_t *page, unsigned i)
{
	const uint8_t *node = node_at(page, i);

	return (struct place){
		.key = key_of(node),
		.offset = (uint64_t)(node - page) + NODE_HEADER + KEY_BYTES,
		.size = (at16(node + 4) & NODE_BIG) != 0 ? 0 : at32(node),
	};
}

void lmdb_pages_leaf_gap(const uint8_t *page, size_t *from, size_t *to)
{
	*from = at16(page + 12);
	*to = at16(page + 14);
}

void lmdb_pages_free(struct lmdb_pages *t)
{
	for (unsigned i = 0; i < LMDB_DEPTH; i++) {
		free(t->level[i].bytes);
		t->level[i] = (struct lmdb_pages_page){ 0 };
	}
}
