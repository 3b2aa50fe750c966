/* test_postman.c — letters on a good day: posted as they are, cut when long, bounded in number, given
 * back when their owner wants them. */
#include "desk.h"

static void a_letter_arrives_as_it_is(void)
{
	struct postman_letter as = { .id = slice_text("h/1/7"), .received = slice_text("1700") };
	struct desk *d = desk_open_usual();
	struct desk_letter *l = &d->letters[0];

	is_int(desk_send(d, 3, &as), 0, "a letter is taken");
	is_int(d->reported, 0, "and not reported from within");
	ok(desk_out(d, 1), "it is posted");
	is_text(fake.out[0].url, "http://one:1/api/traces?format=jaeger.thrift",
	        "to the whole address");
	ok(slice_same(slice_of(fake.out[0].body, fake.out[0].len), buf_slice(&l->value)),
	        "byte for byte");
	is_text(fake.out[0].headers, "spanspool-id: h/1/7\nspanspool-received: 1700\n",
	        "with its headers");
	fake_answer(0, 202, "", -1);
	ok(desk_reported(d, 1), "the answer is reported");
	is_int(l->outcome, SINK_DELIVERED, "as delivered");
	is_text(l->cause, "", "without a cause");
	is_int(postman_stats(d->postman)->bytes, 0, "nothing is held any more");
	is_int(postman_stats(d->postman)->by_status[202], 1, "one 202 is counted");
	is_int(d->changes, 0, "no change of state was worth a word");
	desk_close(d);
}

static void a_batch_without_spans_is_posted_too(void)
{
	struct desk *d = desk_open_usual();

	desk_must_send(d, 0);
	ok(desk_answer_all(d, 202, 1) && d->letters[0].outcome == SINK_DELIVERED, "delivered");
	desk_close(d);
}

static void no_more_is_on_the_wire_than_was_said(void)
{
	struct desk *d = desk_open_usual();
	int taken = 0;

	while (desk_send(d, 1, NULL) == 0)
		taken++;
	is_int(taken, 16, "twice as many letters as requests are taken");
	is_int(desk_send(d, 1, NULL), E_FULL, "then there is no room");
	ok(desk_answer_all(d, 202, 16), "all are delivered");
	ok(fake.most == 8, "never more than 8 at once");
	is_int(d->rooms, 1, "room was told once");
	desk_close(d);
}

static void the_bytes_held_are_bounded(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct postman_opts opts = desk_opts(urls, 1);
	struct desk *d;

	opts.max_bytes = 1000;
	d = desk_open(&opts);
	is_int(desk_send(d, 100, NULL), 0,
	        "a letter that is larger than all the room is taken alone");
	is_int(desk_send(d, 1, NULL), E_FULL, "and nothing beside it");
	ok(desk_answer_all(d, 202, 1), "it is delivered");
	ok(d->rooms == 1, "then there is room");
	is_int(desk_send(d, 1, NULL), 0, "for a small one");
	is_int(desk_send(d, 100, NULL), E_FULL, "not for a large one behind it");
	desk_close(d);
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
static void answer_by_size(struct desk *d, uint32_t limit, int status, struct seen *s, size_t n)
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
		until_passed(d->loop, 1);
	}
}

static int each_once(const struct seen *s, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++)
		if (s->times[i] != 1)
			return 0;
	return s->spans == n;
}

static void a_long_letter_goes_in_parts(void)
{
	struct desk *d = desk_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	desk_must_send(d, 1750);
	answer_by_size(d, UINT32_MAX, 0, &s, 1);
	is_int(d->reported, 1, "one report");
	is_int(d->letters[0].outcome, SINK_DELIVERED, "delivered");
	is_int(s.most, 500, "no part has more than 500 spans");
	ok(each_once(&s, 1750), "every span was posted once");
	desk_close(d);
}

static void what_is_too_large_is_halved_until_it_passes(void)
{
	struct desk *d = desk_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	desk_must_send(d, 1337);
	answer_by_size(d, 7, 413, &s, 1);
	is_int(d->letters[0].outcome, SINK_DELIVERED, "delivered in the end");
	ok(s.most <= 7, "in parts that pass");
	ok(each_once(&s, 1337), "every span was taken once");
	ok(postman_stats(d->postman)->splits > 100, "many times halved");
	desk_close(d);
}

