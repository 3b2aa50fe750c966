/* SPDX-License-Identifier: Apache-2.0 */
/* recover.c — what a start finds: the newest state, and what stands on disk beyond it.
 *
 * A state is in four slots and in the head of the newest segment; the highest generation is right, of
 * equal ones the one that knows more records. Only the newest segment is looked at, and of the others the
 * names: how long a start takes does not depend on how much waits. What is damaged in older ones, or has
 * another's name, shows when they are read, or before they are unlinked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "older.h"
#include "spool_internal.h"

enum { STAT_AT_ONCE = 64 };                  /* segments whose sizes a start asks for */
enum { PATIENCE_MS = 5000, PAUSE_MS = 100 }; /* with a disk that refuses to be read */

struct recovering {
	struct spool *s;
	struct spool_found *found;
	bool any;                /* found->state is one */
	struct span_offset disk; /* behind the last record on disk */
	bool doubt;              /* a state newer than the one we have may be lost */
	bool slots_gone;
};

static void note(struct recovering *r, const char *text)
{
	log_warn("spool: %s", text);
	if (r->found->note[0] == '\0')
		snprintf(r->found->note, sizeof(r->found->note), "%s", text);
}

void recover_offer(struct spool_state *best, bool *any, struct spool_id *ours, const struct spool_state *state,
        const struct spool_id *origin)
{
	if (ours->spool == 0) {
		ours->spool = origin->spool;
		ours->key = origin->key;
	}
	if (ours->spool != origin->spool)
		return;
	if (origin->bytes > 0)
		ours->bytes = origin->bytes;
	if (origin->low_water.position > ours->low_water.position)
		ours->low_water = origin->low_water;
	if (*any && (state->generation < best->generation ||
	                    (state->generation == best->generation && state->end <= best->end)))
		return;
	*best = *state;
	*any = true;
}

static void offer(struct recovering *r, const struct spool_state *state, const struct spool_id *origin)
{
	recover_offer(&r->found->state, &r->any, &r->s->origin, state, origin);
}

static int newer(struct spool *s, const char *what, struct why *why)
{
	return why_set(why, E_NEWER, "%s/%s was written by a newer version of this program", s->opts.directory, what);
}

static int older(struct spool *s, const char *what, struct why *why)
{
	return why_set(why, E_OLDER, OLDER_FORMAT, s->opts.directory, what);
}

/* What the disk refuses to give now it may give in a moment. */
static bool pause_for(int rc, unsigned *pauses)
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

	r->slots_gone = true;
	for (unsigned i = 0; i < SLOTS; i++) {
		do
			statefile_read(&r->s->file, i, &slots[i]);
		while (pause_for(slots[i].rc, &pauses));
		if (slots[i].rc == E_NEWER)
			return newer(r->s, "state", why);
		if (slots[i].rc == E_OLDER)
			return older(r->s, "state", why);
		blank = blank && slots[i].blank;
		if (slots[i].rc < 0 && slots[i].rc != E_CORRUPT)
			refused = slots[i].rc;
		if (slots[i].rc < 0)
			continue;
		r->slots_gone = false;
		offer(r, &slots[i].state, &slots[i].origin);
	}
	/* What cannot be read now may be whole: it is not to be overwritten by what a start without it
	 * would make of the rest. */
	if (refused < 0 && r->slots_gone)
		return why_set(why, refused, "state: cannot be read: %s", err_text(refused));
	r->doubt = refused < 0;
	statefile_aim(&r->s->file, slots);
	r->found->state_lost = r->slots_gone && (!blank || r->s->segments.n > 0);
	if (r->found->state_lost)
		note(r, "no snapshot in the state file is whole; going by the segments");
	return 0;
}

/* As survey_names, and says what it found. */
static bool survey(struct recovering *r)
{
	enum survey found = survey_names(r->s);

	if (found == SURVEY_MISNAMED)
		note(r, "segments had wrong names; they are read by what their heads say");
	return found != SURVEY_AS_BEFORE;
}

static int open_patiently(struct spool *s, size_t i)
{
	unsigned pauses = 0;
	int rc;

	do
		rc = reader_open(&s->reader, &s->segments.at[i], UINT64_MAX);
	while (pause_for(rc, &pauses));
	return rc;
}

/* The state knows of records from FIRST on. */
static bool was_committed(const struct recovering *r, uint64_t first)
{
	return r->any && r->found->state.end > first;
}

/* Nothing of it can be read. */
static void set_aside(struct recovering *r, size_t i, const char *name, int rc)
{
	char text[160];

	snprintf(text, sizeof(text), rc == E_FOREIGN ? "%s belongs to another spool" : "no record can be read from %s",
	        name);
	note(r, text);
	r->doubt = r->doubt || rc != E_FOREIGN;
	if (segments_set_aside(&r->s->segments, r->s->dir, i) < 0)
		log_warn("spool: %s could not be moved to quarantine/", name);
}

/* It is read record by record. */
static void mark_bad(struct recovering *r, size_t i, const char *name)
{
	char text[160];

	snprintf(text, sizeof(text), "%s is damaged; what is intact in it will be delivered", name);
	note(r, text);
	r->doubt = true;
	if (segments_mark_bad(&r->s->segments, r->s->dir, i) < 0)
		log_warn("spool: %s could not be marked", name);
}

static int blame_segment(struct spool *s, size_t i, int rc, struct why *why)
{
	char path[DISK_NAME];

	segment_file(&s->segments.at[i], path);
	return disk_blame(s->dir, path, rc, err_text(rc), why);
}

