/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirmer_storm.c — a sender and a confirmer before a collector that loses spans behind its 202 in every way
 * it has: a full queue, other senders, a store that is away or hangs, restarts, answers that get lost, pages that
 * fail. No POST is called stored of which the store lacks a span; when all has healed, everything is stored. */
#include "batchmake.h"
#include "exporter/confirmer.h"
#include "http/client.h"
#include "looptest.h"
#include "testkit/stub_collector.h"

enum {
	POSTS = 150,
	SPANS = 20, /* of a POST */
	QUEUE = 400,
	WIRE = 8,      /* POSTs at once */
	FAULTS = 40,   /* each begins or ends something */
	FAULT_MS = 50, /* from one to the next */
	PATIENCE_S = 120,
	RETRY_MS = 20,
};

enum state { WAITS, ON_WIRE, UNCONFIRMED, DONE };

struct job {
	struct confirm_post post;
	struct buf body;
	enum state state;
	bool stored[SPANS];
};

static struct storm {
	struct loop *loop;
	struct stub_collector *collector;
	struct http_client *http;
	struct confirmer *confirmer;
	struct timer *fault, *retry;
	char url[128];
	struct job jobs[POSTS];
	uint64_t dice;
	size_t done, wire, wrong, resent, faults;
	bool pumping, blind;
} t;

static uint64_t roll(uint64_t n)
{
	t.dice = t.dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (t.dice >> 33) % n;
}

/* ---- the sender ---- */

static void on_answer(void *arg, const struct http_answer *a);

static void send_job(struct job *j)
{
	struct http_request r = {
		.url = t.url,
		.body = buf_slice(&j->body),
		.content_type = "application/vnd.apache.thrift.binary",
		.total_ms = 1000,
	};

	confirmer_sent(t.confirmer, &j->post);
	j->state = ON_WIRE;
	t.wire++;
	if (http_client_send(t.http, &r, on_answer, j) < 0)
		abort();
}

static void pump(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < POSTS && t.wire < WIRE; i++) {
		if (t.jobs[i].state != WAITS)
			continue;
		if (!confirmer_may_send(t.confirmer, SPANS))
			return;
		send_job(&t.jobs[i]);
	}
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct job *j = arg;

	t.wire--;
	if (a->status != 202) {
		confirmer_unanswered(t.confirmer, &j->post);
		j->state = WAITS;
		timer_start(t.retry, RETRY_MS);
		return;
	}
	j->state = UNCONFIRMED;
	if (confirmer_answered(t.confirmer, &j->post)) {
		t.blind = true;
		j->state = DONE;
		t.done++;
	}
	pump(NULL);
}

static void on_verdict(void *arg, struct confirm_post *p, enum confirm_verdict v)
{
	struct job *j = container_of(p, struct job, post);

	(void)arg;
	if (v != CONFIRM_STORED) {
		t.resent++;
		j->state = WAITS;
		return;
	}
	for (size_t i = 0; i < SPANS; i++)
		if (!j->stored[i])
			t.wrong++;
	j->state = DONE;
	t.done++;
}

static void on_stored(void *arg, const struct stub_span *span)
{
	(void)arg;
	t.jobs[span->trace_low - 1].stored[span->span_id - 1] = true;
}

/* ---- the fault ---- */

static void make_fault(void)
{
	struct stub_store *store = stub_collector_store(t.collector);
	struct why why;

	switch (roll(9)) {
	case 0:
		stub_store_set_mode(store, (enum stub_store_mode)roll(3));
		break;
	case 1:
		stub_store_burst(store, roll(QUEUE));
		break;
	case 2:
		stub_store_others(store, roll(2) * roll(2000));
		break;
	case 3:
		if (stub_collector_restart(t.collector, &why) < 0)
			abort();
		break;
	case 4:
		if (stub_collector_metrics(t.collector,
		            (const enum stub_metrics_mode[]){
		                    STUB_METRICS_500, STUB_METRICS_HANGS, STUB_METRICS_OFF }[roll(3)],
		            &why) < 0)
			abort();
		break;
	case 5:
		stub_collector_swallow(t.collector, (int)roll(4));
		break;
	case 6:
		stub_collector_deny(t.collector, 503, (int)roll(4));
		break;
	case 7:
		stub_collector_metrics_delay(t.collector, roll(2) * roll(30));
		break;
	default:
		stub_store_set_rate(store, 500 + roll(5000));
		break;
	}
}

