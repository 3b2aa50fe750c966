/* SPDX-License-Identifier: Apache-2.0 */
/* test_tally.c — sent, stored, missing, twice: each span is counted once. */
#include "testkit/numbered_spans.h"
#include "testkit/tally.h"
#include "tap.h"

enum { RUN = 7 };

static struct tally *fresh(void)
{
	struct tally *t;

	if (tally_open(&t, RUN) < 0)
		abort();
	return t;
}

static void send(struct tally *t, uint64_t first, uint64_t count)
{
	if (tally_sent(t, first, count) < 0)
		abort();
}

static void store(struct tally *t, uint64_t number)
{
	tally_stored(t, RUN, numbered_spans_trace_low(number));
}

static void is_count(struct tally_count got, struct tally_count want, const char *name)
{
	ok(memcmp(&got, &want, sizeof(got)) == 0,
	        "%s: sent %" PRIu64 " stored %" PRIu64 " missing %" PRIu64 " duplicates %" PRIu64, name, got.sent,
	        got.stored, got.missing, got.duplicates);
}

static void what_was_sent_and_did_not_arrive_is_missing(void)
{
	struct tally *t = fresh();

	send(t, 1, 10);
	store(t, 1);
	store(t, 4);
	is_count(tally_total(t), (struct tally_count){ 10, 2, 8, 0 }, "two of ten");
	is_int(tally_first_missing(t, 1, 11), 2, "number 2 is the first that is missing");
	is_int(tally_first_missing(t, 4, 5), 5, "in a range where all arrived, none is");
	tally_free(t);
}

static void an_arrival_beyond_the_first_is_a_duplicate(void)
{
	struct tally *t = fresh();

	send(t, 1, 3);
	store(t, 2);
	store(t, 2);
	store(t, 2);
	is_count(tally_total(t), (struct tally_count){ 3, 1, 2, 2 }, "three times number 2");
	is_int(tally_strays(t), 0, "and it is no stray");
	tally_free(t);
}

static void a_span_that_was_never_sent_is_a_stray(void)
{
	struct tally *t = fresh();

	send(t, 10, 5);
	store(t, 9);
	store(t, 15);
	store(t, 1000000000);
	tally_stored(t, RUN + 1, numbered_spans_trace_low(10));
	tally_stored(t, RUN, 10);
	is_int(tally_strays(t), 5, "below, above, far above, of another run, without the mark");
	is_count(tally_total(t), (struct tally_count){ 5, 0, 5, 0 }, "none of them counts as stored");
	tally_free(t);
}

static void a_refused_span_was_not_sent(void)
{
	struct tally *t = fresh();

	send(t, 0, 20);
	store(t, 3);
	store(t, 5);
	store(t, 5);
	tally_unsent(t, 10, 10);
	is_count(tally_total(t), (struct tally_count){ 10, 2, 8, 1 }, "half was refused");
	tally_unsent(t, 5, 1);
	is_count(tally_total(t), (struct tally_count){ 9, 1, 8, 0 }, "one arrived although it was refused");
	is_int(tally_strays(t), 2, "its arrivals are strays");
	tally_unsent(t, 500, 10);
	is_count(tally_total(t), (struct tally_count){ 9, 1, 8, 0 }, "numbers unknown are passed over");
	tally_free(t);
}

static void a_range_counts_its_own_numbers_only(void)
{
	struct tally *t = fresh();

	send(t, 1, 100000);
	for (uint64_t i = 1; i <= 100000; i++)
		if (i != 50000)
			store(t, i);
	store(t, 60000);
	is_count(tally_range(t, 1, 50000), (struct tally_count){ 49999, 49999, 0, 0 }, "before the gap");
	is_count(tally_range(t, 50000, 50001), (struct tally_count){ 1, 0, 1, 0 }, "the gap");
	is_count(tally_range(t, 50001, 900000), (struct tally_count){ 50000, 50000, 0, 1 }, "behind it");
	is_count(tally_total(t), (struct tally_count){ 100000, 99999, 1, 1 }, "all");
	tally_free(t);
}

static void a_number_sent_twice_counts_once(void)
{
	struct tally *t = fresh();

	send(t, 1, 5);
	send(t, 3, 5);
	is_int(tally_total(t).sent, 7, "1 to 7");
	tally_free(t);
}

int main(void)
{
	what_was_sent_and_did_not_arrive_is_missing();
	an_arrival_beyond_the_first_is_a_duplicate();
	a_span_that_was_never_sent_is_a_stray();
	a_refused_span_was_not_sent();
	a_range_counts_its_own_numbers_only();
	a_number_sent_twice_counts_once();
	return tap_done();
}
