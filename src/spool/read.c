/* SPDX-License-Identifier: Apache-2.0 */
/* read.c — a cycle's reading: the wanted runs in order, and what of them is lost.
 *
 * Every position below the end was given to a record, so one that is not found is damage, not a
 * hole. What does not fit in a segment's tree is looked for once more in all of its pages before
 * it is called lost.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "spool_internal.h"

enum { PATIENCE_US = 5 * 1000000 }; /* with a disk that refuses to be read */

struct fetching {
	struct spool *s;
	struct spool_cycle *t;
	size_t bytes;
	size_t i;   /* the segment that is read */
	bool ready; /* and the reader has it, as of this cycle */
	bool stop;
};

/* Nothing is lost yet: the rest is asked for again. */
static void stop_by(struct fetching *f, int rc)
{
	f->stop = true;
	f->t->read_rc = rc;
}

/* Positions [first, end) of one run are lost; joins what was lost just before them. */
static void report(struct fetching *f, uint64_t first, uint64_t end, bool kept, const char *what)
{
	struct spool_cycle *t = f->t;
	struct spool_damage *d = t->ndamage > 0 ? &t->damage[t->ndamage - 1] : NULL;

	if (d == NULL || d->run.end != first || d->kept != kept || strcmp(d->what, what) != 0) {
		if (t->ndamage == SPOOL_DAMAGES) {
			f->stop = true;
			return;
		}
		d = &t->damage[t->ndamage++];
		*d = (struct spool_damage){ .run.first = first, .kept = kept };
		snprintf(d->what, sizeof(d->what), "%s", what);
	}
	d->run.end = end;
}

/* The segment is kept from now on, and nobody adds to it. */
static bool mark_bad(struct spool *s, size_t i)
{
	char name[SEGMENT_NAME];

	if (i + 1 == s->segments.n)
		store_seal(s);
	segment_name(&s->segments.at[i], name);
	if (!s->segments.at[i].bad)
		log_warn("spool: damage in %s; what is intact in it is still read", name);
	if (segments_mark_bad(&s->segments, s->dir, i) < 0)
		log_warn("spool: %s could not be marked", name);
	return s->segments.at[i].bad;
}

/* What is to be called lost may be in a segment by another name. True: look again. */
static bool look_again(struct fetching *f)
{
	if (!survey_names(f->s))
		return false;
	f->ready = false;
	return true;
}

/* No record from AT to NEXT in the segment that is read. */
static void lost_in(struct fetching *f, uint64_t at, uint64_t next)
{
	char what[128], name[SEGMENT_NAME];

	/* Behind its end there was nothing: another one is missing there. */
	if (at >= f->s->reader.end.position) {
		report(f, at, next, false, "their segment is missing");
		return;
	}
	f->s->segments.at[f->i].lossy = true;
	segment_name(&(struct segment){ .named = f->s->segments.at[f->i].named }, name);
	snprintf(what, sizeof(what), "damaged or missing in %s", name);
	report(f, at, min_u64(next, f->s->reader.end.position), mark_bad(f->s, f->i), what);
}

/* The segment that AT belongs to now holds it, or one behind it. */
static bool stands_before(struct spool *s, uint64_t at)
{
	size_t i;

	return count_open_at(s, at, &i) == 0 && s->reader.end.position > at;
}

/* The segment cannot be read at all: it goes into quarantine/, what was wanted of it is lost.
 * Gives the position to go on from. */
static uint64_t lost_whole(struct fetching *f, uint64_t at, uint64_t next)
{
	char what[128], name[SEGMENT_NAME];
	int rc;

	if (f->i + 1 == f->s->segments.n)
		store_seal(f->s);
	if (segments_drop_gone(&f->s->segments, f->s->dir, f->i)) {
		if (!stands_before(f->s, at))
			report(f, at, next, false, "their segment is missing");
		return f->stop || stands_before(f->s, at) ? at : next;
	}
	segment_name(&f->s->segments.at[f->i], name);
	rc = segments_set_aside(&f->s->segments, f->s->dir, f->i);
	log_warn("spool: no record can be read from %s; %s", name,
	        rc < 0 ? "it could not be moved to quarantine/" : "it is in quarantine/ now");
	if (stands_before(f->s, at))
		return at; /* a foreign's name stood between a segment and its records */
	snprintf(what, sizeof(what), "no record can be read from %s", name);
	report(f, at, next, rc == 0, what);
	return f->stop ? at : next;
}

/* True while the disk's refusal may pass. In a segment that has lost something it does not. */
static bool be_patient(struct fetching *f)
{
	struct reader *r = &f->s->reader;
	uint64_t now = clock_mono_us();

	if (f->s->segments.at[f->i].lossy)
		return false;
	if (r->trouble_us == 0)
		r->trouble_us = now;
	return now - r->trouble_us < PATIENCE_US;
}

/* Without a tree a segment may be whole all the same. */
static void say_how(struct fetching *f)
{
	struct reader *r = &f->s->reader;
	char name[SEGMENT_NAME];

	if (r->state != READER_BY_SALVAGE || r->told)
		return;
	r->told = true;
	segment_name(&f->s->segments.at[f->i], name);
	log_warn("spool: the tree of %s does not hold, by damage or since a commit failed: its "
	         "records are looked for one by one",
	        name);
}

