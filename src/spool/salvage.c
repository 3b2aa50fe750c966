/* SPDX-License-Identifier: Apache-2.0 */
/* salvage.c — scans a file from start to end, whatever LMDB's pages say. LMDB stores a value contiguously and at an
 * even offset; bytes that are a whole record by magic, length and checksums are taken as one, whether or not a
 * page points to it. Freed pages have old copies of the same records, which are equally good.
 *
 * The bytes of a batch come from clients and may imitate a record. So the scan does not search inside a batch as
 * long as its page tells where it ends: the nodes of an intact leaf, or the record at the start of overflow pages.
 * Only a damaged page is searched byte by byte. The free part of a page, which LMDB does not clear, may have the
 * header of a former record whose batch is overwritten; the length in such a header is not used to skip bytes. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "salvage.h"

enum { WINDOW = 4 * RECORD_MOST };

_Static_assert((int)HEAD_BYTES <= 4096, "a head at the end of a window must be whole in it");

struct scanning {
	struct salvage *found;
	const struct key *key; /* NULL: records are not verified */
	uint64_t first;
	uint64_t limit;
	uint64_t page; /* page size */
	uint64_t at;   /* offset in the file where the scan continues */
	uint64_t base; /* offset of the window in the file: a page header before AT */
	bool last;     /* the window reaches the end of the file */
};

static int add_record(struct scanning *g, const struct record *r, uint64_t offset)
{
	struct salvage *s = g->found;

	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		struct salvage_record *more = realloc(s->at, cap * sizeof(*more));

		if (more == NULL)
			return E_NOMEM;
		s->at = more;
		s->cap = cap;
	}
	s->at[s->n++] = (struct salvage_record){
		.place = { r->position, offset, RECORD_HEADER + r->size },
		.spans_before = r->spans_before,
		.spans = r->spans,
	};
	return 0;
}

static void add_head(struct scanning *g, struct slice from)
{
	struct head h;
	int rc = g->key == NULL ? E_CORRUPT : format_head_decode(from, g->key, &h);

	g->found->has_foreign_head |= rc == E_FOREIGN;
	if (rc < 0)
		return;
	g->found->has_own_key = true;
	if (h.first.position != g->first)
		return;
	if (!g->found->has_head || h.txnid > g->found->head.txnid)
		g->found->head = h;
	g->found->has_head = true;
}

/* How many bytes to skip at AT, where the header of a record of LEN bytes is intact and its batch is not. */
static uint64_t skip_unverified(const struct scanning *g, const uint8_t *window, size_t at, uint64_t len)
{
	uint64_t offset = g->base + at;

	if (offset % g->page != LMDB_PAGE_HEADER || at < LMDB_PAGE_HEADER)
		return 2;
	if (lmdb_pages_is_overflow(window + at - LMDB_PAGE_HEADER, offset / g->page))
		return len;
	/* a record this large starts in an overflow page */
	return len > g->page / 2 ? g->page - LMDB_PAGE_HEADER : 2;
}

/* Examines the bytes at AT of WINDOW, which begins at BASE in the file. Returns how many bytes to skip; 0: a
 * record begins here and the window must be moved to see all of it; or an error. */
static int64_t examine(struct scanning *g, struct slice window, size_t at, uint64_t base)
{
	struct slice from = slice_of(window.at + at, window.len - at);
	struct record r;
	uint64_t len;

	if (format_is_head(from))
		add_head(g, from);
	if (from.len < RECORD_HEADER || format_record_decode(from.at, g->key, &r) < 0)
		return 2;
	g->found->has_own_key |= g->key != NULL;
	len = RECORD_HEADER + (uint64_t)r.size;
	if (len > from.len && !g->last)
		return 0;
	if (len > from.len || !format_record_verify(from.at, g->key, slice_of(from.at + RECORD_HEADER, r.size)))
		len = skip_unverified(g, window.at, at, len);
	else if (r.position >= g->first && r.position < g->limit && add_record(g, &r, base + at) < 0)
		return E_NOMEM;
	return (int64_t)((len + 1) & ~UINT64_C(1));
}

/* Scans the nodes of the leaf at AT. 1; 0: a node is damaged, scan the page byte by byte; or an error. */
static int scan_nodes(struct scanning *g, struct slice window, size_t at, unsigned nodes)
{
	const uint8_t *leaf = window.at + at;

	for (unsigned i = 0; i < nodes; i++) {
		struct place p = lmdb_pages_leaf_node(leaf, i);
		struct record r;

		if (p.size == 0) /* in overflow pages */
			continue;
		if (p.key == 0) {
			add_head(g, slice_of(leaf + p.offset, p.size));
			continue;
		}
		if (p.size < RECORD_HEADER || format_record_decode(leaf + p.offset, g->key, &r) < 0 ||
		        r.position != p.key || r.size != p.size - RECORD_HEADER)
			return 0;
		if (examine(g, slice_of(leaf, p.offset + p.size), p.offset, g->base + at) < 0)
			return E_NOMEM;
	}
	return 1;
}

/* Scans the free part of a leaf, where whole or partial copies of former records may be. */
static int scan_gap(struct scanning *g, struct slice window, size_t at)
{
	struct slice leaf = slice_of(window.at + at, g->page);
	size_t from, to;

	lmdb_pages_leaf_gap(leaf.at, &from, &to);
	for (int64_t by; from<to; from += by> 0 ? (size_t)by : 2) {
		by = examine(g, leaf, from, g->base + at);
		if (by < 0)
			return (int)by;
	}
	return 1;
}

