/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_fault.c — items on a bad day: endless tries, one failure state for each collector,
 * bad items told from bad collectors. */
#include "exporter_fixture.h"

static void a_item_is_tried_for_ever(void)
{
	static const int statuses[] = { 500, 502, 503, 504, 429, 408, 425, 599 };
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 1);
	for (int i = 0; i < 100; i++) {
		if (!fixture_out(d, 1)) {
			ok(0, "it is tried again after %d tries", i);
			break;
		}
		fake_answer(0, statuses[i % ARRAY_LEN(statuses)], "", -1);
	}
	is_int(d->reported, 0, "100 times told to go away, not given up");
	ok(fixture_answer_all(d, 202, 1) && d->items[0].outcome == EXPORTER_DELIVERED, "and then delivered");
	is_int(exporter_stats(d->exporter)->retries, 100, "100 tries again are counted");
	fixture_close(d);
}

static void a_collector_that_is_away_is_told_once_and_tried_by_one(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are out");
	while (fake.n > 0)
		fake_fail(0, HTTP_NO_CONNECTION);
	ok(fixture_change(d, 1) && d->state == EXPORTER_WAITING, "it is waited for");
	ok(strstr(d->sentence, "http://one:1 takes no connection (no answer)") == d->sentence,
	        "with a sentence that names it");
	is_int(fixture_send(d, 1, NULL), E_DOWN, "nothing is taken meanwhile");
	for (int i = 0; i < 20; i++) {
		if (!fixture_out(d, 1) || fake.n != 1) {
			ok(0, "one at a time is tried, not %zu", fake.n);
			break;
		}
		fake_fail(0, HTTP_NO_CONNECTION);
	}
	is_int(d->changes, 1, "twenty tries are not worth another word");
	ok(fixture_out(d, 1), "one more");
	fake_answer(0, 202, "", -1);
	ok(fixture_change(d, 2) && d->state == EXPORTER_SENDING, "it is back");
	is_int(d->rooms, 1, "there is room again");
	ok(fixture_answer_all(d, 202, 12), "all twelve are delivered");
	fixture_close(d);
}

static void after_an_outage_the_window_opens_slowly(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 16; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight at once before");
	while (fake.n > 0)
		fake_fail(0, HTTP_NO_CONNECTION);
	ok(fixture_out(d, 1), "the trial");
	fake.most = 0;
	fake_answer(0, 202, "", -1);
	ok(fixture_out(d, 1) && fake.n == 1, "one after it");
	fake_answer(0, 202, "", -1);
	ok(fixture_out(d, 2) && fake.n == 2, "then two");
	fixture_close(d);
}

static void patience_that_is_asked_for_is_given(void)
{
	struct fixture *d = fixture_open_usual();
	uint64_t asked;

	fixture_must_send(d, 1);
	ok(fixture_out(d, 1), "it is posted");
	asked = clock_mono_us();
	fake_answer(0, 429, "", 120);
	ok(fixture_out(d, 1), "and posted again");
	ok(clock_mono_us() - asked >= 120 * US_PER_MS, "not before Retry-After has passed");
	fixture_close(d);
}

static void patience_counts_with_a_500_too(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 8; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are out");
	fake_answer(0, 500, "", 100000);
	ok(fixture_change(d, 1) && d->state == EXPORTER_WAITING, "a 500 that says when is no doubtful one");
	while (fake.n > 0)
		fake_answer(0, 202, "", -1);
	is_int(fixture_send(d, 1, NULL), E_DOWN, "nobody is sent there before");
	fixture_close(d);
}

static void one_500_does_not_stop_the_others(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 8; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are out");
	fake_answer(0, 500, "", -1);
	ok(fixture_answer_all(d, 202, 8), "all are delivered");
	is_int(d->changes, 0, "and nobody was said to be away");
	fixture_close(d);
}

/* Answers 400 to the items of TRACE and 202 to all else. */
static void refuse_trace(struct fixture *d, uint64_t trace, size_t n)
{
	for (int i = 0; i < 3000 && d->reported < n; i++) {
		for (size_t k = fake.n; k-- > 0;) {
			bool bad = fixture_first(k).trace_low == trace;

			fake_answer(k, bad ? 400 : 202, bad ? "Unable to process\nrequest" : "", -1);
		}
		wait_ms(d->loop, 1);
	}
}

