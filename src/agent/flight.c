/* SPDX-License-Identifier: Apache-2.0 */
/* flight.c — the batches in memory: offers each to the sink, and hands it to the spooler before its exposure ends.
 *
 *             ┌── delivered ──────────────────────────────► freed
 *   AGING ────┤
 *             └── due, or given back ─► QUEUED ── written ─► SPOOLED; POSITION_IN_FLIGHT while the sink has it
 *                                         └─ delivered ────► freed
 *
 * A batch is due when waiting longer could break spool.exposure. While the circuit is closed the sink has it meanwhile,
 * and most batches are delivered before they are due. When one is due, others are handed over with it, so that one
 * commit serves many: those that the sink does not have, and those that are nearly due; all of them when the sink has
 * delivered nothing since the last hand-over (a collector's deliveries are confirmed later than the exposure).
 *
 * max_bytes bounds the memory of these batches. When the largest batch might not fit any more, all AGING batches are
 * handed over and the intake pauses. If the spool cannot store them, the newest batch is dropped with its cause in the
 * ledger, and the intake goes on. */
#include <stdlib.h>

#include "base/clock.h"
#include "agent/backlog.h"
#include "agent/flight.h"
#include "base/log.h"
#include "policy/pace.h"
#include "refused.h"

enum { COMMIT_WORTH_BYTES = 1 << 20 }; /* idle_bytes from which a hand-over need not wait until a batch is due */

struct flight {
	struct batch_owner owner;
	struct flight_opts opts;
	struct ledger *ledger;
	struct dispatcher *dispatcher;
	struct spooler *spooler;
	struct refused *refused;
	struct backlog *backlog;
	uint64_t sequence; /* of the last batch */
	struct timer *due;
	struct list aging;   /* PLACE_AGING, by read_us */
	uint64_t idle_bytes; /* of aging batches that the sink does not have: they wait for the spooler only */
	bool sink_keeps_up;  /* the sink has delivered an aging batch since the last hand-over */
	struct flight_stats stats;
	struct log_limit late_limit;
};

static void on_due(void *arg);
static void on_report(struct batch_owner *o, struct agent_batch *b, enum sink_outcome outcome, const char *detail);
static void on_stored(struct batch_owner *o, struct agent_batch *b);
static void on_unstored(struct batch_owner *o, struct agent_batch *b);
static void on_resolved(struct batch_owner *o, struct agent_batch *b);

int flight_open(struct flight **out, struct loop *l, const struct flight_opts *opts, struct ledger *ledger)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return E_NOMEM;
	f->owner = (struct batch_owner){
		.report = on_report, .stored = on_stored, .unstored = on_unstored, .resolved = on_resolved
	};
	f->opts = *opts;
	f->ledger = ledger;
	list_init(&f->aging);
	if (timer_open(&f->due, l, on_due, f) < 0) {
		free(f);
		return E_NOMEM;
	}
	*out = f;
	return 0;
}

void flight_connect(
        struct flight *f, struct dispatcher *d, struct spooler *s, struct refused *r, struct backlog *stored)
{
	f->dispatcher = d;
	f->spooler = s;
	f->refused = r;
	f->backlog = stored;
	if (f->opts.exposure_us == 0)
		spooler_set_offer_at_once(s);
	spooler_set_drop_oldest(s, f->opts.drop_oldest);
}

void flight_set_limits(struct flight *f, bool drop_oldest, uint64_t largest_bytes)
{
	f->opts.drop_oldest = drop_oldest;
	f->opts.largest_bytes = largest_bytes;
	spooler_set_drop_oldest(f->spooler, drop_oldest);
}

static struct flight *of_owner(struct batch_owner *o)
{
	return container_of(o, struct flight, owner);
}

static uint64_t handoff_age(const struct flight *f)
{
	return pace_handoff_age(f->opts.exposure_us, spooler_stats(f->spooler)->commit_us);
}

static void queue_for_spool(struct flight *f, struct agent_batch *b)
{
	b->place = PLACE_QUEUED;
	f->stats.handed_over++;
	spooler_append(f->spooler, b);
}

/* Takes B out of stats. The ledger must have been moved before. */
static void uncount_batch(struct flight *f, const struct agent_batch *b)
{
	f->stats.bytes -= b->batch.cost;
	f->stats.batches--;
}

static void finish_batch(struct flight *f, const struct agent_batch *b, enum ledger_place to)
{
	ledger_move(f->ledger, LEDGER_IN_FLIGHT, to, b->batch.spans, 1);
	uncount_batch(f, b);
}

static enum ledger_place drop_cause(const struct flight *f)
{
	return spooler_write_error(f->spooler) == E_FULL ? LEDGER_SPOOL_FULL : LEDGER_DISK_ERROR;
}

