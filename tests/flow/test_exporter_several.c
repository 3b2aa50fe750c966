/* SPDX-License-Identifier: Apache-2.0 */
/* test_exporter_several.c — a collector's name with two addresses: two stub collectors at one port, each with its
 * queue, store and counters. Every item is stored before it is called delivered, and no item is posted twice without
 * the mark. */
#include <config.h>

#include "exporter/metrics.h"
#include "exporter_fixture.h"
#include "testkit/ports.h"
#include "resolver.h"
#include "testkit/stub_collector.h"

enum { COLLECTORS = 2, SPANS = 10, LOOKUP_MS = 20, LEAVE_S = 11, QUEUE = 400, SECONDS = 60 };

static const char *const both[] = { "127.0.0.2", "127.0.0.3", NULL };
static const char *const first[] = { "127.0.0.2", NULL };

static struct world {
	struct fixture *d;
	struct stub_collector *stub[COLLECTORS];
	uint16_t port, metrics_port;
	char url[64], metrics_url[64], at[COLLECTORS][32];
	bool stored[FIXTURE_ITEMS][SPANS];
	uint64_t stored_by[COLLECTORS];
	unsigned unmarked[FIXTURE_ITEMS]; /* times that an item was taken without the mark */
	char ids[FIXTURE_ITEMS][24];
	size_t too_early; /* items called delivered that are not stored */
} w;

/* ---- the collectors ---- */

static void on_batch(void *arg, const char *id, const char *received, bool maybe_dup)
{
	(void)arg, (void)received;
	w.unmarked[atoi(id)] += !maybe_dup;
}

static void on_stored(void *arg, const struct stub_span *span)
{
	w.stored[span->trace_low - 1][span->span_id - 1] = true;
	++*(uint64_t *)arg;
}

