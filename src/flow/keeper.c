/* keeper.c — drives the spool.
 *
 *   IDLE ──something queued, wanted or condemned──► TURNING (worker) ──done on the loop──► IDLE
 *                    ▲                                                     │ could not store
 *                    └──────────────── a second later ◄────────────────────┘
 *
 * The snapshot that goes with a turn says how things are once its batches are durable; the ledger in
 * memory follows when the worker is done. A batch that is delivered while it is being written stays
 * in flight until then, so a kill between the two finds it on disk and nowhere else. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "keeper.h"
#include "log.h"
#include "pace.h"

enum {
	TURN_BATCHES = 4096,     /* at most in one transaction */
	TURN_BYTES = 8 << 20,
	READ_RECORDS = 2048,
	RETRY_MS = 500,          /* after a turn that could not store */
	COMMIT_GUESS_US = 10000, /* before the first one was measured */
};

struct sentence {
	struct list link;
	struct batch *batch;
	const char *cause;
	char detail[256];
	bool written;
};

struct keeper {
	struct loop *loop;
	struct keeper_events events;
	struct ledger *ledger;
	struct health *health;
	struct spool *spool;
	struct marks marks;
	uint64_t generation;
	uint64_t boot;
	uint64_t spans_put;      /* as the spool counts them below the end */
	uint64_t sync_interval_us; /* what is put unsynced wants a turn within this; 0: no matter */
	uint64_t inherited_end;  /* positions below were put by an earlier run … */
	uint64_t inherited_sent; /* … and below this may have been sent by it */

	struct list queue;       /* batches for the next turn */
	struct list condemned;   /* sentences for the next turn */
	struct list sentencing;  /* those of the turn under way */
	size_t wanted_bytes;     /* to be read with the next turn */
	bool cull_wanted;        /* the oldest segment is to make room */
	struct spool_run culled[SPOOL_RUNS]; /* counted in the turn under way, dropped after it */
	size_t nculled;
	struct ledger_count culled_count;

	bool turning;
	bool dirty;              /* the cursor moved: worth a turn of its own */
	struct spool_turn turn;
	struct batch *writing[TURN_BATCHES];
	struct ledger_count writing_count;
	bool writing_offered;    /* one of them is with the sink */
	uint64_t began_us;
	int trouble;
	uint64_t retry_at_us;

	struct ledger noted;     /* as last given to spool_live */
	uint64_t noted_version;
	struct keeper_stats stats;
};

static void begin(struct keeper *k);
static void run_turn(void *arg);
static void on_turned(void *arg);

/* The totals of the last run become the totals so far: what was in flight is uncertain. */
static void inherit(struct keeper *k, const struct spool_found *found)
{
	const struct spool_state *s = &found->state;

	*k->ledger = s->ledger;
	k->generation = s->generation;
	k->boot = max_u64(s->boot + 1, clock_wall_ms() * 1000);
	k->ledger->boots++;
	k->ledger->unclean_stops += found->unclean;
	ledger_move(k->ledger, LEDGER_IN_FLIGHT, LEDGER_UNCERTAIN, k->ledger->place[LEDGER_IN_FLIGHT].spans,
		k->ledger->place[LEDGER_IN_FLIGHT].batches);
	marks_init(&k->marks, s->cursor, s->end);
	if (marks_load(&k->marks, slice_of(s->marks, s->marks_len)) < 0)
		log_warn("spool: what was delivered out of order is not readable, some spans will be sent twice");
	k->spans_put = s->spans_put;
	k->inherited_end = s->end;
	k->inherited_sent = min_u64(s->offered_to, s->end);
	if (found->note[0] != '\0')
		log_warn("spool: %s", found->note);
}

static void snapshot(struct keeper *k, struct spool_state *s)
{
	uint64_t spans, batches;
	struct ledger_count *delivered;

	s->generation = ++k->generation;
	s->boot = k->boot;
	s->cursor = k->marks.cursor;
	/* What an earlier run may have sent stays in doubt until it is done. */
	s->offered_to = max_u64(k->marks.offered_to, min_u64(k->inherited_sent, k->marks.end));
	s->end = k->marks.end;
	s->spans_put = k->spans_put;
	s->running = true;
	s->ledger = *k->ledger;
	s->marks_len = (uint32_t)marks_save(&k->marks, s->marks, sizeof(s->marks), &spans, &batches);
	/* What is done but not noted will be found waiting, and sent again. */
	delivered = &s->ledger.place[LEDGER_DELIVERED];
	ledger_move(&s->ledger, LEDGER_DELIVERED, LEDGER_IN_SPOOL, min_u64(spans, delivered->spans),
		min_u64(batches, delivered->batches));
}