static void drop_batch(struct flight *f, struct agent_batch *b, enum ledger_place cause)
{
	ledger_drop(f->ledger, LEDGER_IN_FLIGHT, cause, (struct ledger_count){ b->batch.spans, 1 }, clock_wall_ms());
	uncount_batch(f, b);
	f->stats.dropped++;
	agent_batch_unref(&b);
}

/* False while a batch of any size still fits. */
static bool is_full(const struct flight *f)
{
	return f->stats.bytes + f->opts.largest_bytes > f->opts.max_bytes;
}

bool flight_has_room(const struct flight *f)
{
	return !is_full(f);
}

/* True when the spool is full and drops its oldest records, so that no new batch needs to be dropped. Room may come only
 * later, when the sink has reported on the oldest records. */
static bool spool_drops_oldest(const struct flight *f)
{
	return f->opts.drop_oldest && spooler_write_error(f->spooler) == E_FULL && !spooler_is_empty(f->spooler);
}

/* Drops the newest queued batch that the sink does not have (one that it has may still be delivered), else the newest
 * that waits for the quarantine. False: there is none. */
static bool drop_newest(struct flight *f)
{
	struct agent_batch *b = NULL;

	if (spooler_write_error(f->spooler) != 0 && !spool_drops_oldest(f))
		b = spooler_withdraw_newest(f->spooler, true);
	if (b == NULL)
		return refused_drop_newest(f->refused, drop_cause(f));
	drop_batch(f, b, drop_cause(f));
	return true;
}

void flight_shed(struct flight *f)
{
	while (is_full(f) && drop_newest(f))
		;
}

static void offer_fresh(struct flight *f, struct agent_batch *b)
{
	b->place = PLACE_AGING;
	list_push(&f->aging, &b->link);
	switch (dispatcher_offer(f->dispatcher, b)) {
	case SINK_TOOK:
		break;
	case SINK_CANNOT:
		return; /* on_report has taken it */
	case SINK_FULL:
	case SINK_DOWN:
		f->idle_bytes += b->batch.size;
		break;
	}
	if (!timer_armed(f->due))
		timer_start(f->due, handoff_age(f) / US_PER_MS);
}

void flight_add(struct flight *f, struct agent_batch *b)
{
	b->owner = &f->owner;
	b->batch.boot = spooler_boot(f->spooler);
	b->batch.sequence = ++f->sequence;
	ledger_enter(f->ledger, LEDGER_IN_FLIGHT, b->batch.spans, 1);
	f->stats.bytes += b->batch.cost;
	f->stats.batches++;
	if (f->opts.exposure_us == 0) {
		queue_for_spool(f, b);
	} else {
		offer_fresh(f, b);
	}
	if (is_full(f)) {
		flight_hand_over_all(f);
		flight_shed(f);
	}
}

static void remove_aging(struct flight *f, struct agent_batch *b)
{
	list_remove(&b->link);
	if (!b->with_sink)
		f->idle_bytes -= b->batch.size;
}

static void quarantine_batch(struct flight *f, struct agent_batch *b, enum sink_outcome outcome, const char *detail)
{
	b->place = PLACE_REFUSED;
	if (refused_put(f->refused, b, outcome, detail) < 0)
		queue_for_spool(f, b); /* out of memory: B is spooled, offered again and refused again */
}

static void on_report(struct batch_owner *o, struct agent_batch *b, enum sink_outcome outcome, const char *detail)
{
	struct flight *f = of_owner(o);
	bool written = b->place == PLACE_QUEUED && list_empty(&b->link);

	b->batch.maybe_dup |= outcome == SINK_MAYBE_SENT && !written;
	if (written) {
		/* A commit cycle is writing B; on_stored or on_unstored acts on the outcome recorded here. */
		if (outcome == SINK_DELIVERED)
			b->place = PLACE_QUEUED_DONE;
		else if (outcome == SINK_MAYBE_SENT)
			b->place = PLACE_QUEUED_MAYBE;
		return;
	}
	if (b->place == PLACE_QUEUED && outcome != SINK_DELIVERED && !sink_refused(outcome))
		return; /* B is in the spooler's queue already */
	if (b->place == PLACE_QUEUED)
		spooler_withdraw(f->spooler, b);
	else
		list_remove(&b->link);
	switch (outcome) {
	case SINK_DELIVERED:
		f->sink_keeps_up |= b->place == PLACE_AGING;
		finish_batch(f, b, LEDGER_DELIVERED);
		agent_batch_unref(&b);
		break;
	case SINK_POISON:
	case SINK_TOO_LARGE:
	case SINK_UNCONFIRMED:
		quarantine_batch(f, b, outcome, detail);
		break;
	case SINK_NOT_SENT:
	case SINK_MAYBE_SENT:
		queue_for_spool(f, b);
		break;
	}
}

