/* SPDX-License-Identifier: Apache-2.0 */
/* positions.c — two bits for each position, in chunks that exist only where positions differ from their neighbours.
 *
 *   WAITING ──read──► IN_FLIGHT ──delivered, quarantined, dropped──► DONE
 *                         ├──not sent────► WAITING
 *                         └──maybe sent──► MAYBE_SENT ──read──► IN_FLIGHT
 *
 * The cursor is the first position that is not DONE. Above it, positions are in a sorted array of ranges: a range is one
 * chunk, or any number of whole chunks that are done, merged into one range with the sum of their spans. Positions
 * between two ranges are WAITING. So neither memory nor time grows with the number of positions that are done above one
 * that is stuck, nor with the backlog; both grow with the number of chunks in which positions differ. */
#include <assert.h>
#include <stdlib.h>

#include "positions_internal.h"

void positions_init(struct positions *m, uint64_t cursor, uint64_t end)
{
	*m = (struct positions){ .cursor = cursor, .end = end, .in_doubt_end = cursor };
}

void positions_free(struct positions *m)
{
	for (size_t i = 0; i < m->nranges; i++)
		free(m->ranges[i].chunk);
	free(m->ranges);
	*m = (struct positions){ 0 };
}

void positions_extend(struct positions *m, uint64_t end)
{
	assert(end >= m->end);
	m->end = end;
}

