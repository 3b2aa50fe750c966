/* SPDX-License-Identifier: Apache-2.0 */
/* spooler_cycle.c — one commit cycle: chooses its work, runs it in a worker, and reports the results on the loop.
 *
 *   spooler_begin_cycle ──► run_cycle (worker: append, commit, reclaim, read, count culled) ──► on_cycle_done
 *
 * The snapshot that is committed with the batches has them in the spool already; the ledger in memory moves them when
 * the worker is done. A batch that is delivered while it is being written stays in flight in the ledger until then, so
 * after a kill it is counted once: as a record in the spool. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "spooler_internal.h"
#include "base/log.h"
#include "policy/pace.h"

static void run_cycle(void *arg);
static void on_cycle_done(void *arg);

static void choose_batches(struct spooler *s)
{
	size_t n = 0, bytes = 0;

	s->writing_count = (struct ledger_count){ 0 };
	s->writing_offered = false;
	while (!list_empty(&s->queue) && n < CYCLE_BATCHES && bytes < CYCLE_BYTES) {
		struct agent_batch *b = list_first(&s->queue, struct agent_batch, link);

		list_remove(&b->link);
		s->writing[n++] = &b->batch;
		bytes += b->batch.size;
		s->stats.queued_bytes -= b->batch.cost;
		s->writing_count.spans += b->batch.spans;
		s->writing_count.batches++;
		/* A refused batch is offered again from memory (backlog_stored). */
		s->writing_offered |= b->with_sink || b->batch.maybe_dup || b->refusals > 0 || s->offer_at_once;
	}
	s->cycle.put = s->writing;
	s->cycle.nput = n;
}

/* Where reading begins: at read_end or at read_share of the backlog's length, if a position waits there or above; else at
 * the cursor. */
static uint64_t read_begin(const struct spooler *s)
{
	uint64_t cursor = s->positions.cursor, first, end;
	uint64_t from = cursor + (s->positions.end - cursor) / 256 * s->read_share;

	if (s->positions.end - cursor < 256)
		from = cursor + (s->positions.end - cursor) * s->read_share / 256;
	if (s->read_on)
		from = max_u64(cursor, s->read_end);
	return positions_next(&s->positions, from, 1, &first, &end) ? from : cursor;
}

/* Chooses the waiting positions to read. They become IN_FLIGHT in report_read_back; until then no other reader can take
 * them, for only one cycle is under way. */
static void choose_reads(struct spooler *s)
{
	uint64_t from = read_begin(s), first, end, left = READ_RECORDS, below = s->read_on ? s->pass_end : UINT64_MAX;

	s->cycle.nread = 0;
	s->cycle.read_bytes = s->wanted_bytes;
	s->cycle.read_records = READ_RECORDS;
	while (s->wanted_bytes > 0 && left > 0 && s->cycle.nread < SPOOL_RUNS &&
	        positions_next(&s->positions, from, left, &first, &end) && first < below) {
		end = min_u64(end, below);
		s->cycle.read[s->cycle.nread++] = (struct spool_run){ first, end };
		left -= end - first;
		from = end;
	}
	s->wanted_bytes = 0;
}

/* Chooses the waiting positions of the oldest segment, to be dropped. Those that the sink has may still be delivered and
 * are left out. */
static void choose_culls(struct spooler *s)
{
	uint64_t from = s->positions.cursor, first, end, below = min_u64(s->stats.spool.oldest_end, s->positions.end);

	s->nculled = 0;
	if (!s->cull_wanted || s->cycle_began_us < s->cull_not_before_us)
		return;
	while (from < below && s->nculled < SPOOL_RUNS &&
	        positions_next(&s->positions, from, below - from, &first, &end) && first < below) {
		s->culled[s->nculled++] = (struct spool_run){ first, min_u64(end, below) };
		from = end;
	}
	s->cull_wanted = false;
}

/* Out of memory for the positions to be dropped: a later cycle chooses them anew. */
static void postpone_cull(struct spooler *s)
{
	if (s->nculled == 0)
		return;
	s->nculled = 0;
	s->cull_wanted = true;
	s->cull_not_before_us = clock_mono_us() + CULL_RETRY_MS * US_PER_MS;
}

/* Out of memory for the cycle: ends it as one that did nothing. */
static void fail_cycle(struct spooler *s)
{
	s->cycle.put_rc = s->cycle.nput > 0 ? E_NOMEM : 0;
	s->cycle.state_rc = E_NOMEM;
	postpone_cull(s);
	on_cycle_done(s);
}