static void one_bad_item_costs_one_item(void)
{
	struct fixture *d = fixture_open_usual();
	size_t delivered = 0;

	for (int i = 0; i < 10; i++)
		fixture_must_send(d, 2);
	refuse_trace(d, 4, 10);
	for (int i = 0; i < 10; i++)
		delivered += d->items[i].outcome == EXPORTER_DELIVERED;
	is_int(delivered, 9, "nine are delivered");
	is_int(d->items[3].outcome, EXPORTER_REFUSED, "the fourth is poison");
	is_int(d->items[3].status, 400, "because of a 400");
	is_text(d->items[3].cause, "refused", "it was refused");
	is_text(d->items[3].detail, "answered 400: Unable to process", "with the collector's first line");
	is_int(d->changes, 0, "the collector is well");
	fixture_close(d);
}

static void a_bad_item_alone_is_found_out_by_asking(void)
{
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 2);
	refuse_trace(d, 1, 1);
	is_int(d->items[0].outcome, EXPORTER_REFUSED, "poison, although nothing else was there to compare");
	is_int(fake.sent, 3, "it was posted twice, and once a harmless batch");
	fixture_close(d);
}

static void one_bad_part_makes_the_item_poison_and_says_which(void)
{
	struct fixture *d = fixture_open_usual();
	int posts = 0;

	fixture_must_send(d, 1000);
	while (d->reported == 0 && posts < 100) {
		if (!fixture_out(d, 1))
			break;
		fake_answer(0, fixture_first(0).span_id == 501 ? 400 : 202, "", -1);
		posts++;
	}
	is_int(d->items[0].outcome, EXPORTER_REFUSED, "the item is poison");
	is_text(d->items[0].detail, "spans 500 to 999 of 1000: answered 400", "for its second half");
	fixture_close(d);
}

/* Answers the one of N requests that begins with span SPAN; the harmless batch begins with none. */
static void answer_part(struct fixture *d, size_t n, uint64_t span, int status)
{
	bool out = fixture_out(d, n);

	for (size_t i = 0; out && i < fake.n; i++)
		if (fixture_first(i).span_id == span) {
			fake_answer(i, status, "", -1);
			return;
		}
	ok(0, "what begins with span %u is among %zu requests", (unsigned)span, n);
}

static void what_is_said_of_another_part_is_not_said_of_the_poison(void)
{
	enum { PARTS = 2, HARMLESS = 0, BAD = 1, GOOD = 501 };
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 1000);
	answer_part(d, PARTS, BAD, 400);
	answer_part(d, PARTS, BAD, 400);
	answer_part(d, PARTS, GOOD, 502);
	answer_part(d, PARTS, HARMLESS, 202);
	answer_part(d, 1, GOOD, 202);
	is_int(d->items[0].outcome, EXPORTER_REFUSED, "the item is poison");
	is_int(d->items[0].status, 400, "for what was refused, not for what failed after it");
	is_text(d->items[0].detail, "spans 0 to 499 of 1000: answered 400", "and says so");
	fixture_close(d);
}

static void a_collector_that_refuses_all_is_held_and_nothing_is_poison(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	for (int i = 0; i < 200 && d->reported == 0; i++) {
		while (fake.n > 0)
			fake_answer(0, 400, "", -1);
		wait_ms(d->loop, 1);
	}
	is_int(d->reported, 0, "nothing is reported while all are refused");
	is_int(d->state, EXPORTER_BLOCKED, "an operator must look");
	is_int(d->changes, 1, "said once");
	ok(fixture_answer_all(d, 202, 12), "mended, all twelve are reported");
	for (int i = 0; i < 12; i++)
		if (d->items[i].outcome != EXPORTER_DELIVERED)
			ok(0, "item %d is delivered", i);
	ok(d->state == EXPORTER_SENDING, "and it is said");
	fixture_close(d);
}

static void a_hold_is_no_evidence_against_a_item(void)
{
	struct fixture *d = fixture_open_usual();
	int refusals = 0;

	fixture_must_send(d, 1);
	fixture_must_send(d, 1);
	while (fixture_out(d, 1) && d->state != EXPORTER_BLOCKED)
		fake_answer(0, 400, "", -1);
	/* Mended: but the first meets one more refusal, after the other has passed. */
	for (int i = 0; i < 1000 && d->reported < 2; i++) {
		while (fake.n > 0) {
			bool again = fixture_first(0).trace_low == 1 && d->reported == 1 && refusals++ == 0;

			if (fixture_first(0).trace_low == 1 && d->reported == 0)
				fake_answer(0, 503, "", -1);
			else
				fake_answer(0, again ? 400 : 202, "", -1);
		}
		wait_ms(d->loop, 1);
	}
	is_int(refusals > 0, 1, "it was refused once after the hold");
	is_int(d->items[0].outcome, EXPORTER_DELIVERED, "and that is forgiven");
	fixture_close(d);
}

