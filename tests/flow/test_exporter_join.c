/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_join.c — batches of one process share a POST when they have to wait anyway, each with its own
 * fate; nothing waits in order to be joined while there is little to send. */
#include "exporter_fixture.h"

enum { ONE = 1 };

static struct fixture *open_one(const struct exporter_opts *with)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d;

	if (with != NULL) {
		opts.post_spans = with->post_spans;
		opts.post_bytes = with->post_bytes;
	}
	d = fixture_open(&opts);
	d->processes = ONE;
	return d;
}

static void send_some(struct fixture *d, size_t n, uint32_t spans)
{
	for (size_t i = 0; i < n; i++)
		fixture_must_send(d, spans);
}

/* Spans of request I. */
static uint32_t spans_of(size_t i)
{
	struct inspect_facts facts;

	if (inspect_batch(slice_of(fake.out[i].body, fake.out[i].len), &facts, NULL, NULL, NULL) < 0) {
		ok(0, "a request holds a batch");
		return 0;
	}
	return facts.spans;
}

static size_t count_outcomes(const struct fixture *d, enum exporter_outcome outcome)
{
	size_t n = 0;

	for (size_t i = 0; i < d->nitems; i++)
		n += d->items[i].reports == 1 && d->items[i].outcome == outcome;
	return n;
}

static struct {
	uint32_t times[800][16]; /* by trace, that is item, and span */
	uint32_t spans;
} seen;

static void see(void *arg, const struct inspect_span *span)
{
	(void)arg;
	seen.times[span->trace_low][span->span_id]++;
	seen.spans++;
}

static void look_into(size_t i)
{
	struct inspect_facts facts;

	if (inspect_batch(slice_of(fake.out[i].body, fake.out[i].len), &facts, see, NULL, NULL) < 0)
		ok(0, "a request holds a batch");
}

/* Answers 202 to all that has none of BAD's spans, 400 to the rest; until N items are reported. */
static void refuse_items(struct fixture *d, bool (*is_bad)(uint64_t item), size_t n);

static void batches_that_come_together_leave_together(void)
{
	struct fixture *d = open_one(NULL);

	memset(&seen, 0, sizeof(seen));
	send_some(d, 50, 3);
	ok(fixture_out(d, 1), "a request is out");
	is_int((int64_t)fake.n, 1, "one for all");
	is_int(spans_of(0), 150, "with the spans of all");
	look_into(0);
	for (uint64_t item = 1; item <= 50; item++)
		for (uint64_t span = 1; span <= 3; span++)
			if (seen.times[item][span] != 1)
				ok(0, "span %d of item %d is in it once", (int)span, (int)item);
	fake_answer(0, 202, "", -1);
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 50, "its 2xx delivers all");
	is_int((int64_t)exporter_stats(d->exporter)->posted_batches, 50, "fifty batches");
	is_int((int64_t)exporter_stats(d->exporter)->posts, 1, "in one POST are counted");
	fixture_close(d);
}

static void a_batch_alone_goes_as_it_is_and_at_once(void)
{
	struct fixture *d = open_one(NULL);

	for (int i = 0; i < 5; i++) {
		fixture_must_send(d, 2);
		if (!fixture_out(d, 1) ||
		        !slice_same(slice_of(fake.out[0].body, fake.out[0].len), buf_slice(&d->items[i].value)))
			ok(0, "item %d is posted byte for byte, before another comes", i);
		fake_answer(0, 202, "", -1);
	}
	is_int((int64_t)d->reported, 5, "five batches went out one by one");
	fixture_close(d);
}

static bool was_asked(void *arg)
{
	return ((struct fixture *)arg)->asked > 0;
}

static struct fixture *open_with_more(uint64_t more_wait_ms, uint64_t max_bytes)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d;

	opts.post_spans = 10;
	opts.more_wait_ms = more_wait_ms;
	opts.max_bytes = max_bytes;
	d = fixture_open(&opts);
	d->processes = ONE;
	d->more = true;
	return d;
}

static void a_backlog_fills_posts_first(void)
{
	struct fixture *d = open_with_more(600000, 1 << 20);

	send_some(d, 3, 2);
	ok(wait_until(d->loop, was_asked, d, 10) && fake.n == 0,
	        "a POST that is not full waits while the owner has more");
	send_some(d, 2, 2);
	ok(fixture_out(d, 1) && spans_of(0) == 10, "it leaves when it is full");
	fake_answer(0, 202, "", -1);
	send_some(d, 1, 2);
	d->more = false;
	ok(fixture_out(d, 1) && spans_of(0) == 2, "and as it is when the owner has no more");
	fixture_close(d);
}

static void a_backlog_holds_nothing_for_ever(void)
{
	struct fixture *d = open_with_more(1, 1 << 20);

	send_some(d, 1, 2);
	ok(fixture_out(d, 1) && spans_of(0) == 2, "a batch leaves after its longest wait, though the owner has more");
	fixture_close(d);
	d = open_with_more(600000, 2048);
	while (fixture_send(d, 1, NULL) == 0)
		;
	ok(fixture_out(d, 1), "or when there is no room for what the owner has");
	fixture_close(d);
}

