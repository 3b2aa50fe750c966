/* SPDX-License-Identifier: Apache-2.0 */
/* read.c — reads the runs that a cycle asks for, in order, and reports lost positions.
 *
 * Every position below the end was given to a record, so a position without a record is damage, not a hole.
 * A record that a segment's pages do not lead to is searched by salvage of the whole file before it is reported
 * as lost. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "spool_internal.h"

enum { READ_RETRY_US = 5 * 1000000 }; /* how long I/O errors are retried before the record counts as lost */

struct reading {
	struct spool *s;
	struct spool_cycle *cycle;
	size_t bytes;
	size_t i;   /* index of the segment being read */
	bool ready; /* the reader has segment I open, with all commits so far */
	bool stop;
};

/* Ends reading with error RC. Nothing is lost: the caller asks again for the rest. */
static void stop_reading(struct reading *f, int rc)
{
	f->stop = true;
	f->cycle->read_rc = rc;
}

/* Reports [first, end) as lost; extends the damage reported before if it is adjacent and has the same text. With
 * SPOOL_DAMAGES reported, stops reading instead. */
static void report_lost(struct reading *f, uint64_t first, uint64_t end, bool quarantined, const char *what)
{
	struct spool_cycle *cycle = f->cycle;
	struct spool_damage *d = cycle->ndamage > 0 ? &cycle->damage[cycle->ndamage - 1] : NULL;

	if (d == NULL || d->run.end != first || d->quarantined != quarantined || strcmp(d->what, what) != 0) {
		if (cycle->ndamage == SPOOL_DAMAGES) {
			f->stop = true;
			return;
		}
		d = &cycle->damage[cycle->ndamage++];
		*d = (struct spool_damage){ .run.first = first, .quarantined = quarantined };
		snprintf(d->what, sizeof(d->what), "%s", what);
	}
	d->run.end = end;
}

/* Marks segment I as bad, so that it is never deleted. It is closed if it is being written. */
static bool mark_bad(struct spool *s, size_t i)
{
	char name[SEGMENT_NAME];

	if (i + 1 == s->segments.n)
		store_seal(s);
	segment_name(&s->segments.items[i], name);
	if (!s->segments.items[i].bad)
		log_warn("spool: damage in %s; what is intact in it is still read", name);
	if (segments_mark_bad(&s->segments, s->dir, i) < 0)
		log_warn("spool: %s could not be marked", name);
	return s->segments.items[i].bad;
}

/* Before positions are reported as lost: reads all heads, as the records may be in a segment with a wrong name.
 * True: the list has changed, search again. */
static bool find_renamed(struct reading *f)
{
	if (!survey_segments(f->s))
		return false;
	f->ready = false;
	return true;
}

/* Reports positions from AT up to NEXT as lost: the segment has no record there. */
static void report_lost_in_segment(struct reading *f, uint64_t at, uint64_t next)
{
	char what[128], name[SEGMENT_NAME];

	/* Above the segment's end it never had records: another segment is missing. */
	if (at >= f->s->reader.end.position) {
		report_lost(f, at, next, false, "their segment is missing");
		return;
	}
	f->s->segments.items[f->i].lossy = true;
	segment_name(&(struct segment){ .named = f->s->segments.items[f->i].named }, name);
	snprintf(what, sizeof(what), "damaged or missing in %s", name);
	report_lost(f, at, min_u64(next, f->s->reader.end.position), mark_bad(f->s, f->i), what);
}

/* True when the segment found for AT has it, or has records above it. */
static bool is_below_open_end(struct spool *s, uint64_t at)
{
	size_t i;

	return open_segment_at(s, at, &i) == 0 && s->reader.end.position > at;
}

/* No record of the segment can be read: moves it to quarantine/ and reports its positions up to NEXT as lost.
 * Returns the position to continue with. */
static uint64_t report_lost_segment(struct reading *f, uint64_t at, uint64_t next)
{
	char what[128], name[SEGMENT_NAME];
	int rc;

	if (f->i + 1 == f->s->segments.n)
		store_seal(f->s);
	if (segments_remove_gone(&f->s->segments, f->s->dir, f->i)) {
		if (!is_below_open_end(f->s, at))
			report_lost(f, at, next, false, "their segment is missing");
		return f->stop || is_below_open_end(f->s, at) ? at : next;
	}
	segment_name(&f->s->segments.items[f->i], name);
	rc = segments_quarantine(&f->s->segments, f->s->dir, f->i);
	log_warn("spool: no record can be read from %s; %s", name,
	        rc < 0 ? "it could not be moved to quarantine/" : "it is in quarantine/ now");
	if (is_below_open_end(f->s, at))
		return at; /* AT is in another segment; the name of this one only hid it */
	snprintf(what, sizeof(what), "no record can be read from %s", name);
	report_lost(f, at, next, rc == 0, what);
	return f->stop ? at : next;
}

/* True while an I/O error may be temporary: for READ_RETRY_US, unless the segment has lost positions already. */
static bool error_may_pass(struct reading *f)
{
	struct reader *r = &f->s->reader;
	uint64_t now = clock_mono_us();

	if (f->s->segments.items[f->i].lossy)
		return false;
	if (r->io_error_since_us == 0)
		r->io_error_since_us = now;
	return now - r->io_error_since_us < READ_RETRY_US;
}

