/* SPDX-License-Identifier: Apache-2.0 */
/* test_rate.c — rates of what grows and shrinks, and the time until nothing is left. */
#include <math.h>

#include "tap.h"
#include "policy/rate.h"

/* Looks every STEP_MS for SECONDS, PER_S more each second. */
static void go_on(struct rate *t, unsigned step_ms, unsigned seconds, int64_t per_s)
{
	uint64_t from = t->value, began = t->at_us;

	for (uint64_t ms = step_ms; ms <= 1000 * (uint64_t)seconds; ms += step_ms)
		rate_observe(t, began + ms * 1000, (uint64_t)((int64_t)from + per_s * (int64_t)ms / 1000));
}

static bool is_near(double got, double want)
{
	return fabs(got - want) <= fabs(want) / 50;
}

static void nothing_seen_is_no_trend(void)
{
	struct rate t = { 0 };

	ok(t.per_s == 0 && rate_until_zero(&t, t.value) == 0, "nothing was seen");
	rate_observe(&t, 5000000, 100);
	ok(t.per_s == 0 && isinf(rate_until_zero(&t, t.value)), "one look tells no direction");
	rate_observe(&t, 5000000, 50);
	ok(t.per_s == 0, "nor does a second one at the same moment");
}

static void a_steady_rate_is_known_from_the_second_look_on(void)
{
	struct rate t = { 0 };

	rate_observe(&t, 1, 1000);
	rate_observe(&t, 100001, 1050);
	ok(is_near(t.per_s, 500), "after a tenth of a second: %g", t.per_s);
	go_on(&t, 100, 60, 500);
	ok(is_near(t.per_s, 500), "after a minute: %g", t.per_s);
	ok(isinf(rate_until_zero(&t, t.value)), "what grows is never empty");
}

static void what_shrinks_has_an_end(void)
{
	struct rate t = { 0 };

	rate_observe(&t, 1, 100000);
	go_on(&t, 100, 20, -1000);
	ok(is_near(t.per_s, -1000), "a thousand a second less: %g", t.per_s);
	ok(is_near(rate_until_zero(&t, t.value), 80), "80 s for the 80,000 that are left: %g",
	        rate_until_zero(&t, t.value));
	go_on(&t, 100, 80, -1000);
	ok(rate_until_zero(&t, t.value) == 0, "and then it is empty");
}

static void what_was_is_forgotten(void)
{
	struct rate t = { 0 };

	rate_observe(&t, 1, 0);
	go_on(&t, 100, 60, 10000);
	go_on(&t, 100, RATE_MEMORY_S, 0);
	ok(t.per_s > 3000 && t.per_s < 4500, "a third is left after its memory's length: %g", t.per_s);
	go_on(&t, 100, 60, 0);
	ok(t.per_s < 50, "nothing much after a minute: %g", t.per_s);
	rate_observe(&t, t.at_us + 3600 * US_PER_S, t.value + 3600);
	ok(is_near(t.per_s, 1), "a look after an hour is all there is to know: %g", t.per_s);
}

int main(void)
{
	nothing_seen_is_no_trend();
	a_steady_rate_is_known_from_the_second_look_on();
	what_shrinks_has_an_end();
	what_was_is_forgotten();
	return tap_done();
}
