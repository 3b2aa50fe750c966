/* SPDX-License-Identifier: Apache-2.0 */
/* test_stub_metrics.c — the stub collector over HTTP: what it loses behind a 202, and what its metrics page
 * says of that, or does not say. */
#include "batchmake.h"
#include "exporter/metrics_page.h"
#include "http/client.h"
#include "looptest.h"
#include "testkit/stub_collector.h"

enum { SPANS = 10 };

struct lab {
	struct loop *loop;
	struct http_client *client;
	struct stub_collector *stub;
	size_t stored;
	size_t posted, pages; /* answers that came */
	int status;           /* of the last of either; 0: none */
	struct buf page;      /* the last one */
	struct confirm_counters n;
	uint64_t next;
};

static void on_stored(void *arg, const struct stub_span *span)
{
	(void)span;
	((struct lab *)arg)->stored++;
}

static void on_posted(void *arg, const struct http_answer *a)
{
	struct lab *l = arg;

	l->posted++;
	l->status = a->status;
}

static void on_page(void *arg, const struct http_answer *a)
{
	struct lab *l = arg;

	l->pages++;
	l->status = a->status;
	buf_clear(&l->page);
	buf_add(&l->page, a->body.at, a->body.len);
}

static void open_lab(struct lab *l, struct stub_store_opts store, enum stub_metrics_mode metrics)
{
	struct stub_collector_opts o = { .stored = on_stored, .arg = l, .store = store, .metrics = metrics };
	struct why why;

	*l = (struct lab){ .next = 1 };
	if (loop_open(&l->loop, &why) < 0 || stub_collector_open(&l->stub, l->loop, &o, &why) < 0 ||
	        http_client_open(&l->client, l->loop, &(struct http_client_opts){ 0 }, &why) < 0)
		abort();
}

static void close_lab(struct lab *l)
{
	http_client_free(l->client);
	stub_collector_free(l->stub);
	loop_free(l->loop);
	buf_free(&l->page);
}

/* N batches of SPANS, one after the other: the status of the last answer. */
static int post(struct lab *l, unsigned n)
{
	struct buf batch = { 0 };
	char url[128];

	snprintf(url, sizeof(url), "%s/api/traces", stub_collector_url(l->stub));
	for (unsigned i = 0; i < n; i++) {
		struct http_request r = { .url = url, .content_type = "application/x-thrift" };

		buf_clear(&batch);
		batchmake(&batch, "shop", 7, l->next, SPANS);
		l->next += SPANS;
		r.body = buf_slice(&batch);
		if (http_client_send(l->client, &r, on_posted, l) < 0)
			abort();
		run_until_count(l->loop, &l->posted, l->posted + 1);
	}
	buf_free(&batch);
	return l->status;
}

static void ask(struct lab *l)
{
	struct http_request r = { .url = stub_collector_metrics_url(l->stub), .total_ms = 20000 };

	if (http_client_send(l->client, &r, on_page, l) < 0)
		abort();
}

/* The page as the exporter reads it; its status, or -1 when it cannot be read. */
static int look(struct lab *l)
{
	static struct metrics_page p;
	struct why why;

	ask(l);
	run_until_count(l->loop, &l->pages, l->pages + 1);
	if (l->status != 200)
		return l->status;
	metrics_page_begin(&p);
	metrics_page_feed(&p, buf_slice(&l->page));
	return metrics_page_end(&p, &l->n, &why) < 0 ? -1 : 200;
}

static uint64_t waiting(const struct confirm_counters *n)
{
	return n->received - n->dropped - n->rejected - n->saved - n->failed;
}

static bool nothing_waits(void *arg)
{
	struct lab *l = arg;
	const struct stub_store_counts *c = stub_store_counts(stub_collector_store(l->stub));

	return c->queued + c->saving == 0;
}

static void by_default_what_is_taken_is_stored(void)
{
	struct lab l;

	open_lab(&l, (struct stub_store_opts){ 0 }, STUB_METRICS_SERVED);
	ok(look(&l) == 200 && l.n.received == 0, "a page from the start");
	ok(post(&l, 20) == 202 && l.stored == 20 * SPANS, "stored when it is answered");
	ok(look(&l) == 200 && l.n.received == 20 * SPANS && l.n.saved == 20 * SPANS && l.n.capacity == CONFIRM_NO_QUEUE,
	        "the page says so, and that there is no queue");
	is_int(stub_collector_counts(l.stub)->pages, 2, "pages are counted");
	close_lab(&l);
}

