/* SPDX-License-Identifier: Apache-2.0 */
/* test_stub_collector.c — the stub answers as a real collector, or as it is told. */
#include "batchmake.h"
#include "http/client.h"
#include "looptest.h"
#include "testkit/stub_collector.h"

enum { SPANS = 5 };

struct lab {
	struct loop *loop;
	struct http_client *client;
	struct stub_collector *stub;
	struct buf batch;
	char url[128];
	size_t answers;
	int status;
	int64_t retry_after_ms;
	enum http_fault fault;
	char text[512];
	size_t seen;
	uint64_t last_id;
	bool down_at_span;
};

static void on_stored(void *arg, const struct stub_span *span)
{
	struct lab *l = arg;

	l->seen++;
	l->last_id = span->span_id;
	if (l->down_at_span)
		stub_collector_down(l->stub);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct lab *l = arg;

	l->answers++;
	l->status = a->status;
	l->fault = a->fault;
	l->retry_after_ms = a->retry_after_ms;
	snprintf(l->text, sizeof(l->text), "%.*s", (int)a->body.len, (const char *)a->body.at);
}

static void open_lab(struct lab *l, bool close_each)
{
	struct stub_collector_opts o = { .stored = on_stored, .arg = l, .close_each = close_each };
	struct why why;

	*l = (struct lab){ 0 };
	batchmake(&l->batch, "shop", 7, 100, SPANS);
	if (loop_open(&l->loop, &why) < 0 || stub_collector_open(&l->stub, l->loop, &o, &why) < 0 ||
	        http_client_open(&l->client, l->loop, &(struct http_client_opts){ 0 }, &why) < 0)
		abort();
	snprintf(l->url, sizeof(l->url), "%s/api/traces?format=jaeger.thrift", stub_collector_url(l->stub));
}

static void close_lab(struct lab *l)
{
	http_client_free(l->client);
	stub_collector_free(l->stub);
	loop_free(l->loop);
	buf_free(&l->batch);
}

static void post(struct lab *l, const char *type, struct slice body)
{
	struct http_request r = { .url = l->url, .body = body, .content_type = type, .total_ms = 20000 };

	if (http_client_send(l->client, &r, on_answer, l) < 0)
		abort();
}

/* The answer's text without its line end. */
static const char *text_of(struct lab *l)
{
	l->text[strcspn(l->text, "\n")] = '\0';
	return l->text;
}

static int ask(struct lab *l, const char *type, struct slice body)
{
	size_t n = l->answers;

	post(l, type, body);
	run_until_count(l->loop, &l->answers, n + 1);
	return l->status;
}

static int send_batch(struct lab *l)
{
	return ask(l, "application/x-thrift", buf_slice(&l->batch));
}

static void a_batch_is_taken_and_its_spans_are_told(void)
{
	struct lab l;

	open_lab(&l, false);
	is_int(send_batch(&l), 202, "202");
	is_text(l.text, "", "empty");
	is_int(l.seen, SPANS, "each span is told");
	is_int(l.last_id, 100 + SPANS - 1, "in order");
	is_int(stub_collector_counts(l.stub)->spans, SPANS, "and counted");
	is_int(ask(&l, "Application/VND.apache.thrift.binary; x=y", buf_slice(&l.batch)), 202,
	        "the other type, with a parameter");
	buf_text(&l.batch, "trailing");
	is_int(send_batch(&l), 202, "trailing bytes are not looked at");
	is_int(stub_collector_counts(l.stub)->taken, 3, "three batches");
	close_lab(&l);
}