int keeper_open(struct keeper **out, struct loop *l, const struct spool_opts *opts,
	const struct keeper_events *events, struct ledger *ledger, struct health *health, struct why *why)
{
	struct keeper *k = calloc(1, sizeof(*k));
	struct spool_found *found = calloc(1, sizeof(*found));
	struct spool_state *state = calloc(1, sizeof(*state));

	if (k == NULL || found == NULL || state == NULL) {
		why_set(why, E_NOMEM, "spool");
		goto fail;
	}
	k->loop = l;
	k->events = *events;
	k->ledger = ledger;
	k->health = health;
	k->stats.commit_us = COMMIT_GUESS_US;
	k->sync_interval_us = opts->sync == SPOOL_SYNC_INTERVAL ? opts->sync_interval_us : 0;
	list_init(&k->queue);
	list_init(&k->condemned);
	list_init(&k->sentencing);
	if (spool_open(&k->spool, opts, found, why) < 0)
		goto fail;
	inherit(k, found);
	snapshot(k, state);
	if (spool_begin(k->spool, state, why) < 0)
		goto fail;
	if (found->unclean)
		log_warn("spool: the last run was killed: %llu spans uncertain in all, %llu found on disk beyond its last note",
			(unsigned long long)ledger->place[LEDGER_UNCERTAIN].spans, (unsigned long long)found->salvaged);
	if (ledger->place[LEDGER_IN_SPOOL].batches > 0)
		log_info("spool: %llu spans wait from before", (unsigned long long)ledger->place[LEDGER_IN_SPOOL].spans);
	health_post(health, "spool", HEALTH_OK, "ready in %s", opts->directory);
	free(found);
	free(state);
	*out = k;
	return 0;
fail:
	free(found);
	free(state);
	keeper_free(k);
	return why->code;
}

uint64_t keeper_boot(const struct keeper *k)
{
	return k->boot;
}

void keeper_put(struct keeper *k, struct batch *b)
{
	list_push(&k->queue, &b->link);
	k->stats.queued_bytes += b->size;
}

struct batch *keeper_withdraw(struct keeper *k, struct batch *b)
{
	list_remove(&b->link);
	k->stats.queued_bytes -= b->size;
	return b;
}

struct batch *keeper_withdraw_newest(struct keeper *k)
{
	if (list_empty(&k->queue))
		return NULL;
	return keeper_withdraw(k, container_of(k->queue.prev, struct batch, link));
}

int keeper_condemn(struct keeper *k, struct batch *b, const char *cause, const char *detail)
{
	struct sentence *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return E_NOMEM;
	s->batch = b;
	s->cause = cause;
	snprintf(s->detail, sizeof(s->detail), "%s", detail);
	list_push(&k->condemned, &s->link);
	return 0;
}

void keeper_read(struct keeper *k, size_t bytes)
{
	k->wanted_bytes = bytes;
}

bool keeper_has_waiting(const struct keeper *k)
{
	uint64_t first, end;

	return marks_next(&k->marks, k->marks.cursor, 1, &first, &end);
}

void keeper_mark(struct keeper *k, uint64_t position, enum mark mark, uint32_t spans)
{
	uint64_t cursor = k->marks.cursor;

	/* Without memory for a mark the record waits as before: sent again later, never lost. */
	if (marks_set(&k->marks, position, mark, spans) < 0)
		log_error("spool: no memory to note what became of record %llu", (unsigned long long)position);
	k->dirty |= k->marks.cursor != cursor;
}

void keeper_offered(struct keeper *k, uint64_t position)
{
	marks_offered(&k->marks, position);
}

void keeper_cull(struct keeper *k)
{
	k->cull_wanted = true;
	k->retry_at_us = 0;
}

int keeper_trouble(const struct keeper *k)
{
	return k->trouble;
}

bool keeper_idle(const struct keeper *k)
{
	return !k->turning && list_empty(&k->queue) && list_empty(&k->condemned);
}

bool keeper_resting(const struct keeper *k)
{
	return !k->turning;
}

const struct keeper_stats *keeper_stats(const struct keeper *k)
{
	return &k->stats;
}

/* The live note says what is true now: a turn under way has put nothing yet. */
static void note_live(struct keeper *k)
{
	struct spool_state s;

	if (memcmp(&k->noted, k->ledger, sizeof(k->noted)) == 0 && k->noted_version == k->marks.version)
		return;
	snapshot(k, &s);
	/* If it is killed before it hears of the turn, these are found beyond the end. */
	if (k->turning && k->writing_offered)
		s.offered_to = s.end + k->turn.nput;
	spool_live(k->spool, &s);
	k->noted = *k->ledger;
	k->noted_version = k->marks.version;
}

static bool has_work(const struct keeper *k, uint64_t now)
{
	if (!list_empty(&k->queue) || !list_empty(&k->condemned) || k->wanted_bytes > 0)
		return true;
	if (k->dirty || k->cull_wanted)
		return true;
	return k->sync_interval_us > 0 && k->stats.spool.tail_bytes > 0 && now - k->began_us >= k->sync_interval_us;
}