static void many_bad_items_among_good_ones_are_just_that(void)
{
	struct fixture *d = fixture_open_usual();
	size_t poison = 0;

	for (int i = 0; i < 3000 && d->reported < 600; i++) {
		while (d->nitems < 600 && fixture_send(d, 2, NULL) == 0)
			;
		while (fake.n > 0)
			fake_answer(0, fixture_first(0).trace_low % 3 != 0 && fake.out[0].len > 40 ? 400 : 202, "", -1);
		wait_ms(d->loop, 1);
	}
	for (size_t i = 0; i < d->nitems; i++)
		poison += d->items[i].outcome == EXPORTER_REFUSED;
	is_int(poison, 400, "400 of 600 are poison");
	is_int(d->changes, 0, "and the collector is well");
	fixture_close(d);
}

static void a_misconfigured_collector_is_held(int status, enum http_fault fault)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 4; i++)
		fixture_must_send(d, 1);
	for (int i = 0; i < 30; i++) {
		if (!fixture_out(d, 1))
			break;
		while (fake.n > 0)
			status != 0 ? fake_answer(0, status, "", -1) : fake_fail(0, fault);
	}
	wait_ms(d->loop, 3);
	ok(d->state == EXPORTER_BLOCKED && d->reported == 0, "%d %s: held, nothing is given up", status,
	        status ? "" : "(no answer)");
	ok(fixture_answer_all(d, 202, 4) && d->items[0].outcome == EXPORTER_DELIVERED, "mended: delivered");
	fixture_close(d);
}

static void what_an_operator_must_mend_is_never_poison(void)
{
	static const int statuses[] = { 301, 302, 307, 401, 403, 404, 405, 407, 410 };
	static const enum http_fault faults[] = { HTTP_UNKNOWN_HOST, HTTP_TLS, HTTP_NOT_HTTP };

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		a_misconfigured_collector_is_held(statuses[i], HTTP_NO_FAULT);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		a_misconfigured_collector_is_held(0, faults[i]);
}

static void two_hundred_bad_items_in_a_row_are_too_many(void)
{
	struct fixture *d = fixture_open_usual();
	size_t poison = 0;

	/* The collector takes harmless batches and refuses every real one. */
	for (int i = 0; i < 3000 && d->changes == 0; i++) {
		while (d->nitems < 400 && fixture_send(d, 2, NULL) == 0)
			;
		while (fake.n > 0)
			fake_answer(0, fake.out[0].len < 40 ? 202 : 400, "", -1);
		wait_ms(d->loop, 1);
	}
	for (size_t i = 0; i < d->nitems; i++)
		poison += d->items[i].reports > 0 && d->items[i].outcome == EXPORTER_REFUSED;
	is_int(d->state, EXPORTER_BLOCKED, "it stops");
	ok(poison > 50 && poison <= 100, "before the topic is empty (%zu are poison)", poison);
	fixture_close(d);
}

static void of_two_collectors_the_well_one_gets_all(void)
{
	static const char *const urls[] = { "http://one:1", "http://two:2" };
	struct exporter_opts opts = fixture_opts(urls, 2);
	struct fixture *d = fixture_open(&opts);
	size_t two = 0;

	for (int i = 0; i < 16; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are out");
	for (size_t i = 0; i < fake.n; i++)
		two += fake_goes_to(i, "http://two:2");
	is_int(two, 4, "half of them to each");
	for (int i = 0; i < 1000 && d->reported < 16; i++) {
		while (fake.n > 0)
			fake_goes_to(0, "http://one") ? fake_fail(0, HTTP_NO_CONNECTION) : fake_answer(0, 202, "", -1);
		wait_ms(d->loop, 1);
	}
	is_int(d->reported, 16, "all are delivered by the other");
	is_int(d->state, EXPORTER_DEGRADED, "one of them is missed");
	ok(strstr(d->sentence, "http://one:1 takes no connection") != NULL, "and named");
	is_int(fixture_send(d, 1, NULL), 0, "new items are taken");
	fixture_close(d);
}

static void what_one_refuses_another_may_take(void)
{
	static const char *const urls[] = { "http://one:1", "http://two:2" };
	struct exporter_opts opts = fixture_opts(urls, 2);
	struct fixture *d = fixture_open(&opts);

	for (int i = 0; i < 16; i++)
		fixture_must_send(d, 1);
	for (int i = 0; i < 1000 && d->reported < 16; i++) {
		while (fake.n > 0)
			fake_answer(0, fake_goes_to(0, "http://one") ? 400 : 202, "", -1);
		wait_ms(d->loop, 1);
	}
	for (int i = 0; i < 16; i++)
		if (d->items[i].outcome != EXPORTER_DELIVERED)
			ok(0, "item %d is delivered", i);
	is_int(d->reported, 16, "all are delivered by the one that takes them");
	is_int(d->changes, 0, "each was refused once only: nobody is held for that yet");
	fixture_close(d);
}

static void a_item_that_always_fails_while_others_pass_is_poison(void)
{
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 1);
	for (int i = 0; i < 5000 && d->items[0].reports == 0; i++) {
		if (d->nitems < 2000 && i % 2 == 0)
			(void)!fixture_send(d, 2, NULL);
		for (size_t k = fake.n; k-- > 0;)
			fake_answer(k, fixture_first(k).trace_low == 1 ? 500 : 202, "", -1);
		fakeclock_ahead_us += US_PER_S / 2;
		wait_ms(d->loop, 1);
	}
	is_int(d->items[0].outcome, EXPORTER_REFUSED, "poison in the end");
	is_text(d->items[0].cause, "failing", "because it kept failing");
	is_int(d->items[0].status, 500, "with a 500");
	for (size_t i = 1; i < d->nitems; i++)
		if (d->items[i].reports > 0 && d->items[i].outcome != EXPORTER_DELIVERED)
			ok(0, "item %zu is delivered", i);
	fixture_close(d);
}

