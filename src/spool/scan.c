/* scan.c — through a file from end to end, whatever LMDB meant its pages to be. A value lies in one
 * piece there, at an even offset; one that is a whole record by its own magic, length and
 * checksum is one, whoever points to it. Pages that LMDB had freed hold old copies of the same
 * records, which is as good. */
#include <stdlib.h>
#include <sys/stat.h>

#include "disk.h"
#include "scan.h"

enum { WINDOW = 4 * RECORD_MOST };

struct scanning {
	struct scan *found;
	uint64_t first;
	uint64_t limit;
	uint64_t spool;  /* whose heads count; 0: all */
	uint64_t offset; /* of the window in the file */
	bool last;       /* the file ends with this window */
};

static int add_record(struct scanning *g, const struct record *r, uint64_t offset)
{
	struct scan *s = g->found;

	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		struct place *more = realloc(s->at, cap * sizeof(*more));

		if (more == NULL)
			return E_NOMEM;
		s->at = more;
		s->cap = cap;
	}
	s->at[s->n++] = (struct place){ r->position, offset, RECORD_HEADER + r->size };
	if (r->position >= s->end.position)
		s->end = (struct spot){ r->position + 1, r->spans_before + r->spans };
	return 0;
}

static void add_head(struct scanning *g, struct slice from)
{
	struct head h;

	if (layout_head_decode(from, &h) < 0)
		return;
	if (g->spool != 0 && h.origin.spool != g->spool) {
		g->found->strangers = true;
		return;
	}
	g->found->ours = true;
	if (h.first.position != g->first)
		return;
	if (!g->found->has_head || h.txnid > g->found->head.txnid)
		g->found->head = h;
	g->found->has_head = true;
}

/* What begins at FROM: the bytes to go on by, 0 when it has to be looked at again with more behind
 * it, or an error. */
static int64_t look(struct scanning *g, struct slice from, uint64_t offset)
{
	struct record r;

	if (layout_is_head(from))
		add_head(g, from);
	if (from.len < RECORD_HEADER || layout_record_decode(from.at, &r) < 0)
		return 2;
	if (r.size > from.len - RECORD_HEADER)
		return g->last ? 2 : 0;
	if (!layout_record_verify(from.at, slice_of(from.at + RECORD_HEADER, r.size)))
		return 2;
	if (r.position >= g->first && r.position < g->limit && add_record(g, &r, offset) < 0)
		return E_NOMEM;
	/* Not into its bytes, which are the world's: to the end, which is even. */
	return (int64_t)((RECORD_HEADER + (uint64_t)r.size) & ~UINT64_C(1));
}

/* Gives how many bytes of the window are done. */
static int64_t look_through(struct scanning *g, struct slice window)
{
	size_t at = 0, safe = window.len - (g->last ? 0 : min_u64(window.len, HEAD_BYTES));

	while (at < safe) {
		int64_t by = look(g, slice_of(window.at + at, window.len - at), g->offset + at);

		if (by < 0)
			return by;
		if (by == 0)
			break;
		at += (size_t)by;
	}
	return (int64_t)min_u64(at, window.len);
}

static int by_key(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void order(struct scan *s)
{
	size_t kept = 0;

	if (s->n == 0)
		return;
	qsort(s->at, s->n, sizeof(*s->at), by_key);
	for (size_t i = 1; i < s->n; i++)
		if (s->at[i].key != s->at[kept].key)
			s->at[++kept] = s->at[i];
	s->n = kept + 1;
}

/* The window at g->offset. A part that the disk will not read is as lost as a broken one. */
static size_t fill(int fd, uint8_t *window, uint64_t left, uint64_t offset)
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

int scan_run(struct scan *s, int fd, uint64_t spool, struct spool_run run)
{
	struct scanning g = { .found = s, .first = run.first, .limit = run.end, .spool = spool };
	uint8_t *window = malloc(WINDOW);
	int64_t done = 0;
	struct stat st;

	if (window == NULL)
		return E_NOMEM;
	if (fstat(fd, &st) < 0)
		done = E_IO;
	while (done >= 0 && g.offset < (uint64_t)st.st_size) {
		size_t n = fill(fd, window, (uint64_t)st.st_size - g.offset, g.offset);

		g.last = g.offset + n >= (uint64_t)st.st_size;
		done = look_through(&g, slice_of(window, n));
		g.offset += done > 0 ? (uint64_t)done : 0;
	}
	free(window);
	order(s);
	return done < 0 ? (int)done : 0;
}

const struct place *scan_find(const struct scan *s, uint64_t want)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->at[mid].key < want)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n ? &s->at[low] : NULL;
}

void scan_free(struct scan *s)
{
	free(s->at);
	*s = (struct scan){ 0 };
}
