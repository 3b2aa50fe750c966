/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter.c — items on a good day: posted as they are, cut when long, bounded in number, given
 * back when their owner wants them. */
#include "exporter_fixture.h"

static void a_item_arrives_as_it_is(void)
{
	struct exporter_item as = { .id = slice_text("h/1/7"), .received = slice_text("1700") };
	struct fixture *d = fixture_open_usual();
	struct fixture_item *l = &d->items[0];

	is_int(fixture_send(d, 3, &as), 0, "an item is taken");
	is_int(d->reported, 0, "and not reported from within");
	ok(fixture_out(d, 1), "it is posted");
	is_text(fake.out[0].url, "http://one:1/api/traces?format=jaeger.thrift", "to the whole address");
	ok(slice_same(slice_of(fake.out[0].body, fake.out[0].len), buf_slice(&l->value)), "byte for byte");
	is_text(fake.out[0].headers, "spanspool-id: h/1/7\nspanspool-received: 1700\n", "with its headers");
	fake_answer(0, 202, "", -1);
	ok(fixture_reported(d, 1), "the answer is reported");
	is_int(l->outcome, EXPORTER_DELIVERED, "as delivered");
	is_text(l->cause, "", "without a cause");
	is_int(exporter_stats(d->exporter)->bytes, 0, "nothing is held any more");
	is_int(exporter_stats(d->exporter)->by_status[202], 1, "one 202 is counted");
	is_int(d->changes, 0, "no change of state was worth a word");
	fixture_close(d);
}

static void a_batch_without_spans_is_posted_too(void)
{
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 0);
	ok(fixture_answer_all(d, 202, 1) && d->items[0].outcome == EXPORTER_DELIVERED, "delivered");
	fixture_close(d);
}

static void no_more_is_on_the_wire_than_was_said(void)
{
	struct fixture *d = fixture_open_usual();
	int taken = 0;

	for (; taken < 16; taken++)
		fixture_must_send(d, 1);
	ok(fixture_answer_all(d, 202, 16), "all are delivered");
	ok(fake.most == 8, "never more than 8 at once");
	fixture_close(d);
}

static void the_bytes_held_are_bounded(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d;

	opts.max_bytes = 1000 + EXPORTER_ITEM_COST;
	d = fixture_open(&opts);
	is_int(fixture_send(d, 100, NULL), 0, "an item that is larger than all the room is taken alone");
	is_int(fixture_send(d, 1, NULL), E_FULL, "and nothing beside it");
	ok(fixture_answer_all(d, 202, 1), "it is delivered");
	ok(d->rooms == 1, "then there is room");
	is_int(fixture_send(d, 1, NULL), 0, "for a small one");
	is_int(fixture_send(d, 100, NULL), E_FULL, "not for a large one behind it");
	fixture_close(d);
}

struct seen {
	uint32_t times[4096];
	uint32_t spans, most;
};

static void see(void *arg, const struct inspect_span *span)
{
	struct seen *s = arg;

	s->times[span->span_id]++;
	s->spans++;
}

/* Answers STATUS to requests of more than LIMIT spans, 202 to the others, until N are reported. */
static void answer_by_size(struct fixture *d, uint32_t limit, int status, struct seen *s, size_t n)
{
	for (int i = 0; i < 10000 && d->reported < n; i++) {
		while (fake.n > 0) {
			struct slice body = slice_of(fake.out[0].body, fake.out[0].len);
			struct inspect_facts facts;

			if (inspect_batch(body, &facts, NULL, NULL, NULL) < 0) {
				ok(0, "a request holds a batch");
				return;
			}
			if (facts.spans > limit) {
				fake_answer(0, status, "", -1);
				continue;
			}
			if (facts.spans > s->most)
				s->most = facts.spans;
			if (inspect_batch(body, &facts, see, s, NULL) == 0)
				fake_answer(0, 202, "", -1);
		}
		wait_ms(d->loop, 1);
	}
}

static int each_once(const struct seen *s, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		if (s->times[i] != 1)
			return 0;
	return s->spans == n;
}

static void a_long_item_goes_in_parts(void)
{
	struct fixture *d = fixture_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	fixture_must_send(d, 1750);
	answer_by_size(d, UINT32_MAX, 0, &s, 1);
	is_int(d->reported, 1, "one report");
	is_int(d->items[0].outcome, EXPORTER_DELIVERED, "delivered");
	is_int(s.most, 500, "no part has more than 500 spans");
	ok(each_once(&s, 1750), "every span was posted once");
	fixture_close(d);
}

