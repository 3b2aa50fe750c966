/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_flood.c — a collector whose queue others keep full: what was lost most often is sent first, so that each
 * item is given up after confirm_attempts POSTs of its own, and not after as many of all others; and an owner that takes
 * an item back and sends it again sends its losses with it. */
#include "exporter_fixture.h"
#include "testkit/ports.h"
#include "testkit/stub_collector.h"

enum { ITEMS = 4, SPANS = 10, ATTEMPTS = 3, CAPACITY = 200, STORE_RATE = 4000, OTHERS = 20000, SECONDS = 60 };

static struct world {
	struct fixture *d;
	struct stub_collector *stub;
	uint64_t posts_at[ITEMS]; /* POSTs so far when the Nth item was given up */
	size_t given_up;
	uint32_t losses; /* of the item that was given back last */
} w;

static void on_done(void *arg, const struct exporter_report *r)
{
	if (r->outcome == EXPORTER_REFUSED && r->cause == exporter_unconfirmed && w.given_up < ITEMS)
		w.posts_at[w.given_up++] = exporter_stats(w.d->exporter)->posts;
	w.losses = r->losses;
	fixture_done(arg, r);
}

static struct stub_store *store(void)
{
	return stub_collector_store(w.stub);
}

/* The first window has room for all ITEMS, the smallest for one. */
static void begin(void)
{
	struct stub_collector_opts o = { .store = { .capacity = CAPACITY, .spans_per_second = STORE_RATE } };
	static char url[64], page[64];
	static const char *urls[] = { url }, *pages[] = { page };
	struct exporter_opts opts = fixture_opts(urls, 1);
	struct why why;

	if (ports_free(PORTS_TCP, &o.port) < 0 || ports_free(PORTS_TCP, &o.metrics_port) < 0)
		exit(99);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", (unsigned)o.port);
	snprintf(page, sizeof(page), "http://127.0.0.1:%u/metrics", (unsigned)o.metrics_port);
	opts.metrics_urls = pages;
	opts.confirm = CONFIRMER_REQUIRE;
	opts.confirm_attempts = ATTEMPTS;
	opts.post_spans = SPANS;
	w.d = fixture_open_as(&opts, fixture_nothing, on_done);
	if (stub_collector_open(&w.stub, w.d->loop, &o, &why) < 0)
		exit(99);
}

static void end(void)
{
	exporter_free(w.d->exporter);
	w.d->exporter = NULL;
	stub_collector_free(w.stub);
	fixture_close(w.d);
}

/* Hands items in until there are d->want of them, the last with the losses of the one that came back before. */
static bool are_taken(void *arg)
{
	struct fixture *d = arg;
	struct exporter_item as = { .losses = w.losses, .maybe_dup = w.losses > 0 };

	while (d->nitems < d->want)
		if (fixture_send(d, SPANS, &as) < 0)
			return false;
	return true;
}

static bool all_are_unconfirmed(void *arg)
{
	struct fixture *d = arg;

	return exporter_stats(d->exporter)->unconfirmed == (d->nitems - d->reported) * SPANS;
}

static bool all_are_reported(void *arg)
{
	struct fixture *d = arg;

	return d->reported == d->nitems;
}

static void each_is_given_up_before_the_next(void)
{
	stub_store_set_mode(store(), STUB_STORE_HANGS);
	w.d->want = ITEMS;
	ok(wait_until(w.d->loop, are_taken, w.d, SECONDS), "items are taken");
	ok(wait_until(w.d->loop, all_are_unconfirmed, w.d, SECONDS), "and answered 202, and the store hangs");
	stub_store_others(store(), OTHERS);
	stub_store_set_mode(store(), STUB_STORE_WORKS);
	ok(wait_until(w.d->loop, all_are_reported, w.d, SECONDS), "others flood the collector: all are reported");
	is_int(w.given_up, ITEMS, "as unconfirmed");
	for (size_t i = 1; i < ITEMS; i++)
		is_int(w.posts_at[i] - w.posts_at[i - 1], ATTEMPTS, "after its own POSTs, one item after the other");
}

static void losses_are_kept_when_an_item_is_given_back(void)
{
	for (uint32_t n = 1; n <= ATTEMPTS; n++) {
		w.d->want++;
		ok(wait_until(w.d->loop, are_taken, w.d, SECONDS), "an item is taken");
		ok(wait_until(w.d->loop, all_are_unconfirmed, w.d, SECONDS), "and answered 202");
		exporter_purge(w.d->exporter);
		ok(wait_until(w.d->loop, all_are_reported, w.d, SECONDS), "it is lost, and its owner takes it back");
		if (n < ATTEMPTS)
			is_int(w.losses, n, "with its losses");
	}
	is_int(w.d->items[w.d->nitems - 1].outcome, EXPORTER_REFUSED, "the last loss is one too many");
}

int main(void)
{
	begin();
	each_is_given_up_before_the_next();
	losses_are_kept_when_an_item_is_given_back();
	end();
	return tap_done();
}