static void count_late(struct flight *f, const struct agent_batch *b)
{
	uint64_t age = clock_mono_us() - b->read_us;

	if (f->opts.exposure_us == 0 || age <= f->opts.exposure_us)
		return;
	f->stats.late++;
	f->stats.late_us = age;
	if (log_limit_allows(&f->late_limit, 10000))
		log_warn("spool: a batch was durable only after %llu ms, later than "
		         "spool.exposure: /health/ready has the cause",
		        (unsigned long long)(age / US_PER_MS));
}

static void on_stored(struct batch_owner *o, struct agent_batch *b)
{
	struct flight *f = of_owner(o);

	if (b->place == PLACE_QUEUED_DONE) {
		finish_batch(f, b, LEDGER_DELIVERED);
		spooler_set_status(f->spooler, b->batch.position, POSITION_DONE, b->batch.spans);
		agent_batch_unref(&b);
		return;
	}
	count_late(f, b);
	finish_batch(f, b, LEDGER_IN_SPOOL);
	b->batch.maybe_dup |= b->place == PLACE_QUEUED_MAYBE;
	backlog_take_stored(f->backlog, b);
}

static void on_unstored(struct batch_owner *o, struct agent_batch *b)
{
	struct flight *f = of_owner(o);
	enum batch_place was = b->place;

	if (was == PLACE_QUEUED_DONE) {
		finish_batch(f, b, LEDGER_DELIVERED);
		agent_batch_unref(&b);
		return;
	}
	b->batch.maybe_dup |= was == PLACE_QUEUED_MAYBE;
	b->place = PLACE_QUEUED;
	spooler_requeue(f->spooler, b);
}

void flight_write_failed(struct flight *f, int rc)
{
	if (rc == E_FULL && f->opts.drop_oldest)
		spooler_cull(f->spooler);
	flight_shed(f);
}

static void on_resolved(struct batch_owner *o, struct agent_batch *b)
{
	uncount_batch(of_owner(o), b);
	agent_batch_unref(&b);
}

/* Hands the aging batches over that were read by READ_BEFORE; IDLE_TOO: and all that the sink does not have. */
static void hand_over_read_before(struct flight *f, uint64_t read_before, bool idle_too)
{
	list_each_safe (node, &f->aging) {
		struct agent_batch *b = container_of(node, struct agent_batch, link);

		if (b->read_us > read_before && !(idle_too && !b->with_sink))
			continue;
		remove_aging(f, b);
		queue_for_spool(f, b);
	}
}

void flight_hand_over_all(struct flight *f)
{
	hand_over_read_before(f, UINT64_MAX, true);
}

void flight_tick(struct flight *f)
{
	uint64_t now = clock_mono_us(), age = handoff_age(f);
	struct agent_batch *oldest;

	if (list_empty(&f->aging))
		return;
	oldest = list_first(&f->aging, struct agent_batch, link);
	if (now - oldest->read_us >= age || f->idle_bytes >= COMMIT_WORTH_BYTES) {
		hand_over_read_before(f, now - pace_join_age(age, f->sink_keeps_up), true);
		f->sink_keeps_up = false;
	}
	if (list_empty(&f->aging) || timer_armed(f->due))
		return;
	oldest = list_first(&f->aging, struct agent_batch, link);
	timer_start(f->due, oldest->read_us + age > now ? (oldest->read_us + age - now) / US_PER_MS + 1 : 0);
}

static bool offer_queued(void *arg, struct agent_batch *b)
{
	struct flight *f = arg;
	enum sink_answer answer;

	if (b->with_sink || dispatcher_is_resting(f->dispatcher, b))
		return true;
	answer = dispatcher_offer(f->dispatcher, b);
	if (answer == SINK_TOOK && b->batch.maybe_dup)
		ledger_sent_again(f->ledger, (struct ledger_count){ b->batch.spans, 1 });
	return answer == SINK_TOOK || answer == SINK_CANNOT;
}

void flight_offer_queued(struct flight *f)
{
	if (spooler_write_error(f->spooler) != 0 && f->opts.exposure_us != 0)
		spooler_each_queued(f->spooler, offer_queued, f);
}

static void on_due(void *arg)
{
	flight_tick(arg);
}

void flight_drop_all(struct flight *f)
{
	struct agent_batch *b;

	flight_hand_over_all(f);
	while ((b = spooler_withdraw_newest(f->spooler, false)) != NULL)
		drop_batch(f, b, drop_cause(f));
}

const struct flight_stats *flight_stats(struct flight *f)
{
	f->stats.oldest_us = list_empty(&f->aging) ? 0 : list_first(&f->aging, struct agent_batch, link)->read_us;
	return &f->stats;
}

void flight_free(struct flight *f)
{
	if (f == NULL)
		return;
	timer_free(f->due);
	free(f);
}
