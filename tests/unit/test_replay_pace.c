/* SPDX-License-Identifier: Apache-2.0 */
/* test_replay_pace.c — backlogs with good and with odd times, played against a clock of the test's own. */
#include "policy/replay_pace.h"
#include "tap.h"

enum { FLOOR = 1000, POST = 100, MOST = 4000 };

static const uint64_t noon_ms = UINT64_C(1700000000000), hour_ms = 3600000;

/* The time of the Nth of a backlog's POSTs, in milliseconds of the first one's. */
typedef uint64_t times(uint64_t n);

/* A POST each… */
static uint64_t at_5000(uint64_t n)
{
	return n * 20;
}

static uint64_t at_50000(uint64_t n)
{
	return n * 2;
}

static uint64_t at_200(uint64_t n)
{
	return n * 500;
}

static uint64_t in_bursts(uint64_t n) /* 50,000 a second for 200 ms, then 100 ms without any, nine times */
{
	return n / 100 * 2000 + (n % 100 < 90 ? n % 100 * 2 : 200 + (n % 100 - 89) * 150);
}

static uint64_t by_five_producers(uint64_t n) /* 5,000 a second, up to 800 ms out of order */
{
	return 1000 + n * 20 - n % 5 * 200;
}

static uint64_t all_equal(uint64_t n)
{
	(void)n;
	return 0;
}

static uint64_t backwards(uint64_t n)
{
	return (MOST - n) * 20;
}

static uint64_t here_and_there(uint64_t n) /* hours apart, by turns */
{
	return n * 20 + n % 2 * 5 * hour_ms;
}

static uint64_t with_nights(uint64_t n) /* 5,000 a second, and nothing for hours now and then */
{
	return n * 20 + n / 1000 * 8 * hour_ms;
}

static uint64_t in_chunks_of_two(uint64_t n) /* two partitions of 5,000 a second, hours apart */
{
	return (n / 200 * 100 + n % 100) * 20 + n / 100 % 2 * 5 * hour_ms;
}

struct play {
	double seconds;      /* that the backlog took */
	uint64_t most_in_1s; /* spans, in any second on the clock */
};

/* Plays N POSTs of a backlog whose first is AGE_MS old. */
static struct play play(struct replay_pace *p, times *at, uint64_t n, int64_t age_ms)
{
	uint64_t mono_us = 5000000, began_us = mono_us;
	static uint64_t went_us[MOST];
	struct play r = { 0 };

	for (uint64_t i = 0, from = 0; i < n; i++) {
		uint64_t wall_ms = noon_ms + (mono_us - began_us) / 1000;
		uint64_t produced_ms = noon_ms - (uint64_t)age_ms + at(i);

		mono_us += replay_pace_wait_us(p, POST, produced_ms, wall_ms, mono_us);
		replay_pace_sent(p, POST, produced_ms, wall_ms, mono_us);
		went_us[i] = mono_us;
		while (went_us[from] + US_PER_S <= mono_us)
			from++;
		r.most_in_1s = max_u64(r.most_in_1s, (i - from + 1) * POST);
	}
	r.seconds = (double)(mono_us - began_us) / US_PER_S;
	return r;
}

