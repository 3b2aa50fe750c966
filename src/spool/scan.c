/* scan.c — page by page through a file. An overflow page holds one value, a leaf a few; a value that
 * is a whole record by its own magic, length and checksum is one, whoever points to it. Pages that
 * LMDB had freed hold old copies of the same records, which is as good. */
#include <stdlib.h>
#include <sys/stat.h>

#include "buf.h"
#include "disk.h"
#include "scan.h"

struct scanning {
	struct scan *found;
	const uint8_t *page; /* the leaf looked at */
	uint64_t page_offset;
	uint64_t first;
	uint64_t limit;
	uint64_t budget; /* bytes that may be read twice */
	int rc;
};

static void add_record(struct scanning *g, const struct place *p, const struct record *r)
{
	struct scan *s = g->found;

	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		struct place *more = realloc(s->at, cap * sizeof(*more));

		if (more == NULL) {
			g->rc = E_NOMEM;
			return;
		}
		s->at = more;
		s->cap = cap;
	}
	s->at[s->n++] = *p;
	if (r->position >= s->end.position)
		s->end = (struct spot){ r->position + 1, r->spans_before + r->spans };
}

/* VALUE lies at OFFSET of the file. */
static void consider(struct scanning *g, struct slice value, uint64_t offset)
{
	struct record r;
	struct head h;

	if (value.len >= RECORD_HEADER && layout_record_decode(value.at, &r) == 0) {
		struct place p = { r.position, offset, RECORD_HEADER + r.size };

		if (r.position < g->first || r.position >= g->limit ||
		        r.size > value.len - RECORD_HEADER)
			return;
		if (layout_record_verify(value.at, slice_of(value.at + RECORD_HEADER, r.size)))
			add_record(g, &p, &r);
	} else if (layout_head_decode(value, &h) == 0 && h.first.position == g->first) {
		if (!g->found->has_head || h.txnid > g->found->head.txnid)
			g->found->head = h;
		g->found->has_head = true;
	}
}

static void on_leaf_value(void *arg, const struct place *p)
{
	struct scanning *g = arg;

	consider(g, slice_of(g->page + (p->offset - g->page_offset), p->size), p->offset);
}

/* Bytes behind the first page of a record that starts in it, if one does and they can be read:
 * a wrong length must not make every page cost the whole file. */
static size_t rest_of(
        struct scanning *g, const uint8_t *page, uint32_t page_size, uint64_t pages_left)
{
	uint64_t pages = walk_overflow_pages(page, g->page_offset / page_size), rest;
	struct record r;

	if (pages < 2 || pages > pages_left ||
	        layout_record_decode(page + WALK_PAGE_HEADER, &r) < 0)
		return 0;
	rest = (pages - 1) * page_size;
	if (rest + page_size < WALK_PAGE_HEADER + RECORD_HEADER + (uint64_t)r.size ||
	        rest > g->budget)
		return 0;
	g->budget -= rest;
	return rest;
}

/* One page, already in BUF; an overflow page brings the rest of its value. */
static void look(
        struct scanning *g, int fd, struct buf *buf, uint32_t page_size, uint64_t pages_left)
{
	uint64_t number = g->page_offset / page_size;
	size_t rest = rest_of(g, buf->at, page_size, pages_left);
	uint8_t *to;

	if (walk_overflow_pages(buf->at, number) == 0) {
		g->page = buf->at;
		walk_leaf(buf->at, page_size, number, on_leaf_value, g);
		return;
	}
	if (rest > 0) {
		to = buf_reserve(buf, rest);
		if (to == NULL) {
			g->rc = E_NOMEM;
			return;
		}
		if (disk_read(fd, to, rest, g->page_offset + page_size) != (ssize_t)rest)
			return;
	}
	consider(g, slice_of(buf->at + WALK_PAGE_HEADER, page_size + rest - WALK_PAGE_HEADER),
	        g->page_offset + WALK_PAGE_HEADER);
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

int scan_run(struct scan *s, int fd, uint64_t first, uint64_t limit)
{
	struct scanning g = { .found = s, .first = first, .limit = limit };
	uint32_t page_size = walk_page_size(fd);
	struct buf buf = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return E_IO;
	g.budget = 4 * (uint64_t)st.st_size;
	for (uint64_t left = (uint64_t)st.st_size / page_size; left > 0 && g.rc == 0; left--) {
		uint8_t *page;

		buf_clear(&buf);
		page = buf_reserve(&buf, page_size);
		if (page == NULL) {
			g.rc = E_NOMEM;
			break;
		}
		buf.len = page_size;
		/* A page that cannot be read is as lost as a broken one. */
		if (disk_read(fd, page, page_size, g.page_offset) == (ssize_t)page_size)
			look(&g, fd, &buf, page_size, left);
		g.page_offset += page_size;
	}
	buf_free(&buf);
	order(s);
	return g.rc;
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
