/* SPDX-License-Identifier: Apache-2.0 */
/* spooler_cycle.c — one cycle: what goes with it, the worker's part, and what is told when it is over.
 *
 * The snapshot that goes with a cycle says how things are once its batches are durable; the ledger in
 * memory follows when the worker is done. A batch that is delivered while it is being written stays
 * in flight until then, so a kill between the two finds it on disk and nowhere else. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "spooler_internal.h"
#include "base/log.h"
#include "policy/pace.h"

static void run_turn(void *arg);
static void on_cycle_done(void *arg);

static void choose_batches(struct spooler *k)
{
	size_t n = 0, bytes = 0;

	k->writing_count = (struct ledger_count){ 0 };
	k->writing_offered = false;
	while (!list_empty(&k->queue) && n < CYCLE_BATCHES && bytes < CYCLE_BYTES) {
		struct batch *b = list_first(&k->queue, struct batch, link);

		list_remove(&b->link);
		k->writing[n++] = b;
		bytes += b->size;
		k->stats.queued_bytes -= b->cost;
		k->writing_count.spans += b->spans;
		k->writing_count.batches++;
		/* A refused batch is offered again from memory (backlog_stored). */
		k->writing_offered |= b->with_sink || b->maybe_dup || b->refusals > 0 || k->offers_at_once;
	}
	k->cycle.put = k->writing;
	k->cycle.nput = n;
}

/* Where reading begins: at the cursor, or further on if something waits there. */
static uint64_t read_from(const struct spooler *k)
{
	uint64_t cursor = k->marks.cursor, first, end;
	uint64_t from = cursor + (k->marks.end - cursor) / 256 * k->read_share;

	if (k->marks.end - cursor < 256)
		from = cursor + (k->marks.end - cursor) * k->read_share / 256;
	return positions_next(&k->marks, from, 1, &first, &end) ? from : cursor;
}

/* What waits. It is held when it arrives; until then nobody else can have it. */
static void choose_reads(struct spooler *k)
{
	uint64_t from = read_from(k), first, end, left = READ_RECORDS;

	k->cycle.nread = 0;
	k->cycle.read_bytes = k->wanted_bytes;
	k->cycle.read_records = READ_RECORDS;
	while (k->wanted_bytes > 0 && left > 0 && k->cycle.nread < SPOOL_RUNS &&
	        positions_next(&k->marks, from, left, &first, &end)) {
		k->cycle.read[k->cycle.nread++] = (struct spool_run){ first, end };
		left -= end - first;
		from = end;
	}
	k->wanted_bytes = 0;
}

/* What waits in the oldest segment; what the sink holds of it may still arrive and is left alone. */
static void choose_culls(struct spooler *k)
{
	uint64_t from = k->marks.cursor, first, end, below = min_u64(k->stats.spool.oldest_end, k->marks.end);

	k->nculled = 0;
	if (!k->cull_wanted || k->began_us < k->cull_at_us)
		return;
	while (from < below && k->nculled < SPOOL_RUNS && positions_next(&k->marks, from, below - from, &first, &end) &&
	        first < below) {
		k->culled[k->nculled++] = (struct spool_run){ first, min_u64(end, below) };
		from = end;
	}
	k->cull_wanted = false;
}

/* There is no memory to drop what was chosen: a later cycle chooses anew. */
static void cull_later(struct spooler *k)
{
	if (k->nculled == 0)
		return;
	k->nculled = 0;
	k->cull_wanted = true;
	k->cull_at_us = clock_mono_us() + RETRY_MS * US_PER_MS;
}

/* There is no memory for the cycle: nothing was done, all of it is for the next one. */
static void give_up(struct spooler *k)
{
	k->cycle.put_rc = k->cycle.nput > 0 ? E_NOMEM : 0;
	k->cycle.state_rc = E_NOMEM;
	cull_later(k);
	k->retry_at_us = clock_mono_us() + RETRY_MS * US_PER_MS;
	on_cycle_done(k);
}

