/* SPDX-License-Identifier: Apache-2.0 */
/* test_demo_verdict.c — each promise of the demonstration, kept and broken. */
#include "demo.h"
#include "testkit/numbered_spans.h"
#include "tap.h"

enum { RUN = 5, EACH = 1000, KILL_PHASE = 6 };

/* All phases went well: a thousand spans each, all stored once. */
static struct demo well(void)
{
	struct demo d = { .opts = { .exposure_us = 100000, .rate = 1000 }, .run = RUN, .phase = demo_phases - 1 };

	if (tally_open(&d.tally, RUN) < 0)
		abort();
	for (size_t i = 0; i < demo_phases; i++)
		d.results[i] = (struct demo_result){ .first = 1 + i * EACH, .end = 1 + (i + 1) * EACH };
	if (tally_sent(d.tally, 1, demo_phases * EACH) < 0)
		abort();
	d.kill.end = d.results[KILL_PHASE].first + EACH / 2;
	d.kill.in_socket = 20;
	d.kill.in_window = 120;
	d.kill.in_memory = 100;
	return d;
}

/* Stores all numbers but those in [FROM, TO). */
static void store_but(struct demo *d, uint64_t from, uint64_t to)
{
	for (uint64_t i = 1; i <= demo_phases * EACH; i++)
		if (i < from || i >= to)
			tally_stored(d->tally, RUN, numbered_spans_trace_low(i));
	d->ledger.accepted.spans = d->ledger.place[LEDGER_DELIVERED].spans = tally_total(d->tally).stored;
}

static void is_judged(struct demo *d, size_t broken, const char *what, const char *name)
{
	bool said = broken == 0;

	demo_judge(d);
	for (size_t i = 0; i < d->nbroken; i++)
		said |= strstr(d->broken[i], what) != NULL;
	ok(d->nbroken == broken && said, "%s", name);
	for (size_t i = 0; i < d->nbroken && !(d->nbroken == broken && said); i++)
		diag("%s", d->broken[i]);
	tally_free(d->tally);
}

static void what_went_well_is_well(void)
{
	struct demo d = well();

	store_but(&d, 0, 0);
	is_judged(&d, 0, "", "all is stored once: every promise kept");
	is_int(demo_allowed(&d), 120, "the SIGKILL might have cost what was in memory and what was unread");
}

static void a_loss_without_a_sigkill_is_a_broken_promise(void)
{
	for (size_t i = 0; i < demo_phases; i++) {
		struct demo d = well();

		if (i == KILL_PHASE) {
			tally_free(d.tally);
			continue;
		}
		store_but(&d, d.results[i].first + 7, d.results[i].first + 8);
		is_judged(&d, 1, "lost 1 spans", demo_plan[i].name);
	}
}

static void a_sigkill_may_cost_its_window_and_no_more(void)
{
	struct demo d = well();

	store_but(&d, d.kill.end - 120, d.kill.end);
	is_judged(&d, 0, "", "the last 120 before it: allowed");
	d = well();
	store_but(&d, d.kill.end - 121, d.kill.end);
	is_judged(&d, 1, "120 are allowed", "the last 121: too many, though the exposure would allow them");
	d = well();
	d.kill.in_memory = 121;
	store_but(&d, d.kill.end - 140, d.kill.end);
	is_judged(&d, 1, "the exposure allows 120", "more in memory only than the exposure allows");
	d = well();
	store_but(&d, d.kill.end - 140, d.kill.end - 130);
	is_judged(&d, 0, "", "the 20 unread may all be of one door: allowed");
	d = well();
	store_but(&d, d.kill.end - 141, d.kill.end - 140);
	is_judged(&d, 1, "before the SIGKILL", "one older than that");
	d = well();
	store_but(&d, d.kill.end - 300, d.kill.end - 299);
	is_judged(&d, 1, "before the SIGKILL", "one from long before it");
	d = well();
	store_but(&d, d.kill.end + 1, d.kill.end + 2);
	is_judged(&d, 1, "after the SIGKILL", "one from after it");
}

