/* SPDX-License-Identifier: Apache-2.0 */
/* demo_play.c — runs the plan.
 *
 *   a step:  act ──► wait ──(its condition holds, or its time is over)──► the next step
 *   a phase: its steps, one after the other ──► the next phase ──► the end
 *
 * on_tick checks a hundred times a second; only advance_step changes phase and step. */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>

#include "base/clock.h"
#include "demo.h"

enum { TICK_MS = 10, POLL_EVERY_US = 50000, STALL_KEPT_US = 2000000 };

/* Ends the run after a failure that makes its results meaningless. */
static void abort_run(struct demo *d, const char *what)
{
	demo_add_broken(d, "%s", what);
	loop_stop(d->loop);
}

static bool is_end(const struct demo_step *s)
{
	return s->act == ACT_NONE && s->until == UNTIL_PASSED && s->ms == 0;
}

static const struct demo_step *this_step(const struct demo *d)
{
	return &demo_plan[d->phase].steps[d->step];
}

static void begin_step(struct demo *d, uint64_t now_us)
{
	struct why why;

	d->step_us = now_us;
	if (demo_act(d, this_step(d)->act, &why) < 0)
		abort_run(d, why.text);
}

static void print_line(struct demo *d, const char *fmt, ...) PRINTF(2, 3);
static void print_line(struct demo *d, const char *fmt, ...)
{
	va_list ap;

	if (d->opts.json)
		return;
	progress_clear(&d->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static void begin_phase(struct demo *d, uint64_t now_us)
{
	d->step = 0;
	d->phase_us = now_us;
	d->results[d->phase].first = d->next;
	begin_step(d, now_us);
}

static void end_phase(struct demo *d, uint64_t now_us)
{
	struct demo_result *r = &d->results[d->phase];

	r->end = d->next;
	r->took_us = now_us - d->phase_us;
	print_line(d,
	        "%zu %-24s %6" PRIu64 " sent, %7" PRIu64 " of %7" PRIu64 " stored, %6" PRIu64
	        " in the spool, %4.1f s%s\n",
	        d->phase + 1, demo_plan[d->phase].name, demo_count(d, d->phase).sent, tally_total(d->tally).stored,
	        tally_total(d->tally).sent, d->ledger.place[LEDGER_IN_SPOOL].spans, (double)r->took_us / 1e6,
	        r->unmet ? ", NOT IN TIME" : "");
}

/* Begins the next step, the next phase, or ends the run. */
static void advance_step(struct demo *d, uint64_t now_us)
{
	d->step++;
	if (!is_end(this_step(d))) {
		begin_step(d, now_us);
		return;
	}
	end_phase(d, now_us);
	if (d->phase + 1 == demo_phases) {
		loop_stop(d->loop);
		return;
	}
	d->phase++;
	begin_phase(d, now_us);
}

/* A child that serves may exit only when the demonstration stops it. */
static bool children_are_running(struct demo *d)
{
	if (d->agent_watch.serving && !child_running(d->agent)) {
		abort_run(d, "the agent ended by itself");
		return false;
	}
	if (d->drain_watch.serving && !child_running(d->drain)) {
		abort_run(d, "the drain ended by itself");
		return false;
	}
	return true;
}

static void poll_and_show_progress(struct demo *d, uint64_t now_us)
{
	struct demo_result *r = &d->results[d->phase];
	struct tally_count all = tally_total(d->tally);

	if (now_us - d->polled_us >= POLL_EVERY_US) {
		d->polled_us = now_us;
		demo_watch_poll(&d->agent_watch);
		demo_watch_poll(&d->drain_watch);
	}
	r->spooled = max_u64(r->spooled, d->ledger.place[LEDGER_IN_SPOOL].spans);
	progress_show(&d->line, d->phase * 1000 + min_u64((now_us - d->phase_us) / 5000, 999), demo_phases * 1000,
	        "%zu %s: %" PRIu64 " sent, %" PRIu64 " stored, %" PRIu64 " in the spool", d->phase + 1,
	        demo_plan[d->phase].name, all.sent, all.stored, d->ledger.place[LEDGER_IN_SPOOL].spans);
}

/* Records how long the machine stalls processes, measured by how late on_tick runs. */
static void record_stall(struct demo *d, uint64_t now_us)
{
	uint64_t due_us = d->ticked_us + TICK_MS * US_PER_MS;
	uint64_t late_us = d->ticked_us > 0 && now_us > due_us ? now_us - due_us : 0;

	d->ticked_us = now_us;
	if (late_us < d->stall_us && now_us - d->stalled_us < STALL_KEPT_US)
		return;
	d->stall_us = late_us;
	d->stalled_us = now_us;
}

static void on_tick(void *arg)
{
	struct demo *d = arg;
	uint64_t now_us = clock_mono_us();
	const struct demo_step *s = this_step(d);
	bool late = now_us - d->step_us >= s->ms * US_PER_MS;

	timer_start(d->tick, TICK_MS);
	record_stall(d, now_us);
	poll_and_show_progress(d, now_us);
	if (!children_are_running(d))
		return;
	if (demo_step_is_over(d, s->until, now_us)) {
		advance_step(d, now_us);
	} else if (late) {
		d->results[d->phase].unmet |= s->until != UNTIL_PASSED;
		advance_step(d, now_us);
	}
}

int demo_play(struct demo *d, struct why *why)
{
	int rc = 0;

	progress_init(&d->line, stderr);
	d->began_us = clock_mono_us();
	if (timer_open(&d->tick, d->loop, on_tick, d) < 0) {
		rc = why_set(why, E_NOMEM, "demo");
	} else {
		begin_phase(d, d->began_us);
		timer_start(d->tick, TICK_MS);
		loop_run(d->loop);
		progress_clear(&d->line);
	}
	d->took_us = clock_mono_us() - d->began_us;
	timer_free(d->tick);
	return rc;
}
