/* SPDX-License-Identifier: Apache-2.0 */
/* test_post_budget.c — a little traffic is never held; much is, to a rate that the clock or the spans earn. */
#include "policy/post_budget.h"
#include "tap.h"

enum { BEGIN = 1000000 };

/* POSTs that may begin in SECONDS while BATCHES a second of SPANS each come, evenly. */
static int posts_in(unsigned seconds, unsigned batches, unsigned spans, bool new_connection)
{
	struct post_budget b = { 0 };
	uint32_t waiting = 0;
	int posts = 0;

	for (uint64_t i = 0; i < (uint64_t)seconds * batches; i++) {
		uint64_t now = BEGIN + i * US_PER_S / batches;

		post_budget_earn(&b, spans);
		waiting++;
		if (post_budget_wait_us(&b, now) > 0)
			continue;
		post_budget_charge(&b, waiting, new_connection);
		waiting = 0;
		posts++;
	}
	return posts;
}

static void a_little_is_never_held(void)
{
	is_int(posts_in(10, 100, 1, false), 1000, "100 batches of one span a second all leave");
	is_int(posts_in(10, 30, 1, true), 300, "so do 30, each over a connection of its own");
}

/* The bounds are 0.8 % of a second, or 0.15 us a span, over 60 us a POST and 8 us a further batch in it, 200 us at most;
 * the burst at the begin beside it. */
static void much_is_held_to_what_is_earned(void)
{
	static const struct {
		unsigned batches, spans;
		bool new_connection;
		int least, most;
	} rows[] = {
		{ 200, 1, false, 1230, 1280 },     /* the clock: 123 POSTs of 1.6 batches a second */
		{ 500, 1, false, 770, 820 },       /* 77 of 6.5 */
		{ 1000, 1, false, 400, 450 },      /* 40 of 25 */
		{ 1000, 10, false, 400, 450 },     /* the clock still: 10,000 span/s earn 7 */
		{ 24000, 10, false, 1750, 1900 },  /* the spans: 240,000 span/s earn 180 */
		{ 24000, 10, true, 1750, 1900 },   /* a connection costs as much as many batches */
		{ 1000, 500, false, 9900, 10000 }, /* nothing to be gained by waiting */
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int posts = posts_in(10, rows[i].batches, rows[i].spans, rows[i].new_connection);

		ok(posts >= rows[i].least && posts <= rows[i].most,
		        "%u batches of %u spans a second, %s: %d POSTs in ten seconds", rows[i].batches, rows[i].spans,
		        rows[i].new_connection ? "new connections" : "one connection", posts);
	}
}

static void the_wait_that_is_told_is_enough(void)
{
	struct post_budget b = { 0 };
	uint64_t wait, now = BEGIN;

	while ((wait = post_budget_wait_us(&b, now)) == 0)
		post_budget_charge(&b, 1, false);
	ok(post_budget_wait_us(&b, now + wait / 2) > 0, "not at half of it");
	is_int((int64_t)post_budget_wait_us(&b, now + wait), 0, "then it may begin");
}

static void a_long_silence_earns_no_storm(void)
{
	struct post_budget b = { 0 };
	int posts = 0;

	(void)!post_budget_wait_us(&b, BEGIN);
	while (post_budget_wait_us(&b, BEGIN + 3600 * US_PER_S) == 0 && posts < 1000) {
		post_budget_charge(&b, 1, false);
		posts++;
	}
	ok(posts > 10 && posts < 30, "%d POSTs at once after an hour", posts);
}

int main(void)
{
	a_little_is_never_held();
	much_is_held_to_what_is_earned();
	the_wait_that_is_told_is_enough();
	a_long_silence_earns_no_storm();
	return tap_done();
}
