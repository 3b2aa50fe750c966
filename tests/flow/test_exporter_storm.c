/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_storm.c — hundreds of items, two collectors that answer anything at all, purges in
 * between: each item is reported once and truly, and a request is marked exactly when its spans may have
 * arrived before. Argument: a seed, else a few fixed ones. */
#include "exporter_fixture.h"

enum { ITEMS = 400, SPANS = 1300 };

/* What the collectors have taken of each item, and what kind it is. */
static struct {
	uint8_t taken[SPANS + 1];
	bool maybe[SPANS + 1]; /* a request with this span may have arrived */
	bool bad;              /* refused with 400 by both, always */
	bool may_be_in;        /* some request of it left the host and got no clear answer */
} book[ITEMS + 2];

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

static void look_for_bad(void *arg, const struct inspect_span *span)
{
	*(bool *)arg |= book[span->trace_low].bad;
}

static void note_in_doubt(void *arg, const struct inspect_span *span)
{
	(void)arg;
	book[span->trace_low].may_be_in = true;
}

static void doubt(void *arg, const struct inspect_span *span)
{
	(void)arg;
	book[span->trace_low].maybe[span->span_id] = true;
}

static void each_span(size_t i, void (*each)(void *arg, const struct inspect_span *span), void *arg)
{
	struct slice body = slice_of(fake.out[i].body, fake.out[i].len);
	struct inspect_facts facts;

	marked = strstr(fake.out[i].headers, "spanspool-maybe-dup: 1");
	if (inspect_batch(body, &facts, each, arg, NULL) < 0)
		ok(0, "a request holds a batch");
}

static void answer_well(size_t i)
{
	bool has_bad = false;

	each_span(i, compare_mark, NULL);
	each_span(i, look_for_bad, &has_bad);
	if (has_bad) {
		fake_answer(i, 400, "bad", -1);
		return;
	}
	each_span(i, take, NULL);
	fake_answer(i, 202, "", -1);
}

static void answer_badly(size_t i)
{
	static const int statuses[] = { 301, 401, 403, 404, 405, 408, 425, 429, 500, 502, 503, 504 };
	static const enum http_fault faults[] = { HTTP_NO_CONNECTION, HTTP_TIMED_OUT, HTTP_BROKEN_OFF, HTTP_NO_MEMORY,
		HTTP_UNKNOWN_HOST, HTTP_TLS };
	each_span(i, compare_mark, NULL);
	if (dice(2) == 0) {
		int status = statuses[dice(ARRAY_LEN(statuses))];

		if (status >= 500) {
			each_span(i, note_in_doubt, NULL);
			each_span(i, doubt, NULL);
		}
		fake_answer(i, status, "go away", dice(4) == 0 ? (int64_t)dice(10) : -1);
	} else if (fake.out[i].len > 20000 && dice(2) == 0) {
		fake_answer(i, dice(2) == 0 ? 413 : 500, "http: request body too large", -1);
	} else {
		enum http_fault t = faults[dice(ARRAY_LEN(faults))];

		if (fake_was_sent(t)) {
			each_span(i, note_in_doubt, NULL);
			each_span(i, doubt, NULL);
		}
		fake_fail(i, t);
	}
}

static void storm(struct fixture *d, uint64_t fault)
{
	for (int i = 0; i < 4000 && (d->nitems < ITEMS || d->reported < ITEMS); i++) {
		while (d->nitems < ITEMS && dice(3) > 0) {
			book[d->nitems + 1].bad = dice(20) == 0;
			if (fixture_send(d, (uint32_t)(dice(4) == 0 ? dice(SPANS) : dice(10)), NULL) < 0)
				break;
		}
		for (uint64_t n = dice(6); n > 0 && fake.n > 0; n--)
			dice(100) < fault ? answer_badly(dice(fake.n)) : answer_well(dice(fake.n));
		if (dice(400) == 0)
			exporter_purge(d->exporter);
		if (dice(3) == 0)
			wait_ms(d->loop, 1);
	}
	for (int i = 0; i < 5000 && d->reported < d->nitems; i++) {
		while (fake.n > 0)
			answer_well(0);
		wait_ms(d->loop, 1);
	}
}

