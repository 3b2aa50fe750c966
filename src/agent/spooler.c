/* SPDX-License-Identifier: Apache-2.0 */
/* spooler.c — opens and closes the spool, queues batches, and starts a commit cycle when there is work.
 *
 *   IDLE ──batches queued, or reads wanted──► in_cycle (worker) ──on_cycle_done, on the loop──► IDLE
 *                    ▲                                                     │ could not store
 *                    └──────── after the pause of its disk fault ◄─────────┘
 *
 * Beside the cycles (spooler_cycle.c), write_live_state keeps the state in a mapped slot of the file "state" once a turn
 * of the loop, where it survives SIGKILL. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "spooler_internal.h"
#include "base/log.h"

/* Takes over the state of the last run: its totals are the ledger's start, and what it had in flight is uncertain. */
static void load_last_run(struct spooler *s, const struct spool_found *found)
{
	const struct spool_state *state = &found->state;

	*s->ledger = state->ledger;
	s->generation = state->generation;
	s->boot = max_u64(state->boot + 1, clock_wall_ms() * 1000);
	s->ledger->boots++;
	s->ledger->unclean_stops += found->unclean;
	ledger_move(s->ledger, LEDGER_IN_FLIGHT, LEDGER_UNCERTAIN, s->ledger->place[LEDGER_IN_FLIGHT].spans,
	        s->ledger->place[LEDGER_IN_FLIGHT].batches);
	positions_init(&s->positions, state->cursor, state->end);
	s->next_pass_end = UINT64_MAX;
	if (positions_load(&s->positions, slice_of(state->positions, state->positions_len)) < 0)
		log_warn("spool: what was delivered out of order is not readable, some spans will "
		         "be sent twice");
	s->spans_put = state->spans_put;
	s->inherited_end = state->end;
	s->inherited_sent = min_u64(state->offered_to, state->end);
	if (found->note[0] != '\0')
		log_warn("spool: %s", found->note);
}

void spooler_snapshot(struct spooler *s, struct spool_state *state)
{
	uint64_t spans, batches;
	struct ledger_count *delivered;

	state->generation = ++s->generation;
	state->boot = s->boot;
	state->cursor = s->positions.cursor;
	/* A record that is IN_FLIGHT may be sent any moment from here on; after a power cut, offered_to on disk must be
	 * above it, so that it is sent again as maybe duplicate. The same holds for records that an earlier run may have
	 * sent, until they are done. */
	state->offered_to = max_u64(s->positions.in_doubt_end, min_u64(s->inherited_sent, s->positions.end));
	state->end = s->positions.end;
	state->spans_put = s->spans_put;
	state->running = true;
	state->ledger = *s->ledger;
	state->positions_len =
	        (uint32_t)positions_save(&s->positions, state->positions, sizeof(state->positions), &spans, &batches);
	/* Positions that are done but did not fit are sent again after a kill: this snapshot has them in_spool. */
	delivered = &state->ledger.place[LEDGER_DELIVERED];
	ledger_move(&state->ledger, LEDGER_DELIVERED, LEDGER_IN_SPOOL, min_u64(spans, delivered->spans),
	        min_u64(batches, delivered->batches));
}

int spooler_open(struct spooler **out, struct loop *l, const struct spool_opts *opts, void (*cycle_done)(void *arg),
        void *arg, struct ledger *ledger, struct health *health, struct why *why)
{
	struct spooler *s = calloc(1, sizeof(*s));
	struct spool_found *found = calloc(1, sizeof(*found));
	struct spool_state *state = calloc(1, sizeof(*state));

	if (s == NULL || found == NULL || state == NULL) {
		why_set(why, E_NOMEM, "spool");
		goto fail;
	}
	s->loop = l;
	s->opts = *opts;
	s->opts.batch_struct_size = sizeof(struct agent_batch);
	s->cycle_done = cycle_done;
	s->cycle_done_arg = arg;
	s->ledger = ledger;
	s->health = health;
	s->stats.commit_us = COMMIT_GUESS_US;
	list_init(&s->queue);
	if (spool_open(&s->spool, &s->opts, found, why) < 0)
		goto fail;
	load_last_run(s, found);
	spooler_snapshot(s, state);
	s->dirty = true; /* starts a cycle at once, which creates the first segment before a batch needs it */
	if (spool_begin(s->spool, state, why) < 0)
		goto fail;
	s->boot_written = true;
	s->stats.spool = *spool_stats(s->spool);
	if (found->unclean)
		log_warn("spool: the %s: %llu spans uncertain in all, %llu found on disk beyond "
		         "its last note",
		        found->state_lost ? "state was lost" : "last run was killed",
		        (unsigned long long)ledger->place[LEDGER_UNCERTAIN].spans, (unsigned long long)found->salvaged);
	health_post(health, "spool", HEALTH_OK, "ready in %s", opts->directory);
	free(found);
	free(state);
	*out = s;
	return 0;
fail:
	free(found);
	free(state);
	spooler_free(s);
	return why->code;
}

