/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_marks.c — the mark of a request says whether its spans may have arrived before, and its id
 * says which spans they are. */
#include "exporter_fixture.h"

static const char marked[] = "spanspool-maybe-dup: 1\n";

static bool is_marked(size_t i)
{
	return strstr(fake.out[i].headers, marked) != NULL;
}

/* Answers request I with STATUS, or fails it with FAULT where that is 0. */
static void answer(size_t i, int status, enum http_fault fault)
{
	status != 0 ? fake_answer(i, status, "", -1) : fake_fail(i, fault);
}

/* The one request that is on the wire after time has passed enough for any pause. */
static bool is_out_again(struct fixture *d)
{
	fakeclock_ahead_us += 10 * US_PER_S;
	return fixture_out(d, 1);
}

static void a_repeat_after(int status, enum http_fault fault, bool may_be_stored)
{
	struct fixture *d = fixture_open_usual();
	bool first, second;

	fixture_must_send(d, 7);
	first = fixture_out(d, 1) && is_marked(0);
	answer(0, status, fault);
	second = is_out_again(d) && is_marked(0);
	ok(!first && second == may_be_stored, "after %d (%s) the repeat is %s", status, http_fault_text(fault),
	        may_be_stored ? "marked" : "not marked");
	ok(d->again_spans == (may_be_stored ? 7 : 0) && d->again_items == may_be_stored, "and counted so");
	answer(0, 202, HTTP_NO_FAULT);
	is_int(d->items[0].outcome, EXPORTER_DELIVERED, "it is delivered");
	fixture_close(d);
}

static void a_repeat_is_marked_where_the_first_may_have_arrived(void)
{
	static const struct {
		int status;
		enum http_fault fault;
		bool may_be_stored;
	} rows[] = {
		{ 500, HTTP_NO_FAULT, true },
		{ 502, HTTP_NO_FAULT, true },
		{ 503, HTTP_NO_FAULT, true },
		{ 504, HTTP_NO_FAULT, true },
		{ 0, HTTP_TIMED_OUT, true },
		{ 0, HTTP_BROKEN_OFF, true },
		{ 0, HTTP_NOT_HTTP, true },
		{ 0, HTTP_NO_CONNECTION, false },
		{ 0, HTTP_UNKNOWN_HOST, false },
		{ 0, HTTP_TLS, false },
		{ 302, HTTP_NO_FAULT, false },
		{ 400, HTTP_NO_FAULT, false },
		{ 401, HTTP_NO_FAULT, false },
		{ 408, HTTP_NO_FAULT, false },
		{ 429, HTTP_NO_FAULT, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		a_repeat_after(rows[i].status, rows[i].fault, rows[i].may_be_stored);
}

static void the_mark_of_an_earlier_life_is_handed_on_and_not_counted_again(void)
{
	struct exporter_item as = { .id = slice_text("h/1/7"), .maybe_dup = true };
	struct fixture *d = fixture_open_usual();

	is_int(fixture_send(d, 3, &as), 0, "a batch that may have arrived is taken");
	ok(fixture_out(d, 1) && is_marked(0), "its first request is marked");
	is_int((int64_t)d->again_spans, 0, "its owner has counted that sending");
	fake_fail(0, HTTP_NO_CONNECTION);
	ok(is_out_again(d) && is_marked(0), "it is marked again");
	is_int((int64_t)d->again_spans, 0, "and a sending that never left is not counted");
	fake_fail(0, HTTP_BROKEN_OFF);
	ok(is_out_again(d), "once more");
	is_int((int64_t)d->again_spans, 3, "one that may have arrived is");
	fixture_close(d);
}

/* The request among those out whose id ends in PART. */
static size_t with_part(const char *part)
{
	char line[64];

	snprintf(line, sizeof(line), "spanspool-id: h/1/7%s\n", part);
	for (size_t i = 0; i < fake.n; i++)
		if (strstr(fake.out[i].headers, line) != NULL)
			return i;
	ok(0, "a request has the id h/1/7%s", part);
	exit(1);
}

static void each_part_has_an_id_and_a_mark_of_its_own(void)
{
	struct exporter_item as = { .id = slice_text("h/1/7") };
	struct fixture *d = fixture_open_usual();

	is_int(fixture_send(d, 1000, &as), 0, "a long batch is taken");
	ok(fixture_out(d, 2), "it goes out in two parts");
	fake_answer(with_part("/0-499"), 202, "", -1);
	fake_answer(with_part("/500-999"), 504, "", -1);
	ok(is_out_again(d), "the second part is sent again");
	ok(is_marked(with_part("/500-999")), "with its id and marked");
	is_int((int64_t)d->again_spans, 500, "only its spans are sent again");
	is_int((int64_t)d->again_items, 0, "the batch counts with its first span");
	fake_answer(0, 413, "", -1);
	ok(fixture_out(d, 2), "too large, it goes out in halves");
	ok(is_marked(with_part("/500-749")) && is_marked(with_part("/750-999")),
	        "each half has an id of its own, and the mark of the whole");
	ok(fixture_answer_all(d, 202, 1) && d->items[0].outcome == EXPORTER_DELIVERED, "delivered");
	fixture_close(d);
}

static void bare_requests_have_no_headers_and_repeats_still_count(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_item as = { .id = slice_text("h/1/7"), .maybe_dup = true };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d;

	opts.bare = true;
	d = fixture_open(&opts);
	is_int(fixture_send(d, 3, &as), 0, "a batch is taken");
	ok(fixture_out(d, 1), "it is sent");
	is_text(fake.out[0].headers, "", "without headers");
	fake_fail(0, HTTP_BROKEN_OFF);
	ok(is_out_again(d), "sent again");
	is_text(fake.out[0].headers, "", "without headers");
	is_int((int64_t)d->again_spans, 3, "and counted");
	fixture_close(d);
}

int main(void)
{
	a_repeat_is_marked_where_the_first_may_have_arrived();
	the_mark_of_an_earlier_life_is_handed_on_and_not_counted_again();
	each_part_has_an_id_and_a_mark_of_its_own();
	bare_requests_have_no_headers_and_repeats_still_count();
	return tap_done();
}