/* Logs once that the segment is read by salvage. No record need be lost. */
static void log_salvage(struct reading *f)
{
	struct reader *r = &f->s->reader;
	char name[SEGMENT_NAME];

	if (r->state != READER_BY_SALVAGE || r->salvage_logged)
		return;
	r->salvage_logged = true;
	segment_name(&f->s->segments.items[f->i], name);
	log_warn("spool: the tree of %s does not hold, by damage or since a commit failed: its "
	         "records are looked for one by one",
	        name);
}

static void give_record(struct reading *f, struct batch *b)
{
	log_salvage(f);
	f->s->reader.io_error_since_us = 0;
	f->cycle->got[f->cycle->ngot++] = b;
	f->bytes += b->cost;
	f->stop = f->cycle->ngot == f->cycle->read_records || f->bytes >= f->cycle->read_bytes;
}

/* The open segment has nothing from AT on. True: salvage may find more, search again. */
static bool search_by_salvage(struct reading *f)
{
	int rc = f->s->reader.state == READER_BY_SALVAGE ? E_END : reader_start_salvage(&f->s->reader);

	if (rc < 0 && rc != E_END)
		stop_reading(f, rc);
	return rc != E_END;
}

/* Reads the record at AT, or reports the positions that are lost from AT on, below END. Returns the position to
 * continue with. */
static uint64_t read_position(struct reading *f, uint64_t at, uint64_t end)
{
	struct reader *r = &f->s->reader;
	struct reader_item item;
	int rc = reader_next(r, (struct spool_run){ at, end }, false, &item);

	if (rc == E_IO && !error_may_pass(f))
		rc = reader_next(r, (struct spool_run){ at, end }, true, &item);
	if (rc < 0 && rc != E_END) {
		stop_reading(f, rc);
		return at;
	}
	if (item.batch != NULL) {
		give_record(f, item.batch);
		return at + 1;
	}
	if ((rc == E_END && search_by_salvage(f)) || find_renamed(f))
		return at;
	report_lost_in_segment(f, at, rc == 0 ? item.lost.end : min_u64(end, r->limit));
	return f->stop ? at : f->cycle->damage[f->cycle->ndamage - 1].run.end;
}

/* Reports the positions from AT to the oldest segment: no segment has them. */
static uint64_t report_missing_segment(struct reading *f, uint64_t at, uint64_t run_end)
{
	uint64_t next = f->s->segments.n > 0 ? f->s->segments.items[0].first : f->s->end.position;

	next = min_u64(next, run_end);
	report_lost(f, at, next, false, "their segment is missing");
	return f->stop ? at : next;
}

/* Opens the segment that has AT. Returns AT or, if the segment is lost, the position to continue with. */
static uint64_t open_for_reading(struct reading *f, uint64_t at, uint64_t end)
{
	struct spool *s = f->s;
	int rc = open_segment_at(s, at, &f->i);

	f->ready = rc == 0;
	if (rc == 0)
		return at;
	if (f->i == SEGMENTS_NONE)
		return find_renamed(f) ? at : report_missing_segment(f, at, end);
	if (!reader_has_nothing(rc) && rc != E_OLDER) {
		stop_reading(f, rc);
		return at;
	}
	end = min_u64(end, segments_limit(&s->segments, f->i, s->end.position));
	return report_lost_segment(f, at, end);
}

/* One step from position AT. Returns the position to continue with. */
static uint64_t step(struct reading *f, uint64_t at, uint64_t end)
{
	const struct spool *s = f->s;

	if (f->ready && at >= s->reader.first && at < s->reader.limit)
		return read_position(f, at, end);
	return open_for_reading(f, at, end);
}

/* Counts the batches of a lost run and, where known, its spans. */
static void count_lost(struct spool *s, struct spool_damage *d)
{
	uint64_t below, above;

	d->lost.batches = d->run.end - d->run.first;
	if (count_spans_below(s, d->run.first, &below) && count_spans_below(s, d->run.end, &above) && above > below)
		d->lost.spans = above - below;
}

void read_run(struct spool *s, struct spool_cycle *cycle)
{
	struct reading f = { .s = s, .cycle = cycle };

	cycle->got = NULL;
	cycle->ngot = cycle->ndamage = 0;
	cycle->read_rc = 0;
	if (cycle->nread == 0 || cycle->read_records == 0 || cycle->read_bytes == 0)
		return;
	cycle->got = malloc(cycle->read_records * sizeof(struct batch *));
	if (cycle->got == NULL) {
		cycle->read_rc = E_NOMEM;
		return;
	}
	for (size_t k = 0; k < cycle->nread && !f.stop; k++) {
		uint64_t end = min_u64(cycle->read[k].end, s->end.position);

		for (uint64_t at = max_u64(cycle->read[k].first, 1); at < end && !f.stop;)
			at = step(&f, at, end);
	}
	for (size_t i = 0; i < cycle->ndamage; i++)
		count_lost(s, &cycle->damage[i]);
}

void read_oldest(struct spool *s)
{
	uint64_t cursor = s->last.cursor;
	struct record header;
	struct place p;
	size_t i;

	if (cursor >= s->end.position) {
		s->oldest = 0;
		s->stats.oldest_ms = 0;
		return;
	}
	if (s->oldest == cursor)
		return;
	/* The reader has another segment open: keep the old value, which is nearly right. */
	if (s->oldest != 0 && s->reader.state != READER_CLOSED &&
	        segments_find(&s->segments, cursor) != segments_find(&s->segments, s->reader.first))
		return;
	if (open_segment_at(s, cursor, &i) < 0 || reader_find(&s->reader, cursor, &p) < 0 ||
	        reader_read_header(&s->reader, &p, &header) < 0)
		return;
	s->oldest = cursor;
	s->stats.oldest_ms = header.received_ms;
}