static void a_span_too_large_for_anyone_is_poison(void)
{
	struct desk *d = desk_open_usual();
	static struct seen s;

	memset(&s, 0, sizeof(s));
	desk_must_send(d, 5);
	answer_by_size(d, 0, 413, &s, 1);
	is_int(d->letters[0].outcome, SINK_POISON, "poison");
	is_text(d->letters[0].cause, "too_large", "too large");
	is_int(d->letters[0].status, 413, "with the status");
	desk_close(d);
}

static void a_purge_gives_back_what_is_not_on_the_wire(void)
{
	struct desk *d = desk_open_usual();
	size_t not_sent = 0;

	for (int i = 0; i < 12; i++)
		desk_must_send(d, 1);
	ok(desk_out(d, 8), "eight are on the wire, four wait");
	postman_purge(d->postman);
	for (int i = 0; i < 12; i++)
		not_sent += d->letters[i].reports == 1 && d->letters[i].outcome == SINK_NOT_SENT;
	is_int(not_sent, 4, "the four come back before the purge returns, unsent");
	fake_answer(0, 202, "", -1);
	fake_answer(0, 503, "", -1);
	fake_fail(0, HTTP_NO_CONNECTION);
	fake_answer(0, 429, "", 100000);
	is_int(d->letters[0].outcome, SINK_DELIVERED, "one on the wire may still be delivered");
	is_int(d->letters[1].outcome, SINK_MAYBE_SENT, "or fail, and perhaps it was not in vain");
	is_int(d->letters[2].outcome, SINK_NOT_SENT, "or never have left");
	is_int(d->letters[3].outcome, SINK_NOT_SENT, "or have been sent away");
	is_int(d->reported, 8, "each is reported with its answer");
	while (fake.n > 0)
		fake_answer(0, 500, "", -1);
	until_passed(d->loop, 20);
	is_int(fake.sent, 8, "none was sent again");
	is_int(d->reported, 12, "all are reported");
	desk_close(d);
}

static bool is_odd(void *arg, void *token)
{
	return ((struct desk_letter *)token - ((struct desk *)arg)->letters) % 2 == 1;
}

static void a_recall_gives_back_only_what_it_names(void)
{
	struct desk *d = desk_open_usual();
	size_t wrong = 0;

	for (int i = 0; i < 12; i++)
		desk_must_send(d, 1);
	ok(desk_out(d, 8), "eight are on the wire, four wait");
	postman_recall(d->postman, is_odd, d);
	is_int(d->reported, 2, "two of the four come back at once");
	while (fake.n > 0)
		fake_answer(0, 503, "", -1);
	is_int(d->reported, 6, "four more when they fail");
	ok(desk_answer_all(d, 202, 12), "the others are sent on");
	for (int i = 0; i < 12; i++)
		wrong += d->letters[i].outcome == (i % 2 == 0     ? SINK_DELIVERED
		                                          : i < 8 ? SINK_MAYBE_SENT
		                                                  : SINK_NOT_SENT);
	is_int(wrong, 12, "and delivered");
	desk_close(d);
}

static void send_once(void *arg)
{
	struct desk *d = arg;

	if (d->nletters == d->want)
		desk_must_send(d, 1);
}

static void too_late(void *arg)
{
	struct desk *d = arg;

	d->flushes = -1;
	loop_stop(d->loop);
}

static void a_letter_sent_at_the_end_of_a_turn_goes_out_too(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct postman_opts opts = desk_opts(urls, 1);
	struct desk *d = desk_open_with(&opts, send_once);
	struct timer *deadline;

	fake.stops = d->loop;
	if (timer_open(&deadline, d->loop, too_late, d) < 0)
		return;
	timer_start(deadline, 5000);
	loop_run(d->loop);
	ok(fake.n == 1 && d->flushes == 0, "although nothing else wakes the loop");
	timer_free(deadline);
	desk_close(d);
}

