/* SPDX-License-Identifier: Apache-2.0 */
/* test_rate_schedule.c — what is due when; the clock is a number in the test's hand. */
#include "rate_schedule.h"
#include "tap.h"

enum { BEGAN = 5000 };

/* Walks through SECONDS in steps, doing all that is due, and returns how much that was. */
static uint64_t walk(uint64_t per_s, uint64_t step_us, uint64_t seconds)
{
	struct rate_schedule m = { .per_s = per_s, .began_us = BEGAN };

	for (uint64_t t = BEGAN; t < BEGAN + seconds * US_PER_S; t += step_us)
		m.done += rate_schedule_due(&m, t);
	return m.done;
}

static void a_rate_is_kept_to_the_unit(void)
{
	is_int(walk(1000, 1000, 10), 10000, "1,000 a second for 10 s, looked at every millisecond");
	is_int(walk(7, 1000, 100), 700, "7 a second for 100 s");
	is_int(walk(333333, 1000, 3), 999666, "333,333 a second: no rounding adds up, at 2.999 s the 999,666th is due");
	is_int(walk(1, 50000, 10), 10, "1 a second, looked at every 50 ms");
}

static void the_first_is_due_at_once(void)
{
	struct rate_schedule m = { .per_s = 10, .began_us = BEGAN };

	is_int(rate_schedule_due(&m, BEGAN), 1, "one at the beginning");
	m.done = 1;
	is_int(rate_schedule_due(&m, BEGAN + 99999), 0, "none before a tenth of a second");
	is_int(rate_schedule_due(&m, BEGAN + 100000), 1, "then one");
}

static void after_the_wait_one_is_due(void)
{
	static const uint64_t rates[] = { 1, 3, 7, 1000, 1001, 99991, 1000000 };

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct rate_schedule m = { .per_s = rates[i], .began_us = BEGAN };
		uint64_t now = BEGAN, late = 0;

		for (int k = 0; k < 1000; k++) {
			m.done++;
			now += rate_schedule_wait_us(&m, now);
			late += rate_schedule_due(&m, now) == 0;
		}
		ok(late == 0, "at %" PRIu64 " a second each wait ends when one is due", rates[i]);
	}
}

static void a_long_sleep_is_not_made_up_for(void)
{
	struct rate_schedule m = { .per_s = 1000, .began_us = BEGAN };
	uint64_t now = BEGAN + 60 * US_PER_S;

	is_int(rate_schedule_due(&m, now), 100, "a tenth of a second's worth is due after a minute's sleep");
	m.done += 100;
	is_int(rate_schedule_due(&m, now), 0, "then none");
	is_int(rate_schedule_due(&m, now + 10000), 10, "and the rate goes on from there");
}

static void without_a_rate_all_is_due(void)
{
	struct rate_schedule m = { .per_s = 0, .began_us = BEGAN };

	ok(rate_schedule_due(&m, BEGAN) == UINT64_MAX, "all is due");
	is_int(rate_schedule_wait_us(&m, BEGAN), 0, "and nothing waits");
}

int main(void)
{
	a_rate_is_kept_to_the_unit();
	the_first_is_due_at_once();
	after_the_wait_one_is_due();
	a_long_sleep_is_not_made_up_for();
	without_a_rate_all_is_due();
	return tap_done();
}
