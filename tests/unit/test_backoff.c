/* SPDX-License-Identifier: Apache-2.0 */
/* test_backoff.c — full jitter, the cap, and patience that a server asks for. */
#include "policy/backoff.h"
#include "tap.h"

static const struct backoff usual = { 250, 30000 };

static void the_ceiling_doubles_up_to_the_cap(void)
{
	static const uint64_t ceilings[] = { 250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

	for (uint32_t i = 0; i < ARRAY_LEN(ceilings); i++) {
		ok(backoff_ms(&usual, i, ceilings[i]) == ceilings[i], "attempt %u may pause %u ms", i,
		        (unsigned)ceilings[i]);
		ok(backoff_ms(&usual, i, ceilings[i] + 1) == 0, "and not a millisecond more");
	}
	ok(backoff_ms(&usual, UINT32_MAX, 30000) == 30000, "the last attempt there is does not overflow");
	ok(backoff_ms(&usual, 70, UINT64_MAX) <= 30000, "nor the largest random number");
}

static void the_jitter_is_full_and_even(void)
{
	uint64_t seed = 1, low = 0, sum = 0;

	for (int i = 0; i < 100000; i++) {
		uint64_t ms;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		ms = backoff_ms(&usual, 9, seed >> 16);
		low += ms < 3000;
		sum += ms;
	}
	ok(low > 9000 && low < 11000, "a tenth of the pauses lies in the lowest tenth");
	ok(sum / 100000 > 14700 && sum / 100000 < 15300, "the mean is half the ceiling");
}

static void a_server_gets_the_patience_it_asks_for(void)
{
	is_int(backoff_after_ms(&usual, 0, 7000, 0), 7000, "7 s are 7 s at least");
	is_int(backoff_after_ms(&usual, 20, 7000, 250), 7250, "and at most a first pause more");
	is_int(backoff_after_ms(&usual, 9, -1, 29999), 29999, "nothing asked for: as ever");
	is_int(backoff_after_ms(&usual, 3, 0, 1999), 1999, "zero asks for nothing");
	is_int(backoff_after_ms(&usual, 0, INT64_MAX, 0), BACKOFF_RETRY_AFTER_MAX_MS, "a year is cut to ten minutes");
}

static void no_pause_at_all_is_possible(void)
{
	static const struct backoff none = { 0, 0 };

	is_int(backoff_ms(&none, 5, 12345), 0, "base 0 never pauses");
}

int main(void)
{
	the_ceiling_doubles_up_to_the_cap();
	the_jitter_is_full_and_even();
	a_server_gets_the_patience_it_asks_for();
	no_pause_at_all_is_possible();
	return tap_done();
}