static void what_is_no_batch_is_refused_in_a_collectors_words(void)
{
	struct lab l;

	open_lab(&l, false);
	ask(&l, NULL, buf_slice(&l.batch)); /* curl gives a type of its own */
	ok(l.status == 400 && strcmp(text_of(&l), "Unsupported content type: application/x-www-form-urlencoded") == 0,
	        "another type: %s", l.text);
	ask(&l, "", buf_slice(&l.batch));
	ok(l.status == 400 && strcmp(text_of(&l), "Cannot parse content type: mime: no media type") == 0, "no type: %s",
	        l.text);
	ask(&l, "application/x-thrift", slice_text(""));
	ok(l.status == 400 && strcmp(text_of(&l), "Unable to process request body: *jaeger.Batch "
	                                          "field 0 read error: EOF") == 0,
	        "an empty body: %s", l.text);
	ask(&l, "application/x-thrift", slice_text("not thrift"));
	ok(l.status == 400 && strncmp(text_of(&l), "Unable to process request body: ", 32) == 0, "garbage: %s", l.text);
	for (size_t cut = 1; cut < l.batch.len; cut += 13)
		if (ask(&l, "application/x-thrift", slice_of(l.batch.at, cut)) != 400)
			ok(0, "cut at %zu it is refused", cut);
	is_int(l.seen, 0, "no span of a bad batch is told");
	is_int(stub_collector_counts(l.stub)->taken, 0, "nothing was taken");
	is_int(stub_collector_counts(l.stub)->refused, stub_collector_counts(l.stub)->requests, "all were refused");
	snprintf(l.url, sizeof(l.url), "%s/api/traces/", stub_collector_url(l.stub));
	is_int(send_batch(&l), 404, "another path");
	snprintf(l.url, sizeof(l.url), "%s/api/traces", stub_collector_url(l.stub));
	is_int(ask(&l, NULL, (struct slice){ 0 }), 405, "GET");
	close_lab(&l);
}

static void it_answers_as_it_is_told(void)
{
	struct lab l;

	open_lab(&l, false);
	stub_collector_script(l.stub, 429, 2, 7);
	ok(send_batch(&l) == 429 && l.retry_after_ms == 7000, "429 with its wait");
	stub_collector_script(l.stub, 500, 1, -1);
	ok(send_batch(&l) == 500 && l.retry_after_ms == -1, "500 without");
	is_text(text_of(&l), "Cannot submit Jaeger batch: sending queue is full", "in a collector's words");
	is_int(send_batch(&l), 202, "once, as told");
	stub_collector_script(l.stub, 500, STUB_FOR_EVER, -1);
	stub_collector_script_text(l.stub, "http: request body too large");
	for (int i = 0; i < 5; i++)
		ok(send_batch(&l) == 500 && strcmp(text_of(&l), "http: request body too large") == 0,
		        "for ever, in my words");
	stub_collector_script(l.stub, 0, 0, -1);
	is_int(send_batch(&l), 202, "until it is told otherwise");
	is_int(stub_collector_counts(l.stub)->scripted, 7, "seven as told");
	is_int(l.seen, 2 * SPANS, "of which nothing was taken");
	close_lab(&l);
}

static void down_is_away_and_up_is_the_same_place(void)
{
	struct why why;
	struct lab l;

	open_lab(&l, false);
	is_int(send_batch(&l), 202, "up");
	for (int i = 0; i < 3; i++) {
		stub_collector_down(l.stub);
		stub_collector_down(l.stub);
		send_batch(&l);
		ok(l.status == 0 && l.fault == HTTP_NO_CONNECTION, "down: nobody answers");
		is_int(stub_collector_up(l.stub, &why), 0, "up again");
		is_int(stub_collector_up(l.stub, &why), 0, "twice does no harm");
		is_int(send_batch(&l), 202, "the same URL answers");
	}
	is_int(stub_collector_counts(l.stub)->taken, 4, "the counts go on");
	close_lab(&l);
}

static void an_answer_may_be_swallowed(void)
{
	struct lab l;

	open_lab(&l, false);
	stub_collector_swallow(l.stub, 1);
	send_batch(&l);
	ok(l.status == 0 && l.fault == HTTP_BROKEN_OFF, "no answer");
	is_int(l.seen, SPANS, "but taken");
	is_int(stub_collector_counts(l.stub)->unanswered, 1, "and counted");
	is_int(send_batch(&l), 202, "the next is answered");
	close_lab(&l);
}

