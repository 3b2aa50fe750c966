/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline.c — wires dispatcher, flight, spooler and backlog, and stops them in order.
 *
 *   intake ─► flight ─► dispatcher ─► sink
 *               │         ▲
 *               ▼         │
 *             spooler ─► backlog
 *
 *   RUNNING ──stop──► FLUSHING ──every report is in, or give_up_us is over──► STORING
 *   STORING ──no batch is in memory only, or the spool cannot store──► STOPPED
 *
 * Each batch has an owner, which gets the reports on it: the flight while it is in memory only, the backlog once it has a
 * position in the spool (agent_batch.h). */
#include <stdlib.h>

#include "base/clock.h"
#include "agent/pipeline.h"
#include "base/log.h"
#include "delivery_watch.h"
#include "exposure_health.h"
#include "refused.h"

enum state { RUNNING, FLUSHING, STORING, STOPPED };

enum {
	HEARTBEAT_MS = EXPOSURE_EVERY_MS,
	READY_SHARE = 4,       /* a fourth of flight.max_bytes is the bound of batches read ahead from the spool */
	FLUSH_GRACE_MS = 3000, /* how long a stop waits for a sink that does not end its flush within stop_ms */
	STORE_MS = 5000,       /* how long a stop waits for a spool that cannot store */
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
	uint64_t give_up_us; /* monotonic; FLUSHING ends then; STORING may end with batches that are not stored */
	struct delivery_watch watch;
	struct exposure_health exposure;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

static void on_turn(void *arg);
static void on_heartbeat(void *arg);
static void step_stop(struct pipeline *p);

static void on_cycle_done(void *arg)
{
	struct pipeline *p = arg;
	int rc = spooler_write_error(p->spooler);

	/* The oldest records are to be dropped with their segment. A segment with a record IN_FLIGHT cannot go, so those
	 * that are read ahead, or out as probes, go back to waiting. */
	if (rc == E_FULL && p->opts.flight.drop_oldest) {
		backlog_release(p->backlog);
		dispatcher_reclaim(p->dispatcher);
	}
	if (rc != 0)
		flight_write_failed(p->flight, rc);
	step_stop(p);
}

static int open_refused(struct pipeline *p, struct why *why)
{
	struct refused_opts o = { .drop = p->opts.drop_refused,
		.spool = spooler_spool(p->spooler),
		.directory = p->opts.spool.directory,
		.ledger = &p->ledger };

	return refused_open(&p->refused, p->loop, &o, p->health, why);
}

static int open_parts(struct pipeline *p, struct why *why)
{
	const struct pipeline_opts *o = &p->opts;
	struct backlog_opts backlog = {
		.ready_bytes = o->flight.max_bytes / READY_SHARE,
		.max_age_us = o->max_age_us,
		.offer_at_once = o->flight.exposure_us == 0,
	};

	if (dispatcher_open(&p->dispatcher, &o->dispatcher, p->health) < 0)
		return why_set(why, E_NOMEM, "dispatcher");
	if (spooler_open(&p->spooler, p->loop, &o->spool, on_cycle_done, p, &p->ledger, p->health, why) < 0 ||
	        open_refused(p, why) < 0)
		return why->code;
	if (backlog_open(&p->backlog, p->dispatcher, p->spooler, p->refused, &p->ledger, &backlog) < 0)
		return why_set(why, E_NOMEM, "backlog");
	if (flight_open(&p->flight, p->loop, &o->flight, &p->ledger) < 0)
		return why_set(why, E_NOMEM, "flight");
	flight_connect(p->flight, p->dispatcher, p->spooler, p->refused, p->backlog);
	if (turn_hook_open(&p->hook, p->loop, on_turn, p) < 0 ||
	        timer_open(&p->heartbeat, p->loop, on_heartbeat, p) < 0)
		return why_set(why, E_NOMEM, "timers");
	exposure_health_begin(&p->exposure, p->health, o->flight.exposure_us);
	timer_start(p->heartbeat, HEARTBEAT_MS);
	return 0;
}

int pipeline_open(
        struct pipeline **out, struct loop *l, const struct pipeline_opts *opts, struct health *health, struct why *why)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return why_set(why, E_NOMEM, "store and forward");
	p->opts = *opts;
	p->loop = l;
	p->health = health;
	if (open_parts(p, why) < 0) {
		pipeline_free(p);
		return why->code;
	}
	*out = p;
	return 0;
}

/* The circuit's state first: a pause of the destination may be over, and its next request must not always be one that
 * has failed before. */
static void on_room(void *arg)
{
	struct pipeline *p = arg;

	dispatcher_tick(p->dispatcher);
	backlog_tick(p->backlog);
}

void pipeline_set_sink(struct pipeline *p, struct sink *s)
{
	dispatcher_set_sink(p->dispatcher, s);
	s->events.room = on_room;
	s->events.room_arg = p;
	p->has_sink = true;
}

void pipeline_set_limits(struct pipeline *p, const struct pipeline_limits *l)
{
	p->opts.flight.drop_oldest = l->drop_oldest;
	p->opts.stop_ms = l->stop_ms;
	flight_set_limits(p->flight, l->drop_oldest, l->largest_bytes);
	spooler_set_limits(p->spooler, l->max_bytes, l->min_free);
	backlog_set_max_age(p->backlog, l->max_age_us);
	refused_set_drop(p->refused, l->drop_refused);
}

struct ledger *pipeline_ledger(struct pipeline *p)
{
	return &p->ledger;
}

uint64_t pipeline_boot(const struct pipeline *p)
{
	return spooler_boot(p->spooler);
}