static void a_backlog_leaves_as_fast_as_its_times_say(void)
{
	static const struct {
		const char *name;
		times *at;
		double least_per_s, most_per_s; /* over all */
		uint64_t most_in_1s;
	} rows[] = {
		{ "5,000 a second", at_5000, 8500, 10000, 10600 },
		{ "50,000 a second", at_50000, 43000, 100000, 105000 },
		{ "200 a second: the floor", at_200, 999, 1010, 1100 },
		{ "5,000 a second, in bursts", in_bursts, 8000, 11000, 15000 },
		{ "5,000 a second, out of order", by_five_producers, 8500, 10000, 11000 },
		{ "with nights between", with_nights, 8000, 10000, 10600 },
		{ "two partitions in chunks", in_chunks_of_two, 8000, 20000, 20600 },
		{ "all times equal: the floor", all_equal, 999, 1010, 1100 },
		{ "each older than the one before: the floor", backwards, 999, 1010, 1100 },
		{ "hours apart by turns: the floor", here_and_there, 999, 1010, 1100 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int future = 0; future < 2; future++) {
			struct replay_pace p;
			struct play r;
			double per_s;

			replay_pace_init(&p, FLOOR);
			r = play(&p, rows[i].at, MOST, future ? -2 * (int64_t)hour_ms : 100 * (int64_t)hour_ms);
			per_s = MOST * POST / r.seconds;
			if (!ok(per_s >= rows[i].least_per_s && per_s <= rows[i].most_per_s,
			            "%s%s: %.0f spans a second", rows[i].name, future ? ", in the future" : "", per_s))
				diag("want %.0f to %.0f", rows[i].least_per_s, rows[i].most_per_s);
			ok(r.most_in_1s <= rows[i].most_in_1s, "and at most %" PRIu64 " in one", r.most_in_1s);
		}
}

static void what_was_produced_now_is_never_held(void)
{
	struct replay_pace p;
	uint64_t now_us = 5000000, wait_us = 0;

	replay_pace_init(&p, FLOOR);
	for (int i = 0; i < 1000; i++)
		replay_pace_sent(&p, POST, noon_ms - hour_ms, noon_ms, now_us);
	ok(replay_pace_wait_us(&p, POST, noon_ms - hour_ms, noon_ms, now_us) > 90 * US_PER_S,
	        "a backlog waits for its turn");
	for (int ago_ms = -2000; ago_ms <= 2000; ago_ms += 500) {
		uint64_t produced_ms = noon_ms - (uint64_t)(int64_t)ago_ms;

		for (int i = 0; i < 1000; i++) {
			wait_us += replay_pace_wait_us(&p, POST, produced_ms, noon_ms, now_us);
			replay_pace_sent(&p, POST, produced_ms, noon_ms, now_us);
		}
	}
	is_int(wait_us, 0, "fresh traffic does not, however much there is");
	ok(replay_pace_wait_us(&p, POST, noon_ms - hour_ms, noon_ms, now_us) < 101 * US_PER_S,
	        "and the backlog waits no longer for it");
	ok(replay_pace_wait_us(&p, POST, noon_ms - 2001, noon_ms, now_us) > 0 &&
	                replay_pace_wait_us(&p, POST, noon_ms + 2001, noon_ms, now_us) > 0,
	        "older than 2 s, or as far in the future, is not fresh");
}

static void a_clock_that_stood_still_makes_no_burst_when_it_goes_on(void)
{
	struct replay_pace p;
	struct play r;

	replay_pace_init(&p, FLOOR);
	play(&p, at_5000, MOST, 100 * (int64_t)hour_ms);
	play(&p, all_equal, MOST, 50 * (int64_t)hour_ms);
	ok(replay_pace_per_s(&p) > 9000 && replay_pace_per_s(&p) < 11000, "while it stands the pace stays: %.0f",
	        replay_pace_per_s(&p));
	r = play(&p, at_5000, MOST, 50 * (int64_t)hour_ms);
	ok(r.most_in_1s < 15000, "400,000 spans of one moment are no rate: %" PRIu64 " in a second", r.most_in_1s);
}

static void a_pause_saves_nothing_up(void)
{
	struct replay_pace p;
	uint64_t now_us = 5000000;
	int n = 0;

	replay_pace_init(&p, FLOOR);
	replay_pace_sent(&p, POST, noon_ms - hour_ms, noon_ms, now_us);
	now_us += 3600 * US_PER_S; /* the collector was away for an hour */
	while (replay_pace_wait_us(&p, POST, noon_ms - hour_ms, noon_ms, now_us) == 0) {
		replay_pace_sent(&p, POST, noon_ms - hour_ms, noon_ms, now_us);
		n++;
	}
	is_int(n, 1, "one POST goes at once, the next waits");
}

int main(void)
{
	a_backlog_leaves_as_fast_as_its_times_say();
	what_was_produced_now_is_never_held();
	a_clock_that_stood_still_makes_no_burst_when_it_goes_on();
	a_pause_saves_nothing_up();
	return tap_done();
}
