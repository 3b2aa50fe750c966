/* marks.c — two bits a position, in chunks that exist only where something is not simply waiting.
 *
 *   WAITING ──read──► HELD ──delivered──► DONE
 *      ▲                │ ├──not sent───► WAITING
 *      └────────────────┘ └──maybe sent─► MAYBE ──read──► HELD
 *
 * The cursor follows the first position that is not DONE; chunks that lie below it are freed. */
#include <assert.h>
#include <stdlib.h>

#include "marks.h"

enum {
	CHUNK = 4096,  /* positions */
	PER_WORD = 32, /* marks in a word */
	WORDS = CHUNK / PER_WORD,
};

struct marks_chunk {
	uint64_t words[WORDS];
	uint32_t spans[CHUNK]; /* of the positions that are done */
};

void marks_init(struct marks *m, uint64_t cursor, uint64_t end)
{
	*m = (struct marks){ .cursor = cursor, .end = end, .held_to = cursor };
}

void marks_free(struct marks *m)
{
	for (size_t i = 0; i < m->nchunks; i++)
		free(m->chunks[i]);
	free(m->chunks);
	*m = (struct marks){ 0 };
}

void marks_extend(struct marks *m, uint64_t end)
{
	assert(end >= m->end);
	m->end = end;
}

static size_t chunk_index(const struct marks *m, uint64_t position)
{
	return (size_t)(position / CHUNK - m->cursor / CHUNK);
}

static enum mark mark_in(const struct marks_chunk *c, uint64_t position)
{
	uint64_t at = position % CHUNK;

	return (enum mark)(c->words[at / PER_WORD] >> (at % PER_WORD * 2) & 3);
}

enum mark marks_at(const struct marks *m, uint64_t position)
{
	size_t i;

	if (position < m->cursor)
		return MARK_DONE;
	i = chunk_index(m, position);
	if (i >= m->nchunks || m->chunks[i] == NULL)
		return MARK_WAITING;
	return mark_in(m->chunks[i], position);
}

static struct marks_chunk *chunk_for(struct marks *m, uint64_t position)
{
	size_t i = chunk_index(m, position);

	if (i >= m->cap) {
		size_t cap = i + i / 2 + 16;
		struct marks_chunk **more = realloc(m->chunks, cap * sizeof(struct marks_chunk *));

		if (more == NULL)
			return NULL;
		m->chunks = more;
		m->cap = cap;
	}
	while (m->nchunks <= i)
		m->chunks[m->nchunks++] = NULL;
	if (m->chunks[i] == NULL)
		m->chunks[i] = calloc(1, sizeof(*m->chunks[i]));
	return m->chunks[i];
}

int marks_reserve(struct marks *m, uint64_t first, uint64_t end)
{
	for (uint64_t p = first; p < end; p = (p / CHUNK + 1) * CHUNK)
		if (p >= m->cursor && chunk_for(m, p) == NULL)
			return E_NOMEM;
	return 0;
}

static void drop_first_chunks(struct marks *m, size_t n)
{
	size_t drop = n < m->nchunks ? n : m->nchunks;

	if (drop == 0)
		return;
	for (size_t i = 0; i < drop; i++)
		free(m->chunks[i]);
	m->nchunks -= drop;
	memmove(m->chunks, m->chunks + drop, m->nchunks * sizeof(struct marks_chunk *));
}

/* How far one may step from POSITION without missing a change: a word where all are alike, or one. */
static uint64_t alike(const struct marks_chunk *c, uint64_t position)
{
	uint64_t word = c->words[position % CHUNK / PER_WORD];

	if (position % PER_WORD != 0 || word != (word & 3) * UINT64_C(0x5555555555555555))
		return 1;
	return PER_WORD;
}

static bool is_unsure(enum mark mark)
{
	return mark == MARK_HELD || mark == MARK_MAYBE;
}

static void advance(struct marks *m)
{
	uint64_t cursor = m->cursor;

	while (cursor < m->end && marks_at(m, cursor) == MARK_DONE) {
		cursor++;
		if (cursor % CHUNK == 0) {
			drop_first_chunks(m, 1);
			m->cursor = cursor;
		}
	}
	m->cursor = cursor;
}

/* BOUND, brought down to behind the last position below it that is still in doubt. */
static uint64_t lowered(const struct marks *m, uint64_t bound)
{
	while (bound > m->cursor) {
		uint64_t last = bound - 1;
		size_t i = chunk_index(m, last);

		if (i >= m->nchunks || m->chunks[i] == NULL)
			bound = last / CHUNK * CHUNK;
		else if (is_unsure(mark_in(m->chunks[i], last)))
			return bound;
		else
			bound -= last % PER_WORD == PER_WORD - 1
			                 ? alike(m->chunks[i], last + 1 - PER_WORD)
			                 : 1;
	}
	return m->cursor;
}