void spooler_set_reader(struct spooler *s, void (*read_back)(void *arg, struct agent_batch *b), void *arg)
{
	s->read_back = read_back;
	s->read_back_arg = arg;
}

struct spool *spooler_spool(const struct spooler *s)
{
	return s->spool;
}

uint64_t spooler_boot(const struct spooler *s)
{
	return s->boot;
}

void spooler_append(struct spooler *s, struct agent_batch *b)
{
	list_push(&s->queue, &b->link);
	s->stats.queued_bytes += b->batch.cost;
}

void spooler_requeue(struct spooler *s, struct agent_batch *b)
{
	list_push_front(&s->queue, &b->link);
	s->stats.queued_bytes += b->batch.cost;
}

struct agent_batch *spooler_withdraw(struct spooler *s, struct agent_batch *b)
{
	list_remove(&b->link);
	s->stats.queued_bytes -= b->batch.cost;
	return b;
}

struct agent_batch *spooler_withdraw_newest(struct spooler *s, bool idle)
{
	for (struct list *node = s->queue.prev; node != &s->queue; node = node->prev) {
		struct agent_batch *b = container_of(node, struct agent_batch, link);

		if (!idle || !b->with_sink)
			return spooler_withdraw(s, b);
	}
	return NULL;
}

void spooler_each_queued(struct spooler *s, bool (*visit)(void *arg, struct agent_batch *b), void *arg)
{
	list_each_safe (node, &s->queue) {
		if (!visit(arg, container_of(node, struct agent_batch, link)))
			return;
	}
}

void spooler_each_unstored(const struct spooler *s, bool (*visit)(void *arg, const struct agent_batch *b), void *arg)
{
	for (size_t i = 0; s->in_cycle && i < s->cycle.nput; i++)
		if (!visit(arg, agent_batch_of(s->writing[i])))
			return;
	list_each (node, &s->queue)
		if (!visit(arg, container_of(node, struct agent_batch, link)))
			return;
}

void spooler_set_offer_at_once(struct spooler *s)
{
	s->offer_at_once = true;
}

void spooler_set_drop_oldest(struct spooler *s, bool drop_oldest)
{
	s->faults.drop_oldest = drop_oldest;
}

void spooler_set_limits(struct spooler *s, uint64_t max_bytes, uint64_t min_free)
{
	s->opts.max_bytes = max_bytes;
	s->opts.min_free = min_free;
	spool_set_limits(s->spool, max_bytes, min_free);
}

void spooler_read(struct spooler *s, size_t bytes)
{
	s->wanted_bytes = disk_fault_may_try(&s->faults, DISK_FAULT_READ, clock_mono_us()) ? bytes : 0;
	s->read_share = 0;
	s->read_on = false;
}

bool spooler_read_on(struct spooler *s, size_t bytes)
{
	uint64_t first, end;

	if (s->pass_end == 0) {
		s->pass_end = min_u64(s->positions.end, s->next_pass_end);
		s->next_pass_end = UINT64_MAX;
	}
	spooler_read(s, bytes);
	s->read_on = positions_next(&s->positions, max_u64(s->positions.cursor, s->read_end), 1, &first, &end) &&
	             first < s->pass_end;
	if (!s->read_on)
		s->read_end = s->pass_end = s->wanted_bytes = 0;
	return s->read_on;
}

void spooler_leave_to_next_pass(struct spooler *s, uint64_t position)
{
	if (s->pass_end == 0)
		s->next_pass_end = min_u64(s->next_pass_end, position);
	else if (position >= s->read_end)
		s->pass_end = min_u64(s->pass_end, position);
}

void spooler_read_from(struct spooler *s, size_t bytes, unsigned share)
{
	spooler_read(s, bytes);
	s->read_share = share;
}

bool spooler_is_empty(const struct spooler *s)
{
	return s->positions.cursor == s->positions.end;
}