/* A segment of which a record was read is the newest: 0. E_MISSING: look at the one before. */
static int look_at(struct recovering *r, size_t i, struct why *why)
{
	struct spool *s = r->s;
	char name[SEGMENT_NAME];
	int rc = open_patiently(s, i);

	if (rc == E_MISSING && was_committed(r, s->segments.at[i].first))
		rc = reader_open_salvaged(&s->reader, &s->segments.at[i], UINT64_MAX);
	segment_name(&s->segments.at[i], name);
	if (rc == E_NEWER)
		return newer(s, name, why);
	if (rc == E_OLDER)
		return older(s, name, why);
	if ((rc == E_CORRUPT || rc == E_FOREIGN || s->reader.state == READER_BY_SALVAGE) && survey(r))
		return E_MISSING; /* another one may be the newest now */
	if (segments_drop_gone(&s->segments, s->dir, i))
		return E_MISSING;
	if (rc == E_MISSING) { /* killed before its first commit was whole */
		segments_drop(&s->segments, i);
		if (disk_remove_dir(s->dir, name) < 0)
			log_debug("spool: %s could not be removed", name);
		return E_MISSING;
	}
	/* Only what is damaged, or stays unreadable, is moved out of the way. */
	if (rc < 0 && rc != E_CORRUPT && rc != E_FOREIGN && rc != E_IO)
		return blame_segment(s, i, rc, why);
	if (rc < 0) {
		set_aside(r, i, name, rc);
		return E_MISSING;
	}
	if (s->reader.state == READER_BY_SALVAGE)
		mark_bad(r, i, name);
	return 0;
}

static int read_newest(struct recovering *r, struct why *why)
{
	struct spool *s = r->s;
	int rc = E_MISSING;

	while (rc == E_MISSING && s->segments.n > 0)
		rc = look_at(r, s->segments.n - 1, why);
	if (rc == 0 && r->any && r->found->state.end > s->reader.end.position && survey(r))
		return read_newest(r, why); /* a newer one had an older one's name */
	if (rc == E_MISSING)
		return 0;
	if (rc < 0)
		return rc;
	r->disk = s->end = s->reader.end;
	if (s->reader.has_head)
		offer(r, &s->reader.head.state, &s->reader.head.origin);
	return 0;
}

/* Where no snapshot has it, the key is in the heads; and where none holds, this is a new spool. */
static int know_key(struct recovering *r, struct why *why)
{
	struct spool *s = r->s;

	if (s->origin.spool == 0 && s->segments.n > 0)
		survey(r);
	if (s->origin.spool != 0)
		return 0;
	if (s->survey_at_us != UINT64_MAX && s->segments.n > 0)
		return why_set(why, E_IO,
		        "segments: they cannot be read, and nothing else has the key "
		        "of their checksums");
	r->found->note[0] = s->segments.n > 0 ? '\0' : r->found->note[0]; /* this is what matters */
	if (s->segments.n > 0)
		note(r, "no copy of the key of its checksums is left, neither in the state file "
		        "nor in "
		        "a segment: the segments go to quarantine/, from where `spanspool spool "
		        "quarantine export --unverified` takes what looks like a batch");
	if (getrandom(&s->origin.spool, sizeof(s->origin.spool), 0) < 0 || format_key_make(&s->origin.key) < 0)
		return why_set(why, E_IO, "the kernel gives no random numbers for a key");
	return 0;
}

void recover_assume(struct spool_state *state, const struct span_offset *from)
{
	*state = (struct spool_state){
		.cursor = from->position,
		.offered_to = from->position,
		.end = from->position,
		.spans_put = from->spans,
		.running = true,
	};
}

/* No state anywhere, but segments: nothing of them is known to be delivered. */
static void state_from_records(struct recovering *r)
{
	struct spool *s = r->s;
	struct spool_state *state = &r->found->state;
	struct span_offset from = { s->segments.at[0].first, 0 };

	if (count_spans_below(s, from.position, &from.spans) < 0)
		log_debug("spool: what was put before segment %016" PRIx64 " is not known", from.position);
	recover_assume(state, &from);
	r->doubt = true;
	s->origin.low_water = from;
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

static void blank(struct spool *s, struct spool_found *found)
{
	found->fresh = true;
	found->state = (struct spool_state){ .cursor = 1, .offered_to = 1, .end = 1 };
	s->origin.low_water = s->end = (struct span_offset){ 1, 0 };
	s->last = found->state;
}

int recover_run(struct spool *s, struct spool_found *found, struct why *why)
{
	struct recovering r = { .s = s, .found = found };
	struct spool_state *state = &found->state;
	const char *wrong;
	int rc = read_slots(&r, why);

	if (rc == 0)
		rc = know_key(&r, why);
	if (rc == 0)
		rc = read_newest(&r, why);
	if (rc < 0)
		return rc;
	s->file.live_origin = (struct spool_id){ .spool = s->origin.spool, .key = s->origin.key };
	segments_measure(&s->segments, s->dir, STAT_AT_ONCE, true);
	segments_guess(&s->segments, s->origin.bytes);
	if (!r.any && s->segments.n == 0) {
		blank(s, found);
		return 0;
	}
	if (!r.any)
		state_from_records(&r);
	wrong = ledger_mend(&state->ledger);
	if (wrong != NULL)
		note(&r, wrong);
	found->unclean = state->running;
	found->salvaged = recover_reconcile(state, &r.disk);
	s->end = (struct span_offset){ state->end, state->spans_put };
	if (r.doubt || (r.slots_gone && s->segments.n > 0))
		state->offered_to = state->end;
	s->last = *state;
	return 0;
}