static void a_slow_collector_has_the_batch_before_it_says_so(void)
{
	uint64_t began;
	struct lab l;

	open_lab(&l, false);
	stub_collector_delay(l.stub, 60);
	began = clock_mono_us();
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	run_until_count(l.loop, &l.seen, 2 * SPANS);
	is_int(l.answers, 0, "taken at once");
	run_until_count(l.loop, &l.answers, 2);
	ok(clock_mono_us() - began >= 60000 && l.status == 202, "answered later, both");
	stub_collector_delay(l.stub, 0);
	is_int(send_batch(&l), 202, "and fast again");
	stub_collector_delay(l.stub, 100000);
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	run_until_count(l.loop, &l.seen, 4 * SPANS);
	stub_collector_down(l.stub);
	run_until_count(l.loop, &l.answers, 4);
	ok(l.status == 0 && l.fault == HTTP_BROKEN_OFF, "going down drops what waits");
	close_lab(&l);
}

static void a_frozen_collector_reads_and_wakes_up(void)
{
	struct lab l;

	open_lab(&l, false);
	stub_collector_hang(l.stub, true);
	for (int i = 0; i < 3; i++)
		post(&l, "application/x-thrift", buf_slice(&l.batch));
	wait_ms(l.loop, 50);
	ok(l.answers == 0 && l.seen == 0, "frozen: nothing is taken");
	stub_collector_hang(l.stub, false);
	run_until_count(l.loop, &l.answers, 3);
	ok(l.status == 202 && l.seen == 3 * SPANS, "awake: all are");
	stub_collector_hang(l.stub, true);
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	wait_ms(l.loop, 20);
	http_client_cancel_all(l.client);
	wait_ms(l.loop, 20);
	stub_collector_hang(l.stub, false);
	wait_ms(l.loop, 20);
	is_int(l.seen, 4 * SPANS, "also from a client that has gone");
	stub_collector_hang(l.stub, true);
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	wait_ms(l.loop, 20);
	close_lab(&l);
	ok(1, "freed while frozen");
}

static void the_owner_may_take_it_down_at_a_span(void)
{
	struct why why;
	struct lab l;

	open_lab(&l, false);
	l.down_at_span = true;
	send_batch(&l);
	ok(l.status == 0 && l.seen == SPANS, "down within a batch: taken, not answered");
	l.down_at_span = false;
	ok(stub_collector_up(l.stub, &why) == 0 && send_batch(&l) == 202, "up again");
	stub_collector_hang(l.stub, true);
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	post(&l, "application/x-thrift", buf_slice(&l.batch));
	wait_ms(l.loop, 20);
	l.down_at_span = true;
	stub_collector_hang(l.stub, false);
	run_until_count(l.loop, &l.answers, 4);
	is_int(l.status, 0, "also when what hung is judged");
	close_lab(&l);
}

static void it_may_close_each_connection(void)
{
	struct raw c;
	struct lab l;
	char head[256];

	open_lab(&l, true);
	for (int i = 0; i < 20; i++)
		if (send_batch(&l) != 202)
			ok(0, "answered");
	is_int(stub_collector_counts(l.stub)->taken, 20, "twenty batches over twenty connections");
	raw_connect(&c, l.loop, (uint16_t)strtoul(strrchr(stub_collector_url(l.stub), ':') + 1, NULL, 10));
	snprintf(head, sizeof(head),
	        "POST /api/traces HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-thrift\r\n"
	        "Content-Length: 1\r\n\r\nx");
	raw_send(&c, head);
	ok(raw_wait_closed(&c) && strstr(buf_cstr(&c.got), "Connection: close\r\n") != NULL, "it says so and does it");
	raw_close(&c);
	close_lab(&l);
}

int main(void)
{
	a_batch_is_taken_and_its_spans_are_told();
	what_is_no_batch_is_refused_in_a_collectors_words();
	it_answers_as_it_is_told();
	down_is_away_and_up_is_the_same_place();
	an_answer_may_be_swallowed();
	a_slow_collector_has_the_batch_before_it_says_so();
	a_frozen_collector_reads_and_wakes_up();
	the_owner_may_take_it_down_at_a_span();
	it_may_close_each_connection();
	return tap_done();
}