static void open_stub(size_t i, enum stub_metrics_mode metrics)
{
	struct stub_collector_opts o = { .host = both[i],
		.port = w.port,
		.metrics_port = w.metrics_port,
		.batch = on_batch,
		.stored = on_stored,
		.arg = &w.stored_by[i],
		.metrics = metrics,
		.store = { .capacity = QUEUE } };
	struct why why;

	if (stub_collector_open(&w.stub[i], w.d->loop, &o, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
	snprintf(w.at[i], sizeof(w.at[i]), "%s:%u", both[i], (unsigned)w.port);
}

/* ---- the exporter ---- */

static bool is_stored(size_t item)
{
	for (size_t i = 0; i < SPANS; i++)
		if (!w.stored[item][i])
			return false;
	return true;
}

static void on_done(void *arg, const struct exporter_report *r)
{
	struct fixture_item *item = r->token;

	w.too_early += r->outcome != EXPORTER_DELIVERED || !is_stored((size_t)(item - w.d->items));
	fixture_done(arg, r);
}

/* METRICS: whether the counters of the second can be read. */
static void begin_with(enum confirmer_mode confirm, enum stub_metrics_mode metrics)
{
	static const char *urls[1], *metrics_urls[1];
	struct exporter_opts opts = fixture_opts(urls, 1);

	memset(&w, 0, sizeof(w));
	if (ports_free(PORTS_TCP, &w.port) < 0 || ports_free(PORTS_TCP, &w.metrics_port) < 0)
		abort();
	snprintf(w.url, sizeof(w.url), "http://many.test:%u", (unsigned)w.port);
	snprintf(w.metrics_url, sizeof(w.metrics_url), "http://many.test:%u", (unsigned)w.metrics_port);
	urls[0] = w.url;
	metrics_urls[0] = w.metrics_url;
	opts.confirm = confirm;
	opts.metrics_urls = metrics_urls;
	opts.lookup_ms = LOOKUP_MS;
	opts.post_spans = 5 * SPANS;
	resolver_answer(both);
	w.d = fixture_open_as(&opts, fixture_nothing, on_done);
	open_stub(0, STUB_METRICS_SERVED);
	open_stub(1, metrics);
}

static void begin(void)
{
	begin_with(CONFIRMER_AUTO, STUB_METRICS_SERVED);
}

static void end(void)
{
	size_t missing = 0, unmarked = 0;

	for (size_t i = 0; i < w.d->nitems; i++) {
		missing += !is_stored(i);
		unmarked += w.unmarked[i] > 1;
	}
	is_int(missing, 0, "every item is stored");
	is_int(w.too_early, 0, "none was called delivered before");
	is_int(unmarked, 0, "none was posted twice without the mark");
	exporter_free(w.d->exporter);
	w.d->exporter = NULL;
	for (size_t i = 0; i < COLLECTORS; i++)
		stub_collector_free(w.stub[i]);
	fixture_close(w.d);
}

/* ---- waiting ---- */

static void wait_for(bool (*so)(void *arg), const char *name)
{
	ok(wait_until(w.d->loop, so, w.d, SECONDS), "%s", name);
}

/* Items up to number N are handed in, as the exporter has room for them, and reported. */
static bool send_up_to(void *arg)
{
	struct fixture *d = arg;
	struct exporter_item as = { 0 };

	while (d->nitems < d->want) {
		snprintf(w.ids[d->nitems], sizeof(w.ids[0]), "%zu", d->nitems);
		as.id = slice_text(w.ids[d->nitems]);
		if (fixture_send(d, SPANS, &as) < 0)
			return false;
	}
	return true;
}

static bool all_reported(void *arg)
{
	struct fixture *d = arg;

	return send_up_to(d) && d->reported == d->nitems;
}

static void deliver_more(size_t n, const char *name)
{
	w.d->want = w.d->nitems + n;
	wait_for(all_reported, name);
}

struct look {
	size_t n, leaving;
	uint64_t unconfirmed[COLLECTORS];
};

static void look_at(void *arg, const struct exporter_destination *d)
{
	struct look *l = arg;

	l->n++;
	l->leaving += d->leaving;
	for (size_t i = 0; i < COLLECTORS; i++)
		if (strcmp(d->address, w.at[i]) == 0)
			l->unconfirmed[i] = d->confirmed.unconfirmed;
}

static struct look look(void)
{
	struct look l = { 0 };

	exporter_each(w.d->exporter, look_at, &l);
	return l;
}

static bool second_is_unconfirmed(void *arg)
{
	(void)send_up_to(arg);
	return look().unconfirmed[1] > 0;
}

static bool one_leaves(void *arg)
{
	(void)arg;
	return look().leaving == 1;
}

static bool one_is_left(void *arg)
{
	(void)arg;
	return look().n == 1;
}

static bool is_degraded(void *arg)
{
	return ((struct fixture *)arg)->state == EXPORTER_DEGRADED;
}

static bool second_stores_again(void *arg)
{
	struct fixture *d = arg;

	d->want = d->nitems + (d->reported == d->nitems ? COLLECTORS : 0);
	(void)send_up_to(d);
	return d->state == EXPORTER_SENDING && w.stored_by[1] > 0;
}

static bool is_blind(void *arg)
{
	return ((struct fixture *)arg)->confirmer_state == CONFIRMER_BLIND;
}

static bool is_seeing(void *arg)
{
	return ((struct fixture *)arg)->confirmer_state == CONFIRMER_CONFIRMING;
}

/* ---- the tests ---- */

static void both_store_their_share(void)
{
	struct buf page = { 0 };
	char want[160];

	begin();
	deliver_more(300, "300 items are delivered");
	for (size_t i = 0; i < COLLECTORS; i++) {
		ok(w.stored_by[i] >= 300 * SPANS / 10, "collector %zu stored %u spans", i, (unsigned)w.stored_by[i]);
		snprintf(want, sizeof(want), "spanspool_destination_up{destination=\"%s at %s\"} 1\n", w.url, w.at[i]);
		buf_clear(&page);
		collector_metrics(w.d->exporter, "posts", &page);
		ok(strstr(buf_cstr(&page), want) != NULL, "its metric names the address: %s", want);
	}
	is_int(w.d->again_spans, 0, "nothing was sent twice");
	is_int(exporter_stats(w.d->exporter)->confirmed, 300 * SPANS, "every span is confirmed");
	buf_free(&page);
	end();
}

static void the_other_goes_on_while_one_is_away(void)
{
	struct why why;
	uint64_t before;

	begin();
	deliver_more(50, "50 items are delivered");
	stub_store_set_mode(stub_collector_store(w.stub[1]), STUB_STORE_HANGS);
	w.d->want = w.d->nitems + 50;
	wait_for(second_is_unconfirmed, "the second has spans that are not stored");
	before = w.stored_by[0];
	stub_collector_down(w.stub[1]);
	w.d->want = w.d->nitems + 50;
	wait_for(is_degraded, "it is away, and missed");
	ok(strstr(w.d->sentence, w.at[1]) != NULL, "by its address: %s", w.d->sentence);
	ok(w.stored_by[0] >= before, "the first goes on");
	w.stored_by[1] = 0;
	stub_store_set_mode(stub_collector_store(w.stub[1]), STUB_STORE_WORKS);
	if (stub_collector_restart(w.stub[1], &why) < 0)
		abort();
	wait_for(second_stores_again, "it stores again when it is back");
	deliver_more(10, "all are delivered");
	ok(w.d->again_spans > 0, "what it had lost was sent again");
	end();
}

/* The address of the second collector leaves its name while its store has not saved all spans that were sent to it. */
static void let_second_leave_unconfirmed(void)
{
	deliver_more(50, "50 items are delivered");
	stub_store_set_mode(stub_collector_store(w.stub[1]), STUB_STORE_HANGS);
	w.d->want = w.d->nitems + 50;
	wait_for(second_is_unconfirmed, "the second has spans that are not stored");
	resolver_answer(first);
	wait_for(one_leaves, "its address is no longer one of the name");
}

static void what_is_confirmed_while_it_leaves_is_not_repeated(void)
{
	begin();
	let_second_leave_unconfirmed();
	stub_store_set_mode(stub_collector_store(w.stub[1]), STUB_STORE_WORKS);
	wait_for(all_reported, "it stores what it has");
	wait_for(one_is_left, "and is gone");
	is_int(w.d->again_spans, 0, "nothing was sent twice");
	is_int(exporter_stats(w.d->exporter)->confirmed, w.d->nitems * SPANS, "the counters keep what it confirmed");
	end();
}

static void what_is_not_confirmed_goes_to_the_other(void)
{
	begin();
	let_second_leave_unconfirmed();
	fakeclock_ahead_us += LEAVE_S * US_PER_S;
	wait_for(all_reported, "the first stores what the second did not");
	wait_for(one_is_left, "which is gone");
	ok(w.d->again_spans > 0, "what may be stored twice was marked");
	ok(exporter_stats(w.d->exporter)->resent > 0, "and counted");
	end();
}

/* What is told is that of all: one without counters is named, and no longer when it has left. */
static void one_without_counters_is_named(enum confirmer_mode confirm, const char *says)
{
	begin_with(confirm, STUB_METRICS_OFF);
	wait_for(is_blind, "the counters of one cannot be read");
	ok(strstr(w.d->seen, says) != NULL && strstr(w.d->seen, both[1]) != NULL, "%s", w.d->seen);
	deliver_more(100, "100 items are delivered");
	ok((w.stored_by[1] > 0) == (confirm == CONFIRMER_AUTO), "the second has %u spans of them",
	        (unsigned)w.stored_by[1]);
	ok(is_blind(w.d), "it is still named");
	resolver_answer(first);
	wait_for(is_seeing, "until it has left");
	end();
}

int main(void)
{
	both_store_their_share();
	the_other_goes_on_while_one_is_away();
	what_is_confirmed_while_it_leaves_is_not_repeated();
	what_is_not_confirmed_goes_to_the_other();
	one_without_counters_is_named(CONFIRMER_AUTO, "the store behind this collector cannot be seen");
	one_without_counters_is_named(CONFIRMER_REQUIRE, "nothing is sent, as --collector.confirm=require says");
	return tap_done();
}