struct flight *pipeline_flight(struct pipeline *p)
{
	return p->flight;
}

static void on_turn(void *arg)
{
	struct pipeline *p = arg;

	if (p->state == STOPPED || !p->has_sink)
		return;
	/* The order: the circuit's state first, since the offers depend on it; then the flight and the backlog, which
	 * queue batches and ask for reads; last the spooler, whose commit cycle takes both. */
	dispatcher_tick(p->dispatcher);
	flight_tick(p->flight);
	backlog_tick(p->backlog);
	spooler_tick(p->spooler);
}

static void on_heartbeat(void *arg)
{
	struct pipeline *p = arg;

	timer_start(p->heartbeat, HEARTBEAT_MS);
	if (p->state == RUNNING && p->has_sink)
		flight_offer_queued(p->flight);
	flight_shed(p->flight);
	delivery_watch_measure(&p->watch, dispatcher_state(p->dispatcher), backlog_stats(p->backlog)->delivered_spans,
	        p->ledger.place[LEDGER_IN_SPOOL].spans);
	if (p->state == RUNNING) {
		delivery_watch_post(&p->watch, p->health, &p->ledger, dispatcher_stats(p->dispatcher)->delivered);
		exposure_health_post(&p->exposure, p->health, p->flight, p->spooler);
	}
	step_stop(p); /* on_turn, which runs after every callback, ticks the parts */
}

static void begin_storing(struct pipeline *p)
{
	p->state = STORING;
	p->give_up_us = clock_mono_us() + STORE_MS * US_PER_MS;
	step_stop(p);
}

static void on_flushed(void *arg)
{
	struct pipeline *p = arg;

	if (p->state == FLUSHING)
		begin_storing(p);
}

void pipeline_stop(struct pipeline *p, void (*stopped)(void *arg), void *arg)
{
	p->stopped = stopped;
	p->stopped_arg = arg;
	p->state = FLUSHING;
	p->give_up_us = clock_mono_us() + (p->opts.stop_ms + FLUSH_GRACE_MS) * US_PER_MS;
	backlog_stop(p->backlog);
	dispatcher_flush(p->dispatcher, p->opts.stop_ms, on_flushed, p);
}

void pipeline_hurry(struct pipeline *p)
{
	if (p->state == FLUSHING)
		begin_storing(p);
}

/* True when no batch is in memory only. */
static bool is_empty(const struct pipeline *p)
{
	return spooler_is_idle(p->spooler) && refused_is_empty(p->refused) && flight_stats(p->flight)->batches == 0;
}

/* The spool cannot store: drops the batches that are left. False: not yet, because a file of the quarantine is being
 * written and its outcome still comes. */
static bool give_up_storing(struct pipeline *p)
{
	refused_stop_retries(p->refused);
	if (!refused_is_empty(p->refused))
		return false;
	if (flight_stats(p->flight)->batches > 0)
		log_error("spool: could not store %llu batches that were in memory",
		        (unsigned long long)flight_stats(p->flight)->batches);
	flight_drop_all(p->flight);
	return true;
}

static void step_stop(struct pipeline *p)
{
	bool empty, late;

	if (p->state == FLUSHING && clock_mono_us() >= p->give_up_us) {
		log_error("%s: does not give back what it has: it is stored, and may be sent twice",
		        p->opts.dispatcher.sink_name);
		begin_storing(p);
		return;
	}
	if (p->state != STORING)
		return;
	flight_hand_over_all(p->flight);
	empty = is_empty(p);
	late = clock_mono_us() >= p->give_up_us && (spooler_is_stuck(p->spooler) || spooler_is_idle(p->spooler));
	if (!empty && !late)
		return;
	if (late && !empty && !give_up_storing(p))
		return;
	p->state = STOPPED;
	timer_stop(p->heartbeat);
	spooler_close(p->spooler, is_empty(p));
	p->stopped(p->stopped_arg);
}

void pipeline_stats(struct pipeline *p, struct pipeline_stats *to)
{
	uint64_t now_ms = clock_wall_ms(), now = clock_mono_us();

	to->dispatcher = *dispatcher_stats(p->dispatcher);
	to->flight = *flight_stats(p->flight);
	to->spooler = *spooler_stats(p->spooler);
	to->backlog = *backlog_stats(p->backlog);
	to->refused_bytes = refused_stats(p->refused)->bytes;
	to->quarantine_failures = refused_stats(p->refused)->failures;
	to->spool_oldest_age_us = 0;
	if (p->ledger.place[LEDGER_IN_SPOOL].batches > 0 && to->spooler.spool.oldest_ms != 0 &&
	        now_ms > to->spooler.spool.oldest_ms)
		to->spool_oldest_age_us = (now_ms - to->spooler.spool.oldest_ms) * US_PER_MS;
	to->oldest_age_us =
	        max_u64(to->spool_oldest_age_us, to->flight.oldest_us == 0 ? 0 : now - to->flight.oldest_us);
	to->cycle_began_us = spooler_cycle_began_us(p->spooler);
	to->refill_per_s = p->watch.refilled.per_s;
	to->spool_empty_s = rate_until_zero(&p->watch.in_spool, p->ledger.place[LEDGER_IN_SPOOL].spans);
}

void pipeline_free(struct pipeline *p)
{
	if (p == NULL)
		return;
	turn_hook_free(p->hook);
	timer_free(p->heartbeat);
	backlog_free(p->backlog);
	flight_free(p->flight);
	refused_free(p->refused);
	spooler_free(p->spooler);
	dispatcher_free(p->dispatcher);
	free(p);
}