static bool all_taken(size_t item, uint32_t spans)
{
	for (uint32_t i = 1; i <= spans; i++)
		if (book[item].taken[i] == 0)
			return false;
	return true;
}

static bool any_taken(size_t item, uint32_t spans)
{
	for (uint32_t i = 1; i <= spans; i++)
		if (book[item].taken[i] > 0)
			return true;
	return false;
}

static bool is_true(const struct fixture_item *l, size_t number)
{
	bool bad = book[number].bad && l->spans > 0;

	if (l->reports != 1)
		return false;
	switch (l->outcome) {
	case EXPORTER_DELIVERED:
		return !bad && all_taken(number, l->spans);
	case EXPORTER_REFUSED:
		return bad && strcmp(l->cause, "refused") == 0 && l->status == 400;
	case EXPORTER_NOT_SENT:
		return !any_taken(number, l->spans) && (l->spans == 0 || !book[number].may_be_in);
	case EXPORTER_MAYBE_SENT:
		return true;
	}
	return false;
}

/* PROCESSES as in the fixture: the fewer, the more items share a request. */
static void every_item_is_reported_once_and_truly(uint64_t from, uint64_t fault, unsigned processes)
{
	static const char *const urls[] = { "http://one:1", "http://two:2" };
	struct exporter_opts opts = fixture_opts(urls, 2);
	struct fixture *d = fixture_open(&opts);
	size_t outcomes[4] = { 0 }, wrong = 0;

	seed = from;
	d->processes = processes;
	memset(book, 0, sizeof(book));
	wrong_marks = 0;
	storm(d, fault);
	for (size_t i = 0; i < d->nitems; i++) {
		outcomes[d->items[i].outcome]++;
		if (is_true(&d->items[i], i + 1))
			continue;
		wrong++;
		diag("item %zu: %u spans, %s, reported %d times, outcome %d, %s, HTTP status %d", i + 1,
		        d->items[i].spans, book[i + 1].bad ? "bad" : "good", d->items[i].reports, d->items[i].outcome,
		        d->items[i].cause, d->items[i].status);
	}
	ok(wrong == 0 && d->reported == d->nitems, "seed %u, %u %% fault, %u processes: %zu of %zu items told wrongly",
	        (unsigned)from, (unsigned)fault, processes, wrong, d->nitems);
	is_int((int64_t)wrong_marks, 0, "each request has the mark of its spans, and only that");
	diag("%zu delivered, %zu not sent, %zu maybe, %zu poison, %u posts", outcomes[EXPORTER_DELIVERED],
	        outcomes[EXPORTER_NOT_SENT], outcomes[EXPORTER_MAYBE_SENT], outcomes[EXPORTER_REFUSED],
	        (unsigned)exporter_stats(d->exporter)->posts);
	is_int(exporter_stats(d->exporter)->items, 0, "none is held");
	is_int(exporter_stats(d->exporter)->bytes, 0, "no bytes are held");
	is_int(exporter_stats(d->exporter)->in_flight, fake.n, "what is on the wire is counted");
	fixture_close(d);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		for (uint64_t fault = 0; fault < 100; fault += 15)
			every_item_is_reported_once_and_truly(strtoull(argv[1], NULL, 10), fault, (unsigned)fault / 15);
		return tap_done();
	}
	for (uint64_t i = 1; i <= 3; i++) {
		for (unsigned processes = 0; processes < 6; processes += 1 + processes) {
			every_item_is_reported_once_and_truly(i * 7919, 0, processes);
			every_item_is_reported_once_and_truly(i * 7919, 30, processes);
			every_item_is_reported_once_and_truly(i * 7919, 80, processes);
		}
	}
	return tap_done();
}