/* Scans the page at AT if it is an intact leaf. Returns its size; 0: it is not; or an error. */
static int64_t scan_leaf(struct scanning *g, struct slice window, size_t at)
{
	uint64_t offset = g->base + at;
	unsigned nodes;
	int rc;

	if (g->key == NULL || offset % g->page != 0 || window.len - at < g->page)
		return 0;
	nodes = lmdb_pages_leaf_nodes(window.at + at, (uint32_t)g->page, offset / g->page);
	rc = nodes == 0 ? 0 : scan_nodes(g, window, at, nodes);
	if (rc > 0)
		rc = scan_gap(g, window, at);
	return rc <= 0 ? rc : (int64_t)g->page;
}

/* Scans WINDOW from g->at on, and moves g->at to where the next window must continue. */
static int scan_window(struct scanning *g, struct slice window)
{
	size_t at = (size_t)(g->at - g->base);
	size_t safe = window.len - (g->last ? 0 : min_u64(window.len, g->page));

	while (at < safe) {
		int64_t by = scan_leaf(g, window, at);

		if (by == 0)
			by = examine(g, window, at, g->base);
		if (by < 0)
			return (int)by;
		if (by == 0)
			break;
		at += (size_t)by;
	}
	g->at = g->base + at;
	return 0;
}

static int by_position(const void *a, const void *b)
{
	const struct salvage_record *x = a, *y = b;

	return x->place.key < y->place.key ? -1 : x->place.key > y->place.key;
}

/* True when B's spans_before is consistent with A, which precedes it. */
static bool counts_agree(const struct salvage_record *a, const struct salvage_record *b)
{
	uint64_t behind = a->spans_before + a->spans;

	return b->place.key == a->place.key + 1 ? b->spans_before == behind : b->spans_before >= behind;
}

/* True when the counts of record I agree with neither neighbour, or when it is the first or last, disagrees with
 * its neighbour, and that one agrees with the next. */
static bool is_inconsistent(const struct salvage *s, size_t i)
{
	const struct salvage_record *r = &s->at[i];
	bool before = i > 0 && counts_agree(r - 1, r), behind = i + 1 < s->n && counts_agree(r, r + 1);

	if (before || behind || s->n < 3)
		return false;
	if (i == 0)
		return counts_agree(r + 1, r + 2);
	return i + 1 < s->n || counts_agree(r - 2, r - 1);
}

/* Sorts the records by position, and removes duplicates and records whose counts both neighbours contradict. */
static void sort_records(struct salvage *s)
{
	struct salvage_record *last;
	size_t kept = 0;

	if (s->n == 0)
		return;
	qsort(s->at, s->n, sizeof(*s->at), by_position);
	for (size_t i = 1; i < s->n; i++)
		if (s->at[i].place.key != s->at[kept].place.key)
			s->at[++kept] = s->at[i];
	s->n = kept + 1;
	for (size_t i = 0; i < s->n; i++)
		s->at[i].inconsistent = is_inconsistent(s, i);
	kept = 0;
	for (size_t i = 0; i < s->n; i++)
		if (!s->at[i].inconsistent)
			s->at[kept++] = s->at[i];
	s->n = kept;
	last = &s->at[s->n - 1];
	s->end = (struct span_offset){ last->place.key + 1, last->spans_before + last->spans };
}

/* Reads the window at OFFSET. A part with an I/O error is set to zero. */
static size_t read_window(int fd, uint8_t *window, uint64_t left, uint64_t offset)
{
	size_t want = (size_t)min_u64(left, WINDOW);
	ssize_t got = disk_read(fd, window, want, offset);

	if (got == (ssize_t)want)
		return want;
	memset(window, 0, want);
	for (size_t at = 0; at < want; at += SLOT_BYTES) {
		size_t n = (size_t)min_u64(SLOT_BYTES, want - at);

		if (disk_read(fd, window + at, n, offset + at) < 0)
			memset(window + at, 0, n);
	}
	return want;
}

int salvage_run(struct salvage *s, int fd, const struct key *key, struct spool_run run)
{
	struct scanning g = {
		.found = s, .key = key, .first = run.first, .limit = run.end, .page = (uint64_t)getpagesize()
	};
	uint8_t *window = malloc(WINDOW);
	struct stat st;
	int rc = 0;

	if (window == NULL)
		return E_NOMEM;
	if (fstat(fd, &st) < 0)
		rc = E_IO;
	while (rc == 0 && g.at < (uint64_t)st.st_size) {
		size_t n;

		g.base = g.at - min_u64(g.at, LMDB_PAGE_HEADER);
		n = read_window(fd, window, (uint64_t)st.st_size - g.base, g.base);
		g.last = g.base + n >= (uint64_t)st.st_size;
		rc = scan_window(&g, slice_of(window, n));
	}
	free(window);
	sort_records(s);
	return rc;
}

const struct place *salvage_find(const struct salvage *s, uint64_t want)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->at[mid].place.key < want)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n ? &s->at[low].place : NULL;
}

void salvage_free(struct salvage *s)
{
	free(s->at);
	*s = (struct salvage){ 0 };
}
