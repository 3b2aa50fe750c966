/* SPDX-License-Identifier: Apache-2.0 */
/* test_stub_store.c — the stub's store loses, counts and keeps spans as a Jaeger 1.x collector does. Time is
 * the test's: tests/campaign/sim_loop.c stands in for the loop. */
#include "base/clock.h"
#include "policy/confirm.h"
#include "exporter/metrics_page.h"
#include "sim.h"
#include "stub_metrics.h"
#include "tap.h"

enum { SPANS_MOST = 100000 };

struct bench {
	struct loop *loop;
	struct stub_store *store;
	uint64_t next;             /* span id of the next span of ours */
	uint64_t stored;           /* how often STORED was called */
	uint64_t last;             /* the span id that it was called with last */
	uint64_t overtaken;        /* spans stored after a later one */
	uint8_t times[SPANS_MOST]; /* by span id */
	enum stub_store_mode then; /* set from within STORED, at */
	uint64_t then_at;          /* this call; 0 never */
	uint64_t wrong;            /* looks at which the counters did not add up */
};

static struct bench b;

static void on_stored(void *arg, const struct stub_span *span)
{
	(void)arg;
	b.stored++;
	b.times[span->span_id]++;
	b.overtaken += span->span_id < b.last;
	b.last = span->span_id;
	if (b.stored == b.then_at)
		stub_store_set_mode(b.store, b.then);
}

/* Every look of the tests goes through here: nothing is ever counted twice or nowhere. */
static const struct stub_store_counts *look(void)
{
	const struct stub_store_counts *c = stub_store_counts(b.store);

	b.wrong += c->received != c->dropped + c->rejected + c->saved + c->failed + c->queued + c->saving;
	return c;
}

static void open_store(struct stub_store_opts o)
{
	struct why why;

	memset(&b, 0, sizeof(b));
	sim_mono_us = 1000000;
	sim_wall_ms = UINT64_C(1764230012370);
	if (loop_open(&b.loop, &why) < 0 || stub_store_open(&b.store, b.loop, &o, on_stored, NULL, &why) < 0)
		abort();
}

static void close_store(void)
{
	is_int(b.wrong, 0, "at every look all spans received are in one place each");
	stub_store_free(b.store);
	loop_free(b.loop);
}

static void offer(uint64_t n)
{
	while (n-- > 0) {
		struct stub_span span = { 1, 2, b.next++ };

		stub_store_offer(b.store, slice_text("shop"), &span);
		look();
	}
}

/* The loop lives for US microseconds, and its timers ring every millisecond. */
static void pass(uint64_t us)
{
	for (uint64_t end = sim_mono_us + us; sim_mono_us < end;) {
		sim_mono_us = min_u64(end, sim_mono_us + US_PER_MS);
		sim_turn(b.loop);
	}
}

static bool each_once(uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		if (b.times[i] != 1)
			return false;
	return true;
}

/* ---- */

static void without_a_queue_all_is_stored_at_once(void)
{
	open_store((struct stub_store_opts){ 0 });
	offer(5000);
	is_int(b.stored, 5000, "stored before the offer returns");
	ok(look()->saved == 5000 && look()->queued + look()->saving == 0, "and counted as saved");
	is_int(look()->queue_capacity, CONFIRM_NO_QUEUE, "the capacity says that there is no queue");
	stub_store_set_mode(b.store, STUB_STORE_AWAY);
	offer(3);
	ok(look()->failed == 3 && b.stored == 5000, "an absent store refuses at once");
	close_store();
}

static void a_full_queue_drops_what_it_has_received(void)
{
	open_store((struct stub_store_opts){ .capacity = 2000, .workers = 50, .spans_per_second = 1000 });
	offer(4000);
	ok(look()->received == 4000 && look()->dropped == 1950,
	        "of 4000 at once 50 are in hands, 2000 queued, the others dropped");
	ok(look()->queued == 2000 && look()->saving == 50 && b.stored == 0, "none is stored yet");
	pass(3000000);
	ok(look()->saved == 2050 && look()->queued + look()->saving == 0, "the queue runs empty at the store's rate");
	is_int(b.stored, 2050, "and each saved span is told");
	ok(each_once(0, 2050), "the first 2050, once each");
	close_store();
}

