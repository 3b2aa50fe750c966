/* SPDX-License-Identifier: Apache-2.0 */
/* test_slowstart.c — the window, the pause, the trial, and the ramp. */
#include "policy/slowstart.h"
#include "tap.h"

#define S UINT64_C(1000000)

static void the_window_opens_with_each_answer(void)
{
	struct slowstart p;

	slowstart_init(&p, 64);
	is_int(p.window, 8, "eight at first");
	ok(slowstart_may_send(&p, 7, 0) && !slowstart_may_send(&p, 8, 0), "and no ninth");
	for (int i = 0; i < 200; i++)
		slowstart_succeeded(&p, slowstart_sent(&p), 0);
	is_int(p.window, 64, "it grows to the most");
	slowstart_init(&p, 3);
	is_int(p.window, 3, "the most may be less than eight");
}

static void a_failure_pauses_and_one_trial_ends_the_pause(void)
{
	struct slowstart p;
	uint64_t round;

	slowstart_init(&p, 64);
	slowstart_failed(&p, slowstart_sent(&p), 1 * S, 2 * S);
	is_int(p.state, SLOW_PAUSED, "paused");
	ok(!slowstart_may_send(&p, 0, 3 * S - 1), "nothing goes before the pause is over");
	ok(slowstart_may_send(&p, 5, 3 * S), "then one may, whatever still hangs");
	round = slowstart_sent(&p);
	is_int(p.state, SLOW_PROBE, "it is a trial");
	ok(!slowstart_may_send(&p, 0, 9 * S), "and no other goes beside it");
	slowstart_succeeded(&p, round, 4 * S);
	is_int(p.state, SLOW_OPEN, "the trial passes: open");
	is_int(p.window, 1, "with a window of one");
	is_int(p.pauses, 0, "and the next pause is a first one");
}

static void a_failed_trial_pauses_again(void)
{
	struct slowstart p;

	slowstart_init(&p, 64);
	slowstart_failed(&p, slowstart_sent(&p), 0, S);
	is_int(p.pauses, 1, "the first pause");
	slowstart_failed(&p, slowstart_sent(&p), S, 2 * S);
	is_int(p.pauses, 2, "the second in a row");
	is_int(p.until_us, 3 * S, "until its end");
}

static void failures_of_one_round_count_once(void)
{
	struct slowstart p;
	uint64_t rounds[8];

	slowstart_init(&p, 64);
	for (int i = 0; i < 8; i++)
		rounds[i] = slowstart_sent(&p);
	for (int i = 0; i < 8; i++)
		slowstart_failed(&p, rounds[i], S, 2 * S);
	is_int(p.pauses, 1, "eight requests failed together: one pause");
	slowstart_succeeded(&p, rounds[0], S);
	is_int(p.state, SLOW_PAUSED, "a late answer from before does not end it");
	(void)slowstart_sent(&p);
	slowstart_failed(&p, rounds[1], 9 * S, S);
	is_int(p.state, SLOW_PROBE, "nor does a late failure end the trial");
	slowstart_succeeded(&p, rounds[2], 9 * S);
	is_int(p.state, SLOW_PROBE, "nor a late answer");
}

static void one_doubtful_failure_only_halves_the_window(void)
{
	struct slowstart p;
	uint64_t round;

	slowstart_init(&p, 64);
	round = slowstart_sent(&p);
	ok(slowstart_doubted(&p, round), "the first is let pass");
	is_int(p.window, 4, "at half the window");
	is_int(p.state, SLOW_OPEN, "still open");
	ok(!slowstart_doubted(&p, round), "the second in a row is not");
	slowstart_succeeded(&p, round, 0);
	ok(slowstart_doubted(&p, round), "after a good one the count begins anew");
	slowstart_failed(&p, round, 0, S);
	ok(!slowstart_doubted(&p, slowstart_sent(&p)), "a trial is not doubted");
}

static void above_the_threshold_the_window_grows_slowly(void)
{
	struct slowstart p;
	int answers = 0;

	slowstart_init(&p, 64);
	while (p.window < 64)
		slowstart_succeeded(&p, p.round, 0);
	slowstart_failed(&p, p.round, 0, 0);
	slowstart_succeeded(&p, slowstart_sent(&p), 0);
	is_int(p.threshold, 32, "half of what failed");
	for (; p.window < 32; answers++)
		slowstart_succeeded(&p, p.round, 0);
	is_int(answers, 31, "up to there one an answer");
	for (answers = 0; p.window < 33; answers++)
		slowstart_succeeded(&p, p.round, 0);
	ok(answers >= 32, "from there one a window (%d answers)", answers);
}

static void a_window_never_closes_and_never_bursts(void)
{
	struct slowstart p;
	uint64_t seed = 7, now = 1;
	int good = 1;

	slowstart_init(&p, 64);
	for (int i = 0; i < 100000; i++) {
		uint64_t round = p.round;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		now += seed >> 44;
		if (slowstart_may_send(&p, 0, now))
			round = slowstart_sent(&p);
		if (seed >> 60 < 8)
			slowstart_succeeded(&p, round, now);
		else if (seed >> 60 < 12 || !slowstart_doubted(&p, round))
			slowstart_failed(&p, round, now, seed >> 40);
		good &= p.window >= 1 && p.window <= 64 && p.threshold >= 2;
	}
	ok(good, "100,000 random answers");
}

static void after_an_outage_spans_are_rationed(void)
{
	struct slowstart p;

	slowstart_init(&p, 64);
	is_int(slowstart_rate(&p, 5 * S), 0, "no limit at first");
	slowstart_failed(&p, p.round, 10 * S, S);
	slowstart_succeeded(&p, slowstart_sent(&p), 10 * S + S - 1);
	is_int(slowstart_rate(&p, 11 * S), 0, "nor after a hiccup of less than a second");
	slowstart_failed(&p, p.round, 12 * S, S);
	slowstart_succeeded(&p, slowstart_sent(&p), 13 * S);
	is_int(slowstart_rate(&p, 13 * S), 10000, "a whole second is an outage");
	slowstart_failed(&p, p.round, 20 * S, S);
	slowstart_failed(&p, slowstart_sent(&p), 30 * S, S);
	slowstart_succeeded(&p, slowstart_sent(&p), 40 * S);
	is_int(slowstart_rate(&p, 40 * S), 10000, "10,000 a second at first");
	is_int(slowstart_rate(&p, 41 * S), 20000, "twice as many a second later");
	is_int(slowstart_rate(&p, 46 * S), 640000, "640,000 in the seventh");
	is_int(slowstart_rate(&p, 47 * S), 0, "then none is held back");
}

int main(void)
{
	the_window_opens_with_each_answer();
	a_failure_pauses_and_one_trial_ends_the_pause();
	a_failed_trial_pauses_again();
	failures_of_one_round_count_once();
	one_doubtful_failure_only_halves_the_window();
	above_the_threshold_the_window_grows_slowly();
	a_window_never_closes_and_never_bursts();
	after_an_outage_spans_are_rationed();
	return tap_done();
}
