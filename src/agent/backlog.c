/* SPDX-License-Identifier: Apache-2.0 */
/* backlog.c — reads the records that wait in the spool and offers them to the dispatcher.
 *
 *   waiting ──read──► ready ──dispatcher_offer took it──► with the sink ──delivered──► done
 *      ▲                                                      │
 *      └──────────────────── given back ──────────────────────┘
 *
 * A record that the sink gave back because of a purge is freed; its position waits, and it is read again in order. A
 * record that the destination refused rests in memory until its retry_us, so that it is neither offered again at once
 * nor delays the others (backlog_owner.c). One that a flooded collector lost rests there too, with the number of its losses, and goes first:
 *
 *   with the sink ──refused──► resting ──retry_us is over, or it is a probe──► with the sink
 *
 * When the resting records take as much memory as may be read ahead, the records that are given back wait in the spool.
 * Reading then goes on behind the record that was read last instead of with the oldest, so that records which are given
 * back each time do not hold up the others; each whole pass over the backlog is followed by a pause.
 *
 * While the destination refuses everything (dispatcher_refuses_all), the rounds of probes rotate by evidence_probe_of. */
#include <stdlib.h>

#include "backlog_internal.h"
#include "base/clock.h"
#include "policy/evidence.h"
#include "base/log.h"
#include "refused.h"

enum {
	PROBE_BYTES = 64 << 10,   /* read for each round of probes while everything is refused */
	OPEN_READ_PAUSE_MS = 100, /* between reads while the circuit is open because everything is refused */
};

static void on_read_back(void *arg, struct agent_batch *batch)
{
	struct backlog *b = arg;

	backlog_adopt(b, batch);
	b->stats.read_batches++;
	b->stats.read_bytes += batch->batch.size;
	b->stats.ready_bytes += batch->batch.cost;
	list_push(&b->ready, &batch->link);
}

/* True while reading goes on behind what was read last. */
static bool reads_on(const struct backlog *b)
{
	return backlog_rests_full(b) && dispatcher_state(b->dispatcher) == CIRCUIT_CLOSED;
}

/* True when the batches queued for the quarantine take as much memory as may be read ahead: reading and offering stop,
 * since each refused batch would join that queue. */
static bool is_quarantine_behind(const struct backlog *b)
{
	return refused_stats(b->refused)->bytes >= b->opts.ready_bytes;
}

/* Offers BATCH, which is on the list that BYTES counts. True: BATCH is off that list, because the sink took it or can
 * never take it. */
static bool offer_batch(struct backlog *b, struct agent_batch *batch, uint64_t *bytes)
{
	enum sink_answer answer = dispatcher_offer(b->dispatcher, batch);

	if (answer == SINK_FULL || answer == SINK_DOWN)
		return false;
	list_remove(&batch->link);
	*bytes -= batch->batch.cost;
	if (answer == SINK_TOOK && batch->batch.maybe_dup)
		ledger_sent_again(b->ledger, (struct ledger_count){ batch->batch.spans, 1 });
	agent_batch_unref(&batch);
	return true;
}

static void offer_ready(struct backlog *b)
{
	while (!list_empty(&b->ready) && !is_quarantine_behind(b))
		if (!offer_batch(b, list_first(&b->ready, struct agent_batch, link), &b->stats.ready_bytes))
			return;
}

static void offer_resting(struct backlog *b)
{
	list_each_safe (node, &b->resting) {
		struct agent_batch *batch = container_of(node, struct agent_batch, link);

		if (is_quarantine_behind(b))
			return;
		if (!dispatcher_is_resting(b->dispatcher, batch) && !offer_batch(b, batch, &b->stats.resting_bytes))
			return;
	}
}

/* The number of the round of probes: each time that the circuit opens is one. */
static uint64_t probe_round(const struct backlog *b)
{
	return dispatcher_stats(b->dispatcher)->opened;
}

static bool has_lost(const struct backlog *b)
{
	return !list_empty(&b->resting) && list_first(&b->resting, struct agent_batch, link)->batch.losses > 0;
}

/* While the circuit is closed, resting batches whose retry_us is over go first, for they are older than those just read.
 * While it is half open, they go first in the rounds of EVIDENCE_PROBE_RESTING; but one that was lost goes first in every
 * round, or it would never be lost as often as collector.confirm-attempts says. */
static void offer_all(struct backlog *b)
{
	bool resting_first = dispatcher_state(b->dispatcher) == CIRCUIT_CLOSED ||
	                     evidence_probe_of(probe_round(b)) == EVIDENCE_PROBE_RESTING || has_lost(b);

	if (resting_first)
		offer_resting(b);
	offer_ready(b);
	if (!resting_first && list_empty(&b->ready) &&
	        (!spooler_has_waiting(b->spooler) || dispatcher_may_probe_any(b->dispatcher)))
		offer_resting(b);
}

/* Drops the batches of LIST that are older than max_age_us. HEAD_ONLY: stops at the first that is not, since LIST is
 * ordered by age. */
