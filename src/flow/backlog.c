/* backlog.c — what waits in the spool.
 *
 *   waiting ──read──► ready ──the gate lets it──► with the sink ──delivered──► done
 *      ▲                                               │
 *      └────────────────── given back ─────────────────┘
 *
 * A record given back is not kept in memory: it is read again, in its order, when its turn comes. */
#include <stdlib.h>

#include "age.h"
#include "backlog.h"
#include "clock.h"
#include "flight.h"
#include "log.h"

struct backlog {
	struct gate *gate;
	struct keeper *keeper;
	struct ledger *ledger;
	struct backlog_opts opts;
	struct age_watch age;
	struct list ready;
	bool stopped;
	struct backlog_stats stats;
};

int backlog_open(struct backlog **out, struct gate *g, struct keeper *k, struct ledger *ledger,
        const struct backlog_opts *opts)
{
	struct backlog *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return E_NOMEM;
	b->gate = g;
	b->keeper = k;
	b->ledger = ledger;
	b->opts = *opts;
	list_init(&b->ready);
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
	keeper_mark(b->keeper, batch->position, MARK_DONE, batch->spans);
}

static void drop(struct backlog *b, struct batch *batch, enum ledger_place cause)
{
	ledger_drop(b->ledger, LEDGER_IN_SPOOL, cause, (struct ledger_count){ batch->spans, 1 },
	        clock_wall_ms());
	keeper_mark(b->keeper, batch->position, MARK_DONE, batch->spans);
}

static void refuse(
        struct backlog *b, struct batch *batch, enum sink_outcome outcome, const char *detail)
{
	enum ledger_place cause = sink_refused_place(outcome);
	struct batch *mine;

	if (b->opts.drop_refused) {
		drop(b, batch, cause);
		return;
	}
	mine = batch_ref(batch);
	batch->place = PLACE_CONDEMNED;
	if (keeper_condemn(b->keeper, mine, ledger_place_names[cause], detail) == 0)
		return;
	keeper_mark(b->keeper, batch->position, MARK_WAITING, 0);
	batch_unref(&mine);
}

void backlog_report(
        struct backlog *b, struct batch *batch, enum sink_outcome outcome, const char *detail)
{
	switch (outcome) {
	case SINK_DELIVERED:
		resolve(b, batch, LEDGER_DELIVERED);
		b->stats.delivered_batches++;
		b->stats.delivered_spans += batch->spans;
		b->stats.delivered_bytes += batch->size;
		break;
	case SINK_NOT_SENT:
		/* A doubt from before is not lifted by not being sent again. */
		keeper_mark(b->keeper, batch->position,
		        batch->maybe_dup ? MARK_MAYBE : MARK_WAITING, 0);
		break;
	case SINK_MAYBE_SENT:
		keeper_mark(b->keeper, batch->position, MARK_MAYBE, 0);
		break;
	case SINK_POISON:
	case SINK_TOO_LARGE:
		refuse(b, batch, outcome, detail);
		break;
	}
}

void backlog_condemned(struct backlog *b, struct batch *batch)
{
	resolve(b, batch, LEDGER_QUARANTINED);
	batch_unref(&batch);
}

void backlog_spilled(struct backlog *b, struct batch *batch)
{
	drop(b, batch, LEDGER_SPOOL_FULL);
	batch_unref(&batch);
}

void backlog_pardoned(struct backlog *b, struct batch *batch)
{
	keeper_mark(b->keeper, batch->position, MARK_WAITING, 0);
	batch_unref(&batch);
}

/* As much waits for the quarantine as is read ahead: no more is read, or it would fill the memory. */
static bool is_clogged(const struct backlog *b)
{
	return keeper_stats(b->keeper)->condemned_bytes >= b->opts.ready_bytes;
}

static void offer_ready(struct backlog *b)
{
	while (!list_empty(&b->ready) && !is_clogged(b)) {
		struct batch *batch = list_first(&b->ready, struct batch, link);
		enum sink_answer answer = gate_offer(b->gate, batch);

		if (answer == SINK_FULL || answer == SINK_DOWN)
			return;
		list_remove(&batch->link);
		b->stats.ready_bytes -= batch->cost;
		if (answer == SINK_CANNOT)
			backlog_report(b, batch, gate_refused_as(b->gate), gate_refusal(b->gate));
		else if (batch->maybe_dup)
			ledger_sent_again(b->ledger, (struct ledger_count){ batch->spans, 1 });
		batch_unref(&batch);
	}
}

/* Drops from the head of what is ready all that is too old. True when the spool's own head may be. */
static bool expire(struct backlog *b)
{
	uint64_t now = clock_mono_us(), wall = clock_wall_ms(), max = b->opts.max_age_us;

	if (max == 0)
		return false;
	if (age_look(&b->age, now, wall, max))
		log_warn("spool: the clock stepped, no span is dropped by age for the next "
		         "spool.max-age");
	while (!list_empty(&b->ready)) {
		struct batch *batch = list_first(&b->ready, struct batch, link);

		if (!age_over(&b->age, now, wall, batch->received_ms, max))
			break;
		list_remove(&batch->link);
		b->stats.ready_bytes -= batch->cost;
		b->stats.expired_batches++;
		drop(b, batch, LEDGER_MAX_AGE);
		batch_unref(&batch);
	}
	return list_empty(&b->ready) &&
	       age_over(&b->age, now, wall, keeper_stats(b->keeper)->spool.oldest_ms, max);
}

void backlog_tick(struct backlog *b)
{
	bool old = expire(b), unread = keeper_has_waiting(b->keeper);
	bool waits = unread || !list_empty(&b->ready), clogged = is_clogged(b);

	/* What cannot be read must not be waited for: the probes are fresh ones then. */
	gate_backlog(b->gate,
	        !clogged && (!list_empty(&b->ready) || (unread && !keeper_is_mute(b->keeper))));
	keeper_read(b->keeper, 0);
	if (b->stopped || !waits || clogged)
		return;
	if (gate_state(b->gate) != CIRCUIT_OPEN)
		offer_ready(b);
	else if (!old)
		return;
	if (unread && b->stats.ready_bytes < b->opts.ready_bytes / 2)
		keeper_read(b->keeper, b->opts.ready_bytes - b->stats.ready_bytes);
}

void backlog_let_go(struct backlog *b)
{
	while (!list_empty(&b->ready)) {
		struct batch *batch = list_first(&b->ready, struct batch, link);

		list_remove(&batch->link);
		backlog_report(b, batch, SINK_NOT_SENT, "");
		batch_unref(&batch);
	}
	b->stats.ready_bytes = 0;
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
