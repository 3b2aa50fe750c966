/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c — start-up: finds the newest state and the records on disk that it does not contain.
 *
 * A state is in four slots of the state file and in the head of the newest segment. The highest generation is
 * the newest; of equal generations, the one with the higher end. Only the newest segment is opened; of the
 * others only the names are read, so the time of a start does not depend on the backlog. Damage in older
 * segments, and wrong names, are found when the segments are read or before they are unlinked. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "older.h"
#include "spool_internal.h"

enum { STAT_AT_ONCE = 64 };                  /* segments whose sizes are read at the start */
enum { PATIENCE_MS = 5000, PAUSE_MS = 100 }; /* how long I/O errors are retried, and how often */

struct recovering {
	struct spool *s;
	struct spool_found *found;
	bool any;                /* found->state is a snapshot */
	struct span_offset disk; /* end of the last record on disk */
	bool may_lack_newest;    /* a newer state than the one found may be unreadable */
	bool no_slots;
};

static void note_damage(struct recovering *r, const char *text)
{
	log_warn("spool: %s", text);
	if (r->found->note[0] == '\0')
		snprintf(r->found->note, sizeof(r->found->note), "%s", text);
}

void recover_keep_newer(struct spool_state *best, bool *any, struct spool_id *ours, const struct spool_state *state,
        const struct spool_id *id)
{
	if (ours->spool == 0) {
		ours->spool = id->spool;
		ours->key = id->key;
	}
	if (ours->spool != id->spool)
		return;
	if (id->bytes > 0)
		ours->bytes = id->bytes;
	if (id->low_water.position > ours->low_water.position)
		ours->low_water = id->low_water;
	if (*any && (state->generation < best->generation ||
	                    (state->generation == best->generation && state->end <= best->end)))
		return;
	*best = *state;
	*any = true;
}

static void keep_newer_state(struct recovering *r, const struct spool_state *state, const struct spool_id *id)
{
	recover_keep_newer(&r->found->state, &r->any, &r->s->id, state, id);
}

static int refuse_newer(struct spool *s, const char *what, struct why *why)
{
	return why_set(why, E_NEWER, "%s/%s was written by a newer version of this program", s->opts.directory, what);
}

static int refuse_older(struct spool *s, const char *what, struct why *why)
{
	return why_set(why, E_OLDER, OLDER_FORMAT, s->opts.directory, what);
}

/* After an I/O error, waits a moment and returns true: the error may be temporary. False: another result, or
 * PATIENCE_MS are over. */
static bool pause_after_error(int rc, unsigned *pauses)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };

	if (rc != E_IO || ++*pauses > PATIENCE_MS / PAUSE_MS)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

static int read_slots(struct recovering *r, struct why *why)
{
	struct slot slots[SLOTS];
	bool blank = true;
	unsigned pauses = 0;
	int refused = 0;

	r->no_slots = true;
	for (unsigned i = 0; i < SLOTS; i++) {
		do
			statefile_read(&r->s->file, i, &slots[i]);
		while (pause_after_error(slots[i].rc, &pauses));
		if (slots[i].rc == E_NEWER)
			return refuse_newer(r->s, "state", why);
		if (slots[i].rc == E_OLDER)
			return refuse_older(r->s, "state", why);
		blank = blank && slots[i].blank;
		if (slots[i].rc < 0 && slots[i].rc != E_CORRUPT)
			refused = slots[i].rc;
		if (slots[i].rc < 0)
			continue;
		r->no_slots = false;
		keep_newer_state(r, &slots[i].state, &slots[i].id);
	}
	/* A slot with an I/O error may be intact and the newest. Without any other slot the start must fail, or
	 * it would overwrite that slot with a state derived from the segments. */
	if (refused < 0 && r->no_slots)
		return why_set(why, refused, "state: cannot be read: %s", err_text(refused));
	r->may_lack_newest = refused < 0;
	statefile_select_next(&r->s->file, slots);
	r->found->state_lost = r->no_slots && (!blank || r->s->segments.n > 0);
	if (r->found->state_lost)
		note_damage(r, "no snapshot in the state file is whole; going by the segments");
	return 0;
}

