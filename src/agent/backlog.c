/* SPDX-License-Identifier: Apache-2.0 */
/* backlog.c — what waits in the spool.
 *
 *   waiting ──read──► ready ──the dispatcher lets it──► with the sink ──delivered──► done
 *      ▲                                               │
 *      └────────────────── given back ─────────────────┘
 *
 * A record that the sink purged is not kept in memory: it is read again, in its order, when its turn
 * comes. One that the destination refused rests in memory until its retry_us, so that it neither goes
 * round at once nor holds up the others:
 *
 *   with the sink ──refused──► resting ──its rest is over, or it is a probe──► with the sink
 *
 * While everything is refused each round of probes takes another record: by turns one that rests, the
 * oldest that waits, and one from another place of the backlog (evidence_spot). */
#include <stdlib.h>

#include "policy/max_age.h"
#include "agent/backlog.h"
#include "base/clock.h"
#include "policy/evidence.h"
#include "agent/flight.h"
#include "base/log.h"
#include "refused.h"

enum {
	PROBE_BYTES = 64 << 10, /* read for a round of probes, while everything is refused */
	OLD_AGAIN_MS = 100,     /* between two looks for what is too old, while the circuit is open */
};

struct backlog {
	struct dispatcher *dispatcher;
	struct spooler *spooler;
	struct refused *refused;
	struct ledger *ledger;
	struct backlog_opts opts;
	struct max_age age;
	struct list ready;
	struct list resting; /* by the moment of their last refusal */
	uint64_t read_at_us; /* nothing is read before: the next turn would read the same as the last */
	bool stopped;
	struct backlog_stats stats;
};

int backlog_open(struct backlog **out, struct dispatcher *g, struct spooler *k, struct refused *r,
        struct ledger *ledger, const struct backlog_opts *opts)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return E_NOMEM;
	b->dispatcher = g;
	b->spooler = k;
	b->refused = r;
	b->ledger = ledger;
	b->opts = *opts;
	list_init(&b->ready);
	list_init(&b->resting);
	*out = b;
	return 0;
}

void backlog_got(struct backlog *b, struct batch *batch)
{
	batch->place = PLACE_SPOOLED;
	b->stats.read_batches++;
	b->stats.read_bytes += batch->size;
	b->stats.ready_bytes += batch->cost;
	list_push(&b->ready, &batch->link);
}

static void resolve(struct backlog *b, struct batch *batch, enum ledger_place to)
{
	ledger_move(b->ledger, LEDGER_IN_SPOOL, to, batch->spans, 1);
	spooler_set_status(b->spooler, batch->position, POSITION_DONE, batch->spans);
}

static void drop(struct backlog *b, struct batch *batch, enum ledger_place cause)
{
	ledger_drop(b->ledger, LEDGER_IN_SPOOL, cause, (struct ledger_count){ batch->spans, 1 }, clock_wall_ms());
	spooler_set_status(b->spooler, batch->position, POSITION_DONE, batch->spans);
}

static void refuse(struct backlog *b, struct batch *batch, enum sink_outcome outcome, const char *detail)
{
	struct batch *mine = batch_ref(batch);

	batch->place = PLACE_REFUSED;
	if (refused_put(b->refused, mine, outcome, detail) == 0)
		return;
	spooler_set_status(b->spooler, batch->position, POSITION_WAITING, 0);
	batch_unref(&mine);
	b->read_at_us = clock_mono_us() + evidence_rest_us(1);
}

static bool is_crowded(const struct backlog *b)
{
	return b->stats.resting_bytes >= b->opts.ready_bytes;
}

static bool may_rest(const struct backlog *b, const struct batch *batch)
{
	return batch->refusals > 0 && !batch->with_sink && !b->stopped && !is_crowded(b);
}

/* Its position stays HELD. */
static void rest(struct backlog *b, struct batch *batch)
{
	batch->backlog = true;
	list_push(&b->resting, &batch_ref(batch)->link);
	b->stats.resting_bytes += batch->cost;
}