static void a_part_that_was_delivered_makes_the_rest_a_possible_duplicate(void)
{
	struct desk *d = desk_open_usual();

	desk_must_send(d, 1000);
	ok(desk_out(d, 2), "two parts");
	fake_answer(0, 202, "", -1);
	postman_purge(d->postman);
	fake_fail(0, HTTP_NO_CONNECTION);
	is_int(d->letters[0].outcome, SINK_MAYBE_SENT, "half of it has arrived");
	desk_close(d);
}

static void a_flush_ends_when_all_is_delivered(void)
{
	struct desk *d = desk_open_usual();

	for (int i = 0; i < 12; i++)
		desk_must_send(d, 1);
	postman_flush(d->postman, 60000, desk_flushed, d);
	is_int(d->flushes, 0, "not from within the call");
	ok(desk_answer_all(d, 202, 12), "all are delivered");
	until_passed(d->loop, 5);
	is_int(d->flushes, 1, "flushed, once, long before its budget");
	desk_close(d);
}

static bool has_flushed(void *arg)
{
	return ((struct desk *)arg)->flushes > 0;
}

static void a_flush_ends_with_its_budget(void)
{
	struct desk *d = desk_open_usual();
	size_t maybe = 0, not = 0;

	for (int i = 0; i < 12; i++)
		desk_must_send(d, 1);
	ok(desk_out(d, 8), "eight hang");
	postman_flush(d->postman, 20, desk_flushed, d);
	ok(until_true(d->loop, has_flushed, d, 10), "flushed");
	for (int i = 0; i < 12; i++) {
		maybe += d->letters[i].outcome == SINK_MAYBE_SENT;
		not += d->letters[i].outcome == SINK_NOT_SENT;
	}
	is_int(d->reported, 12, "all have been reported by then");
	ok(maybe == 8 && not == 4, "those that hung as perhaps sent, the others as not sent");
	desk_close(d);
}

static void an_empty_flush_ends_at_once(void)
{
	struct desk *d = desk_open_usual();

	postman_flush(d->postman, 60000, desk_flushed, d);
	is_int(d->flushes, 0, "not from within the call");
	ok(until_true(d->loop, has_flushed, d, 10), "but in the next turn");
	desk_close(d);
}

static void a_closed_postman_is_silent(void)
{
	struct desk *d = desk_open_usual();

	for (int i = 0; i < 12; i++)
		desk_must_send(d, 700);
	ok(desk_out(d, 8), "requests are out");
	postman_free(d->postman);
	d->postman = NULL;
	until_passed(d->loop, 5);
	is_int(d->reported, 0, "no report comes");
	desk_close(d);
}

static void a_rate_is_kept(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct postman_opts opts = desk_opts(urls, 1);
	struct desk *d;
	uint64_t before;

	opts.max_spans_per_second = 10000;
	d = desk_open(&opts);
	before = clock_mono_us();
	for (int i = 0; i < 10; i++)
		desk_must_send(d, 500);
	ok(desk_answer_all(d, 202, 10), "5,000 spans are delivered");
	ok(clock_mono_us() - before > 300 * US_PER_MS,
	        "at 10,000 a second not faster than they may");
	desk_close(d);
}

int main(void)
{
	a_letter_arrives_as_it_is();
	a_batch_without_spans_is_posted_too();
	no_more_is_on_the_wire_than_was_said();
	the_bytes_held_are_bounded();
	a_long_letter_goes_in_parts();
	what_is_too_large_is_halved_until_it_passes();
	a_span_too_large_for_anyone_is_poison();
	a_purge_gives_back_what_is_not_on_the_wire();
	a_recall_gives_back_only_what_it_names();
	a_letter_sent_at_the_end_of_a_turn_goes_out_too();
	a_part_that_was_delivered_makes_the_rest_a_possible_duplicate();
	a_flush_ends_when_all_is_delivered();
	a_flush_ends_with_its_budget();
	an_empty_flush_ends_at_once();
	a_closed_postman_is_silent();
	a_rate_is_kept();
	return tap_done();
}