void keeper_tick(struct keeper *k)
{
	uint64_t now = clock_mono_us();

	if (!k->turning && now >= k->retry_at_us && has_work(k, now))
		begin(k);
	note_live(k);
}

static void choose_batches(struct keeper *k)
{
	size_t n = 0, bytes = 0;

	k->writing_count = (struct ledger_count){ 0 };
	k->writing_offered = false;
	while (!list_empty(&k->queue) && n < TURN_BATCHES && bytes < TURN_BYTES) {
		struct batch *b = list_first(&k->queue, struct batch, link);

		list_remove(&b->link);
		k->writing[n++] = b;
		bytes += b->size;
		k->writing_count.spans += b->spans;
		k->writing_count.batches++;
		k->writing_offered |= b->with_sink || b->maybe_dup;
	}
	k->turn.put = k->writing;
	k->turn.nput = n;
	k->stats.queued_bytes -= bytes;
}

/* What waits, from the cursor on. It is held when it arrives; until then nobody else can have it. */
static void choose_reads(struct keeper *k)
{
	uint64_t from = k->marks.cursor, first, end, left = READ_RECORDS;

	k->turn.nread = 0;
	k->turn.read_bytes = k->wanted_bytes;
	k->turn.read_records = READ_RECORDS;
	while (k->wanted_bytes > 0 && left > 0 && k->turn.nread < SPOOL_RUNS &&
		marks_next(&k->marks, from, left, &first, &end)) {
		k->turn.read[k->turn.nread++] = (struct spool_run){ first, end };
		left -= end - first;
		from = end;
	}
	k->wanted_bytes = 0;
}

/* What waits in the oldest segment; what the sink holds of it may still arrive and is left alone. */
static void choose_culls(struct keeper *k)
{
	uint64_t from = k->marks.cursor, first, end, below = min_u64(k->stats.spool.oldest_end, k->marks.end);

	k->nculled = 0;
	while (k->cull_wanted && from < below && k->nculled < SPOOL_RUNS &&
		marks_next(&k->marks, from, below - from, &first, &end) && first < below) {
		k->culled[k->nculled++] = (struct spool_run){ first, min_u64(end, below) };
		from = end;
	}
	k->cull_wanted = false;
}

static void begin(struct keeper *k)
{
	struct spool_turn *t = &k->turn;

	memset(t, 0, offsetof(struct spool_turn, state));
	t->nread = 0;
	choose_batches(k);
	choose_culls(k);
	if (k->nculled == 0)
		choose_reads(k);
	list_append(&k->sentencing, &k->condemned);
	snapshot(k, &t->state);
	if (k->writing_offered)
		t->state.offered_to = t->state.end + t->nput;
	ledger_move(&t->state.ledger, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, k->writing_count.spans,
		k->writing_count.batches);
	t->write_state = k->dirty;
	t->put_rc = t->state_rc = 0;
	t->stored = 0;
	t->got = NULL;
	t->ngot = t->ndamage = 0;
	k->dirty = false;
	k->turning = true;
	k->began_us = clock_mono_us();
	if (work_start(k->loop, run_turn, on_turned, k) < 0) {
		t->put_rc = E_NOMEM;
		on_turned(k);
	}
}

static void run_turn(void *arg)
{
	struct keeper *k = arg;

	spool_turn(k->spool, &k->turn);
	k->culled_count = (struct ledger_count){ 0 };
	if (k->nculled > 0 && spool_count(k->spool, k->culled, k->nculled, &k->culled_count) < 0)
		log_warn("spool: some of what is dropped to make room could not be counted");
	list_each(node, &k->sentencing)
	{
		struct sentence *s = container_of(node, struct sentence, link);
		struct why why;

		s->written = spool_quarantine(k->spool, s->batch, s->cause, s->detail, &why) == 0;
	}
}

static void tell_stored(struct keeper *k)
{
	for (size_t i = 0; i < k->turn.stored; i++) {
		struct batch *b = k->writing[i];

		b->position = k->turn.first + i;
		k->events.stored(k->events.arg, b);
	}
}

static void take_back(struct keeper *k)
{
	for (size_t i = k->turn.nput; i > k->turn.stored; i--) {
		struct batch *b = k->writing[i - 1];

		list_push_front(&k->queue, &b->link);
		k->stats.queued_bytes += b->size;
	}
}