static void heal(void)
{
	struct stub_store *store = stub_collector_store(t.collector);
	struct why why;

	stub_store_set_mode(store, STUB_STORE_WORKS);
	stub_store_set_rate(store, 10000);
	stub_store_others(store, 0);
	stub_collector_swallow(t.collector, 0);
	stub_collector_deny(t.collector, 503, 0);
	stub_collector_metrics_delay(t.collector, 0);
	if (stub_collector_metrics(t.collector, STUB_METRICS_SERVED, &why) < 0)
		abort();
}

/* A page is away for a moment only: a confirmer that goes blind would have nothing to prove. */
static void on_fault(void *arg)
{
	struct why why;

	(void)arg;
	if (++t.faults > FAULTS) {
		heal();
		return;
	}
	if (roll(3) == 0 && stub_collector_metrics(t.collector, STUB_METRICS_SERVED, &why) < 0)
		abort();
	make_fault();
	timer_start(t.fault, FAULT_MS);
}

/* ---- a storm ---- */

static void set_up(uint64_t seed, enum stub_page page)
{
	struct stub_collector_opts opts = {
		.stored = on_stored,
		.page = page,
		.store = { .capacity = QUEUE,
		        .workers = 4,
		        .spans_per_second = 3000,
		        .spread = 8,

		        .seed = seed },
	};
	struct confirmer_events events = { on_verdict, pump, NULL };
	struct http_client_opts http = { .max_connections = WIRE };
	struct why why;

	memset(&t, 0, sizeof(t));
	t.dice = seed;
	if (loop_open(&t.loop, &why) < 0 || stub_collector_open(&t.collector, t.loop, &opts, &why) < 0 ||
	        http_client_open(&t.http, t.loop, &http, &why) < 0 ||
	        timer_open(&t.fault, t.loop, on_fault, NULL) < 0 || timer_open(&t.retry, t.loop, pump, NULL) < 0)
		abort();
	snprintf(t.url, sizeof(t.url), "%s/api/traces?format=jaeger.thrift", stub_collector_url(t.collector));
	if (confirmer_open(&t.confirmer, t.loop, &http,
	            &(struct confirmer_opts){ .mode = CONFIRMER_REQUIRE,
	                    .collector_url = t.url,
	                    .metrics_url = stub_collector_metrics_url(t.collector),
	                    .post_spans = SPANS },
	            &events, &why) < 0)
		abort();
	for (size_t i = 0; i < POSTS; i++) {
		batchmake(&t.jobs[i].body, "storm", i + 1, 1, SPANS);
		t.jobs[i].post.spans = SPANS;
	}
	timer_start(t.fault, FAULT_MS);
}

static bool is_over(void *arg)
{
	(void)arg;
	return t.done == POSTS;
}

static void storm(uint64_t seed, enum stub_page page, const char *name)
{
	size_t missing = 0;
	bool over;
	struct confirmer_stats s;

	set_up(seed, page);
	over = wait_until(t.loop, is_over, NULL, PATIENCE_S);
	confirmer_stats(t.confirmer, &s);
	if (!ok(over, "%s, seed %" PRIu64 ": all is done", name, seed))
		diag("%zu of %d; %s", t.done, POSTS, confirmer_sentence(t.confirmer));
	ok(t.wrong == 0 && !t.blind, "nothing was called stored that was not (%zu spans)", t.wrong);
	for (size_t i = 0; i < POSTS; i++)
		for (size_t k = 0; k < SPANS; k++)
			missing += !t.jobs[i].stored[k];
	is_int(missing, 0, "nothing is missing in the store");
	diag("%zu POSTs sent again; %" PRIu64 " spans lost by the collector, %" PRIu64 " restarts, %" PRIu64
	     " pages read, %" PRIu64 " failed",
	        t.resent, s.confirm.lost, s.confirm.restarts, s.reads, s.reads_failed);
	confirmer_free(t.confirmer);
	http_client_free(t.http);
	stub_collector_free(t.collector);
	timer_free(t.fault);
	timer_free(t.retry);
	for (size_t i = 0; i < POSTS; i++)
		buf_free(&t.jobs[i].body);
	loop_free(t.loop);
}

int main(void)
{
	const char *seed = getenv("STORM_SEED");
	uint64_t first = seed == NULL ? 1 : strtoull(seed, NULL, 10);

	for (uint64_t i = 0; i < 4; i++)
		storm(first + i, STUB_PAGE_JAEGER, "Jaeger 1.x");
	storm(first, STUB_PAGE_OTEL, "Jaeger 2.x");
	storm(first, STUB_PAGE_OTEL_BARE, "OpenTelemetry");
	return tap_done();
}