void spooler_begin_cycle(struct spooler *s)
{
	struct spool_cycle *c = &s->cycle;

	s->cycle_began_us = clock_mono_us();
	memset(c, 0, offsetof(struct spool_cycle, state));
	c->nread = 0;
	choose_batches(s);
	choose_culls(s);
	if (s->nculled == 0)
		choose_reads(s);
	spooler_snapshot(s, &c->state);
	/* The batches of this cycle that the sink has, or that are offered once stored, and the records read in it may be
	 * sent before the next state is written, so offered_to covers them. */
	if (s->writing_offered)
		c->state.offered_to = c->state.end + c->nput;
	if (c->nread > 0)
		c->state.offered_to = max_u64(c->state.offered_to, c->read[c->nread - 1].end);
	s->cycle_offers_to = c->state.offered_to;
	ledger_move(
	        &c->state.ledger, LEDGER_IN_FLIGHT, LEDGER_IN_SPOOL, s->writing_count.spans, s->writing_count.batches);
	c->write_state = s->dirty || c->nread > 0 || spooler_disk_failed(s);
	c->put_rc = c->state_rc = c->read_rc = 0;
	c->stored = 0;
	c->got = NULL;
	c->ngot = c->ndamage = 0;
	s->dirty = false;
	s->in_cycle = true;
	/* The sink may report on a batch as soon as it is durable; setting its status must not fail for want of memory. */
	if ((s->writing_offered && positions_reserve(&s->positions, c->state.end, c->state.end + c->nput) < 0) ||
	        work_start(s->loop, run_cycle, on_cycle_done, s) < 0)
		fail_cycle(s);
}

static void run_cycle(void *arg)
{
	struct spooler *s = arg;

	spool_cycle(s->spool, &s->cycle);
	s->culled_count = (struct ledger_count){ 0 };
	if (s->nculled > 0 && spool_count(s->spool, s->culled, s->nculled, &s->culled_count) < 0)
		log_warn("spool: some of what is dropped to make room could not be counted");
}

static void report_stored(struct spooler *s)
{
	for (size_t i = 0; i < s->cycle.stored; i++) {
		struct agent_batch *b = agent_batch_of(s->writing[i]);

		b->batch.position = s->cycle.first + i;
		b->owner->stored(b->owner, b);
	}
}

/* Newest first: each is put at the head of the queue, so they end up in their order. */
static void report_unstored(struct spooler *s)
{
	for (size_t i = s->cycle.nput; i > s->cycle.stored; i--) {
		struct agent_batch *b = agent_batch_of(s->writing[i - 1]);

		b->owner->unstored(b->owner, b);
	}
}

static void report_read_back(struct spooler *s)
{
	for (size_t i = 0; i < s->cycle.ngot; i++) {
		struct agent_batch *b = agent_batch_init(s->cycle.got[i]);
		bool before = b->batch.position < s->inherited_end;
		enum position_status status = positions_at(&s->positions, b->batch.position);

		s->read_end = b->batch.position + 1;
		/* The position was resolved while it was being read; or the state was not written, so offered_to on disk
		 * does not cover it and it must not be offered. */
		if ((status != POSITION_WAITING && status != POSITION_MAYBE_SENT) || s->cycle.state_rc < 0) {
			agent_batch_unref(&b);
			continue;
		}
		/* A record of this run: its status says whether it may have been sent. One of an earlier run: also its own
		 * mark, or that run's offered_to. */
		b->batch.maybe_dup = status == POSITION_MAYBE_SENT ||
		                     (before && (b->batch.maybe_dup || b->batch.position < s->inherited_sent));
		b->backlog = true;
		if (spooler_set_status(s, b->batch.position, POSITION_IN_FLIGHT, 0) < 0) {
			agent_batch_unref(&b); /* the position waits as before */
			s->cycle.read_rc = E_NOMEM;
			continue;
		}
		s->read_back(s->read_back_arg, b);
	}
	free(s->cycle.got);
	s->cycle.got = NULL;
}

static void log_damage(struct spooler *s, const struct spool_damage *d)
{
	const char *fate = d->quarantined ? "set aside in quarantine/" : "lost";
	char spans[64] = "an unknown number of spans";

	if (d->lost.spans > 0)
		snprintf(spans, sizeof(spans), "%llu spans", (unsigned long long)d->lost.spans);
	health_post(s->health, "damage", HEALTH_WARN, "%s: %s %s", d->what, spans, fate);
	log_error("spool: %s: positions %llu to %llu, %s in %llu batches, %s", d->what,
	        (unsigned long long)d->run.first, (unsigned long long)d->run.end - 1, spans,
	        (unsigned long long)d->lost.batches, fate);
}

/* Positions of damaged records become done. The ledger moves at most what it has in the spool, since some
 * records of a damaged range may be resolved already. */