static void what_is_too_large_is_halved_until_it_passes(void)
{
	struct fixture *d = fixture_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	fixture_must_send(d, 1337);
	answer_by_size(d, 7, 413, &s, 1);
	is_int(d->items[0].outcome, EXPORTER_DELIVERED, "delivered in the end");
	ok(s.most <= 7, "in parts that pass");
	ok(each_once(&s, 1337), "every span was taken once");
	ok(exporter_stats(d->exporter)->splits > 100, "many times halved");
	fixture_close(d);
}

static void a_span_too_large_for_anyone_is_poison(void)
{
	struct fixture *d = fixture_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	fixture_must_send(d, 5);
	answer_by_size(d, 0, 413, &s, 1);
	is_int(d->items[0].outcome, EXPORTER_REFUSED, "poison");
	is_text(d->items[0].cause, "too_large", "too large");
	is_int(d->items[0].status, 413, "with the status");
	fixture_close(d);
}

static void a_purge_gives_back_what_is_not_on_the_wire(void)
{
	struct fixture *d = fixture_open_usual();
	size_t not_sent = 0;

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are on the wire, four wait");
	exporter_purge(d->exporter);
	for (int i = 0; i < 12; i++)
		not_sent += d->items[i].reports == 1 && d->items[i].outcome == EXPORTER_NOT_SENT;
	is_int(not_sent, 4, "the four come back before the purge returns, unsent");
	fake_answer(0, 202, "", -1);
	fake_answer(0, 503, "", -1);
	fake_fail(0, HTTP_NO_CONNECTION);
	fake_answer(0, 429, "", 100000);
	is_int(d->items[0].outcome, EXPORTER_DELIVERED, "one on the wire may still be delivered");
	is_int(d->items[1].outcome, EXPORTER_MAYBE_SENT, "or fail, and perhaps it was not in vain");
	is_int(d->items[2].outcome, EXPORTER_NOT_SENT, "or never have left");
	is_int(d->items[3].outcome, EXPORTER_NOT_SENT, "or have been sent away");
	is_int(d->reported, 8, "each is reported with its answer");
	while (fake.n > 0)
		fake_answer(0, 500, "", -1);
	wait_ms(d->loop, 20);
	is_int(fake.sent, 8, "none was sent again");
	is_int(d->reported, 12, "all are reported");
	fixture_close(d);
}

static bool is_odd(void *arg, void *token)
{
	return ((struct fixture_item *)token - ((struct fixture *)arg)->items) % 2 == 1;
}

static void a_recall_gives_back_only_what_it_names(void)
{
	struct fixture *d = fixture_open_usual();
	size_t wrong = 0;

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight are on the wire, four wait");
	exporter_recall(d->exporter, is_odd, d);
	is_int(d->reported, 2, "two of the four come back at once");
	while (fake.n > 0)
		fake_answer(0, 503, "", -1);
	is_int(d->reported, 6, "four more when they fail");
	ok(fixture_answer_all(d, 202, 12), "the others are sent on");
	for (int i = 0; i < 12; i++)
		wrong += d->items[i].outcome == (i % 2 == 0     ? EXPORTER_DELIVERED
		                                        : i < 8 ? EXPORTER_MAYBE_SENT
		                                                : EXPORTER_NOT_SENT);
	is_int(wrong, 12, "and delivered");
	fixture_close(d);
}

static void send_once(void *arg)
{
	struct fixture *d = arg;

	if (d->nitems == d->want)
		fixture_must_send(d, 1);
}

static void too_late(void *arg)
{
	struct fixture *d = arg;

	d->flushes = -1;
	loop_stop(d->loop);
}

static void a_item_sent_at_the_end_of_a_turn_goes_out_too(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d = fixture_open_with(&opts, send_once);
	struct timer *deadline;

	fake.stops = d->loop;
	if (timer_open(&deadline, d->loop, too_late, d) < 0)
		return;
	timer_start(deadline, 5000);
	loop_run(d->loop);
	ok(fake.n == 1 && d->flushes == 0, "although nothing else wakes the loop");
	timer_free(deadline);
	fixture_close(d);
}

