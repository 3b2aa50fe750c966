/* turn.c — one turn of the spool: put, forget what is delivered, prepare, read, tell. */
#include "clock.h"
#include "log.h"
#include "spool_priv.h"

enum { PREPARE_AGAIN_US = 1000000 };

/* Segment I lies below the cursor. The one being written goes only once that is worth a new one. */
static bool is_past(const struct spool *s, size_t i)
{
	bool written = i + 1 == s->segments.n && s->writer.env != NULL;

	if (written && !writer_half_full(&s->writer))
		return false;
	return segments_limit(&s->segments, i, s->committed.position) <= s->last.cursor;
}

/* By its own head segment I goes on behind where the next name says that it ends: that name may be a
 * stranger's, which shows when it is read. A bad one is kept anyway. */
static bool goes_on(struct spool *s, size_t i)
{
	uint64_t limit = segments_limit(&s->segments, i, s->committed.position);

	if (i + 1 == s->segments.n || s->segments.at[i].bad ||
	        reader_open(&s->reader, &s->segments.at[i], limit) < 0)
		return false;
	return s->reader.has_head && s->reader.head.end.position > max_u64(limit, s->last.cursor);
}

/* Where the oldest segment begins, once the first N are gone. */
static struct spot floor_without(struct spool *s, size_t n)
{
	struct spot floor = { 0 };

	if (n == s->segments.n)
		return floor;
	floor.position = s->segments.at[n].first;
	if (count_spans_below(s, floor.position, &floor.spans) < 0)
		floor.position = 0;
	return floor;
}

/* How many of the oldest are delivered by their names, and have nothing in them that is not. */
static size_t count_past(struct spool *s)
{
	size_t n = 0;

	while (n < s->segments.n && is_past(s, n) && !goes_on(s, n)) {
		if (s->reader.state == READER_CLOSED && names_put_right(s))
			return 0;
		n++;
	}
	return n;
}

/* The state says that they are delivered, and is durable, before they go. */
void turn_reclaim(struct spool *s)
{
	struct origin origin = s->origin;
	size_t n = count_past(s);

	if (n == 0)
		return;
	if (n == s->segments.n)
		store_seal(s);
	origin.floor = floor_without(s, n);
	if (statefile_sync(&s->file, &s->last, &origin) < 0)
		return;
	if (s->reader.state != READER_CLOSED && s->reader.first <= s->segments.at[n - 1].first)
		reader_close(&s->reader);
	s->origin = origin;
	if (segments_remove(&s->segments, s->dir, n) < 0)
		log_debug("spool: segments that are delivered could not all be removed");
}

static void prepare(struct spool *s)
{
	uint64_t now = clock_mono_us();

	if (s->next.env != NULL || (s->writer.env != NULL && !writer_half_full(&s->writer)) ||
	        now < s->prepare_after_us)
		return;
	if (store_prepare(s, true) < 0)
		s->prepare_after_us = now + PREPARE_AGAIN_US;
}

static void count(struct spool *s)
{
	struct spool_stats *st = &s->stats;

	fetch_oldest(s);
	store_look_ahead(s);
	st->bytes = store_used(s);
	st->segments = s->segments.n;
	st->tail_bytes = s->tail.holds ? s->tail.bytes : 0;
	st->oldest_end = s->segments.n == 0
	                         ? s->committed.position
	                         : segments_limit(&s->segments, 0, s->committed.position);
}

void spool_turn(struct spool *s, struct spool_turn *t)
{
	store_measure(s);
	put_run(s, t);
	turn_reclaim(s);
	prepare(s);
	fetch_run(s, t);
	count(s);
	t->stats = s->stats;
}