bool spooler_has_waiting(const struct spooler *s)
{
	uint64_t first, end;

	return positions_next(&s->positions, s->positions.cursor, 1, &first, &end);
}

int spooler_set_status(struct spooler *s, uint64_t position, enum position_status status, uint32_t spans)
{
	uint64_t cursor = s->positions.cursor;
	int rc = positions_set(&s->positions, position, status, spans);

	s->dirty |= s->positions.cursor != cursor;
	return rc;
}

void spooler_cull(struct spooler *s)
{
	uint64_t below = min_u64(s->stats.spool.oldest_end, s->positions.end), first, end;

	/* Where no position waits, the sink has all the others, and they may still be delivered: not now. */
	if (!positions_next(&s->positions, s->positions.cursor, 1, &first, &end) || first >= below)
		return;
	s->cull_wanted = true;
	if (clock_mono_us() >= s->cull_not_before_us)
		disk_fault_retry_now(&s->faults, DISK_FAULT_WRITE);
}

int spooler_write_error(const struct spooler *s)
{
	return s->faults.of[DISK_FAULT_WRITE].error;
}

uint64_t spooler_cycle_us(const struct spooler *s)
{
	return s->in_cycle ? clock_mono_us() - s->cycle_began_us : s->cycle_us;
}

uint64_t spooler_cycle_began_us(const struct spooler *s)
{
	return s->in_cycle ? s->cycle_began_us : 0;
}

bool spooler_is_idle(const struct spooler *s)
{
	return !s->in_cycle && list_empty(&s->queue);
}

bool spooler_is_stuck(const struct spooler *s)
{
	return !s->in_cycle && spooler_write_error(s) != 0;
}

const struct spooler_stats *spooler_stats(const struct spooler *s)
{
	return &s->stats;
}

/* Writes the state as it is now: without the batches of a cycle under way, which are not durable yet. */
static void write_live_state(struct spooler *s)
{
	struct spool_state state;

	if (memcmp(&s->live_ledger, s->ledger, sizeof(s->live_ledger)) == 0 && s->live_version == s->positions.version)
		return;
	spooler_snapshot(s, &state);
	/* This state has a higher generation than the one that the cycle under way writes, so it is the one that counts
	 * after a kill. Its offered_to must also cover the records that the cycle reads, and the batches that it writes
	 * while the sink has them: both may be sent before the next call. */
	if (s->in_cycle)
		state.offered_to = max_u64(state.offered_to, s->cycle_offers_to);
	spool_live(s->spool, &state);
	s->live_ledger = *s->ledger;
	s->live_version = s->positions.version;
}

static bool has_work(const struct spooler *s, uint64_t now)
{
	/* The file system may have room again, or the directory may be back. */
	if (disk_fault_needs_cycle(&s->faults) && now - s->cycle_began_us >= RECHECK_MS * US_PER_MS)
		return true;
	if (!list_empty(&s->queue) || s->wanted_bytes > 0)
		return true;
	return s->dirty || (s->cull_wanted && now >= s->cull_not_before_us);
}

/* True when the pauses after failed writes of batches and of the state are over: a cycle does both. */
static bool may_begin_cycle(const struct spooler *s, uint64_t now)
{
	return !s->in_cycle && disk_fault_may_try(&s->faults, DISK_FAULT_WRITE, now) &&
	       disk_fault_may_try(&s->faults, DISK_FAULT_STATE, now);
}

void spooler_tick(struct spooler *s)
{
	uint64_t now = clock_mono_us();

	if (may_begin_cycle(s, now) && has_work(s, now))
		spooler_begin_cycle(s);
	spooler_report_health(s);
	if (s->spool != NULL) /* an event from fail_cycle may have closed it */
		write_live_state(s);
}

void spooler_close(struct spooler *s, bool clean)
{
	struct spool_state state;

	assert(!s->in_cycle);
	spooler_snapshot(s, &state);
	state.running = !clean;
	spool_close(s->spool, &state);
	s->spool = NULL;
}

void spooler_free(struct spooler *s)
{
	if (s == NULL)
		return;
	/* The agent failed to start after spooler_open: no batch was accepted, so the stop is clean. */
	if (s->spool != NULL && s->boot_written && spooler_is_idle(s))
		spooler_close(s, true);
	if (s->spool != NULL)
		spool_close(s->spool, NULL);
	positions_free(&s->positions);
	free(s);
}