static void ids_stand_side_by_side(void)
{
	struct exporter_item first = { .id = slice_text("h/1/7"), .received = slice_text("17") };
	struct exporter_item second = { .id = slice_text("h/1/8"), .received = slice_text("18") };
	struct fixture *d = open_one(NULL);

	is_int(fixture_send(d, 1, &first), 0, "one is taken");
	is_int(fixture_send(d, 1, &second), 0, "and another");
	ok(fixture_out(d, 1) && spans_of(0) == 2, "they are joined");
	is_text(fake.out[0].headers, "spanspool-id: h/1/7, h/1/8\nspanspool-received: 17\n", "with both ids");
	fixture_close(d);
}

static void other_processes_stay_apart(void)
{
	struct fixture *d = open_one(NULL);

	d->processes = 3;
	send_some(d, 30, 2);
	ok(fixture_out(d, 3) && fake.n == 3, "three processes make three requests");
	for (size_t i = 0; i < fake.n; i++)
		is_int(spans_of(i), 20, "each with its own spans");
	fixture_close(d);
}

static void a_mark_is_not_shared(void)
{
	struct exporter_item marked = { .maybe_dup = true };
	struct fixture *d = open_one(NULL);

	for (int i = 0; i < 10; i++)
		if (fixture_send(d, 1, i % 2 == 0 ? &marked : NULL) < 0)
			ok(0, "an item is taken");
	ok(fixture_out(d, 2) && fake.n == 2, "marked and unmarked batches do not share a request");
	is_int(spans_of(0) + spans_of(1), 10, "they are all there");
	ok((strstr(fake.out[0].headers, "maybe-dup") != NULL) != (strstr(fake.out[1].headers, "maybe-dup") != NULL),
	        "one of the two is marked");
	fixture_close(d);
}

static void a_post_has_its_bounds(void)
{
	struct exporter_opts opts = { .post_spans = 20 };
	struct fixture *d = open_one(&opts);

	send_some(d, 11, 4);
	ok(fixture_out(d, 3) && fake.n == 3, "44 spans at 20 a POST are three");
	ok(spans_of(0) == 20 && spans_of(1) == 20 && spans_of(2) == 4, "two of them full");
	fixture_close(d);

	opts = (struct exporter_opts){ .post_bytes = 300 };
	d = open_one(&opts);
	send_some(d, 6, 1);
	ok(fixture_out(d, 2), "bytes are bounded too");
	for (size_t i = 0; i < fake.n; i++)
		if (fake.out[i].len > 300 + 64)
			ok(0, "request %zu has at most 300 bytes of spans", i);
	fixture_close(d);
}

static void refuse_items(struct fixture *d, bool (*is_bad)(uint64_t item), size_t n)
{
	for (int i = 0; i < 3000 && d->reported < n; i++) {
		while (fake.n > 0) {
			bool bad = false;

			memset(&seen, 0, sizeof(seen));
			look_into(0);
			for (uint64_t item = 1; item <= d->nitems; item++)
				bad |= seen.times[item][1] > 0 && is_bad(item);
			fake_answer(0, bad ? 400 : 202, bad ? "bad span" : "", -1);
		}
		wait_ms(d->loop, 1);
	}
}

static bool is_37(uint64_t item)
{
	return item == 37;
}

static void one_bad_batch_costs_itself_and_a_dozen_requests(void)
{
	struct fixture *d = open_one(NULL);

	send_some(d, 50, 2);
	refuse_items(d, is_37, 50);
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 49, "49 of 50 are delivered");
	is_int(d->items[36].outcome, EXPORTER_REFUSED, "the bad one is refused");
	is_text(d->items[36].detail, "answered 400: bad span", "with the answer to it alone");
	ok(fake.sent >= 12 && fake.sent <= 16, "%d requests were needed", (int)fake.sent);
	fixture_close(d);
}

static bool is_any_of_three(uint64_t item)
{
	return item == 1 || item == 2 || item == 50;
}

static void several_bad_ones_are_all_found(void)
{
	struct fixture *d = open_one(NULL);

	send_some(d, 50, 2);
	refuse_items(d, is_any_of_three, 50);
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 47, "47 are delivered");
	is_int((int64_t)count_outcomes(d, EXPORTER_REFUSED), 3, "three are refused");
	fixture_close(d);
}

static void a_collector_that_takes_singles_only_gets_singles(void)
{
	struct fixture *d = open_one(NULL);
	uint64_t sent;

	for (int round = 0; round < 2; round++) {
		sent = fake.sent;
		send_some(d, 40, 1);
		for (int i = 0; i < 3000 && d->reported < d->nitems; i++) {
			while (fake.n > 0)
				fake_answer(0, spans_of(0) > 1 ? 400 : 202, "", -1);
			wait_ms(d->loop, 1);
		}
		sent = fake.sent - sent;
	}
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 80, "all are delivered");
	is_int((int64_t)sent, 40, "and nothing is joined for it any more");
	fixture_close(d);
}