static void a_full_queue_drops_behind_a_202(void)
{
	struct stub_store_opts store = { .capacity = 50, .workers = 5, .spans_per_second = 1000 };
	struct lab l;

	open_lab(&l, store, STUB_METRICS_SERVED);
	stub_store_set_mode(stub_collector_store(l.stub), STUB_STORE_HANGS);
	is_int(post(&l, 10), 202, "100 spans for 50 places and 5 workers, all taken");
	ok(look(&l) == 200 && l.n.received == 100 && l.n.dropped == 45 && waiting(&l.n) == 55,
	        "the page knows what was dropped");
	is_int(l.stored, 0, "nothing is stored yet");
	stub_store_set_mode(stub_collector_store(l.stub), STUB_STORE_WORKS);
	ok(run_until_count(l.loop, &l.stored, 55), "the others are stored and told, without anybody asking");
	ok(look(&l) == 200 && l.n.saved == 55 && waiting(&l.n) == 0 && l.stored == 55, "the page counts them as saved");
	close_lab(&l);
}

static void a_store_that_is_away_loses_behind_a_202(void)
{
	struct stub_store_opts store = { .capacity = 2000, .spans_per_second = 20000 };
	struct lab l;

	open_lab(&l, store, STUB_METRICS_SERVED);
	stub_store_set_mode(stub_collector_store(l.stub), STUB_STORE_AWAY);
	for (unsigned i = 1; i <= 5; i++) {
		is_int(post(&l, 4), 202, "taken");
		run_until(l.loop, nothing_waits, &l);
		ok(look(&l) == 200 && l.n.failed == i * 4 * SPANS && l.n.saved == 0, "and failed, by the page");
	}
	stub_store_set_mode(stub_collector_store(l.stub), STUB_STORE_WORKS);
	is_int(post(&l, 4), 202, "taken");
	run_until(l.loop, nothing_waits, &l);
	ok(look(&l) == 200 && l.n.saved == 4 * SPANS && l.stored == 4 * SPANS,
	        "the store is back, and has only what came since");
	close_lab(&l);
}

static void at_every_look_the_counters_add_up(void)
{
	struct stub_store_opts store = {
		.capacity = 100, .workers = 5, .spread = 12, .spans_per_second = 2000, .seed = 3
	};
	const struct stub_store_counts *c;
	uint64_t lost = 0;
	struct lab l;

	open_lab(&l, store, STUB_METRICS_SERVED);
	stub_store_others(stub_collector_store(l.stub), 2000);
	for (unsigned i = 0; i < 60; i++) {
		post(&l, 3);
		stub_store_set_mode(stub_collector_store(l.stub), (enum stub_store_mode)(i / 5 % 3));
		if (look(&l) != 200)
			ok(0, "the page is read");
		c = stub_store_counts(stub_collector_store(l.stub));
		/* The look is a moment later than the page: nothing has left the queue for nowhere. */
		if (waiting(&l.n) > store.capacity + store.workers ||
		        waiting(&l.n) + (c->received - l.n.received) < c->queued + c->saving ||
		        l.n.dropped + l.n.failed < lost)
			ok(0, "look %u: %" PRIu64 " wait", i, waiting(&l.n));
		lost = l.n.dropped + l.n.failed;
	}
	ok(lost > 0 && l.n.saved > 0, "60 looks at a queue that others fill: %" PRIu64 " lost", lost);
	close_lab(&l);
}

