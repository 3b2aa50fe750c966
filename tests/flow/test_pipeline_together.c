/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline_together.c — which batches that the sink has go to the spool with one whose exposure nearly ends, so
 * that one commit serves all of them. Ages are seconds, so the machine's speed decides nothing. */
#include "pipeline_fixture.h"

enum { SMALL = 300 };

/* pace_handoff_age of EXPOSURE is 60 s, and half of that is pace_join_age while the sink keeps up. */
#define EXPOSURE (100 * US_PER_S)
#define DUE (61 * US_PER_S)
#define NEARLY_DUE (45 * US_PER_S)

static bool one_is_spooled(void *arg)
{
	return at(arg, LEDGER_IN_SPOOL)->batches > 0;
}

static bool one_is_delivered(void *arg)
{
	return at(arg, LEDGER_DELIVERED)->batches > 0;
}

static void begin(struct server_fixture *h)
{
	struct pipeline_opts o = house_opts(h, false, 0);

	o.flight.exposure_us = EXPOSURE;
	enter_with(h, &o);
	h->mood = TAKES;
	h->size = SMALL;
}

/* From now on the sink takes batches and reports nothing. */
static void fall_silent(struct server_fixture *h)
{
	timer_stop(h->reporter);
}

static void end(struct server_fixture *h)
{
	timer_start(h->reporter, 1);
	ok(wait_until(h->loop, all_are_settled, h, SECONDS), "all is delivered in the end");
	leave(h);
}

static void a_sink_that_is_too_late_has_one_commit_for_all(void)
{
	struct server_fixture h;

	begin(&h);
	fall_silent(&h);
	feed_one(&h, DUE);
	feed_one(&h, NEARLY_DUE);
	feed_one(&h, 0);
	ok(wait_until(h.loop, one_is_spooled, &h, SECONDS), "a batch that is due is spooled");
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, 3, "with all others, in one commit");
	end(&h);
}

static void a_sink_that_keeps_up_keeps_the_younger_ones(void)
{
	struct server_fixture h;

	begin(&h);
	feed_one(&h, 0);
	ok(wait_until(h.loop, one_is_delivered, &h, SECONDS), "the sink delivers from memory");
	fall_silent(&h);
	feed_one(&h, DUE);
	feed_one(&h, NEARLY_DUE);
	feed_one(&h, 0);
	ok(wait_until(h.loop, one_is_spooled, &h, SECONDS), "a batch that is due is spooled");
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, 2, "with one that is nearly due, in one commit");
	is_int(at(&h, LEDGER_IN_FLIGHT)->batches, 1, "the youngest stays in memory");
	end(&h);
}

int main(void)
{
	a_sink_that_is_too_late_has_one_commit_for_all();
	a_sink_that_keeps_up_keeps_the_younger_ones();
	return tap_done();
}
