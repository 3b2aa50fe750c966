/* SPDX-License-Identifier: Apache-2.0 */
/* backlog_owner.c — what becomes of a batch that the backlog owns, by the sink's report:
 *
 *   delivered ──► done          poison, too large, never confirmed ──► quarantine
 *   given back ──► rests in memory, when it was refused or lost and there is room; else its position waits */
#include "backlog_internal.h"
#include "base/clock.h"
#include "policy/evidence.h"
#include "refused.h"

static struct backlog *of_owner(struct batch_owner *o)
{
	return container_of(o, struct backlog, owner);
}

void backlog_adopt(struct backlog *b, struct agent_batch *batch)
{
	batch->owner = &b->owner;
	batch->place = PLACE_SPOOLED;
}

static void finish_batch(struct backlog *b, struct agent_batch *batch, enum ledger_place to)
{
	ledger_move(b->ledger, LEDGER_IN_SPOOL, to, batch->batch.spans, 1);
	spooler_set_status(b->spooler, batch->batch.position, POSITION_DONE, batch->batch.spans);
}

void backlog_drop(struct backlog *b, struct agent_batch *batch, enum ledger_place cause)
{
	ledger_drop(b->ledger, LEDGER_IN_SPOOL, cause, (struct ledger_count){ batch->batch.spans, 1 }, clock_wall_ms());
	spooler_set_status(b->spooler, batch->batch.position, POSITION_DONE, batch->batch.spans);
}

static void pause_reading(struct backlog *b)
{
	b->read_not_before_us = clock_mono_us() + evidence_rest_us(1);
}

static void quarantine_batch(
        struct backlog *b, struct agent_batch *batch, enum sink_outcome outcome, const char *detail)
{
	struct agent_batch *ref = agent_batch_ref(batch);

	batch->place = PLACE_REFUSED;
	if (refused_put(b->refused, ref, outcome, detail) == 0)
		return;
	spooler_set_status(b->spooler, batch->batch.position, POSITION_WAITING, 0);
	agent_batch_unref(&ref);
	pause_reading(b);
}

bool backlog_rests_full(const struct backlog *b)
{
	return b->stats.resting_bytes >= b->opts.ready_bytes;
}

static bool may_rest(const struct backlog *b, const struct agent_batch *batch)
{
	return batch->refusals + batch->batch.losses > 0 && !batch->with_sink && !b->stopped && !backlog_rests_full(b);
}

/* The position of BATCH stays POSITION_IN_FLIGHT. */
static void rest_in_memory(struct backlog *b, struct agent_batch *batch)
{
	batch->backlog = true;
	list_push(&b->resting, &agent_batch_ref(batch)->link);
	b->stats.resting_bytes += batch->batch.cost;
}

/* BATCH does not rest in memory but waits in the spool. If it was refused, reading from the oldest pauses for as long as
 * it would have rested, and a pass leaves it out. */
static void rest_in_spool(struct backlog *b, const struct agent_batch *batch)
{
	if (batch->refusals == 0 || batch->with_sink)
		return;
	pause_reading(b);
	spooler_leave_to_next_pass(b->spooler, batch->batch.position);
}

void backlog_set_waiting(struct backlog *b, const struct agent_batch *batch)
{
	spooler_set_status(
	        b->spooler, batch->batch.position, batch->batch.maybe_dup ? POSITION_MAYBE_SENT : POSITION_WAITING, 0);
}

/* Offers BATCH for the first time. Out of memory for its status: it is left waiting. */
static void offer_stored(struct backlog *b, struct agent_batch *batch)
{
	enum sink_answer answer;

	if (spooler_set_status(b->spooler, batch->batch.position, POSITION_IN_FLIGHT, 0) < 0)
		return;
	answer = dispatcher_offer(b->dispatcher, batch);
	if (answer == SINK_FULL || answer == SINK_DOWN)
		spooler_set_status(b->spooler, batch->batch.position, POSITION_WAITING, 0);
}

void backlog_take_stored(struct backlog *b, struct agent_batch *batch)
{
	backlog_adopt(b, batch);
	if (b->opts.offer_at_once && !batch->with_sink && !batch->batch.maybe_dup)
		offer_stored(b, batch);
	if (batch->with_sink)
		spooler_set_status(b->spooler, batch->batch.position, POSITION_IN_FLIGHT, 0);
	else if (batch->batch.maybe_dup)
		backlog_set_waiting(b, batch);
	if (batch->place == PLACE_SPOOLED) {
		if (may_rest(b, batch) &&
		        spooler_set_status(b->spooler, batch->batch.position, POSITION_IN_FLIGHT, 0) == 0)
			rest_in_memory(b, batch);
		else
			rest_in_spool(b, batch);
	}
	agent_batch_unref(&batch);
}

static void on_report(struct batch_owner *o, struct agent_batch *batch, enum sink_outcome outcome, const char *detail)
{
	struct backlog *b = of_owner(o);

	switch (outcome) {
	case SINK_DELIVERED:
		finish_batch(b, batch, LEDGER_DELIVERED);
		b->stats.delivered_batches++;
		b->stats.delivered_spans += batch->batch.spans;
		b->stats.delivered_bytes += batch->batch.size;
		break;
	case SINK_NOT_SENT:
	case SINK_MAYBE_SENT:
		batch->batch.maybe_dup |= outcome == SINK_MAYBE_SENT;
		if (may_rest(b, batch))
			rest_in_memory(b, batch);
		else {
			rest_in_spool(b, batch);
			backlog_set_waiting(b, batch);
		}
		break;
	case SINK_POISON:
	case SINK_TOO_LARGE:
	case SINK_UNCONFIRMED:
		quarantine_batch(b, batch, outcome, detail);
		break;
	}
}

static void on_resolved(struct batch_owner *o, struct agent_batch *batch)
{
	spooler_set_status(of_owner(o)->spooler, batch->batch.position, POSITION_DONE, batch->batch.spans);
	agent_batch_unref(&batch);
}

static void on_returned(struct batch_owner *o, struct agent_batch *batch)
{
	spooler_set_status(of_owner(o)->spooler, batch->batch.position, POSITION_WAITING, 0);
	agent_batch_unref(&batch);
}

const struct batch_owner backlog_owner = { .report = on_report, .resolved = on_resolved, .returned = on_returned };
