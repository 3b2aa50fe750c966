/* SPDX-License-Identifier: Apache-2.0 */
/* positions_save.c — writes the done positions as bytes for the spool's state, in bounded time, and reads them. */
#include "positions_internal.h"

enum {
	SAVED_CHUNKS = 64, /* most chunks that positions_save visits: some 0.1 ms */
	RUN_BYTES = 30,    /* most bytes of a saved run: three varints */
};

static size_t put_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (uint8_t)(value | 0x80);
	to[n++] = (uint8_t)value;
	return n;
}

/* Writes runs of positions that are done. */
struct run_writer {
	uint8_t *to;
	size_t cap, used;
	uint64_t behind;     /* the end of the last run written, or the cursor */
	uint64_t start, end; /* the run that is not written yet; empty: there is none */
	uint64_t spans;      /* in that run */
	uint64_t spans_written, batches_written;
	bool full;
};

/* Writes the pending run as three varints: the distance from the end of the previous run (or the cursor) to its first
 * position, its number of positions, and its number of spans. */
static void write_run(struct run_writer *w)
{
	uint8_t coded[RUN_BYTES];
	size_t n;

	if (w->start == w->end)
		return;
	n = put_varint(coded, w->start - w->behind);
	n += put_varint(coded + n, w->end - w->start);
	n += put_varint(coded + n, w->spans);
	w->full = w->used + n > w->cap;
	if (w->full)
		return;
	memcpy(w->to + w->used, coded, n);
	w->used += n;
	w->behind = w->end;
	w->spans_written += w->spans;
	w->batches_written += w->end - w->start;
}

/* Adds positions [FIRST, END), which are done and hold SPANS, to the pending run, or begins a new one with them. */
static void add_done(struct run_writer *w, uint64_t first, uint64_t end, uint64_t spans)
{
	if (first != w->end) {
		write_run(w);
		w->start = first;
		w->spans = 0;
	}
	w->end = end;
	w->spans += spans;
}

static void save_chunk(const struct positions *m, struct run_writer *w, const struct positions_range *r)
{
	for (uint64_t at = max_u64(r->first, m->cursor), n; at < r->end && !w->full; at += n) {
		uint64_t spans = 0;

		count_step(m);
		n = equal_run(r->chunk, at);
		if (status_in(r->chunk, at) != POSITION_DONE)
			continue;
		for (uint64_t p = at; p < at + n; p++)
			spans += r->chunk->spans[p % CHUNK];
		add_done(w, at, at + n, spans);
	}
}

size_t positions_save(struct positions *m, uint8_t *to, size_t cap, uint64_t *left_spans, uint64_t *left_batches)
{
	struct run_writer w = { .to = to, .cap = cap, .behind = m->cursor };
	size_t chunks = 0;

	for (size_t i = 0; i < m->nranges && !w.full && chunks < SAVED_CHUNKS; i++) {
		const struct positions_range *r = &m->ranges[i];

		count_step(m);
		if (r->chunk == NULL) {
			add_done(&w, r->first, r->end, r->spans);
		} else if (r->chunk->count[POSITION_DONE] > 0) {
			chunks++;
			save_chunk(m, &w, r);
		}
	}
	if (!w.full)
		write_run(&w);
	*left_spans = m->done_spans - w.spans_written;
	*left_batches = m->done_batches - w.batches_written;
	return w.used;
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

/* Marks positions [AT, END) done. All SPANS go to the first positions that can hold them, since only sums are used. */
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