static void tell_got(struct keeper *k)
{
	for (size_t i = 0; i < k->turn.ngot; i++) {
		struct batch *b = k->turn.got[i];
		bool before = b->position < k->inherited_end;
		enum mark mark = marks_at(&k->marks, b->position);

		if (mark != MARK_WAITING && mark != MARK_MAYBE) {
			batch_unref(&b); /* resolved while it was being read */
			continue;
		}
		/* What this run knows is better than what the record says of itself. */
		b->maybe_dup = mark == MARK_MAYBE ||
			       (before && (b->maybe_dup || b->position < k->inherited_sent));
		b->backlog = true;
		keeper_mark(k, b->position, MARK_HELD, 0);
		k->events.got(k->events.arg, b);
	}
	free(k->turn.got);
	k->turn.got = NULL;
}

/* Records that can never be read leave the spool, as far as the ledger still has them there. */
static void tell_damage(struct keeper *k)
{
	for (size_t i = 0; i < k->turn.ndamage; i++) {
		const struct spool_damage *d = &k->turn.damage[i];
		struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL];
		uint64_t spans = d->lost.spans, batches = d->lost.batches;

		for (uint64_t p = max_u64(d->run.first, k->marks.cursor); p < min_u64(d->run.end, k->marks.end); p++)
			keeper_mark(k, p, MARK_DONE, 0);
		ledger_move(k->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, min_u64(spans, in->spans),
			min_u64(batches, in->batches));
		health_post(k->health, "damage", HEALTH_WARN, "%s: %llu spans set aside", d->what,
			(unsigned long long)spans);
		log_error("spool: %s: %llu spans in %llu batches set aside", d->what, (unsigned long long)spans,
			(unsigned long long)batches);
	}
}

static void drop_culled(struct keeper *k)
{
	struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL];

	if (k->nculled == 0)
		return;
	for (size_t i = 0; i < k->nculled; i++)
		for (uint64_t p = k->culled[i].first; p < k->culled[i].end; p++)
			keeper_mark(k, p, MARK_DONE, 0);
	ledger_move(k->ledger, LEDGER_IN_SPOOL, LEDGER_SPOOL_FULL, min_u64(k->culled_count.spans, in->spans),
		min_u64(k->culled_count.batches, in->batches));
	log_warn("spool: full, dropped the oldest %llu spans in %llu batches (spool.on-full=drop-oldest)",
		(unsigned long long)k->culled_count.spans, (unsigned long long)k->culled_count.batches);
	k->nculled = 0;
	k->retry_at_us = 0;
}

/* Where damage took the counts with it, the ledger still has spans in a spool that holds none. */
static void settle(struct keeper *k)
{
	struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL];

	if (k->marks.cursor == k->marks.end && (in->spans > 0 || in->batches > 0))
		ledger_move(k->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, in->spans, in->batches);
}

static void tell_condemned(struct keeper *k)
{
	list_each_safe(node, &k->sentencing)
	{
		struct sentence *s = container_of(node, struct sentence, link);

		list_remove(&s->link);
		if (!s->written) {
			list_push(&k->condemned, &s->link);
			k->stats.quarantine_failures++;
			k->retry_at_us = clock_mono_us() + RETRY_MS * US_PER_MS;
			continue;
		}
		k->events.condemned(k->events.arg, s->batch);
		free(s);
	}
}

static void on_turned(void *arg)
{
	struct keeper *k = arg;
	struct spool_turn *t = &k->turn;
	int was = k->trouble;

	k->turning = false;
	k->stats.turns++;
	k->stats.spool = t->stats;
	if (t->stored > 0) {
		k->stats.commit_us = pace_commit(k->stats.commit_us, clock_mono_us() - k->began_us);
		marks_extend(&k->marks, t->first + t->stored);
		k->spans_put = t->state.spans_put;
	}
	tell_stored(k);
	take_back(k);
	if (t->put_rc < 0) {
		k->trouble = t->put_rc;
		k->retry_at_us = clock_mono_us() + RETRY_MS * US_PER_MS;
	} else if (t->nput > 0) {
		k->trouble = 0;
	}
	if (k->trouble != was)
		health_post(k->health, "spool", k->trouble == 0 ? HEALTH_OK : HEALTH_DOWN, "%s",
			k->trouble == 0 ? "storing" : err_text(k->trouble));
	if (t->state_rc < 0)
		k->dirty = true;
	tell_damage(k);
	drop_culled(k);
	tell_got(k);
	settle(k);
	tell_condemned(k);
	if (k->trouble != 0)
		k->events.troubled(k->events.arg, k->trouble);
	k->events.turned(k->events.arg);
}

void keeper_close(struct keeper *k, bool clean)
{
	struct spool_state s;

	assert(!k->turning);
	snapshot(k, &s);
	s.running = !clean;
	spool_close(k->spool, &s);
	k->spool = NULL;
}

void keeper_free(struct keeper *k)
{
	if (k == NULL)
		return;
	if (k->spool != NULL)
		spool_close(k->spool, NULL);
	marks_free(&k->marks);
	free(k);
}
