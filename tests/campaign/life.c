/* SPDX-License-Identifier: Apache-2.0 */
/* life.c — the loop, the feeding, and what is looked at in each turn of the loop. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "campaign.h"
#include "base/clock.h"
#include "life.h"

enum {
	TURN_MS = 1,
	WINDOW_BYTES = 1 << 20,
	SEGMENT_BYTES = 2 << 20,
	CHILD_SECONDS = 120, /* a process that hangs ends by SIGALRM */
	MOOD_TURNS = 60,
};

struct life_opts life_usual(const char *dir, uint64_t seed)
{
	return (struct life_opts){
		.dir = dir,
		.exposure_us = 20 * US_PER_MS,
		.flight_bytes = 16 << 20,
		.seed = seed,
		.each_turn = 4,
	};
}

/* One that the flight or the dispatcher let go of, and no place took, is seen by what it is not. */
static bool is_settled(struct life *l, const struct agent_batch *b)
{
	struct evidence_fate *f = &l->evidence->of[evidence_number(&b->batch)];

	if (b->batch.position != 0)
		f->safe = true;
	return b->batch.position != 0 || b->batch.refs == 1;
}

/* The last turn's hook ran after turned_us: what was old enough then cannot be aging now. */
static void look_at_ages(struct life *l, const struct agent_batch *b)
{
	if (b->place == PLACE_AGING && l->opts.exposure_us > 0 && l->turned_us > 0 &&
	        b->read_us + l->opts.exposure_us <= l->turned_us)
		evidence_broken(l->evidence, "batch %" PRIu64 " is older than the exposure and not handed over",
		        evidence_number(&b->batch));
}

static void watch_them(struct life *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->nwatched; i++) {
		struct agent_batch *b = l->watched[i];

		if (is_settled(l, b)) {
			agent_batch_unref(&b);
			continue;
		}
		look_at_ages(l, b);
		l->watched[kept++] = b;
	}
	l->nwatched = kept;
}

static void look_at_bounds(struct life *l)
{
	const struct ledger *ledger = pipeline_ledger(l->pipeline);
	struct pipeline_stats s;

	pipeline_stats(l->pipeline, &s);
	l->evidence->queued_most = max_u64(l->evidence->queued_most, s.flight.bytes);
	if (s.flight.bytes > l->opts.flight_bytes + agent_batch_cost(l->evidence->size_most))
		evidence_broken(l->evidence, "%" PRIu64 " bytes in flight, %" PRIu64 " allowed", s.flight.bytes,
		        l->opts.flight_bytes);
	if (ledger_check(ledger) != NULL)
		evidence_broken(l->evidence, "%s", ledger_check(ledger));
	l->evidence->ledger = *ledger;
}

static void feed_one(struct life *l)
{
	struct agent_batch *b = l->nwatched == LIFE_WATCHED ? NULL : evidence_make(l->evidence);

	if (b == NULL)
		return;
	l->watched[l->nwatched++] = agent_batch_ref(b);
	l->evidence->fed++;
	l->left--;
	ledger_datagram(pipeline_ledger(l->pipeline), LEDGER_ACCEPTED);
	flight_add(pipeline_flight(l->pipeline), b);
}

static void look_at_board(struct life *l)
{
	bool down = false;

	for (size_t i = 0; i < l->health.nparts; i++) {
		const struct health_part *p = &l->health.parts[i];

		if (strcmp(p->name, "spool") == 0 || strcmp(p->name, "quarantine") == 0)
			down |= p->level == HEALTH_DOWN;
	}
	l->downs += down && !l->down;
	l->down = down;
}

static void on_turn(void *arg)
{
	struct life *l = arg;

	timer_start(l->turn, TURN_MS);
	evidence_turn(l->evidence);
	watch_them(l);
	look_at_bounds(l);
	look_at_board(l);
	l->turned_us = clock_mono_us();
	if (l->opts.restless && campaign_roll(&l->random, MOOD_TURNS) == 0)
		l->sink.mood = (enum sink_mood)campaign_roll(&l->random, MOODS);
	for (unsigned n = 0; n < l->opts.each_turn && l->left > 0 && flight_has_room(pipeline_flight(l->pipeline)); n++)
		feed_one(l);
}

static void on_look(void *arg);

static struct pipeline_opts options(const struct life_opts *o)
{
	return (struct pipeline_opts){
		.dispatcher = { .window_bytes = WINDOW_BYTES, .sink_name = "fake" },
		.flight = { .max_bytes = o->flight_bytes, .exposure_us = o->exposure_us },
		.spool = {
			.directory = o->dir,
			.host = "campaign",
			.segment_bytes = SEGMENT_BYTES,
		},
		.stop_ms = 10,
	};
}