void spooler_begin(struct spooler *k)
{
	struct spool_cycle *t = &k->cycle;

	k->began_us = clock_mono_us();
	memset(t, 0, offsetof(struct spool_cycle, state));
	t->nread = 0;
	choose_batches(k);
	choose_culls(k);
	if (k->nculled == 0)
		choose_reads(k);
	spooler_snapshot(k, &t->state);
	/* So may what is read now, or is offered as soon as it is stored. */
	if (k->writing_offered)
		t->state.offered_to = t->state.end + t->nput;
	if (t->nread > 0)
		t->state.offered_to = max_u64(t->state.offered_to, t->read[t->nread - 1].end);
	k->cycle_offers_to = t->state.offered_to;
	ledger_move(
	        &t->state.ledger, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, k->writing_count.spans, k->writing_count.batches);
	t->write_state = k->dirty || t->nread > 0 || spooler_ails(k);
	t->put_rc = t->state_rc = t->read_rc = 0;
	t->stored = 0;
	t->got = NULL;
	t->ngot = t->ndamage = 0;
	k->dirty = false;
	k->in_cycle = true;
	/* A report on what the sink has may come the moment it is put, and must find its mark. */
	if ((k->writing_offered && positions_reserve(&k->marks, t->state.end, t->state.end + t->nput) < 0) ||
	        work_start(k->loop, run_turn, on_cycle_done, k) < 0)
		give_up(k);
}

static void run_turn(void *arg)
{
	struct spooler *k = arg;

	spool_cycle(k->spool, &k->cycle);
	k->culled_count = (struct ledger_count){ 0 };
	if (k->nculled > 0 && spool_count(k->spool, k->culled, k->nculled, &k->culled_count) < 0)
		log_warn("spool: some of what is dropped to make room could not be counted");
}

static void tell_stored(struct spooler *k)
{
	for (size_t i = 0; i < k->cycle.stored; i++) {
		struct batch *b = k->writing[i];

		b->position = k->cycle.first + i;
		k->events.stored(k->events.arg, b);
	}
}

/* The last one first: put back one by one, they stand in their order again. */
static void tell_unstored(struct spooler *k)
{
	for (size_t i = k->cycle.nput; i > k->cycle.stored; i--)
		k->events.unstored(k->events.arg, k->writing[i - 1]);
}

static void tell_got(struct spooler *k)
{
	for (size_t i = 0; i < k->cycle.ngot; i++) {
		struct batch *b = k->cycle.got[i];
		bool before = b->position < k->inherited_end;
		enum position_status mark = positions_at(&k->marks, b->position);

		/* Resolved while it was being read; or the disk does not know that it is about to be offered. */
		if ((mark != POSITION_WAITING && mark != POSITION_MAYBE_SENT) || k->cycle.state_rc < 0) {
			batch_unref(&b);
			continue;
		}
		/* What this run knows is better than what the record says of itself. */
		b->maybe_dup =
		        mark == POSITION_MAYBE_SENT || (before && (b->maybe_dup || b->position < k->inherited_sent));
		b->backlog = true;
		if (spooler_set_status(k, b->position, POSITION_IN_FLIGHT, 0) < 0) {
			batch_unref(&b); /* it waits as before */
			continue;
		}
		k->events.got(k->events.arg, b);
	}
	free(k->cycle.got);
	k->cycle.got = NULL;
}

static void say_damage(struct spooler *k, const struct spool_damage *d)
{
	const char *fate = d->kept ? "set aside in quarantine/" : "lost";
	char spans[64] = "an unknown number of spans";

	if (d->lost.spans > 0)
		snprintf(spans, sizeof(spans), "%llu spans", (unsigned long long)d->lost.spans);
	health_post(k->health, "damage", HEALTH_WARN, "%s: %s %s", d->what, spans, fate);
	log_error("spool: %s: positions %llu to %llu, %s in %llu batches, %s", d->what,
	        (unsigned long long)d->run.first, (unsigned long long)d->run.end - 1, spans,
	        (unsigned long long)d->lost.batches, fate);
}

/* Records that can never be read leave the spool, as far as the ledger still has them there. */
static void tell_damage(struct spooler *k)
{
	for (size_t i = 0; i < k->cycle.ndamage; i++) {
		const struct spool_damage *d = &k->cycle.damage[i];
		struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL];
		uint64_t spans = d->lost.spans, batches = d->lost.batches;

		if (positions_reserve(&k->marks, d->run.first, d->run.end) < 0)
			continue; /* met again */
		for (uint64_t p = max_u64(d->run.first, k->marks.cursor); p < min_u64(d->run.end, k->marks.end); p++)
			spooler_set_status(k, p, POSITION_DONE, 0);
		ledger_move(k->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, min_u64(spans, in->spans),
		        min_u64(batches, in->batches));
		say_damage(k, d);
	}
}