static void report_damage(struct spooler *s)
{
	for (size_t i = 0; i < s->cycle.ndamage; i++) {
		const struct spool_damage *d = &s->cycle.damage[i];
		struct ledger_count *in = &s->ledger->place[LEDGER_IN_SPOOL];
		uint64_t spans = d->lost.spans, batches = d->lost.batches;

		if (positions_reserve(&s->positions, d->run.first, d->run.end) < 0) {
			s->cycle.read_rc = E_NOMEM; /* a later read reports the damage again */
			continue;
		}
		for (uint64_t p = max_u64(d->run.first, s->positions.cursor); p < min_u64(d->run.end, s->positions.end);
		        p++)
			spooler_set_status(s, p, POSITION_DONE, 0);
		ledger_move(s->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, min_u64(spans, in->spans),
		        min_u64(batches, in->batches));
		log_damage(s, d);
	}
}

static void drop_culled(struct spooler *s)
{
	struct ledger_count *in = &s->ledger->place[LEDGER_IN_SPOOL], lost;

	if (s->nculled == 0)
		return;
	for (size_t i = 0; i < s->nculled; i++) {
		if (positions_reserve(&s->positions, s->culled[i].first, s->culled[i].end) < 0) {
			postpone_cull(s);
			return;
		}
	}
	for (size_t i = 0; i < s->nculled; i++)
		for (uint64_t p = s->culled[i].first; p < s->culled[i].end; p++)
			spooler_set_status(s, p, POSITION_DONE, 0);
	lost.spans = min_u64(s->culled_count.spans, in->spans);
	lost.batches = min_u64(s->culled_count.batches, in->batches);
	ledger_drop(s->ledger, LEDGER_IN_SPOOL, LEDGER_SPOOL_FULL, lost, clock_wall_ms());
	s->nculled = 0;
	s->faults.culled_us = clock_mono_us();
	disk_fault_retry_now(&s->faults, DISK_FAULT_WRITE);
}

/* When every position is done but the ledger still has spans in the spool, they were in damaged ranges whose number of
 * spans was unknown: they are counted as quarantined. */
static void quarantine_uncounted(struct spooler *s)
{
	struct ledger_count *in = &s->ledger->place[LEDGER_IN_SPOOL];

	if (s->positions.cursor != s->positions.end || (in->spans == 0 && in->batches == 0))
		return;
	log_warn("spool: %llu spans in %llu batches more were in what is lost", (unsigned long long)in->spans,
	        (unsigned long long)in->batches);
	ledger_move(s->ledger, LEDGER_IN_SPOOL, LEDGER_QUARANTINED, in->spans, in->batches);
}

/* The faults of writing, by the results of the cycle. A state that went with stored batches says little of the file
 * "state", and a state that was written while there is room says little of batches. */
static void note_writes(struct spooler *s)
{
	const struct spool_cycle *c = &s->cycle;
	uint64_t now = clock_mono_us();

	if (c->nput > 0)
		disk_fault_result(&s->faults, DISK_FAULT_WRITE, c->put_rc, now);
	else if (c->write_state && c->state_rc == 0 && c->stats.room_bytes >= ROOM_LEAST_BYTES)
		disk_fault_assume_cleared(&s->faults, DISK_FAULT_WRITE, now);
	if (c->state_rc < 0 || (c->write_state && c->nput == 0))
		disk_fault_result(&s->faults, DISK_FAULT_STATE, c->state_rc, now);
	else if (c->write_state)
		disk_fault_assume_cleared(&s->faults, DISK_FAULT_STATE, now);
	disk_fault_result(&s->faults, DISK_FAULT_LOST, c->stats.lost ? E_MISSING : 0, now);
	disk_fault_result(&s->faults, DISK_FAULT_SEGMENT, c->stats.next_rc, now);
	s->dirty |= c->state_rc < 0;
}

/* The fault of reading: the cycle was to read, and no position CHANGED, because of the disk or for want of memory. The
 * next cycle would read the same. Without a state nothing that was read is offered, so reading is not judged. */
static void note_reads(struct spooler *s, bool changed)
{
	const struct spool_cycle *c = &s->cycle;

	if (c->nread > 0 && c->state_rc == 0)
		disk_fault_result(&s->faults, DISK_FAULT_READ, changed ? 0 : c->read_rc, clock_mono_us());
}

static void on_cycle_done(void *arg)
{
	struct spooler *s = arg;
	struct spool_cycle *c = &s->cycle;
	uint64_t version;

	s->in_cycle = false;
	s->stats.cycles++;
	s->stats.spool = c->stats;
	if (c->stored > 0) {
		s->cycle_us = clock_mono_us() - s->cycle_began_us;
		s->stats.commit_us = pace_commit_estimate(s->stats.commit_us, s->cycle_us);
		positions_extend(&s->positions, c->first + c->stored);
		s->spans_put = c->state.spans_put;
	}
	report_stored(s);
	report_unstored(s);
	note_writes(s);
	version = s->positions.version;
	report_damage(s);
	drop_culled(s);
	report_read_back(s);
	note_reads(s, s->positions.version != version);
	quarantine_uncounted(s);
	spooler_report_health(s);
	if (s->faults.drop_oldest && c->stats.over)
		spooler_cull(s);
	s->cycle_done(s->cycle_done_arg);
}