int marks_set(struct marks *m, uint64_t position, enum mark mark, uint32_t spans)
{
	uint64_t at = position % CHUNK;
	enum mark was = marks_at(m, position);
	struct marks_chunk *c;

	assert(position < m->end);
	if (was == MARK_DONE || was == mark)
		return 0;
	c = chunk_for(m, position);
	if (c == NULL)
		return E_NOMEM;
	m->version++;
	c->words[at / PER_WORD] &= ~(UINT64_C(3) << (at % PER_WORD * 2));
	c->words[at / PER_WORD] |= (uint64_t)mark << (at % PER_WORD * 2);
	if (mark == MARK_DONE)
		c->spans[at] = spans;
	if (is_unsure(mark))
		m->held_to = max_u64(m->held_to, position + 1);
	advance(m);
	m->held_to = lowered(m, m->held_to);
	return 0;
}

static bool waits(enum mark mark)
{
	return mark == MARK_WAITING || mark == MARK_MAYBE;
}

/* The first position at or above FROM that waits (or that does not); END when there is none. */
static uint64_t find(const struct marks *m, uint64_t from, uint64_t end, bool waiting)
{
	while (from < end) {
		size_t i = chunk_index(m, from);

		if (i >= m->nchunks)
			return waiting ? from : end;
		if (m->chunks[i] == NULL) {
			if (waiting)
				return from;
			from = (from / CHUNK + 1) * CHUNK;
			continue;
		}
		if (waits(mark_in(m->chunks[i], from)) == waiting)
			return from;
		from += alike(m->chunks[i], from);
	}
	return end;
}

bool marks_next(
        const struct marks *m, uint64_t from, uint64_t limit, uint64_t *first, uint64_t *end)
{
	uint64_t start = find(m, max_u64(from, m->cursor), m->end, true);

	if (start >= m->end)
		return false;
	*first = start;
	*end = find(m, start, min_u64(m->end, start + limit), false);
	return true;
}

static size_t put_varint(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		to[n++] = (uint8_t)(value | 0x80);
	to[n++] = (uint8_t)value;
	return n;
}

/* Three numbers a run: how far it begins behind the end of the run before (or the cursor), how long
 * it is, and how many spans it holds. */
size_t marks_save(const struct marks *m, uint8_t *to, size_t cap, uint64_t *left_spans,
        uint64_t *left_batches)
{
	uint64_t at = m->cursor, behind = m->cursor;
	uint64_t last = min_u64(m->end, (m->cursor / CHUNK + m->nchunks) * CHUNK);
	size_t used = 0;

	*left_spans = *left_batches = 0;
	while (at < last) {
		uint64_t start, spans = 0;
		uint8_t coded[30];
		size_t n;

		if (m->chunks[chunk_index(m, at)] == NULL) {
			at = (at / CHUNK + 1) * CHUNK;
			continue;
		}
		if (marks_at(m, at) != MARK_DONE) {
			at += alike(m->chunks[chunk_index(m, at)], at);
			continue;
		}
		for (start = at; at < last && marks_at(m, at) == MARK_DONE; at++)
			spans += m->chunks[chunk_index(m, at)]->spans[at % CHUNK];
		n = put_varint(coded, start - behind);
		n += put_varint(coded + n, at - start);
		n += put_varint(coded + n, spans);
		if (used + n > cap || *left_batches > 0) {
			*left_batches += at - start;
			*left_spans += spans;
			continue;
		}
		memcpy(to + used, coded, n);
		used += n;
		behind = at;
	}
	return used;
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

int marks_load(struct marks *m, struct slice saved)
{
	uint64_t at = m->cursor;

	while (saved.len > 0) {
		uint64_t gap, length, spans;

		if (!get_varint(&saved, &gap) || !get_varint(&saved, &length) ||
		        !get_varint(&saved, &spans))
			return E_CORRUPT;
		if (gap > m->end - at || length > m->end - at - gap || length == 0)
			return E_CORRUPT;
		at += gap;
		for (uint64_t end = at + length; at < end; at++) {
			/* The run's spans stand on its first position: only their sum is ever asked. */
			if (marks_set(m, at, MARK_DONE, (uint32_t)min_u64(spans, UINT32_MAX)) < 0)
				return E_NOMEM;
			spans -= min_u64(spans, UINT32_MAX);
		}
	}
	return 0;
}
