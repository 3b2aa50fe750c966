/* test_postman_storm.c — hundreds of letters, two collectors that answer anything at all, purges in
 * between: each letter is reported once and truly, and a request is marked exactly when its spans may have
 * arrived before. Argument: a seed, else a few fixed ones. */
#include "desk.h"

enum { LETTERS = 400, SPANS = 1300 };

/* What the collectors have taken of each letter, and what kind it is. */
static struct {
	uint8_t taken[SPANS + 1];
	bool maybe[SPANS + 1]; /* a request with this span may have arrived */
	bool bad;              /* refused with 400 by both, always */
	bool may_be_in;        /* some request of it left the host and got no clear answer */
} book[LETTERS + 2];

static uint64_t seed, wrong_marks;

static const char *marked; /* in the headers of the request that is looked at; NULL it has none */

static uint64_t dice(uint64_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % sides;
}

static void take(void *arg, const struct inspect_span *span)
{
	(void)arg;
	book[span->trace_low].taken[span->span_id]++;
}

static void compare_mark(void *arg, const struct inspect_span *span)
{
	(void)arg;
	wrong_marks += (marked != NULL) != book[span->trace_low].maybe[span->span_id];
}

static void doubt(void *arg, const struct inspect_span *span)
{
	(void)arg;
	book[span->trace_low].maybe[span->span_id] = true;
}

static void each_span(size_t i, void (*each)(void *arg, const struct inspect_span *span))
{
	struct slice body = slice_of(fake.out[i].body, fake.out[i].len);
	struct inspect_facts facts;

	marked = strstr(fake.out[i].headers, "spanspool-maybe-dup: 1");
	if (inspect_batch(body, &facts, each, NULL, NULL) < 0)
		ok(0, "a request holds a batch");
}

static void answer_well(size_t i)
{
	struct inspect_span first = desk_first(i);
	struct inspect_facts facts;

	each_span(i, compare_mark);

	if (book[first.trace_low].bad) {
		fake_answer(i, 400, "bad", -1);
		return;
	}
	if (inspect_batch(slice_of(fake.out[i].body, fake.out[i].len), &facts, take, NULL, NULL) <
	        0)
		ok(0, "a request holds a batch");
	fake_answer(i, 202, "", -1);
}

static void answer_badly(size_t i)
{
	static const int statuses[] = { 301, 401, 403, 404, 405, 408, 425, 429, 500, 502, 503,
		504 };
	static const enum http_trouble troubles[] = { HTTP_NO_CONNECTION, HTTP_TIMED_OUT,
		HTTP_BROKEN_OFF, HTTP_NO_MEMORY, HTTP_UNKNOWN_HOST, HTTP_TLS };
	uint64_t trace = desk_first(i).trace_low;

	each_span(i, compare_mark);
	if (dice(2) == 0) {
		int status = statuses[dice(ARRAY_LEN(statuses))];

		book[trace].may_be_in |= status >= 500;
		if (status >= 500)
			each_span(i, doubt);
		fake_answer(i, status, "go away", dice(4) == 0 ? (int64_t)dice(10) : -1);
	} else if (fake.out[i].len > 20000 && dice(2) == 0) {
		fake_answer(i, dice(2) == 0 ? 413 : 500, "http: request body too large", -1);
	} else {
		enum http_trouble t = troubles[dice(ARRAY_LEN(troubles))];

		book[trace].may_be_in |= fake_was_sent(t);
		if (fake_was_sent(t))
			each_span(i, doubt);
		fake_fail(i, t);
	}
}