static void with_no_exposure_only_the_cycle_counts(void)
{
	struct demo d = well();

	d.opts.exposure_us = 0;
	d.kill.in_memory = 10;
	store_but(&d, d.kill.end - 31, d.kill.end);
	is_judged(&d, 1, "30 are allowed", "31 with 20 unread and 10 being stored");
	d = well();
	d.opts.exposure_us = 0;
	d.kill.in_memory = 10;
	store_but(&d, d.kill.end - 51, d.kill.end - 50);
	is_judged(&d, 1, "before the SIGKILL", "one from before what two doors may have");
	d = well();
	d.opts.exposure_us = 0;
	d.kill.in_memory = 101;
	store_but(&d, d.kill.end - 121, d.kill.end);
	is_judged(&d, 1, "read and not committed", "101 being stored are more than a turn's worth");
}

static void a_repetition_needs_a_reason(void)
{
	struct demo d = well();

	store_but(&d, 0, 0);
	tally_stored(d.tally, RUN, numbered_spans_trace_low(d.results[4].first));
	is_judged(&d, 0, "", "once more after Kafka was away: at least once");
	d = well();
	store_but(&d, 0, 0);
	tally_stored(d.tally, RUN, numbered_spans_trace_low(d.results[demo_phases - 1].first));
	is_judged(&d, 1, "repeated 1 spans", "once more when all was up");
}

static void the_ledger_must_agree(void)
{
	struct demo d = well();

	store_but(&d, 0, 0);
	d.ledger.place[LEDGER_IN_SPOOL].spans = 3;
	is_judged(&d, 1, "still holds 3", "something is left in the spool");
	d = well();
	store_but(&d, 0, 0);
	d.ledger.place[LEDGER_REFUSED].spans = 2;
	is_judged(&d, 1, "dropped", "something was dropped");
	d = well();
	store_but(&d, 0, 0);
	d.ledger.kernel_dropped = 1;
	is_judged(&d, 1, "kernel dropped 1", "the kernel dropped something");
	d = well();
	store_but(&d, 0, 0);
	d.ledger.place[LEDGER_DELIVERED].spans++;
	is_judged(&d, 1, "delivered, and", "more is called delivered than is stored");
	d = well();
	store_but(&d, 0, 0);
	d.ledger.accepted.spans++;
	is_judged(&d, 1, "were sent", "more was accepted than was sent");
	d = well();
	store_but(&d, 0, 0);
	d.drained.quarantined = 1;
	is_judged(&d, 1, "quarantined 1 records", "the drain quarantined something");
}

static void what_did_not_end_is_no_success(void)
{
	struct demo d = well();

	store_but(&d, 0, 0);
	d.results[3].unmet = true;
	is_judged(&d, 1, "not over in time", "a phase that was late");
	d = well();
	store_but(&d, 0, 0);
	d.phase = 4;
	is_judged(&d, 1, "ended in phase 5", "a play that broke off");
	d = well();
	store_but(&d, 0, 0);
	tally_stored(d.tally, RUN + 1, numbered_spans_trace_low(1));
	is_judged(&d, 1, "nobody sent", "a span that nobody sent");
}

static void the_plan_is_whole(void)
{
	for (size_t i = 0; i < demo_phases; i++) {
		const struct demo_step *s = demo_plan[i].steps;
		unsigned n = 0;

		while (n < DEMO_STEPS && (s[n].act != ACT_NONE || s[n].until != UNTIL_PASSED || s[n].ms > 0))
			n++;
		ok(n > 0 && n < DEMO_STEPS, "phase %zu (%s) has %u steps and an end", i + 1, demo_plan[i].name, n);
	}
}

static void what_was_accepted_is_known_by_the_time_of_the_answer(void)
{
	struct demo d = { .accepted = { { 2000, 90 }, { 1000, 50 } }, .naccepted = 2 };

	is_int((int64_t)demo_accepted_before(&d, 999), 0, "before the first answer: nothing");
	is_int((int64_t)demo_accepted_before(&d, 1999), 50, "the last answer before a moment counts");
	is_int((int64_t)demo_accepted_before(&d, 2000), 90, "one at that moment too");
}

int main(void)
{
	what_was_accepted_is_known_by_the_time_of_the_answer();
	what_went_well_is_well();
	a_loss_without_a_sigkill_is_a_broken_promise();
	a_sigkill_may_cost_its_window_and_no_more();
	with_no_exposure_only_the_cycle_counts();
	a_repetition_needs_a_reason();
	the_ledger_must_agree();
	what_did_not_end_is_no_success();
	the_plan_is_whole();
	return tap_done();
}