static int give(struct fetching *f, const struct place *p)
{
	struct reader *r = &f->s->reader;
	struct record header;
	struct batch *b;
	int rc = reader_read(r, p, &b, &header);

	if (rc < 0)
		return rc;
	say_how(f);
	r->trouble_us = 0;
	f->t->got[f->t->ngot++] = b;
	f->bytes += b->cost;
	f->stop = f->t->ngot == f->t->read_records || f->bytes >= f->t->read_bytes;
	return 0;
}

/* Gives the record at AT; else *next is where the search goes on, when all has been tried. */
static int find_and_give(struct fetching *f, uint64_t at, uint64_t *next)
{
	struct place p;
	int rc = reader_find(&f->s->reader, at, &p);

	*next = at + 1;
	if (rc == 0 && p.key == at)
		return give(f, &p);
	if (rc == 0)
		*next = p.key;
	if (rc == E_MISSING)
		*next = UINT64_MAX;
	return rc == 0 || rc == E_MISSING ? E_CORRUPT : rc;
}

/* The record at AT, or what is lost from there; END cuts it. Gives the position to go on from. */
static uint64_t take(struct fetching *f, uint64_t at, uint64_t end)
{
	uint64_t next;
	int rc = find_and_give(f, at, &next);

	if (rc == 0)
		return at + 1;
	if (rc == E_IO && !be_patient(f))
		rc = E_CORRUPT;
	if (rc == E_CORRUPT) {
		rc = reader_turn_to_salvage(&f->s->reader);
		if (rc == 0)
			return at; /* once more, by what the pages say */
	}
	if (rc == E_MISSING && look_again(f))
		return at;
	if (rc == E_MISSING)
		lost_in(f, at, min_u64(next, min_u64(end, f->s->reader.limit)));
	else
		stop_by(f, rc);
	return f->stop ? at : f->t->damage[f->t->ndamage - 1].run.end;
}

/* Below the oldest segment, or where one is gone: no file has these. */
static uint64_t skip_gap(struct fetching *f, uint64_t at, uint64_t run_end)
{
	uint64_t next = f->s->segments.n > 0 ? f->s->segments.at[0].first : f->s->end.position;

	next = min_u64(next, run_end);
	report(f, at, next, false, "their segment is missing");
	return f->stop ? at : next;
}

/* Opens what holds AT. Gives AT, or the position to go on from when that is lost. */
static uint64_t turn_to(struct fetching *f, uint64_t at, uint64_t end)
{
	struct spool *s = f->s;
	int rc = count_open_at(s, at, &f->i);

	f->ready = rc == 0;
	if (rc == 0)
		return at;
	if (f->i == SEGMENTS_NONE)
		return look_again(f) ? at : skip_gap(f, at, end);
	if (rc != E_CORRUPT && rc != E_MISSING && rc != E_FOREIGN && rc != E_OLDER) {
		stop_by(f, rc);
		return at;
	}
	end = min_u64(end, segments_limit(&s->segments, f->i, s->end.position));
	return lost_whole(f, at, end);
}

/* Goes on from AT. */
static uint64_t step(struct fetching *f, uint64_t at, uint64_t end)
{
	const struct spool *s = f->s;

	if (f->ready && at >= s->reader.first && at < s->reader.limit)
		return take(f, at, end);
	return turn_to(f, at, end);
}

/* The lost runs are known: how much was in them. */
static void weigh(struct spool *s, struct spool_damage *d)
{
	uint64_t below, above;

	d->lost.batches = d->run.end - d->run.first;
	if (count_spans_below(s, d->run.first, &below) == 0 && count_spans_below(s, d->run.end, &above) == 0 &&
	        above > below)
		d->lost.spans = above - below;
}

void read_run(struct spool *s, struct spool_cycle *t)
{
	struct fetching f = { .s = s, .t = t };

	t->got = NULL;
	t->ngot = t->ndamage = 0;
	t->read_rc = 0;
	if (t->nread == 0 || t->read_records == 0 || t->read_bytes == 0)
		return;
	t->got = malloc(t->read_records * sizeof(struct batch *));
	if (t->got == NULL) {
		t->read_rc = E_NOMEM;
		return;
	}
	for (size_t k = 0; k < t->nread && !f.stop; k++) {
		uint64_t end = min_u64(t->read[k].end, s->end.position);

		for (uint64_t at = max_u64(t->read[k].first, 1); at < end && !f.stop;)
			at = step(&f, at, end);
	}
	for (size_t i = 0; i < t->ndamage; i++)
		weigh(s, &t->damage[i]);
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
	/* Not worth changing the segment for: it is nearly as old. */
	if (s->oldest != 0 && s->reader.state != READER_CLOSED &&
	        segments_find(&s->segments, cursor) != segments_find(&s->segments, s->reader.first))
		return;
	if (count_open_at(s, cursor, &i) < 0 || reader_find(&s->reader, cursor, &p) < 0 ||
	        reader_peek(&s->reader, &p, &header) < 0)
		return;
	s->oldest = cursor;
	s->stats.oldest_ms = header.received_ms;
}