static void storm(struct desk *d, uint64_t trouble)
{
	for (int i = 0; i < 4000 && (d->nletters < LETTERS || d->reported < LETTERS); i++) {
		while (d->nletters < LETTERS && dice(3) > 0) {
			book[d->nletters + 1].bad = dice(20) == 0;
			if (desk_send(d, (uint32_t)(dice(4) == 0 ? dice(SPANS) : dice(10)), NULL) <
			        0)
				break;
		}
		for (uint64_t n = dice(6); n > 0 && fake.n > 0; n--)
			dice(100) < trouble ? answer_badly(dice(fake.n))
			                    : answer_well(dice(fake.n));
		if (dice(400) == 0)
			postman_purge(d->postman);
		if (dice(3) == 0)
			until_passed(d->loop, 1);
	}
	for (int i = 0; i < 5000 && d->reported < d->nletters; i++) {
		while (fake.n > 0)
			answer_well(0);
		until_passed(d->loop, 1);
	}
}

static bool all_taken(size_t letter, uint32_t spans)
{
	for (uint32_t i = 1; i <= spans; i++)
		if (book[letter].taken[i] == 0)
			return false;
	return true;
}

static bool any_taken(size_t letter, uint32_t spans)
{
	for (uint32_t i = 1; i <= spans; i++)
		if (book[letter].taken[i] > 0)
			return true;
	return false;
}

static bool is_true(const struct desk_letter *l, size_t number)
{
	bool bad = book[number].bad && l->spans > 0;

	if (l->reports != 1)
		return false;
	switch (l->outcome) {
	case SINK_DELIVERED:
		return !bad && all_taken(number, l->spans);
	case SINK_POISON:
	case SINK_TOO_LARGE:
		return bad && strcmp(l->cause, "refused") == 0 && l->status == 400;
	case SINK_NOT_SENT:
		return !any_taken(number, l->spans) && (l->spans == 0 || !book[number].may_be_in);
	case SINK_MAYBE_SENT:
		return true;
	}
	return false;
}

static void every_letter_is_reported_once_and_truly(uint64_t from, uint64_t trouble)
{
	static const char *const urls[] = { "http://one:1", "http://two:2" };
	struct postman_opts opts = desk_opts(urls, 2);
	struct desk *d = desk_open(&opts);
	size_t outcomes[4] = { 0 }, wrong = 0;

	seed = from;
	memset(book, 0, sizeof(book));
	wrong_marks = 0;
	storm(d, trouble);
	for (size_t i = 0; i < d->nletters; i++) {
		outcomes[d->letters[i].outcome]++;
		if (is_true(&d->letters[i], i + 1))
			continue;
		wrong++;
		diag("letter %zu: %u spans, %s, reported %d times, outcome %d, %s, HTTP status %d",
		        i + 1, d->letters[i].spans, book[i + 1].bad ? "bad" : "good",
		        d->letters[i].reports, d->letters[i].outcome, d->letters[i].cause,
		        d->letters[i].status);
	}
	ok(wrong == 0 && d->reported == d->nletters,
	        "seed %u, %u %% trouble: %zu of %zu letters told wrongly", (unsigned)from,
	        (unsigned)trouble, wrong, d->nletters);
	is_int((int64_t)wrong_marks, 0, "each request has the mark of its spans, and only that");
	diag("%zu delivered, %zu not sent, %zu maybe, %zu poison, %u posts",
	        outcomes[SINK_DELIVERED], outcomes[SINK_NOT_SENT], outcomes[SINK_MAYBE_SENT],
	        outcomes[SINK_POISON], (unsigned)postman_stats(d->postman)->posts);
	is_int(postman_stats(d->postman)->letters, 0, "none is held");
	is_int(postman_stats(d->postman)->bytes, 0, "no bytes are held");
	is_int(postman_stats(d->postman)->in_flight, fake.n, "what is on the wire is counted");
	desk_close(d);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		for (uint64_t trouble = 0; trouble < 100; trouble += 15)
			every_letter_is_reported_once_and_truly(
			        strtoull(argv[1], NULL, 10), trouble);
		return tap_done();
	}
	for (uint64_t i = 1; i <= 3; i++) {
		every_letter_is_reported_once_and_truly(i * 7919, 0);
		every_letter_is_reported_once_and_truly(i * 7919, 30);
		every_letter_is_reported_once_and_truly(i * 7919, 80);
	}
	return tap_done();
}