static int open_patiently(struct spool *s, size_t i)
{
	unsigned pauses = 0;
	int rc;

	do
		rc = reader_open(&s->reader, &s->segments.items[i], UINT64_MAX);
	while (pause_after_error(rc, &pauses));
	return rc;
}

/* True when the state contains records at or above FIRST. */
static bool was_committed(const struct recovering *r, uint64_t first)
{
	return r->any && r->found->state.end > first;
}

/* Moves segment I to quarantine/: no record of it can be read. */
static void quarantine_segment(struct recovering *r, size_t i, const char *name, int rc)
{
	char text[160];

	snprintf(text, sizeof(text), rc == E_FOREIGN ? "%s belongs to another spool" : "no record can be read from %s",
	        name);
	note_damage(r, text);
	r->may_lack_newest = r->may_lack_newest || rc != E_FOREIGN;
	if (segments_quarantine(&r->s->segments, r->s->dir, i) < 0)
		log_warn("spool: %s could not be moved to quarantine/", name);
}

/* Marks segment I as bad; its intact records are still read. */
static void mark_segment_bad(struct recovering *r, size_t i, const char *name)
{
	char text[160];

	snprintf(text, sizeof(text), "%s is damaged; what is intact in it will be delivered", name);
	note_damage(r, text);
	r->may_lack_newest = true;
	if (segments_mark_bad(&r->s->segments, r->s->dir, i) < 0)
		log_warn("spool: %s could not be marked", name);
}

static int explain_segment(struct spool *s, size_t i, int rc, struct why *why)
{
	char path[DISK_NAME];

	segment_file(&s->segments.items[i], path);
	return disk_explain(s->dir, path, rc, err_text(rc), why);
}

/* Opens segment I, which may be the newest. 0: it has records. E_AGAIN: it is off the list, try the one before
 * it. */
static int open_newest(struct recovering *r, size_t i, struct why *why)
{
	struct spool *s = r->s;
	char name[SEGMENT_NAME];
	int rc = open_patiently(s, i);

	if (rc == E_EMPTY && was_committed(r, s->segments.items[i].first))
		rc = reader_open_salvaged(&s->reader, &s->segments.items[i], UINT64_MAX);
	segment_name(&s->segments.items[i], name);
	if (rc == E_NEWER)
		return refuse_newer(s, name, why);
	if (rc == E_OLDER)
		return refuse_older(s, name, why);
	if ((rc == E_CORRUPT || rc == E_FOREIGN || s->reader.state == READER_BY_SALVAGE) && survey_segments(s))
		return E_AGAIN; /* the list has changed: try its new last one */
	if (segments_remove_gone(&s->segments, s->dir, i))
		return E_AGAIN;
	if (rc == E_EMPTY) { /* the process was killed before the first commit */
		segments_forget(&s->segments, i);
		if (disk_remove_dir(s->dir, name) < 0)
			log_debug("spool: %s could not be removed", name);
		return E_AGAIN;
	}
	/* Damaged or foreign segments, and those with permanent I/O errors, go to quarantine/. Other errors are
	 * the operator's. */
	if (rc < 0 && rc != E_CORRUPT && rc != E_FOREIGN && rc != E_IO)
		return explain_segment(s, i, rc, why);
	if (rc < 0) {
		quarantine_segment(r, i, name, rc);
		return E_AGAIN;
	}
	if (s->reader.state == READER_BY_SALVAGE)
		mark_segment_bad(r, i, name);
	return 0;
}

static int read_newest(struct recovering *r, struct why *why)
{
	struct spool *s = r->s;
	int rc = E_AGAIN;

	while (rc == E_AGAIN && s->segments.n > 0)
		rc = open_newest(r, s->segments.n - 1, why);
	if (rc == 0 && r->any && r->found->state.end > s->reader.end.position && survey_segments(s))
		return read_newest(r, why); /* a newer segment had a lower name */
	if (rc == E_AGAIN)
		return 0;
	if (rc < 0)
		return rc;
	r->disk = s->end = s->reader.end;
	if (s->reader.has_head)
		keep_newer_state(r, &s->reader.head.state, &s->reader.head.id);
	return 0;
}