int life_open(struct life *l, const struct life_opts *o, struct evidence *e, struct why *why)
{
	struct pipeline_opts f = options(o);

	memset(l, 0, sizeof(*l));
	l->opts = *o;
	l->evidence = e;
	l->random = o->seed;
	if (loop_open(&l->loop, why) < 0)
		return why->code;
	if (pipeline_open(&l->pipeline, l->loop, &f, &l->health, why) < 0)
		goto fail;
	if (fakesink_open(&l->sink, l->loop, e, o->seed) < 0 || timer_open(&l->turn, l->loop, on_turn, l) < 0 ||
	        timer_open(&l->looker, l->loop, on_look, l) < 0) {
		why_set(why, E_NOMEM, "timers");
		goto fail;
	}
	pipeline_set_sink(l->pipeline, &l->sink.sink);
	timer_start(l->turn, TURN_MS);
	e->opened++;
	return 0;
fail:
	timer_free(l->looker);
	timer_free(l->turn);
	fakesink_close(&l->sink);
	pipeline_free(l->pipeline);
	loop_free(l->loop);
	return why->code;
}

void life_mood(struct life *l, enum sink_mood mood)
{
	l->sink.mood = mood;
}

struct waiting {
	struct life *life;
	bool (*cond)(void *arg);
	void *arg;
	uint64_t deadline_us;
	bool met;
};

static void on_look(void *arg)
{
	struct life *l = arg;
	struct waiting *w = l->waiting;

	if (w == NULL)
		return;
	w->met = w->cond(w->arg);
	if (w->met || clock_mono_us() > w->deadline_us)
		loop_stop(l->loop);
	else
		timer_start(l->looker, TURN_MS);
}

bool life_until(struct life *l, bool (*cond)(void *arg), void *arg, const char *what)
{
	struct waiting w = { l, cond, arg, clock_mono_us() + LIFE_SECONDS * US_PER_S, false };
	const struct ledger *now = pipeline_ledger(l->pipeline);

	l->waiting = &w;
	timer_start(l->looker, 0);
	loop_run(l->loop);
	l->waiting = NULL;
	if (!w.met)
		evidence_broken(l->evidence,
		        "waited in vain until %s: %" PRIu64 " to be fed, %" PRIu64 " in flight, %" PRIu64
		        " in the spool",
		        what, l->left, now->place[LEDGER_IN_FLIGHT].batches, now->place[LEDGER_IN_SPOOL].batches);
	return w.met;
}

static bool all_fed(void *arg)
{
	return ((struct life *)arg)->left == 0;
}

static bool none_in_flight(void *arg)
{
	struct life *l = arg;

	return l->left == 0 && pipeline_ledger(l->pipeline)->place[LEDGER_IN_FLIGHT].batches == 0;
}

static bool none_left(void *arg)
{
	struct life *l = arg;

	return none_in_flight(l) && pipeline_ledger(l->pipeline)->place[LEDGER_IN_SPOOL].batches == 0;
}

static bool has_stopped(void *arg)
{
	return ((struct life *)arg)->stopped;
}

bool life_feed(struct life *l, uint64_t batches)
{
	l->left += batches;
	return life_until(l, all_fed, l, "all are fed");
}

bool life_stored(struct life *l)
{
	return life_until(l, none_in_flight, l, "none is in flight");
}

bool life_empty(struct life *l)
{
	return life_until(l, none_left, l, "all are delivered");
}

struct arrival {
	const struct life *life;
	uint64_t from;
};

/* One that is durable may wait for a disk that the board calls down. */
static bool have_arrived(void *arg)
{
	struct arrival *a = arg;
	const struct evidence *e = a->life->evidence;
	uint64_t missing = 0;

	for (uint64_t n = a->from; n < e->fed; n++)
		missing += e->of[n].arrived == 0 && !evidence_is_poison(e, n) && !(a->life->down && e->of[n].safe);
	return missing <= evidence_dropped(e);
}

bool life_arrived(struct life *l, uint64_t from)
{
	struct arrival a = { l, from };

	return life_until(l, have_arrived, &a, "what was fed last has arrived");
}

static void on_stopped(void *arg)
{
	((struct life *)arg)->stopped = true;
}

bool life_close(struct life *l)
{
	bool good;

	evidence_turn(l->evidence);
	timer_free(l->turn);
	pipeline_stop(l->pipeline, on_stopped, l);
	good = life_until(l, has_stopped, l, "it has stopped");
	watch_them(l);
	look_at_bounds(l);
	for (size_t i = 0; i < l->nwatched; i++)
		agent_batch_unref(&l->watched[i]);
	timer_free(l->looker);
	fakesink_close(&l->sink);
	pipeline_free(l->pipeline);
	loop_free(l->loop);
	return good;
}

int life_in_child(void (*story)(void *arg), void *arg)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(CHILD_SECONDS);
		story(arg);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(99);
	return status;
}

struct after {
	const char *dir;
	struct evidence *evidence;
};

static void deliver_all(void *arg)
{
	struct after *a = arg;
	struct life_opts o = life_usual(a->dir, 7);
	static struct life l;
	struct why why;

	if (life_open(&l, &o, a->evidence, &why) < 0) {
		evidence_broken(a->evidence, "it does not start again: %s", why.text);
		return;
	}
	life_empty(&l);
	life_close(&l);
}

const char *life_aftermath(const char *dir, struct evidence *e, bool dropping)
{
	struct after a = { dir, e };
	int status = life_in_child(deliver_all, &a);

	if (status != 0)
		evidence_broken(e, "the process that was to deliver the rest ended by status %d", status);
	return evidence_verdict(e, dir, dropping);
}