static void the_page_may_be_missing(void)
{
	static const struct {
		enum stub_metrics_mode mode;
		int status;
		const char *name;
	} t[] = {
		{ STUB_METRICS_OFF, 0, "the port is closed" },
		{ STUB_METRICS_404, 404, "404" },
		{ STUB_METRICS_500, 500, "500" },
		{ STUB_METRICS_SERVED, 200, "served" },
	};
	struct why why;
	struct lab l;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		open_lab(&l, (struct stub_store_opts){ 0 }, t[i].mode);
		ok(look(&l) == t[i].status && post(&l, 1) == 202, "%s", t[i].name);
		ok(stub_collector_metrics(l.stub, STUB_METRICS_SERVED, &why) == 0 && look(&l) == 200 &&
		                l.n.received == SPANS,
		        "then it is served, at the same place");
		ok(stub_collector_metrics(l.stub, t[i].mode, &why) == 0 && look(&l) == t[i].status, "then no more: %s",
		        t[i].name);
		close_lab(&l);
	}
}

static void the_page_may_hang(void)
{
	struct why why;
	struct lab l;

	open_lab(&l, (struct stub_store_opts){ 0 }, STUB_METRICS_HANGS);
	ask(&l);
	is_int(post(&l, 5), 202, "the collector works");
	wait_ms(l.loop, 30);
	is_int(l.pages, 0, "its page does not come");
	ok(stub_collector_metrics(l.stub, STUB_METRICS_SERVED, &why) == 0, "the mode changes");
	run_until_count(l.loop, &l.pages, 1);
	ok(l.status == 200 && look(&l) == 200 && l.n.received == 5 * SPANS, "then it comes");
	ok(stub_collector_metrics(l.stub, STUB_METRICS_HANGS, &why) == 0, "it hangs");
	ask(&l);
	wait_ms(l.loop, 20);
	stub_collector_down(l.stub);
	run_until_count(l.loop, &l.pages, 3);
	is_int(l.status, 0, "until the collector goes down");
	close_lab(&l);
}

static void the_page_may_be_old(void)
{
	struct lab l;

	open_lab(&l, (struct stub_store_opts){ 0 }, STUB_METRICS_SERVED);
	post(&l, 1);
	stub_collector_metrics_delay(l.stub, 200);
	ask(&l);
	wait_ms(l.loop, 20);
	post(&l, 9);
	run_until_count(l.loop, &l.pages, 1);
	ok(strstr(buf_cstr(&l.page), "svc=\"shop\",transport=\"http\"} 10\n") != NULL,
	        "the page is of the moment when it was asked for");
	close_lab(&l);
}

static void the_page_may_be_anothers(void)
{
	struct confirm_counters before;
	struct lab l;

	open_lab(&l, (struct stub_store_opts){ 0 }, STUB_METRICS_FOREIGN);
	is_int(look(&l), 200, "a page of some collector");
	before = l.n;
	post(&l, 5);
	ok(look(&l) == 200 && memcmp(&before, &l.n, sizeof(before)) == 0, "that does not move by what is sent");
	close_lab(&l);
}

static void a_restart_is_another_process_at_the_same_place(void)
{
	struct stub_store_opts store = { .capacity = 500, .workers = 1, .spans_per_second = 1 };
	struct why why;
	uint64_t process;
	struct lab l;

	open_lab(&l, store, STUB_METRICS_SERVED);
	post(&l, 20);
	ok(look(&l) == 200 && waiting(&l.n) == 20 * SPANS, "200 spans are queued");
	process = l.n.process;
	is_int(stub_collector_restart(l.stub, &why), 0, "killed and started");
	ok(look(&l) == 200 && l.n.process != process && l.n.received == 0, "another process, with counters at 0");
	is_int(stub_store_counts(stub_collector_store(l.stub))->queued, 0, "the queue is lost");
	is_int(post(&l, 1), 202, "it takes again");
	is_int(stub_collector_counts(l.stub)->spans, 21 * SPANS, "what was taken counts on");
	stub_collector_down(l.stub);
	is_int(look(&l), 0, "down, also its metrics page is away");
	ok(stub_collector_up(l.stub, &why) == 0 && look(&l) == 200 && l.n.received == SPANS,
	        "up, it is the same process");
	close_lab(&l);
}

int main(void)
{
	by_default_what_is_taken_is_stored();
	a_full_queue_drops_behind_a_202();
	a_store_that_is_away_loses_behind_a_202();
	at_every_look_the_counters_add_up();
	the_page_may_be_missing();
	the_page_may_hang();
	the_page_may_be_old();
	the_page_may_be_anothers();
	a_restart_is_another_process_at_the_same_place();
	return tap_done();
}