/* Finds the key: in a snapshot, else in the heads. Without either this becomes a new spool. */
static int find_key(struct recovering *r, struct why *why)
{
	struct spool *s = r->s;

	if (s->id.spool == 0 && s->segments.n > 0)
		survey_segments(s);
	if (s->id.spool != 0)
		return 0;
	if (s->survey_at_us != UINT64_MAX && s->segments.n > 0)
		return why_set(why, E_IO,
		        "segments: they cannot be read, and nothing else has the key "
		        "of their checksums");
	r->found->note[0] = s->segments.n > 0 ? '\0' : r->found->note[0]; /* this note replaces an earlier one */
	if (s->segments.n > 0)
		note_damage(r, "no copy of the key of its checksums is left, neither in the state file "
		               "nor in "
		               "a segment: the segments go to quarantine/, from where `spanspool spool "
		               "quarantine export --unverified` takes what looks like a batch");
	if (getrandom(&s->id.spool, sizeof(s->id.spool), 0) < 0 || format_key_make(&s->id.key) < 0)
		return why_set(why, E_IO, "the kernel gives no random numbers for a key");
	return 0;
}

void recover_without_state(struct spool_state *state, const struct span_offset *from)
{
	*state = (struct spool_state){
		.cursor = from->position,
		.offered_to = from->position,
		.end = from->position,
		.spans_put = from->spans,
		.running = true,
	};
}

/* There are segments and no snapshot: all their records count as waiting. */
static void make_state(struct recovering *r)
{
	struct spool *s = r->s;
	struct spool_state *state = &r->found->state;
	struct span_offset from = { s->segments.items[0].first, 0 };

	if (!count_spans_below(s, from.position, &from.spans))
		log_debug("spool: what was put before segment %016" PRIx64 " is not known", from.position);
	recover_without_state(state, &from);
	r->may_lack_newest = true;
	s->id.low_water = from;
}

uint64_t recover_reconcile(struct spool_state *state, const struct span_offset *disk)
{
	struct ledger *l = &state->ledger;
	struct ledger_count *flight = &l->place[LEDGER_IN_FLIGHT], all = { 0 }, known;

	if (disk->position <= state->end)
		return 0;
	all.batches = disk->position - state->end;
	if (disk->spans > state->spans_put)
		all.spans = disk->spans - state->spans_put;
	known.spans = min_u64(all.spans, flight->spans);
	known.batches = min_u64(all.batches, flight->batches);
	ledger_move(l, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, known.spans, known.batches);
	ledger_enter(l, LEDGER_IN_SPOOL, all.spans - known.spans, all.batches - known.batches);
	state->end = disk->position;
	state->spans_put = disk->spans;
	return all.spans;
}

static void init_fresh(struct spool *s, struct spool_found *found)
{
	found->fresh = true;
	found->state = (struct spool_state){ .cursor = 1, .offered_to = 1, .end = 1 };
	s->id.low_water = s->end = (struct span_offset){ 1, 0 };
	s->last = found->state;
}

int recover_run(struct spool *s, struct spool_found *found, struct why *why)
{
	struct recovering r = { .s = s, .found = found };
	struct spool_state *state = &found->state;
	const char *wrong;
	int rc = read_slots(&r, why);

	if (rc == 0)
		rc = find_key(&r, why);
	if (rc == 0)
		rc = read_newest(&r, why);
	if (rc < 0)
		return rc;
	s->file.live_id = (struct spool_id){ .spool = s->id.spool, .key = s->id.key };
	segments_measure(&s->segments, s->dir, STAT_AT_ONCE, true);
	segments_estimate(&s->segments, s->id.bytes);
	if (!r.any && s->segments.n == 0) {
		init_fresh(s, found);
		return 0;
	}
	if (!r.any)
		make_state(&r);
	wrong = ledger_repair(&state->ledger);
	if (wrong != NULL)
		note_damage(&r, wrong);
	found->unclean = state->running;
	found->salvaged = recover_reconcile(state, &r.disk);
	s->end = (struct span_offset){ state->end, state->spans_put };
	if (r.may_lack_newest || (r.no_slots && s->segments.n > 0))
		state->offered_to = state->end;
	s->last = *state;
	return 0;
}
