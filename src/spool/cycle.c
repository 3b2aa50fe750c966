/* SPDX-License-Identifier: Apache-2.0 */
/* cycle.c — one commit cycle of the spool: append, reclaim delivered segments, prepare next/, read, measure. */
#include "base/clock.h"
#include "base/log.h"
#include "spool_internal.h"

enum {
	PREPARE_RETRY_US = 1000000,
	SIZES = 64, /* segments of unknown size that are measured in one cycle */
};

/* True when all positions of segment I are below the cursor. The segment being written counts only when it is
 * half full, so that a new one is worth making. */
static bool is_below_cursor(const struct spool *s, size_t i)
{
	bool written = i + 1 == s->segments.n && s->writer.env != NULL;

	if (written && !writer_half_full(&s->writer))
		return false;
	return segments_limit(&s->segments, i, s->end.position) <= s->last.cursor;
}

/* True when the head of the open segment I says that it ends above the cursor and above the first position of the
 * next segment. Either name may be wrong, or the next segment foreign; reading it will tell. */
static bool overlaps_next(const struct spool *s, size_t i)
{
	return i + 1 < s->segments.n && s->reader.head.end.position > max_u64(s->reader.limit, s->last.cursor);
}

/* True when salvage has every record of the open segment. */
static bool is_complete(const struct reader *r)
{
	uint64_t n = 0;

	while (n < r->scan.n && r->scan.at[n].place.key < r->limit)
		n++;
	return n == r->limit - r->first;
}

static bool is_damage(int rc)
{
	return reader_has_nothing(rc) || rc == E_OLDER;
}

/* True when segment I, which is below the cursor, may be removed. An intact segment is deleted; a damaged one is
 * marked bad, so that segments_remove moves it to quarantine/. A segment that cannot be read now stays until a
 * later cycle. */
static bool may_remove(struct spool *s, size_t i)
{
	const struct segment *seg = &s->segments.items[i];
	char name[SEGMENT_NAME];
	int rc;

	if (seg->bad || segment_is_gone(seg, s->dir))
		return true;
	rc = reader_open(&s->reader, seg, segments_limit(&s->segments, i, s->end.position));
	if (rc == 0 && s->reader.state == READER_BY_PAGES)
		return !overlaps_next(s, i);
	if ((rc == 0 || is_damage(rc)) && survey_segments(s))
		return false; /* the list has changed: decide in the next cycle */
	if (rc == 0 && is_complete(&s->reader))
		return true;
	if (rc < 0 && !is_damage(rc))
		return false;
	segment_name(seg, name);
	if (segments_mark_bad(&s->segments, s->dir, i) < 0)
		return false; /* retry in the next cycle, and log once it is marked */
	log_warn("spool: all of %s is delivered by its name, but it is not whole: it goes into "
	         "quarantine/",
	        name);
	return true;
}

/* First position of the oldest segment after the first N are removed, with the spans below it. */
static struct span_offset low_water_without(struct spool *s, size_t n)
{
	struct span_offset low_water = { 0 };

	if (n == s->segments.n)
		return low_water;
	low_water.position = s->segments.items[n].first;
	if (!count_spans_below(s, low_water.position, &low_water.spans))
		low_water.position = 0;
	return low_water;
}

/* Removes segments only after the state with their records below the cursor is synced. */
void cycle_reclaim(struct spool *s)
{
	struct spool_id id = s->id;
	unsigned surveys = s->surveys;
	size_t n = 0;

	while (n < s->segments.n && is_below_cursor(s, n) && may_remove(s, n))
		n++;
	if (n == 0)
		return;
	id.low_water = low_water_without(s, n);
	if (s->surveys != surveys)
		return; /* the list has changed: decide in the next cycle */
	if (statefile_sync(&s->file, &s->last, &id) < 0)
		return;
	if (s->reader.state != READER_CLOSED && s->reader.first <= s->segments.items[n - 1].first)
		reader_close(&s->reader);
	if (n == s->segments.n)
		store_seal(s);
	s->id.low_water = id.low_water;
	if (segments_remove(&s->segments, s->dir, n) < 0)
		log_debug("spool: segments that are delivered could not all be removed");
}

static void prepare_next(struct spool *s)
{
	uint64_t now = clock_mono_us();

	if (s->next.env != NULL || (s->writer.env != NULL && !writer_half_full(&s->writer)) ||
	        now < s->prepare_after_us)
		return;
	if (store_prepare(s, true) < 0)
		s->prepare_after_us = now + PREPARE_RETRY_US;
}

void cycle_measure(struct spool *s)
{
	struct spool_stats *st = &s->stats;

	read_oldest(s);
	store_update_room(s);
	st->lost = location_is_lost(s);
	st->bytes = store_used(s);
	st->segments = s->segments.n;
	st->quarantine_bytes = s->quarantine_bytes;
	st->oldest_end = s->segments.n == 0 ? s->end.position : segments_limit(&s->segments, 0, s->end.position);
}

void spool_cycle(struct spool *s, struct spool_cycle *cycle)
{
	store_measure(s);
	segments_measure(&s->segments, s->dir, SIZES, true);
	s->id.bytes = store_used(s);
	append_run(s, cycle);
	cycle_reclaim(s);
	prepare_next(s);
	read_run(s, cycle);
	cycle_measure(s);
	cycle->stats = s->stats;
}