static void a_part_that_was_delivered_makes_the_rest_a_possible_duplicate(void)
{
	struct fixture *d = fixture_open_usual();

	fixture_must_send(d, 1000);
	ok(fixture_out(d, 2), "two parts");
	fake_answer(0, 202, "", -1);
	exporter_purge(d->exporter);
	fake_fail(0, HTTP_NO_CONNECTION);
	is_int(d->items[0].outcome, EXPORTER_MAYBE_SENT, "half of it has arrived");
	fixture_close(d);
}

static void a_flush_ends_when_all_is_delivered(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	exporter_flush(d->exporter, 60000, fixture_flushed, d);
	is_int(d->flushes, 0, "not from within the call");
	ok(fixture_answer_all(d, 202, 12), "all are delivered");
	wait_ms(d->loop, 5);
	is_int(d->flushes, 1, "flushed, once, long before its budget");
	fixture_close(d);
}

static bool has_flushed(void *arg)
{
	return ((struct fixture *)arg)->flushes > 0;
}

static void a_flush_ends_with_its_budget(void)
{
	struct fixture *d = fixture_open_usual();
	size_t maybe = 0, not = 0;

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 1);
	ok(fixture_out(d, 8), "eight hang");
	exporter_flush(d->exporter, 20, fixture_flushed, d);
	ok(wait_until(d->loop, has_flushed, d, 10), "flushed");
	for (int i = 0; i < 12; i++) {
		maybe += d->items[i].outcome == EXPORTER_MAYBE_SENT;
		not += d->items[i].outcome == EXPORTER_NOT_SENT;
	}
	is_int(d->reported, 12, "all have been reported by then");
	ok(maybe == 8 && not == 4, "those that hung as perhaps sent, the others as not sent");
	fixture_close(d);
}

static void an_empty_flush_ends_at_once(void)
{
	struct fixture *d = fixture_open_usual();

	exporter_flush(d->exporter, 60000, fixture_flushed, d);
	is_int(d->flushes, 0, "not from within the call");
	ok(wait_until(d->loop, has_flushed, d, 10), "but in the next turn");
	fixture_close(d);
}

static void a_closed_exporter_is_silent(void)
{
	struct fixture *d = fixture_open_usual();

	for (int i = 0; i < 12; i++)
		fixture_must_send(d, 700);
	ok(fixture_out(d, 8), "requests are out");
	exporter_free(d->exporter);
	d->exporter = NULL;
	wait_ms(d->loop, 5);
	is_int(d->reported, 0, "no report comes");
	fixture_close(d);
}

static void a_rate_is_kept(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct fixture *d;
	uint64_t before;

	opts.max_spans_per_second = 10000;
	d = fixture_open(&opts);
	before = clock_mono_us();
	for (int i = 0; i < 10; i++)
		fixture_must_send(d, 500);
	ok(fixture_answer_all(d, 202, 10), "5,000 spans are delivered");
	ok(clock_mono_us() - before > 300 * US_PER_MS, "at 10,000 a second not faster than they may");
	fixture_close(d);
}

/* Items produced in 1970 are a backlog; at the pace of replay_pace.h the second would have to wait for the first. */
static void a_backlog_is_not_paced_when_nobody_wants_it_confirmed(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct exporter_item old = { .produced_ms = 1 };
	struct fixture *d;

	opts.pace_blind = true;
	d = fixture_open(&opts);
	for (int i = 0; i < 5; i++)
		is_int(fixture_send(d, 500, &old), 0, "with CONFIRMER_OFF a backlog is taken without a pause");
	ok(fixture_answer_all(d, 202, 5), "and delivered");
	fixture_close(d);
}

int main(void)
{
	a_item_arrives_as_it_is();
	a_batch_without_spans_is_posted_too();
	no_more_is_on_the_wire_than_was_said();
	the_bytes_held_are_bounded();
	a_long_item_goes_in_parts();
	what_is_too_large_is_halved_until_it_passes();
	a_span_too_large_for_anyone_is_poison();
	a_purge_gives_back_what_is_not_on_the_wire();
	a_recall_gives_back_only_what_it_names();
	a_item_sent_at_the_end_of_a_turn_goes_out_too();
	a_part_that_was_delivered_makes_the_rest_a_possible_duplicate();
	a_flush_ends_when_all_is_delivered();
	a_flush_ends_with_its_budget();
	an_empty_flush_ends_at_once();
	a_closed_exporter_is_silent();
	a_rate_is_kept();
	a_backlog_is_not_paced_when_nobody_wants_it_confirmed();
	return tap_done();
}