static void drop_culled(struct spooler *k)
{
	struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL], lost;

	if (k->nculled == 0)
		return;
	for (size_t i = 0; i < k->nculled; i++) {
		if (positions_reserve(&k->marks, k->culled[i].first, k->culled[i].end) < 0) {
			cull_later(k);
			return;
		}
	}
	for (size_t i = 0; i < k->nculled; i++)
		for (uint64_t p = k->culled[i].first; p < k->culled[i].end; p++)
			spooler_set_status(k, p, POSITION_DONE, 0);
	lost.spans = min_u64(k->culled_count.spans, in->spans);
	lost.batches = min_u64(k->culled_count.batches, in->batches);
	ledger_drop(k->ledger, LEDGER_IN_SPOOL, LEDGER_SPOOL_FULL, lost, clock_wall_ms());
	k->nculled = 0;
	k->culled_us = clock_mono_us();
	k->retry_at_us = 0;
}

/* Where damage took the counts with it, the ledger still has spans in a spool that holds none. */
static void settle(struct spooler *k)
{
	struct ledger_count *in = &k->ledger->place[LEDGER_IN_SPOOL];

	if (k->marks.cursor != k->marks.end || (in->spans == 0 && in->batches == 0))
		return;
	log_warn("spool: %llu spans in %llu batches more were in what is lost", (unsigned long long)in->spans,
	        (unsigned long long)in->batches);
	ledger_move(k->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, in->spans, in->batches);
}

/* What ails the disk, and when which of its work is tried again. */
static void diagnose(struct spooler *k)
{
	const struct spool_cycle *t = &k->cycle;
	uint64_t now = clock_mono_us();

	if (t->put_rc == E_FULL && k->trouble != E_FULL)
		k->full_us = now;
	if (t->nput > 0)
		k->trouble = t->put_rc;
	else if (t->write_state && t->state_rc == 0 && t->stats.room_bytes >= ROOM_BYTES)
		k->trouble = 0; /* as far as can be seen without anything to put */
	if (t->state_rc < 0) {
		k->unnoted = t->state_rc;
		k->unnoted_us = now;
	} else if (t->write_state && (t->nput == 0 || now - k->unnoted_us >= NOTED_MS * US_PER_MS)) {
		k->unnoted = 0;
	}
	if (t->nread > 0)
		k->blind = t->ngot > 0 ? 0 : t->read_rc;
	k->dirty |= t->state_rc < 0;
	if (t->put_rc < 0 || t->state_rc < 0)
		k->retry_at_us = now + RETRY_MS * US_PER_MS;
}

/* Whether it reads again at once is up to what the cycle has read: where no position was marked, because of the
 * disk or of missing memory, the next cycle would read the same. */
static void pace_reading(struct spooler *k, uint64_t version_before)
{
	if (k->cycle.nread > 0 && k->marks.version == version_before)
		k->read_at_us = clock_mono_us() + READ_AGAIN_MS * US_PER_MS;
}

static void on_cycle_done(void *arg)
{
	struct spooler *k = arg;
	struct spool_cycle *t = &k->cycle;
	uint64_t version;

	k->in_cycle = false;
	k->stats.cycles++;
	k->stats.spool = t->stats;
	if (t->stored > 0) {
		k->stats.commit_us = pace_commit(k->stats.commit_us, clock_mono_us() - k->began_us);
		positions_extend(&k->marks, t->first + t->stored);
		k->spans_put = t->state.spans_put;
	}
	tell_stored(k);
	tell_unstored(k);
	diagnose(k);
	version = k->marks.version;
	tell_damage(k);
	drop_culled(k);
	tell_got(k);
	pace_reading(k, version);
	settle(k);
	spooler_tell(k);
	if (k->makes_room && t->stats.over)
		spooler_cull(k);
	if (k->trouble != 0)
		k->events.troubled(k->events.arg, k->trouble);
	k->events.cycle_done(k->events.arg);
}