/* The first range that ends above POSITION; nranges when none does. */
static size_t range_at(const struct positions *m, uint64_t position)
{
	size_t low = 0, high = m->nranges;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (m->ranges[middle].end > position)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void set_status_in(struct positions_chunk *c, uint64_t position, enum position_status status)
{
	uint64_t at = position % CHUNK, *word = &c->words[at / PER_WORD];
	unsigned shift = (unsigned)(at % PER_WORD * 2);

	c->count[status_in(c, position)]--;
	c->count[status]++;
	*word = (*word & ~(UINT64_C(3) << shift)) | (uint64_t)status << shift;
}

enum position_status positions_at(const struct positions *m, uint64_t position)
{
	size_t i;

	if (position < m->cursor)
		return POSITION_DONE;
	i = range_at(m, position);
	if (i == m->nranges || m->ranges[i].first > position)
		return POSITION_WAITING;
	return m->ranges[i].chunk == NULL ? POSITION_DONE : status_in(m->ranges[i].chunk, position);
}

/* Makes room for one more range at index I; the caller fills it in. */
static struct positions_range *insert_range(struct positions *m, size_t i)
{
	if (m->nranges == m->cap) {
		size_t cap = m->cap * 2 + 16;
		struct positions_range *more = realloc(m->ranges, cap * sizeof(*more));

		if (more == NULL)
			return NULL;
		m->ranges = more;
		m->cap = cap;
	}
	memmove(m->ranges + i + 1, m->ranges + i, (m->nranges - i) * sizeof(*m->ranges));
	m->nranges++;
	return &m->ranges[i];
}

static void remove_ranges(struct positions *m, size_t i, size_t n)
{
	if (n == 0)
		return;
	m->nranges -= n;
	memmove(m->ranges + i, m->ranges + i + n, (m->nranges - i) * sizeof(*m->ranges));
}

/* The range of POSITION, which must not be below the cursor. Where there is none, a new chunk whose positions wait. */
static struct positions_range *range_or_new(struct positions *m, uint64_t position)
{
	size_t i = range_at(m, position);
	uint64_t first = position / CHUNK * CHUNK;
	struct positions_chunk *c;
	struct positions_range *r;

	if (i < m->nranges && m->ranges[i].first <= position)
		return &m->ranges[i];
	c = calloc(1, sizeof(*c));
	r = c == NULL ? NULL : insert_range(m, i);
	if (r == NULL) {
		free(c);
		return NULL;
	}
	c->count[POSITION_WAITING] = CHUNK;
	for (uint64_t p = first; p < m->cursor; p++)
		set_status_in(c, p, POSITION_DONE);
	*r = (struct positions_range){ .first = first, .end = first + CHUNK, .chunk = c };
	return r;
}

int positions_reserve(struct positions *m, uint64_t first, uint64_t end)
{
	for (uint64_t p = max_u64(first, m->cursor); p < end; p = (p / CHUNK + 1) * CHUNK)
		if (range_or_new(m, p) == NULL)
			return E_NOMEM;
	return 0;
}

/* True when the range at I begins where the previous one ends, and both are done. */
static bool extends_previous(const struct positions *m, size_t i)
{
	return i > 0 && i < m->nranges && m->ranges[i - 1].chunk == NULL && m->ranges[i].chunk == NULL &&
	       m->ranges[i - 1].end == m->ranges[i].first;
}

static void merge_with_previous(struct positions *m, size_t i)
{
	if (!extends_previous(m, i))
		return;
	m->ranges[i - 1].end = m->ranges[i].end;
	m->ranges[i - 1].spans += m->ranges[i].spans;
	remove_ranges(m, i, 1);
}

/* Every position of the chunk at I is done: only the sum of its spans is kept. */
static void free_done_chunk(struct positions *m, size_t i)
{
	struct positions_range *r = &m->ranges[i];

	for (size_t at = 0; at < CHUNK; at++)
		r->spans += r->chunk->spans[at];
	free(r->chunk);
	r->chunk = NULL;
	merge_with_previous(m, i + 1);
	merge_with_previous(m, i);
}

/* Moves the cursor over one position, which leaves the sums of what is done above the cursor. */
static void advance_by_one(struct positions *m, struct positions_chunk *c)
{
	uint32_t *spans = &c->spans[m->cursor % CHUNK];

	m->done_spans -= *spans;
	m->done_batches--;
	*spans = 0;
	m->cursor++;
}

static void advance_cursor(struct positions *m)
{
	size_t i = 0;

	for (; i < m->nranges && m->ranges[i].first <= m->cursor; i++) {
		const struct positions_range *r = &m->ranges[i];

		if (r->chunk != NULL)
			break;
		m->done_spans -= r->spans;
		m->done_batches -= r->end - m->cursor;
		m->cursor = r->end;
	}
	remove_ranges(m, 0, i);
	if (m->nranges == 0 || m->ranges[0].first > m->cursor)
		return;
	while (status_in(m->ranges[0].chunk, m->cursor) == POSITION_DONE)
		advance_by_one(m, m->ranges[0].chunk);
}

static bool is_in_doubt(enum position_status status)
{
	return status == POSITION_IN_FLIGHT || status == POSITION_MAYBE_SENT;
}

static uint32_t in_doubt_count(const struct positions_chunk *c)
{
	return c == NULL ? 0 : c->count[POSITION_IN_FLIGHT] + c->count[POSITION_MAYBE_SENT];
}

/* The position after the last one in [FIRST, BOUND) of C that is in doubt; FIRST: there is none. */
static uint64_t in_doubt_end_in(
        const struct positions *m, const struct positions_chunk *c, uint64_t first, uint64_t bound)
{
	while (bound > first) {
		uint64_t last = bound - 1;

		count_step(m);
		if (is_in_doubt(status_in(c, last)))
			return bound;
		bound -= last % PER_WORD == PER_WORD - 1 ? equal_run(c, last + 1 - PER_WORD) : 1;
	}
	return first;
}

/* Lowers in_doubt_end to the position after the last one that is in doubt. */
static void lower_in_doubt_end(struct positions *m)
{
	uint64_t bound = m->in_doubt_end;
	size_t i = range_at(m, max_u64(bound, 1) - 1);

	i += i < m->nranges && m->ranges[i].first < bound;
	m->in_doubt_end = m->cursor;
	while (bound > m->cursor && i-- > 0) {
		const struct positions_range *r = &m->ranges[i];
		uint64_t behind = r->first;

		count_step(m);
		if (in_doubt_count(r->chunk) > 0)
			behind = in_doubt_end_in(m, r->chunk, r->first, min_u64(bound, r->end));
		if (behind > r->first) {
			m->in_doubt_end = behind;
			return;
		}
	}
}

int positions_set(struct positions *m, uint64_t position, enum position_status status, uint32_t spans)
{
	enum position_status was = positions_at(m, position);
	struct positions_range *r;

	assert(position < m->end);
	if (was == POSITION_DONE || was == status)
		return 0;
	r = range_or_new(m, position);
	if (r == NULL)
		return E_NOMEM;
	m->version++;
	set_status_in(r->chunk, position, status);
	if (is_in_doubt(status))
		m->in_doubt_end = max_u64(m->in_doubt_end, position + 1);
	if (status == POSITION_DONE) {
		r->chunk->spans[position % CHUNK] = spans;
		m->done_spans += spans;
		m->done_batches++;
		if (r->chunk->count[POSITION_DONE] == CHUNK)
			free_done_chunk(m, (size_t)(r - m->ranges));
		advance_cursor(m);
	}
	lower_in_doubt_end(m);
	return 0;
}

static bool is_waiting(enum position_status status)
{
	return status == POSITION_WAITING || status == POSITION_MAYBE_SENT;
}

static uint32_t waiting_count(const struct positions_chunk *c)
{
	return c == NULL ? 0 : c->count[POSITION_WAITING] + c->count[POSITION_MAYBE_SENT];
}

/* The first position in [FROM, END) of R that is waiting (WAITING true), or that is not; END: there is none. */
static uint64_t find_waiting_in(
        const struct positions *m, const struct positions_range *r, uint64_t from, uint64_t end, bool waiting)
{
	uint32_t of_that_kind = waiting ? waiting_count(r->chunk) : CHUNK - waiting_count(r->chunk);

	count_step(m);
	if (r->chunk == NULL)
		return waiting ? end : from;
	if (of_that_kind == 0)
		return end;
	while (from < end && is_waiting(status_in(r->chunk, from)) != waiting) {
		count_step(m);
		from += equal_run(r->chunk, from);
	}
	return min_u64(from, end);
}

/* The same over all ranges. */
static uint64_t find_waiting(const struct positions *m, uint64_t from, uint64_t end, bool waiting)
{
	for (size_t i = range_at(m, from); from < end; i++) {
		const struct positions_range *r = i < m->nranges ? &m->ranges[i] : NULL;
		uint64_t stop;

		if (r == NULL || r->first >= end)
			return waiting ? from : end;
		if (r->first > from) {
			if (waiting)
				return from;
			from = r->first;
		}
		stop = min_u64(r->end, end);
		from = find_waiting_in(m, r, from, stop, waiting);
		if (from < stop)
			return from;
	}
	return end;
}

bool positions_next(const struct positions *m, uint64_t from, uint64_t limit, uint64_t *first, uint64_t *end)
{
	uint64_t start = find_waiting(m, max_u64(from, m->cursor), m->end, true);

	if (start >= m->end)
		return false;
	*first = start;
	*end = find_waiting(m, start, min_u64(m->end, start + limit), false);
	return true;
}

int positions_append_done(struct positions *m, uint64_t first, uint64_t end, uint64_t spans)
{
	struct positions_range *r = insert_range(m, m->nranges);

	if (r == NULL)
		return E_NOMEM;
	*r = (struct positions_range){ .first = first, .end = end, .spans = spans };
	m->version++;
	m->done_spans += spans;
	m->done_batches += end - first;
	merge_with_previous(m, m->nranges - 1);
	advance_cursor(m);
	return 0;
}