static void the_rate_is_the_stores(void)
{
	static const struct {
		uint32_t workers, spread;
		uint64_t rate;
	} t[] = {
		{ 1, 1, 10 },
		{ 1, 1, 3000 },
		{ 50, 1, 1000 },
		{ 50, 1, 200000 },
		{ 50, 12, 20000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t least = t[i].rate * 98 / 100, most = t[i].rate * 102 / 100;

		open_store((struct stub_store_opts){ .capacity = 1 << 20,
		        .workers = t[i].workers,
		        .spread = t[i].spread,
		        .spans_per_second = t[i].rate });
		stub_store_burst(b.store, 5 * t[i].rate);
		pass(1000000);
		ok(look()->saved >= least && look()->saved <= most,
		        "%u workers, spread %u: %" PRIu64 " of %" PRIu64 " spans saved in a second", t[i].workers,
		        t[i].spread, look()->saved, t[i].rate);
		close_store();
	}
}

static void saves_overtake_no_more_than_the_spread_lets_them(void)
{
	open_store((struct stub_store_opts){ .capacity = 50000, .workers = 50, .spans_per_second = 10000 });
	offer(20000);
	pass(3000000);
	is_int(b.overtaken, 0, "saves that take alike leave in order");
	close_store();
	open_store(
	        (struct stub_store_opts){ .capacity = 50000, .workers = 50, .spread = 12, .spans_per_second = 10000 });
	offer(20000);
	pass(3000000);
	ok(b.overtaken > 1000 && each_once(0, 20000), "saves that do not overtake each other");
	close_store();
}

static void a_store_that_is_away_fails_and_comes_back(void)
{
	open_store((struct stub_store_opts){ .capacity = 2000, .spans_per_second = 2000 });
	stub_store_set_mode(b.store, STUB_STORE_AWAY);
	offer(500);
	for (int i = 0; i < 5; i++) {
		uint64_t failed = look()->failed;

		pass(50000);
		ok(look()->failed > failed, "away: %" PRIu64 " failed", look()->failed);
	}
	ok(look()->failed == 500 && look()->saved == 0 && b.stored == 0, "nothing is saved");
	stub_store_set_mode(b.store, STUB_STORE_WORKS);
	offer(500);
	pass(1000000);
	ok(look()->saved == 500 && look()->failed == 500 && each_once(500, 1000), "back: all that comes is saved");
	close_store();
}

static void a_store_that_hangs_keeps_what_it_has(void)
{
	open_store((struct stub_store_opts){ .capacity = 100, .workers = 10, .spans_per_second = 100 });
	offer(10);
	pass(40000);
	stub_store_set_mode(b.store, STUB_STORE_HANGS);
	offer(100);
	pass(10000000);
	ok(look()->saved + look()->failed == 0 && look()->saving == 10 && look()->queued == 100,
	        "while it hangs no save ends");
	offer(7);
	is_int(look()->dropped, 7, "and the queue runs full");
	stub_store_set_mode(b.store, STUB_STORE_WORKS);
	pass(59999);
	is_int(look()->saved, 0, "saves take the time that they had left");
	pass(1);
	is_int(look()->saved, 10, "and no more");
	pass(2000000);
	is_int(b.stored, 110, "then the queue goes on");
	close_store();
}

static void other_senders_fill_the_queue(void)
{
	uint64_t received;

	open_store((struct stub_store_opts){ .capacity = 1000, .spans_per_second = 1000 });
	stub_store_others(b.store, 3000);
	pass(2000000);
	ok(look()->received >= 5990 && look()->received <= 6010, "at their rate: %" PRIu64, look()->received);
	ok(look()->queued >= 995 && look()->dropped > 2900, "the queue is full and drops");
	is_int(b.stored, 0, "theirs are not told");
	offer(100);
	ok(b.stored == 0 && look()->dropped > 2900 + 95, "ours find no room");
	stub_store_others(b.store, 0);
	pass(2000000);
	is_int(look()->queued + look()->saving, 0, "they end");
	received = look()->received;
	stub_store_burst(b.store, 5000);
	ok(look()->received == received + 5000 && look()->queued == 1000, "a burst fills it");
	close_store();
}

static void a_restart_loses_the_queue_and_starts_counting_again(void)
{
	uint64_t started, saved;

	open_store((struct stub_store_opts){ .capacity = 2000, .workers = 50, .spans_per_second = 1000 });
	offer(1000);
	pass(500000);
	started = look()->started_ms;
	saved = look()->saved;
	ok(saved > 400 && saved < 600, "half of it is saved");
	stub_store_restart(b.store);
	ok(look()->process == 2 && look()->started_ms > started, "another process");
	is_int(look()->received + look()->saved + look()->queued + look()->saving, 0, "counts from 0");
	is_int(look()->queue_capacity, 0, "its gauges are not set yet");
	ok(b.stored > saved && b.stored < saved + 50, "of 50 saves that were under way some came through");
	saved = b.stored;
	pass(2000000);
	is_int(b.stored, saved, "the queue is lost");
	is_int(look()->queue_capacity, 2000, "the gauges are set by now");
	started = look()->started_ms;
	stub_store_restart(b.store);
	ok(look()->started_ms >= started + 10, "also at once: it started at another moment");
	close_store();
}

static void gauges_are_set_once_a_second(void)
{
	open_store((struct stub_store_opts){ .capacity = 500, .workers = 1, .spans_per_second = 100 });
	offer(301);
	ok(look()->queue_capacity == 0 && look()->queue_length == 0, "0 at first");
	pass(999999);
	is_int(look()->queue_capacity, 0, "and for a second");
	pass(1);
	ok(look()->queue_capacity == 500 && look()->queue_length == 200, "then as it is");
	pass(900000);
	ok(look()->queue_length == 200 && look()->queued < 120, "until the next second");
	close_store();
}

static void what_is_filtered_is_no_loss(void)
{
	open_store((struct stub_store_opts){ .capacity = 100, .reject_every = 10 });
	offer(1000);
	ok(look()->rejected == 100 && look()->saved == 900 && b.stored == 900,
	        "each tenth is rejected, the others are saved");
	close_store();
}

static void the_listener_may_change_the_store(void)
{
	open_store((struct stub_store_opts){ .capacity = 1000, .spans_per_second = 10000 });
	b.then = STUB_STORE_AWAY;
	b.then_at = 100;
	offer(300);
	pass(1000000);
	ok(b.stored == 100 && look()->failed == 200, "away from within the hundredth span on");
	close_store();
}

static void options_that_make_no_sense_are_errors(void)
{
	static const struct stub_store_opts bad[] = {
		{ .spans_per_second = 5 },
		{ .capacity = 10, .workers = STUB_STORE_WORKERS_MOST + 1 },
		{ .capacity = UINT32_MAX },
	};
	struct stub_store *s;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(stub_store_open(&s, NULL, &bad[i], NULL, NULL, &why), E_USAGE, why.text);
}

/* ---- the pages, read by the reader that the exporter uses ---- */

static int read_page(enum stub_page form, struct confirm_counters *n)
{
	static struct metrics_page p;
	struct buf text = { 0 };
	struct why why;
	int rc;

	stub_metrics_page(&text, form, look());
	metrics_page_begin(&p);
	metrics_page_feed(&p, buf_slice(&text));
	rc = metrics_page_end(&p, n, &why);
	if (rc < 0)
		diag("%s", why.text);
	buf_free(&text);
	return rc;
}

static void the_pages_say_what_is_counted(enum stub_page form)
{
	struct confirm_counters n;
	uint64_t process;

	open_store((struct stub_store_opts){
	        .capacity = 2000, .workers = 50, .spans_per_second = 1000, .reject_every = 100 });
	for (int i = 0; i < 200; i++) {
		struct stub_span span = { 1, 2, b.next++ };
		char name[STUB_STORE_NAME];

		snprintf(name, sizeof(name), "service \"%d\"\\", i);
		stub_store_offer(b.store, slice_text(name), &span);
	}
	offer(4000);
	pass(1000000);
	stub_store_set_mode(b.store, STUB_STORE_AWAY);
	pass(500000);
	is_int(read_page(form, &n), 0, "the page is read");
	is_int(n.received, look()->received, "received");
	is_int(n.dropped + n.failed, look()->dropped + look()->failed, "lost");
	is_int(n.saved, look()->saved, "saved, of all services");
	is_int(n.rejected, form == STUB_PAGE_JAEGER ? look()->rejected : 0, "rejected");
	is_int(n.capacity, form == STUB_PAGE_JAEGER ? 2000 : CONFIRM_NO_QUEUE, "capacity");
	is_int(look()->nservices, STUB_STORE_SERVICES, "services without a place share one");
	process = n.process;
	stub_store_restart(b.store);
	offer(1);
	ok(read_page(form, &n) == 0 && n.process != process && n.received == 1,
	        "another process is told from the first");
	close_store();
}

static void a_fresh_page(void)
{
	struct confirm_counters n;

	open_store((struct stub_store_opts){ .capacity = 2000 });
	ok(read_page(STUB_PAGE_JAEGER, &n) == 0 && n.received == 0 && n.capacity == 0,
	        "Jaeger 1.x has its counters from the start, its capacity not");
	ok(read_page(STUB_PAGE_OTEL, &n) == 0 && n.received == 0 && n.saved == 0,
	        "OpenTelemetry's are not there before they count");
	close_store();
}

int main(void)
{
	without_a_queue_all_is_stored_at_once();
	a_full_queue_drops_what_it_has_received();
	the_rate_is_the_stores();
	saves_overtake_no_more_than_the_spread_lets_them();
	a_store_that_is_away_fails_and_comes_back();
	a_store_that_hangs_keeps_what_it_has();
	other_senders_fill_the_queue();
	a_restart_loses_the_queue_and_starts_counting_again();
	gauges_are_set_once_a_second();
	what_is_filtered_is_no_loss();
	the_listener_may_change_the_store();
	options_that_make_no_sense_are_errors();
	the_pages_say_what_is_counted(STUB_PAGE_JAEGER);
	the_pages_say_what_is_counted(STUB_PAGE_OTEL);
	the_pages_say_what_is_counted(STUB_PAGE_OTEL_BARE);
	a_fresh_page();
	return tap_done();
}
