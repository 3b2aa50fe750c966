/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline.c — wires dispatcher, flight, spooler and backlog, gives each batch its id, and stops them in order.
 *
 *   intake ─► flight ─► dispatcher ─► sink
 *               │         ▲
 *               ▼         │
 *             spooler ─► backlog
 *
 *   RUNNING ──stop──► FLUSHING ──every report is in, or the sink's time is up──► STORING
 *   STORING ──nothing is in memory any more, or the disk does not take it──► STOPPED
 *
 * A report goes to the flight while the batch is in memory only, to the backlog once it has a position. */
#include <stdlib.h>

#include "base/clock.h"
#include "policy/evidence.h"
#include "agent/pipeline.h"
#include "base/log.h"
#include "refused.h"
#include "policy/rate.h"

enum state { RUNNING, FLUSHING, STORING, STOPPED };

enum {
	HEARTBEAT_MS = 100,
	READY_SHARE = 4,       /* of the flight's bound, one part is read from the spool ahead of the sink */
	FLUSH_GRACE_MS = 3000, /* beyond its budget a sink is waited for no longer than this */
	STORE_MS = 5000,       /* a stop waits this long for the spool to take what is left */
};

struct pipeline {
	struct pipeline_opts opts;
	struct loop *loop;
	struct health *health;
	struct ledger ledger;
	struct dispatcher *dispatcher;
	struct spooler *spooler;
	struct refused *refused;
	struct flight *flight;
	struct backlog *backlog;
	struct turn_hook *hook;
	struct timer *heartbeat;
	enum state state;
	bool has_sink;
	uint64_t sequence;
	uint64_t give_up_us; /* FLUSHING, STORING: until then */
	struct watchdog watchdog;
	bool watchdog_told;
	struct rate refilled;       /* spans delivered from the spool */
	struct rate in_spool;       /* spans that wait there */
	enum circuit_state rate_of; /* how things went before the circuit changed tells nothing */
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static void on_turn(void *arg);
static void on_heartbeat(void *arg);
static void step(struct pipeline *f);

static void on_report(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	struct pipeline *f = arg;

	if (b->position != 0)
		backlog_report(f->backlog, b, outcome, detail);
	else
		flight_report(f->flight, b, outcome, detail);
}

static void on_dispatcher_room(void *arg)
{
	struct pipeline *f = arg;

	if (f->backlog != NULL)
		backlog_tick(f->backlog);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct pipeline *f = arg;

	ledger_sent_again(&f->ledger, (struct ledger_count){ spans, first });
}

static void on_stored(void *arg, struct batch *b)
{
	struct pipeline *f = arg;
	struct batch *mine = batch_ref(b);

	flight_stored(f->flight, b);
	if (mine->place == PLACE_SPOOLED)
		backlog_stored(f->backlog, mine);
	batch_unref(&mine);
}

static void on_unstored(void *arg, struct batch *b)
{
	struct pipeline *f = arg;

	flight_unstored(f->flight, b);
}

static void on_troubled(void *arg, int rc)
{
	struct pipeline *f = arg;

	/* The oldest, which are to make way, are read back, or out as probes: one would hold a segment. */
	if (rc == E_FULL && f->opts.flight.drop_oldest) {
		backlog_let_go(f->backlog);
		dispatcher_recall(f->dispatcher);
	}
	flight_troubled(f->flight, rc);
}

static void on_got(void *arg, struct batch *b)
{
	struct pipeline *f = arg;

	backlog_got(f->backlog, b);
}

static void on_resolved(void *arg, struct batch *b)
{
	struct pipeline *f = arg;

	if (b->position != 0)
		backlog_resolved(f->backlog, b);
	else
		flight_resolved(f->flight, b);
}

static void on_returned(void *arg, struct batch *b)
{
	struct pipeline *f = arg;

	backlog_returned(f->backlog, b);
}

static void on_cycle_done(void *arg)
{
	step(arg);
}

static int open_spooler(struct pipeline *f, struct why *why)
{
	struct spooler_events events = { .stored = on_stored,
		.unstored = on_unstored,
		.troubled = on_troubled,
		.got = on_got,
		.cycle_done = on_cycle_done,
		.arg = f };

	return spooler_open(&f->spooler, f->loop, &f->opts.spool, &events, &f->ledger, f->health, why);
}

static int open_refused(struct pipeline *f, struct why *why)
{
	struct refused_opts o = { .drop = f->opts.drop_refused,
		.spool = spooler_spool(f->spooler),
		.directory = f->opts.spool.directory,
		.ledger = &f->ledger };
	struct refused_events events = { on_resolved, on_returned, f };

	return refused_open(&f->refused, f->loop, &o, &events, f->health, why);
}

static int open_parts(struct pipeline *f, struct why *why)
{
	const struct pipeline_opts *o = &f->opts;
	struct dispatcher_events dispatcher = { on_report, on_dispatcher_room, on_sent_again, f };
	struct backlog_opts backlog = {
		.ready_bytes = o->flight.max_bytes / READY_SHARE,
		.max_age_us = o->max_age_us,
	};

	if (dispatcher_open(&f->dispatcher, &o->dispatcher, &dispatcher, f->health) < 0)
		return why_set(why, E_NOMEM, "dispatcher");
	if (open_spooler(f, why) < 0 || open_refused(f, why) < 0)
		return why->code;
	if (flight_open(&f->flight, f->loop, &o->flight, &f->ledger) < 0)
		return why_set(why, E_NOMEM, "flight");
	flight_use(f->flight, f->dispatcher, f->spooler, f->refused);
	if (backlog_open(&f->backlog, f->dispatcher, f->spooler, f->refused, &f->ledger, &backlog) < 0)
		return why_set(why, E_NOMEM, "backlog");
	if (turn_hook_open(&f->hook, f->loop, on_turn, f) < 0 ||
	        timer_open(&f->heartbeat, f->loop, on_heartbeat, f) < 0)
		return why_set(why, E_NOMEM, "timers");
	timer_start(f->heartbeat, HEARTBEAT_MS);
	return 0;
}

int pipeline_open(
        struct pipeline **out, struct loop *l, const struct pipeline_opts *opts, struct health *health, struct why *why)
{
	struct pipeline *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return why_set(why, E_NOMEM, "store and forward");
	f->opts = *opts;
	f->loop = l;
	f->health = health;
	if (open_parts(f, why) < 0) {
		pipeline_free(f);
		return why->code;
	}
	*out = f;
	return 0;
}

struct sink_events pipeline_sink_events(struct pipeline *f)
{
	return dispatcher_sink_events(f->dispatcher);
}

void pipeline_use(struct pipeline *f, struct sink *s)
{
	dispatcher_use(f->dispatcher, s);
	f->has_sink = true;
}

struct ledger *pipeline_ledger(struct pipeline *f)
{
	return &f->ledger;
}

uint64_t pipeline_boot(const struct pipeline *f)
{
	return spooler_boot(f->spooler);
}

void pipeline_accept(struct pipeline *f, struct batch *b)
{
	b->boot = spooler_boot(f->spooler);
	b->sequence = ++f->sequence;
	flight_add(f->flight, b);
}

bool pipeline_has_room(const struct pipeline *f)
{
	return flight_has_room(f->flight);
}

static void on_turn(void *arg)
{
	struct pipeline *f = arg;

	if (f->state == STOPPED || !f->has_sink)
		return;
	dispatcher_tick(f->dispatcher);
	flight_tick(f->flight);
	backlog_tick(f->backlog);
	spooler_tick(f->spooler);
}

/* Looks at the ledger and at the reports alone, so that no other part's opinion can contradict it. */
static void watch(struct pipeline *f)
{
	const struct ledger_count *place = f->ledger.place;
	bool waits = place[LEDGER_IN_FLIGHT].batches + place[LEDGER_IN_SPOOL].batches > 0;
	uint64_t s = watchdog_look(&f->watchdog, clock_mono_us(), dispatcher_stats(f->dispatcher)->delivered, waits);

	if (s > 0)
		health_post(f->health, "delivery", HEALTH_WARN, "nothing was delivered for %llu s, and %llu spans wait",
		        (unsigned long long)s,
		        (unsigned long long)(place[LEDGER_IN_FLIGHT].spans + place[LEDGER_IN_SPOOL].spans));
	else if (f->watchdog_told)
		health_post(f->health, "delivery", HEALTH_OK, "what waits is being delivered");
	f->watchdog_told |= s > 0;
}

static void on_heartbeat(void *arg)
{
	struct pipeline *f = arg;
	uint64_t now = clock_mono_us();

	timer_start(f->heartbeat, HEARTBEAT_MS);
	if (f->state == RUNNING && f->has_sink)
		flight_offer_queued(f->flight);
	flight_shed(f->flight);
	if (dispatcher_state(f->dispatcher) != f->rate_of) {
		f->rate_of = dispatcher_state(f->dispatcher);
		f->refilled = f->in_spool = (struct rate){ 0 };
	}
	rate_observe(&f->refilled, now, backlog_stats(f->backlog)->delivered_spans);
	rate_observe(&f->in_spool, now, f->ledger.place[LEDGER_IN_SPOOL].spans);
	if (f->state == RUNNING)
		watch(f);
	step(f); /* the hook does the rest: it runs after every callback */
}

static void begin_storing(struct pipeline *f)
{
	f->state = STORING;
	f->give_up_us = clock_mono_us() + STORE_MS * US_PER_MS;
	step(f);
}

static void on_flushed(void *arg)
{
	struct pipeline *f = arg;

	if (f->state == FLUSHING)
		begin_storing(f);
}

void pipeline_stop(struct pipeline *f, void (*stopped)(void *arg), void *arg)
{
	f->stopped = stopped;
	f->stopped_arg = arg;
	f->state = FLUSHING;
	f->give_up_us = clock_mono_us() + (f->opts.stop_ms + FLUSH_GRACE_MS) * US_PER_MS;
	backlog_stop(f->backlog);
	dispatcher_flush(f->dispatcher, f->opts.stop_ms, on_flushed, f);
}

void pipeline_hurry(struct pipeline *f)
{
	if (f->state == FLUSHING)
		begin_storing(f);
}

/* Nothing is in memory any more. */
static bool is_empty(const struct pipeline *f)
{
	return spooler_idle(f->spooler) && refused_is_empty(f->refused) && flight_stats(f->flight)->batches == 0;
}

/* The disk takes no more. False: a file of the quarantine is being written, and its outcome still comes. */
static bool give_up(struct pipeline *f)
{
	refused_end(f->refused);
	if (!refused_is_empty(f->refused))
		return false;
	if (flight_stats(f->flight)->batches > 0)
		log_error("spool: could not store %llu batches that were in memory",
		        (unsigned long long)flight_stats(f->flight)->batches);
	flight_drop_all(f->flight);
	return true;
}

static void step(struct pipeline *f)
{
	bool empty, late;

	if (f->state == FLUSHING && clock_mono_us() >= f->give_up_us) {
		log_error("%s: does not give back what it has: it is stored, and may be sent twice",
		        f->opts.dispatcher.sink_name);
		begin_storing(f);
		return;
	}
	if (f->state != STORING)
		return;
	flight_hand_over_all(f->flight);
	empty = is_empty(f);
	late = clock_mono_us() >= f->give_up_us && (spooler_stuck(f->spooler) || spooler_idle(f->spooler));
	if (!empty && !late)
		return;
	if (late && !empty && !give_up(f))
		return;
	f->state = STOPPED;
	timer_stop(f->heartbeat);
	spooler_close(f->spooler, is_empty(f));
	f->stopped(f->stopped_arg);
}

void pipeline_stats(struct pipeline *f, struct pipeline_stats *to)
{
	uint64_t now_ms = clock_wall_ms(), now = clock_mono_us();

	to->dispatcher = *dispatcher_stats(f->dispatcher);
	to->flight = *flight_stats(f->flight);
	to->spooler = *spooler_stats(f->spooler);
	to->backlog = *backlog_stats(f->backlog);
	to->refused_bytes = refused_stats(f->refused)->bytes;
	to->quarantine_failures = refused_stats(f->refused)->failures;
	to->spool_oldest_age_us = 0;
	if (f->ledger.place[LEDGER_IN_SPOOL].batches > 0 && to->spooler.spool.oldest_ms != 0 &&
	        now_ms > to->spooler.spool.oldest_ms)
		to->spool_oldest_age_us = (now_ms - to->spooler.spool.oldest_ms) * US_PER_MS;
	to->oldest_age_us =
	        max_u64(to->spool_oldest_age_us, to->flight.oldest_us == 0 ? 0 : now - to->flight.oldest_us);
	to->refill_per_s = f->refilled.per_s;
	to->spool_empty_s = rate_until_zero(&f->in_spool, f->ledger.place[LEDGER_IN_SPOOL].spans);
}

void pipeline_free(struct pipeline *f)
{
	if (f == NULL)
		return;
	turn_hook_free(f->hook);
	timer_free(f->heartbeat);
	backlog_free(f->backlog);
	flight_free(f->flight);
	refused_free(f->refused);
	spooler_free(f->spooler);
	dispatcher_free(f->dispatcher);
	free(f);
}