/* Nothing else is held, and the collector is left alone for them: but it takes the others. */
static void two_items_that_always_fail_keep_no_other_out(int status)
{
	struct fixture *d = fixture_open_usual();
	int looks = 0;

	fixture_must_send(d, 1);
	fixture_must_send(d, 1);
	while (looks < 2000 && (d->nitems < 3 || d->items[2].reports == 0)) {
		while (fake.n > 0) {
			bool bad = fixture_first(0).trace_low < 3 && fake.out[0].len > 40;

			fake_answer(0, bad ? status : 202, "", -1);
		}
		if (++looks > 100 && d->nitems < 3)
			(void)!fixture_send(d, 1, NULL);
		wait_ms(d->loop, 1);
	}
	ok(d->nitems == 3 && d->items[2].reports == 1, "%d: a third is taken and delivered", status);
	fixture_close(d);
}

static void a_refused_item_is_given_back_to_a_purge(void)
{
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 2);
	ok(fixture_out(d, 1), "out");
	fake_answer(0, 400, "", -1);
	ok(fixture_out(d, 1), "out again");
	fake_answer(0, 400, "", -1);
	ok(fake.n == 1 && fake.out[0].len < 40, "the collector is asked");
	exporter_purge(d->exporter);
	is_int(d->items[0].outcome, EXPORTER_NOT_SENT, "the suspect comes back");
	fake_answer(0, 400, "", -1);
	wait_ms(d->loop, 2);
	is_int(exporter_state(d->exporter), EXPORTER_BLOCKED, "the answer still counts");
	fixture_close(d);
}

static void out_of_memory_is_tried_again(void)
{
	struct fixture *d = fixture_open_usual();

	fake.refuse = E_NOMEM;
	fixture_must_send(d, 1);
	wait_ms(d->loop, 3);
	is_int(d->reported, 0, "a request that cannot be made is not reported");
	fake.refuse = 0;
	fakeclock_ahead_us += 2 * US_PER_S;
	ok(fixture_answer_all(d, 202, 1), "it goes when it can");
	fixture_close(d);
}

int main(void)
{
	a_item_is_tried_for_ever();
	a_collector_that_is_away_is_told_once_and_tried_by_one();
	after_an_outage_the_window_opens_slowly();
	patience_that_is_asked_for_is_given();
	patience_counts_with_a_500_too();
	one_500_does_not_stop_the_others();
	one_bad_item_costs_one_item();
	a_bad_item_alone_is_found_out_by_asking();
	one_bad_part_makes_the_item_poison_and_says_which();
	what_is_said_of_another_part_is_not_said_of_the_poison();
	a_collector_that_refuses_all_is_held_and_nothing_is_poison();
	a_hold_is_no_evidence_against_a_item();
	many_bad_items_among_good_ones_are_just_that();
	what_an_operator_must_mend_is_never_poison();
	two_hundred_bad_items_in_a_row_are_too_many();
	of_two_collectors_the_well_one_gets_all();
	what_one_refuses_another_may_take();
	a_item_that_always_fails_while_others_pass_is_poison();
	two_items_that_always_fail_keep_no_other_out(500);
	two_items_that_always_fail_keep_no_other_out(503);
	a_refused_item_is_given_back_to_a_purge();
	out_of_memory_is_tried_again();
	return tap_done();
}