static void an_outage_keeps_them_together(void)
{
	struct fixture *d = open_one(NULL);

	send_some(d, 20, 2);
	ok(fixture_out(d, 1) && spans_of(0) == 40, "twenty are out together");
	for (int i = 0; i < 10; i++) {
		if (!fixture_out(d, 1))
			break;
		fake_answer(0, 503, "", -1);
	}
	ok(fixture_out(d, 1) && spans_of(0) == 40, "after ten refusals still together");
	ok(strstr(fake.out[0].headers, "spanspool-maybe-dup: 1") != NULL, "and marked");
	is_int((int64_t)d->again_items, 200, "each sending of each batch again is told");
	fake_answer(0, 202, "", -1);
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 20, "delivered");
	fixture_close(d);
}

static bool is_odd(void *arg, void *token)
{
	struct fixture *d = arg;

	return ((struct fixture_item *)token - d->items) % 2 == 1;
}

/* Its joined POSTs are refused hundreds of times before the first batch is alone. */
static void a_collector_that_takes_singles_only_is_not_held(void)
{
	struct fixture *d = open_one(NULL);

	send_some(d, 1500, 1);
	for (int i = 0; i < 3000 && d->reported < d->nitems; i++) {
		while (fake.n > 0)
			fake_answer(0, spans_of(0) > 1 ? 400 : 202, "", -1);
		wait_ms(d->loop, 1);
	}
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 1500, "all are delivered");
	is_int(d->changes, 0, "and no operator is called for");
	fixture_close(d);
}

static bool is_first_of_fifty(uint64_t item)
{
	return item % 50 == 1;
}

/* All POSTs that are under way are refused before a half of one passes. */
static void one_bad_item_in_each_post_does_not_end_the_joining(void)
{
	enum { POSTS = 14, FIFTY = 50 };
	struct fixture *d = open_one(NULL);

	send_some(d, POSTS * FIFTY, 10);
	refuse_items(d, is_first_of_fifty, POSTS * FIFTY);
	is_int((int64_t)count_outcomes(d, EXPORTER_REFUSED), POSTS, "each bad one is refused");
	ok(fake.sent < 15 * POSTS, "for %u requests", (unsigned)fake.sent);
	fixture_close(d);
}

static void a_recall_takes_its_own_out_of_a_joined_request(void)
{
	struct fixture *d = open_one(NULL);

	send_some(d, 10, 1);
	ok(fixture_out(d, 1) && spans_of(0) == 10, "ten are out together");
	exporter_recall(d->exporter, is_odd, d);
	is_int((int64_t)d->reported, 0, "none is at hand");
	fake_fail(0, HTTP_NO_CONNECTION);
	is_int((int64_t)count_outcomes(d, EXPORTER_NOT_SENT), 5, "its five come back unsent");
	ok(fixture_out(d, 1) && spans_of(0) == 5, "the others go on");
	fake_answer(0, 202, "", -1);
	is_int((int64_t)count_outcomes(d, EXPORTER_DELIVERED), 5, "and are delivered");
	fixture_close(d);
}

static void batches_that_wait_are_recalled(void)
{
	struct fixture *d = open_one(NULL);

	d->processes = 0;
	send_some(d, 12, 1); /* a window of eight requests */
	ok(fixture_out(d, 8), "eight are out, four wait");
	exporter_purge(d->exporter);
	is_int((int64_t)count_outcomes(d, EXPORTER_NOT_SENT), 4, "the four come back");
	fixture_close(d);
}

static struct fixture *calls_back;

static void purge_again(void *arg, const struct exporter_report *r)
{
	fixture_done(arg, r);
	exporter_purge(calls_back->exporter);
}

static void an_owner_may_purge_while_it_is_told(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d = fixture_open_as(&opts, fixture_nothing, purge_again);

	calls_back = d;
	d->processes = 2;
	send_some(d, 200, 3);
	send_some(d, 8, 1200);
	ok(fixture_out(d, 8), "requests are out, others wait");
	exporter_purge(d->exporter);
	while (fake.n > 0)
		fake_answer(0, 503, "", -1);
	ok(fixture_reported(d, 208), "all come back");
	is_int((int64_t)(count_outcomes(d, EXPORTER_NOT_SENT) + count_outcomes(d, EXPORTER_MAYBE_SENT)), 208,
	        "each once");
	is_int((int64_t)exporter_stats(d->exporter)->items, 0, "none is held");
	fixture_close(d);
}

int main(void)
{
	batches_that_come_together_leave_together();
	a_batch_alone_goes_as_it_is_and_at_once();
	a_backlog_fills_posts_first();
	a_backlog_holds_nothing_for_ever();
	ids_stand_side_by_side();
	other_processes_stay_apart();
	a_mark_is_not_shared();
	a_post_has_its_bounds();
	one_bad_batch_costs_itself_and_a_dozen_requests();
	several_bad_ones_are_all_found();
	a_collector_that_takes_singles_only_gets_singles();
	a_collector_that_takes_singles_only_is_not_held();
	one_bad_item_in_each_post_does_not_end_the_joining();
	an_outage_keeps_them_together();
	a_recall_takes_its_own_out_of_a_joined_request();
	batches_that_wait_are_recalled();
	an_owner_may_purge_while_it_is_told();
	return tap_done();
}