/* Too many rest already, so BATCH waits in the spool, and the reading rests instead. */
static void rest_unread(struct backlog *b, const struct batch *batch)
{
	if (batch->refusals > 0 && !batch->with_sink)
		b->read_at_us = clock_mono_us() + evidence_rest_us(1);
}

/* A doubt from before is not lifted by not being sent again. */
static void wait_again(struct backlog *b, const struct batch *batch)
{
	spooler_set_status(b->spooler, batch->position, batch->maybe_dup ? POSITION_MAYBE_SENT : POSITION_WAITING, 0);
}

void backlog_stored(struct backlog *b, struct batch *batch)
{
	if (may_rest(b, batch) && spooler_set_status(b->spooler, batch->position, POSITION_IN_FLIGHT, 0) == 0)
		rest(b, batch);
	else
		rest_unread(b, batch);
}

void backlog_report(struct backlog *b, struct batch *batch, enum sink_outcome outcome, const char *detail)
{
	switch (outcome) {
	case SINK_DELIVERED:
		resolve(b, batch, LEDGER_DELIVERED);
		b->stats.delivered_batches++;
		b->stats.delivered_spans += batch->spans;
		b->stats.delivered_bytes += batch->size;
		break;
	case SINK_NOT_SENT:
	case SINK_MAYBE_SENT:
		batch->maybe_dup |= outcome == SINK_MAYBE_SENT;
		if (may_rest(b, batch))
			rest(b, batch);
		else {
			rest_unread(b, batch);
			wait_again(b, batch);
		}
		break;
	case SINK_POISON:
	case SINK_TOO_LARGE:
	case SINK_UNCONFIRMED:
		refuse(b, batch, outcome, detail);
		break;
	}
}

void backlog_resolved(struct backlog *b, struct batch *batch)
{
	spooler_set_status(b->spooler, batch->position, POSITION_DONE, batch->spans);
	batch_unref(&batch);
}

void backlog_returned(struct backlog *b, struct batch *batch)
{
	spooler_set_status(b->spooler, batch->position, POSITION_WAITING, 0);
	batch_unref(&batch);
}

/* As much waits for the quarantine as is read ahead: no more is read, or it would fill the memory. */
static bool is_clogged(const struct backlog *b)
{
	return refused_stats(b->refused)->bytes >= b->opts.ready_bytes;
}

/* True: BATCH is off its list, and was taken, or can never be. */
static bool offer(struct backlog *b, struct batch *batch, uint64_t *bytes)
{
	enum sink_answer answer = dispatcher_offer(b->dispatcher, batch);

	if (answer == SINK_FULL || answer == SINK_DOWN)
		return false;
	list_remove(&batch->link);
	*bytes -= batch->cost;
	if (answer == SINK_CANNOT)
		backlog_report(b, batch, dispatcher_refused_as(b->dispatcher), dispatcher_refusal(b->dispatcher));
	else if (batch->maybe_dup)
		ledger_sent_again(b->ledger, (struct ledger_count){ batch->spans, 1 });
	batch_unref(&batch);
	return true;
}

static void offer_ready(struct backlog *b)
{
	while (!list_empty(&b->ready) && !is_clogged(b))
		if (!offer(b, list_first(&b->ready, struct batch, link), &b->stats.ready_bytes))
			return;
}

static void offer_resting(struct backlog *b)
{
	list_each_safe (node, &b->resting) {
		struct batch *batch = container_of(node, struct batch, link);

		if (is_clogged(b))
			return;
		if (!dispatcher_rests(b->dispatcher, batch) && !offer(b, batch, &b->stats.resting_bytes))
			return;
	}
}

/* Closed: what rests goes first when its rest is over, for it is older. Half open: by turns. */
static void offer_all(struct backlog *b)
{
	bool resting_first =
	        dispatcher_state(b->dispatcher) == CIRCUIT_CLOSED || dispatcher_stats(b->dispatcher)->opened % 3 == 2;

	if (resting_first)
		offer_resting(b);
	if (dispatcher_state(b->dispatcher) != CIRCUIT_CLOSED || !is_crowded(b))
		offer_ready(b);
	if (!resting_first && list_empty(&b->ready) &&
	        (!spooler_has_waiting(b->spooler) || dispatcher_lets_any_probe(b->dispatcher)))
		offer_resting(b);
}

