/* SPDX-License-Identifier: Apache-2.0 */
/* flight.c — from the socket until delivered or durable.
 *
 *             ┌── delivered ──────────────────────────► (gone)
 *   AGING ────┤
 *             └── due, or given back ─► QUEUED ─ written ─► SPOOLED, held while the sink has it
 *                                         └─ delivered first ─► (gone)
 *
 * A batch is due when waiting longer could break the exposure. While the circuit is closed it is with
 * the sink meanwhile, and mostly delivered before. One that is due takes others to the spool with it, so that
 * one commit serves many: all of them while the circuit is open, or while the sink delivers nothing within the
 * exposure (a collector's deliveries are confirmed later than that), else those that are nearly due.
 *
 * The byte bound counts what batches take of memory. When the next one might not fit, everything is due
 * and the intake holds back. If the spool cannot store either, the newest is dropped, the ledger says why,
 * and the intake goes on. */
#include <stdlib.h>

#include "base/clock.h"
#include "agent/flight.h"
#include "base/log.h"
#include "policy/pace.h"
#include "refused.h"

enum { GROUP_BYTES = 1 << 20 }; /* waiting for the spool only: worth a commit of its own */

struct flight {
	struct flight_opts opts;
	struct ledger *ledger;
	struct dispatcher *dispatcher;
	struct spooler *spooler;
	struct refused *refused;
	struct timer *due;
	struct list aging;   /* by the moment they were read */
	uint64_t idle_bytes; /* aging and not with the sink */
	bool sink_keeps_up;  /* it has delivered a batch from memory since the last hand-over */
	struct flight_stats stats;
	struct log_limit late_limit;
};

static void on_due(void *arg);