static void drop_expired(struct backlog *b, struct list *list, uint64_t *bytes, bool head_only)
{
	uint64_t now = clock_mono_us(), wall = clock_wall_ms();

	list_each_safe (node, list) {
		struct agent_batch *batch = container_of(node, struct agent_batch, link);

		if (!max_age_exceeded(&b->age, now, wall, batch->batch.received_ms, b->opts.max_age_us)) {
			if (head_only)
				break;
			continue;
		}
		list_remove(&batch->link);
		*bytes -= batch->batch.cost;
		b->stats.expired_batches++;
		backlog_drop(b, batch, LEDGER_MAX_AGE);
		agent_batch_unref(&batch);
	}
}

/* Drops the batches in memory that are older than max_age_us. True when the spool's oldest record, not yet read, may be
 * too old as well. */
static bool expire_in_memory(struct backlog *b)
{
	uint64_t now = clock_mono_us(), wall = clock_wall_ms(), max = b->opts.max_age_us;

	if (max == 0)
		return false;
	if (max_age_observe(&b->age, now, wall, max))
		log_warn("spool: the clock stepped, no span is dropped by age for the next "
		         "spool.max-age");
	drop_expired(b, &b->ready, &b->stats.ready_bytes, true);
	drop_expired(b, &b->resting, &b->stats.resting_bytes, false);
	return list_empty(&b->ready) &&
	       max_age_exceeded(&b->age, now, wall, spooler_stats(b->spooler)->spool.oldest_ms, max);
}

static void release_list(struct backlog *b, struct list *list, uint64_t *bytes)
{
	while (!list_empty(list)) {
		struct agent_batch *batch = list_first(list, struct agent_batch, link);

		list_remove(&batch->link);
		backlog_set_waiting(b, batch);
		agent_batch_unref(&batch);
	}
	*bytes = 0;
}

static void read_more(struct backlog *b)
{
	uint64_t most = b->opts.ready_bytes, now = clock_mono_us();

	if (b->stats.ready_bytes >= most / 2)
		return;
	if (reads_on(b)) {
		if (now >= b->pass_not_before_us && !spooler_read_on(b->spooler, most - b->stats.ready_bytes))
			b->pass_not_before_us = now + evidence_rest_us(1);
		return;
	}
	if (now < b->read_not_before_us)
		return;
	if (!dispatcher_refuses_all(b->dispatcher))
		spooler_read(b->spooler, most - b->stats.ready_bytes);
	else if (list_empty(&b->ready))
		spooler_read_from(b->spooler, PROBE_BYTES, evidence_probe_place(probe_round(b)));
}

void backlog_set_max_age(struct backlog *b, uint64_t max_age_us)
{
	b->opts.max_age_us = max_age_us;
}

void backlog_tick(struct backlog *b)
{
	bool head_expired = expire_in_memory(b), unread = spooler_has_waiting(b->spooler);
	bool waits = unread || !list_empty(&b->ready), quarantine_behind = is_quarantine_behind(b);
	enum circuit_state state = dispatcher_state(b->dispatcher);

	dispatcher_set_backlog(b->dispatcher, waits && !quarantine_behind);
	spooler_read(b->spooler, 0);
	if (b->stopped || quarantine_behind || (!waits && list_empty(&b->resting)))
		return;
	/* The circuit opened because all are refused: free the batches read for the last round of probes, so that the
	 * next round reads from another place. */
	if (state == CIRCUIT_OPEN && dispatcher_refuses_all(b->dispatcher) && !list_empty(&b->ready)) {
		release_list(b, &b->ready, &b->stats.ready_bytes);
		b->read_not_before_us = clock_mono_us() + OPEN_READ_PAUSE_MS * US_PER_MS;
	}
	if (state != CIRCUIT_OPEN)
		offer_all(b);
	else if (!head_expired)
		return; /* nothing can be sent and nothing expires: no need to read */
	if (unread)
		read_more(b);
}

void backlog_release(struct backlog *b)
{
	release_list(b, &b->ready, &b->stats.ready_bytes);
	release_list(b, &b->resting, &b->stats.resting_bytes);
}

void backlog_stop(struct backlog *b)
{
	b->stopped = true;
	backlog_release(b);
}

const struct backlog_stats *backlog_stats(const struct backlog *b)
{
	return &b->stats;
}

int backlog_open(struct backlog **out, struct dispatcher *d, struct spooler *s, struct refused *r,
        struct ledger *ledger, const struct backlog_opts *opts)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return E_NOMEM;
	b->owner = backlog_owner;
	b->dispatcher = d;
	b->spooler = s;
	b->refused = r;
	b->ledger = ledger;
	b->opts = *opts;
	list_init(&b->ready);
	list_init(&b->resting);
	spooler_set_reader(s, on_read_back, b);
	*out = b;
	return 0;
}

void backlog_free(struct backlog *b)
{
	free(b);
}
