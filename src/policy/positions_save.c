/* SPDX-License-Identifier: Apache-2.0 */
/* positions_save.c — the map as bytes, for the spool's state: a bounded piece of work whatever the map is like. */
#include "positions_internal.h"

enum {
	SAVED_CHUNKS = 64, /* that positions_save looks into, at most: some 0.1 ms */
	RUN_BYTES = 30,    /* of a saved run, at most */
};

static size_t put_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (uint8_t)(value | 0x80);
	to[n++] = (uint8_t)value;
	return n;
}

/* A saved map while it is written: runs of positions that are done. */
struct saving {
	uint8_t *to;
	size_t cap, used;
	uint64_t behind;     /* the end of the last run written, or the cursor */
	uint64_t start, end; /* of the run that is not written yet; empty: none */
	uint64_t spans;      /* in it */
	uint64_t spans_written, batches_written;
	bool full;
};

/* Three numbers a run: how far it begins behind the end of the run before (or the cursor), how long
 * it is, and how many spans it holds. */
static void write_run(struct saving *s)
{
	uint8_t coded[RUN_BYTES];
	size_t n;

	if (s->start == s->end)
		return;
	n = put_varint(coded, s->start - s->behind);
	n += put_varint(coded + n, s->end - s->start);
	n += put_varint(coded + n, s->spans);
	s->full = s->used + n > s->cap;
	if (s->full)
		return;
	memcpy(s->to + s->used, coded, n);
	s->used += n;
	s->behind = s->end;
	s->spans_written += s->spans;
	s->batches_written += s->end - s->start;
}

/* Positions [FIRST, END) are done and hold SPANS: more of the run, or a new one. */
static void add_done(struct saving *s, uint64_t first, uint64_t end, uint64_t spans)
{
	if (first != s->end) {
		write_run(s);
		s->start = first;
		s->spans = 0;
	}
	s->end = end;
	s->spans += spans;
}

static void save_chunk(const struct positions *m, struct saving *s, const struct positions_range *r)
{
	for (uint64_t at = max_u64(r->first, m->cursor), n; at < r->end && !s->full; at += n) {
		uint64_t spans = 0;

		count_step(m);
		n = alike(r->chunk, at);
		if (mark_in(r->chunk, at) != POSITION_DONE)
			continue;
		for (uint64_t p = at; p < at + n; p++)
			spans += r->chunk->spans[p % CHUNK];
		add_done(s, at, at + n, spans);
	}
}

size_t positions_save(struct positions *m, uint8_t *to, size_t cap, uint64_t *left_spans, uint64_t *left_batches)
{
	struct saving s = { .to = to, .cap = cap, .behind = m->cursor };
	size_t chunks = 0;

	for (size_t i = 0; i < m->nranges && !s.full && chunks < SAVED_CHUNKS; i++) {
		const struct positions_range *r = &m->ranges[i];

		count_step(m);
		if (r->chunk == NULL) {
			add_done(&s, r->first, r->end, r->spans);
		} else if (r->chunk->count[POSITION_DONE] > 0) {
			chunks++;
			save_chunk(m, &s, r);
		}
	}
	if (!s.full)
		write_run(&s);
	*left_spans = m->done_spans - s.spans_written;
	*left_batches = m->done_batches - s.batches_written;
	return s.used;
}

static bool get_varint(struct slice *s, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && s->len > 0; shift += 7) {
		uint8_t byte = *s->at++;

		s->len--;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* The spans of a run stand on the first of its positions that can hold them: only sums are ever asked. */
static int load_run(struct positions *m, uint64_t at, uint64_t end, uint64_t spans)
{
	uint64_t whole = (at + CHUNK - 1) / CHUNK * CHUNK, whole_end = end / CHUNK * CHUNK;
	bool behind_all = m->nranges == 0 || m->ranges[m->nranges - 1].end <= whole;

	while (at < end) {
		uint32_t here = (uint32_t)min_u64(spans, UINT32_MAX);

		if (at == whole && whole < whole_end && behind_all) {
			if (positions_append_done(m, whole, whole_end, spans) < 0)
				return E_NOMEM;
			at = whole_end;
			spans = 0;
			continue;
		}
		if (positions_set(m, at++, POSITION_DONE, here) < 0)
			return E_NOMEM;
		spans -= here;
	}
	return 0;
}

int positions_load(struct positions *m, struct slice saved)
{
	uint64_t at = m->cursor;

	while (saved.len > 0) {
		uint64_t gap, length, spans;

		if (!get_varint(&saved, &gap) || !get_varint(&saved, &length) || !get_varint(&saved, &spans))
			return E_CORRUPT;
		if (gap > m->end - at || length > m->end - at - gap || length == 0)
			return E_CORRUPT;
		at += gap;
		if (load_run(m, at, at + length, spans) < 0)
			return E_NOMEM;
		at += length;
	}
	return 0;
}
