/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_gzip.c — a collector that cannot read gzip is a matter of the configuration: nothing is set aside,
 * the operator is told which option to set, and all is delivered when the collector learns to read it. */
#include "exporter_fixture.h"

enum { ITEMS = 12, POSTS = 300 };

static struct fixture *open_gzip(void)
{
	static const char *const urls[] = { "http://one:1" };
	struct exporter_opts opts = fixture_opts(urls, 1);

	opts.gzip = true;
	return fixture_open(&opts);
}

/* A collector that takes what is not compressed and answers the rest STATUS and SAID. */
static void answer_without_gzip(struct fixture *d, int status, const char *said)
{
	for (int i = 0; i < POSTS && d->reported == 0; i++) {
		while (fake.n > 0) {
			bool gzip = fake.out[0].gzip;

			fake_answer(0, gzip ? status : 202, gzip ? said : "", -1);
		}
		wait_ms(d->loop, 1);
	}
}

static void is_held(int status, const char *said, const char *advice)
{
	struct fixture *d = open_gzip();

	for (int i = 0; i < ITEMS; i++)
		fixture_must_send(d, 2);
	answer_without_gzip(d, status, said);
	ok(d->reported == 0, "%d %s: no item is set aside", status, said);
	is_int(d->state, EXPORTER_BLOCKED, "an operator must look");
	is_int(d->changes, 1, "said once");
	ok(strstr(d->sentence, advice) != NULL, "%s", d->sentence);
	ok(fixture_answer_all(d, 202, ITEMS), "mended, all items are reported");
	for (int i = 0; i < ITEMS; i++)
		if (d->items[i].outcome != EXPORTER_DELIVERED)
			ok(0, "item %d is delivered", i);
	is_int(exporter_stats(d->exporter)->sent_again, 0, "none of them as a possible duplicate");
	fixture_close(d);
}

/* The words are understood, so that nothing is asked twice. */
static void the_first_answer_holds_all(void)
{
	struct fixture *d = open_gzip();

	fixture_must_send(d, 2);
	ok(fixture_out(d, 1), "a request is out");
	fake_answer(0, 400, "Unable to process request body: Unknown data type 31", -1);
	ok(fixture_change(d, 1) && d->state == EXPORTER_BLOCKED, "one answer is enough");
	fixture_close(d);
}

int main(void)
{
	static const char none[] = "this collector cannot read gzip: set --collector.compression=none";

	is_held(400, "Unable to process request body: Unknown data type 31\n", none);
	is_held(400, "unsupported Content-Encoding: gzip", none);
	is_held(415, "", none);
	is_held(400, "words that nobody has seen", "it refuses every batch");
	the_first_answer_holds_all();
	return tap_done();
}
