/* SPDX-License-Identifier: Apache-2.0 */
/* test_pipeline_failing.c — more records that the sink gives back each time than may rest in memory: those behind them
 * in the spool are delivered all the same, while fresh ones keep the circuit closed. */
#include "pipeline_fixture.h"

enum { FAILING = 30, GOOD = 60, FRESH_BYTES = 100 };

/* A fresh batch at each look, which is delivered at once. */
static bool only_failing_ones_wait(void *arg)
{
	struct server_fixture *h = arg;

	h->size = FRESH_BYTES;
	if (flight_has_room(pipeline_flight(h->pipeline)))
		feed_one(h, 0);
	return at(h, LEDGER_IN_SPOOL)->batches <= FAILING;
}

static void what_fails_each_time_does_not_hold_up_the_others(void)
{
	struct server_fixture h;

	enter(&h, false, 0);
	h.mood = FULL;
	h.failing = FAILING;
	ok(feed(&h, FAILING + GOOD), "%d records that fail are followed by %d good ones", FAILING, GOOD);
	wait_until(h.loop, none_is_in_flight, &h, SECONDS);
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, FAILING + GOOD, "all wait in the spool");
	ok(FAILING * SIZE > 4 * READ_AHEAD, "of the failing ones more than may rest in memory");
	h.mood = TAKES;
	ok(wait_until(h.loop, only_failing_ones_wait, &h, SECONDS), "the good ones are delivered");
	is_int(at(&h, LEDGER_IN_SPOOL)->batches, FAILING, "and the failing ones are kept");
	is_int(at(&h, LEDGER_QUARANTINED)->batches, 0, "none of them is called bad");
	h.failing = 0;
	ok(wait_until(h.loop, all_are_settled, &h, SECONDS), "they are delivered when they are taken");
	leave(&h);
}

int main(void)
{
	what_fails_each_time_does_not_hold_up_the_others();
	return tap_done();
}