int flight_open(struct flight **out, struct loop *l, const struct flight_opts *opts, struct ledger *ledger)
{
	struct flight *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return E_NOMEM;
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

void flight_use(struct flight *f, struct dispatcher *g, struct spooler *k, struct refused *r)
{
	f->dispatcher = g;
	f->spooler = k;
	f->refused = r;
	if (f->opts.exposure_us == 0)
		spooler_offers_at_once(k);
	if (f->opts.drop_oldest)
		spooler_makes_room(k);
}

static uint64_t handoff_age(const struct flight *f)
{
	return pace_handoff(f->opts.exposure_us, spooler_stats(f->spooler)->commit_us);
}

static void queue(struct flight *f, struct batch *b)
{
	b->place = PLACE_QUEUED;
	f->stats.handed_over++;
	spooler_put(f->spooler, b);
}

/* B leaves the flight's account; the ledger has it elsewhere already. */
static void discharge(struct flight *f, const struct batch *b)
{
	f->stats.bytes -= b->cost;
	f->stats.batches--;
}

static void leave(struct flight *f, const struct batch *b, enum ledger_place to)
{
	ledger_move(f->ledger, LEDGER_IN_FLIGHT, to, b->spans, 1);
	discharge(f, b);
}

static enum ledger_place disk_cause(const struct flight *f)
{
	return spooler_trouble(f->spooler) == E_FULL ? LEDGER_SPOOL_FULL : LEDGER_DISK_ERROR;
}

static void drop(struct flight *f, struct batch *b, enum ledger_place cause)
{
	ledger_drop(f->ledger, LEDGER_IN_FLIGHT, cause, (struct ledger_count){ b->spans, 1 }, clock_wall_ms());
	discharge(f, b);
	f->stats.dropped++;
	batch_unref(&b);
}

/* A batch of any size fits as long as the flight is not full. */
static bool is_full(const struct flight *f)
{
	return f->stats.bytes + f->opts.largest_bytes > f->opts.max_bytes;
}

bool flight_has_room(const struct flight *f)
{
	return !is_full(f);
}

/* A full spool that holds anything makes room by what is oldest in it, once the sink has given that back
 * or delivered it. */
static bool oldest_make_way(const struct flight *f)
{
	return f->opts.drop_oldest && spooler_trouble(f->spooler) == E_FULL && !spooler_is_empty(f->spooler);
}

/* Drops the newest that nobody else has; one that the sink has may still arrive. False: there is none. */
static bool drop_newest(struct flight *f)
{
	struct batch *b = NULL;

	if (spooler_trouble(f->spooler) != 0 && !oldest_make_way(f))
		b = spooler_withdraw_newest(f->spooler, true);
	if (b == NULL)
		return refused_drop_newest(f->refused, disk_cause(f));
	drop(f, b, disk_cause(f));
	return true;
}

void flight_shed(struct flight *f)
{
	while (is_full(f) && drop_newest(f))
		;
}

static void offer(struct flight *f, struct batch *b)
{
	b->place = PLACE_AGING;
	list_push(&f->aging, &b->link);
	switch (dispatcher_offer(f->dispatcher, b)) {
	case SINK_TOOK:
		break;
	case SINK_CANNOT:
		flight_report(f, b, dispatcher_refused_as(f->dispatcher), dispatcher_refusal(f->dispatcher));
		return;
	case SINK_FULL:
	case SINK_DOWN:
		f->idle_bytes += b->size;
		break;
	}
	if (!timer_armed(f->due))
		timer_start(f->due, handoff_age(f) / US_PER_MS);
}

void flight_add(struct flight *f, struct batch *b)
{
	ledger_enter(f->ledger, LEDGER_IN_FLIGHT, b->spans, 1);
	f->stats.bytes += b->cost;
	f->stats.batches++;
	if (f->opts.exposure_us == 0) {
		queue(f, b);
	} else {
		offer(f, b);
	}
	if (is_full(f)) {
		flight_hand_over_all(f);
		flight_shed(f);
	}
}

static void forget_aging(struct flight *f, struct batch *b)
{
	list_remove(&b->link);
	if (!b->with_sink)
		f->idle_bytes -= b->size;
}

static void refuse(struct flight *f, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	b->place = PLACE_REFUSED;
	if (refused_put(f->refused, b, outcome, detail) < 0)
		queue(f, b); /* without memory it is offered again */
}

/* The sink had B, and it is not in the spool. */
void flight_report(struct flight *f, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	bool written = b->place == PLACE_QUEUED && list_empty(&b->link);

	b->maybe_dup |= outcome == SINK_MAYBE_SENT && !written;
	if (written) {
		/* The worker has it now; flight_stored hears what came of it. */
		if (outcome == SINK_DELIVERED)
			b->place = PLACE_QUEUED_DONE;
		else if (outcome == SINK_MAYBE_SENT)
			b->place = PLACE_QUEUED_MAYBE;
		return;
	}
	if (b->place == PLACE_QUEUED && outcome != SINK_DELIVERED && !sink_refused(outcome))
		return; /* the spooler has it already */
	if (b->place == PLACE_QUEUED)
		spooler_withdraw(f->spooler, b);
	else
		list_remove(&b->link);
	switch (outcome) {
	case SINK_DELIVERED:
		f->sink_keeps_up |= b->place == PLACE_AGING;
		leave(f, b, LEDGER_DELIVERED);
		batch_unref(&b);
		break;
	case SINK_POISON:
	case SINK_TOO_LARGE:
	case SINK_UNCONFIRMED:
		refuse(f, b, outcome, detail);
		break;
	case SINK_NOT_SENT:
	case SINK_MAYBE_SENT:
		queue(f, b);
		break;
	}
}

static void note_late(struct flight *f, const struct batch *b)
{
	uint64_t age = clock_mono_us() - b->read_us;

	if (f->opts.exposure_us == 0 || age <= f->opts.exposure_us)
		return;
	f->stats.late++;
	if (log_limit_allows(&f->late_limit, 10000))
		log_warn("spool: a batch was durable only after %llu ms, later than "
		         "spool.exposure: the disk is slow, or had no room",
		        (unsigned long long)(age / US_PER_MS));
}

/* Without memory to note that it is out it waits for its turn as backlog. */
static void first_offer(struct flight *f, struct batch *b)
{
	if (spooler_set_status(f->spooler, b->position, POSITION_IN_FLIGHT, 0) < 0)
		return;
	if (dispatcher_offer(f->dispatcher, b) != SINK_TOOK)
		spooler_set_status(f->spooler, b->position, POSITION_WAITING, 0);
}

void flight_stored(struct flight *f, struct batch *b)
{
	enum batch_place was = (enum batch_place)b->place;

	if (was == PLACE_QUEUED_DONE) {
		leave(f, b, LEDGER_DELIVERED);
		spooler_set_status(f->spooler, b->position, POSITION_DONE, b->spans);
		batch_unref(&b);
		return;
	}
	note_late(f, b);
	leave(f, b, LEDGER_IN_SPOOL);
	b->place = PLACE_SPOOLED;
	b->maybe_dup |= was == PLACE_QUEUED_MAYBE;
	/* With no exposure allowed the first offer comes only now. */
	if (!b->with_sink && !b->maybe_dup && f->opts.exposure_us == 0)
		first_offer(f, b);
	if (b->with_sink)
		spooler_set_status(f->spooler, b->position, POSITION_IN_FLIGHT, 0);
	else if (b->maybe_dup)
		spooler_set_status(f->spooler, b->position, POSITION_MAYBE_SENT, 0);
	batch_unref(&b); /* the sink's own reference keeps what it has */
}

void flight_unstored(struct flight *f, struct batch *b)
{
	enum batch_place was = (enum batch_place)b->place;

	if (was == PLACE_QUEUED_DONE) {
		leave(f, b, LEDGER_DELIVERED);
		batch_unref(&b);
		return;
	}
	b->maybe_dup |= was == PLACE_QUEUED_MAYBE;
	b->place = PLACE_QUEUED;
	spooler_put_back(f->spooler, b);
}

void flight_troubled(struct flight *f, int rc)
{
	if (rc == E_FULL && f->opts.drop_oldest)
		spooler_cull(f->spooler);
	flight_shed(f);
}

void flight_resolved(struct flight *f, struct batch *b)
{
	discharge(f, b);
	batch_unref(&b);
}

static void hand_over(struct flight *f, uint64_t read_before, bool idle_too)
{
	list_each_safe (node, &f->aging) {
		struct batch *b = container_of(node, struct batch, link);

		if (b->read_us > read_before && !(idle_too && !b->with_sink))
			continue;
		forget_aging(f, b);
		queue(f, b);
	}
}

void flight_hand_over_all(struct flight *f)
{
	hand_over(f, UINT64_MAX, true);
}

void flight_tick(struct flight *f)
{
	uint64_t now = clock_mono_us(), age = handoff_age(f);
	struct batch *oldest;

	if (list_empty(&f->aging))
		return;
	oldest = list_first(&f->aging, struct batch, link);
	if (now - oldest->read_us >= age || f->idle_bytes >= GROUP_BYTES) {
		hand_over(f, now - pace_joins(age, f->sink_keeps_up), true);
		f->sink_keeps_up = false;
	}
	if (list_empty(&f->aging) || timer_armed(f->due))
		return;
	oldest = list_first(&f->aging, struct batch, link);
	timer_start(f->due, oldest->read_us + age > now ? (oldest->read_us + age - now) / US_PER_MS + 1 : 0);
}

static bool offer_queued(void *arg, struct batch *b)
{
	struct flight *f = arg;
	enum sink_answer answer;

	if (b->with_sink || dispatcher_rests(f->dispatcher, b))
		return true;
	answer = dispatcher_offer(f->dispatcher, b);
	if (answer == SINK_TOOK && b->maybe_dup)
		ledger_sent_again(f->ledger, (struct ledger_count){ b->spans, 1 });
	if (answer == SINK_CANNOT)
		flight_report(f, b, dispatcher_refused_as(f->dispatcher), dispatcher_refusal(f->dispatcher));
	return answer == SINK_TOOK || answer == SINK_CANNOT;
}

void flight_offer_queued(struct flight *f)
{
	if (spooler_trouble(f->spooler) != 0 && f->opts.exposure_us != 0)
		spooler_each_queued(f->spooler, offer_queued, f);
}

static void on_due(void *arg)
{
	flight_tick(arg);
}

void flight_drop_all(struct flight *f)
{
	struct batch *b;

	flight_hand_over_all(f);
	while ((b = spooler_withdraw_newest(f->spooler, false)) != NULL)
		drop(f, b, disk_cause(f));
}

const struct flight_stats *flight_stats(struct flight *f)
{
	f->stats.oldest_us = list_empty(&f->aging) ? 0 : list_first(&f->aging, struct batch, link)->read_us;
	return &f->stats;
}

void flight_free(struct flight *f)
{
	if (f == NULL)
		return;
	timer_free(f->due);
	free(f);
}