/* Drops from LIST what is too old: all of it where HEAD_ONLY is false, else up to the first that is not. */
static void drop_old(struct backlog *b, struct list *list, uint64_t *bytes, bool head_only)
{
	uint64_t now = clock_mono_us(), wall = clock_wall_ms();

	list_each_safe (node, list) {
		struct batch *batch = container_of(node, struct batch, link);

		if (!max_age_exceeded(&b->age, now, wall, batch->received_ms, b->opts.max_age_us)) {
			if (head_only)
				break;
			continue;
		}
		list_remove(&batch->link);
		*bytes -= batch->cost;
		b->stats.expired_batches++;
		drop(b, batch, LEDGER_MAX_AGE);
		batch_unref(&batch);
	}
}

/* Drops all that is too old of what is in memory. True when the spool's own head may be too old. */
static bool expire(struct backlog *b)
{
	uint64_t now = clock_mono_us(), wall = clock_wall_ms(), max = b->opts.max_age_us;

	if (max == 0)
		return false;
	if (max_age_observe(&b->age, now, wall, max))
		log_warn("spool: the clock stepped, no span is dropped by age for the next "
		         "spool.max-age");
	drop_old(b, &b->ready, &b->stats.ready_bytes, true);
	drop_old(b, &b->resting, &b->stats.resting_bytes, false);
	return list_empty(&b->ready) &&
	       max_age_exceeded(&b->age, now, wall, spooler_stats(b->spooler)->spool.oldest_ms, max);
}

static void let_go_of(struct backlog *b, struct list *list, uint64_t *bytes)
{
	while (!list_empty(list)) {
		struct batch *batch = list_first(list, struct batch, link);

		list_remove(&batch->link);
		wait_again(b, batch);
		batch_unref(&batch);
	}
	*bytes = 0;
}

static void read_more(struct backlog *b)
{
	uint64_t most = b->opts.ready_bytes;

	if (b->stats.ready_bytes >= most / 2 || clock_mono_us() < b->read_at_us)
		return;
	if (!dispatcher_refuses_all(b->dispatcher))
		spooler_read(b->spooler, most - b->stats.ready_bytes);
	else if (list_empty(&b->ready))
		spooler_read_from(b->spooler, PROBE_BYTES, evidence_spot(dispatcher_stats(b->dispatcher)->opened));
}

void backlog_tick(struct backlog *b)
{
	bool old = expire(b), unread = spooler_has_waiting(b->spooler);
	bool waits = unread || !list_empty(&b->ready), clogged = is_clogged(b);
	enum circuit_state state = dispatcher_state(b->dispatcher);

	dispatcher_backlog(b->dispatcher, waits && !clogged);
	spooler_read(b->spooler, 0);
	if (b->stopped || clogged || (!waits && list_empty(&b->resting)))
		return;
	/* The next probe is read from another place. */
	if (state == CIRCUIT_OPEN && dispatcher_refuses_all(b->dispatcher) && !list_empty(&b->ready)) {
		let_go_of(b, &b->ready, &b->stats.ready_bytes);
		b->read_at_us = clock_mono_us() + OLD_AGAIN_MS * US_PER_MS;
	}
	if (state != CIRCUIT_OPEN)
		offer_all(b);
	else if (!old)
		return;
	if (unread && (state != CIRCUIT_CLOSED || !is_crowded(b)))
		read_more(b);
}

void backlog_let_go(struct backlog *b)
{
	let_go_of(b, &b->ready, &b->stats.ready_bytes);
	let_go_of(b, &b->resting, &b->stats.resting_bytes);
}

void backlog_stop(struct backlog *b)
{
	b->stopped = true;
	backlog_let_go(b);
}

const struct backlog_stats *backlog_stats(const struct backlog *b)
{
	return &b->stats;
}

void backlog_free(struct backlog *b)
{
	free(b);
}
