/* SPDX-License-Identifier: Apache-2.0 */
/* cycle.c — one cycle of the spool: put, forget what is delivered, prepare, read, tell. */
#include "base/clock.h"
#include "base/log.h"
#include "spool_internal.h"

enum { PREPARE_AGAIN_US = 1000000 };

/* Segment I lies below the cursor. The one being written goes only once that is worth a new one. */
static bool is_past(const struct spool *s, size_t i)
{
	bool written = i + 1 == s->segments.n && s->writer.env != NULL;

	if (written && !writer_half_full(&s->writer))
		return false;
	return segments_limit(&s->segments, i, s->end.position) <= s->last.cursor;
}

/* By its own head the segment that is open goes on behind where the next one begins: that may be a
 * foreign, which shows when it is read. */
static bool goes_on(const struct spool *s, size_t i)
{
	return i + 1 < s->segments.n && s->reader.head.end.position > max_u64(s->reader.limit, s->last.cursor);
}

/* No record of the segment that is open is missing. */
static bool is_complete(const struct reader *r)
{
	uint64_t n = 0;

	while (n < r->scan.n && r->scan.at[n].place.key < r->limit)
		n++;
	return n == r->limit - r->first;
}

static bool is_damage(int rc)
{
	return rc == E_CORRUPT || rc == E_FOREIGN || rc == E_OLDER || rc == E_MISSING;
}

/* Segment I, which is past, may go. Only what is seen to be whole is deleted: another is marked, and is set
 * aside instead. What cannot be read now stays. */
static bool may_go(struct spool *s, size_t i)
{
	const struct segment *seg = &s->segments.at[i];
	char name[SEGMENT_NAME];
	int rc;

	if (seg->bad || segment_is_gone(seg, s->dir))
		return true;
	rc = reader_open(&s->reader, seg, segments_limit(&s->segments, i, s->end.position));
	if (rc == 0 && s->reader.state == READER_BY_PAGES)
		return !goes_on(s, i);
	if ((rc == 0 || is_damage(rc)) && survey_names(s))
		return false; /* asked again, by other names */
	if (rc == 0 && is_complete(&s->reader))
		return true;
	if (rc < 0 && !is_damage(rc))
		return false;
	segment_name(seg, name);
	if (segments_mark_bad(&s->segments, s->dir, i) < 0)
		return false; /* asked again, and told once */
	log_warn("spool: all of %s is delivered by its name, but it is not whole: it goes into "
	         "quarantine/",
	        name);
	return true;
}

/* Where the oldest segment begins, once the first N are gone. */
static struct span_offset low_water_without(struct spool *s, size_t n)
{
	struct span_offset low_water = { 0 };

	if (n == s->segments.n)
		return low_water;
	low_water.position = s->segments.at[n].first;
	if (count_spans_below(s, low_water.position, &low_water.spans) < 0)
		low_water.position = 0;
	return low_water;
}

/* The state says that they are delivered, and is durable, before they go. */
void cycle_reclaim(struct spool *s)
{
	struct spool_id origin = s->origin;
	unsigned surveys = s->surveys;
	size_t n = 0;

	while (n < s->segments.n && is_past(s, n) && may_go(s, n))
		n++;
	if (n == 0)
		return;
	origin.low_water = low_water_without(s, n);
	if (s->surveys != surveys)
		return; /* the first N are others by now: asked again */
	if (statefile_sync(&s->file, &s->last, &origin) < 0)
		return;
	if (s->reader.state != READER_CLOSED && s->reader.first <= s->segments.at[n - 1].first)
		reader_close(&s->reader);
	if (n == s->segments.n)
		store_seal(s);
	s->origin.low_water = origin.low_water;
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

void cycle_measure(struct spool *s)
{
	struct spool_stats *st = &s->stats;

	read_oldest(s);
	store_look_ahead(s);
	st->lost = location_is_lost(s);
	st->bytes = store_used(s);
	st->segments = s->segments.n;
	st->quarantine_bytes = s->kept_bytes;
	st->oldest_end = s->segments.n == 0 ? s->end.position : segments_limit(&s->segments, 0, s->end.position);
}

void spool_cycle(struct spool *s, struct spool_cycle *t)
{
	store_measure(s);
	survey_sizes(s);
	s->origin.bytes = store_used(s);
	append_run(s, t);
	cycle_reclaim(s);
	prepare(s);
	read_run(s, t);
	cycle_measure(s);
	t->stats = s->stats;
}
