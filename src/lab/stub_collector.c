/* stub_collector.c — POST /api/traces as Jaeger's collectors answer it, and the troubles that they make.
 *
 *   request ──hang──► held until it ends ─┐
 *      └──────────────────────────────────┴► judged: scripted · 400 · taken ──delay──► answered
 *                                                                  └─swallow─► hung up on
 *
 * What is judged is judged at once: a slow collector has the batch long before it says so. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "clock.h"
#include "http_server.h"
#include "list.h"
#include "stub_collector.h"

enum {
	MAX_BODY = 64 << 20,
	MAX_CONNECTIONS = 1024,
	REQUEST_MS = 60000,
	URL_BYTES = 64,
	TEXT_BYTES = 256
};

struct stub_collector {
	struct stub_collector_opts opts;
	struct loop *loop;
	struct http_server *server; /* NULL while down */
	struct timer *timer;        /* of the delayed */
	struct list held;           /* struct held: not judged yet */
	struct list delayed;        /* struct held: judged, answered later */
	struct stub_counts counts;
	char url[URL_BYTES];
	uint16_t port;
	int script_status;
	int script_left;      /* STUB_FOR_EVER without end */
	char retry_after[16]; /* "" none */
	char script_text[TEXT_BYTES];
	int swallow_left;
	int deny_status;
	int deny_left;
	uint64_t delay_us;
	bool hangs;
	bool judging; /* each() may be on the stack, over a body that the server holds */
	bool falls;   /* taken down meanwhile: when the batch is judged */
};

/* A request whose answer comes later. */
struct held {
	struct list link;
	struct http_later *later;
	const struct http_call *call;
	struct http_reply reply;
	uint64_t due_us;
};

static void on_post(void *arg, const struct http_call *call, struct http_reply *reply);
static void on_due(void *arg);

static const struct http_route routes[] = {
	{ "/api/traces", "POST", on_post },
	{ NULL, NULL, NULL },
};

/* ---- what a collector says ---- */

static void add_header(struct http_reply *reply, const char *name, const char *value)
{
	size_t i = 0;

	while (reply->headers[i] != NULL)
		i += 2;
	reply->headers[i] = name;
	reply->headers[i + 1] = value;
}

/* 400 by its type, or 0. */
static int judge_type(const char *type, struct http_reply *reply)
{
	static const char *const taken[] = { "application/x-thrift",
		"application/vnd.apache.thrift.binary" };
	char said[TEXT_BYTES];
	size_t len = type == NULL ? 0 : strcspn(type, "; \t");

	if (len == 0) {
		http_reply_error(reply, 400, "Cannot parse content type: mime: no media type");
		return 400;
	}
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (len == strlen(taken[i]) && strncasecmp(type, taken[i], len) == 0)
			return 0;
	snprintf(said, sizeof(said), "Unsupported content type: %.*s",
	        (int)min_u64(len, TEXT_BYTES / 2), type);
	http_reply_error(reply, 400, said);
	return 400;
}

static int judge_body(struct slice body, struct inspect_facts *facts, struct http_reply *reply)
{
	char said[TEXT_BYTES + sizeof(struct why)];
	struct why why = { 0, "" };

	if (body.len == 0)
		why_set(&why, E_MALFORMED, "*jaeger.Batch field 0 read error: EOF");
	else if (inspect_batch(body, facts, NULL, NULL, &why) == 0)
		return 0;
	snprintf(said, sizeof(said), "Unable to process request body: %s", why.text);
	http_reply_error(reply, 400, said);
	return 400;
}

static void answer_as_told(struct stub_collector *s, struct http_reply *reply)
{
	if (s->script_left > 0)
		s->script_left--;
	s->counts.scripted++;
	if (s->script_text[0] != '\0')
		http_reply_error(reply, s->script_status, s->script_text);
	else if (s->script_status >= 500)
		http_reply_error(reply, s->script_status,
		        "Cannot submit Jaeger batch: sending queue is full");
	else
		reply->status = s->script_status;
	if (s->retry_after[0] != '\0')
		add_header(reply, "Retry-After", s->retry_after);
}

static const char *header_or_empty(const struct http_call *call, const char *name)
{
	const char *value = http_call_header(call, name);

	return value == NULL ? "" : value;
}

static void take(struct stub_collector *s, const struct http_call *call,
        struct inspect_facts *facts, struct http_reply *reply)
{
	if (s->opts.batch != NULL)
		s->opts.batch(s->opts.arg, header_or_empty(call, "spanspool-id"),
		        header_or_empty(call, "spanspool-received"),
		        strcmp(header_or_empty(call, "spanspool-maybe-dup"), "1") == 0);
	/* Walked a second time, now that it is known to be good as a whole. */
	if (s->opts.each != NULL &&
	        inspect_batch(call->body, facts, s->opts.each, s->opts.arg, NULL) < 0)
		return;
	s->counts.taken++;
	s->counts.spans += facts->spans;
	reply->status = 202;
	if (s->swallow_left > 0) {
		s->swallow_left--;
		s->counts.unanswered++;
		reply->hang_up = true;
	} else if (s->deny_left > 0) {
		s->deny_left--;
		http_reply_error(reply, s->deny_status, "no answer from the collector in time");
	}
}

static void judge(struct stub_collector *s, const struct http_call *call, struct http_reply *reply)
{
	struct inspect_facts facts;

	s->judging = true;
	if (s->script_left != 0)
		answer_as_told(s, reply);
	else if (judge_type(http_call_header(call, "Content-Type"), reply) != 0 ||
	         judge_body(call->body, &facts, reply) != 0)
		s->counts.refused++;
	else
		take(s, call, &facts, reply);
	if (s->opts.close_each)
		add_header(reply, "Connection", "close");
	s->judging = false;
}

/* ---- later ---- */

static void drop(struct held *h)
{
	list_remove(&h->link);
	buf_free(&h->reply.body);
	free(h);
}

static void answer(struct held *h)
{
	http_later_answer(&h->later, &h->reply);
	drop(h);
}

/* The timer rings when the first of them is due. */
static void wait_for_due(struct stub_collector *s)
{
	uint64_t first = UINT64_MAX, now = clock_mono_us();

	list_each (node, &s->delayed)
		first = min_u64(first, container_of(node, struct held, link)->due_us);
	if (first != UINT64_MAX)
		timer_start(s->timer, first <= now ? 0 : (first - now + US_PER_MS - 1) / US_PER_MS);
}

static void on_due(void *arg)
{
	struct stub_collector *s = arg;
	uint64_t now = clock_mono_us();

	list_each_safe (node, &s->delayed) {
		struct held *h = container_of(node, struct held, link);

		if (h->due_us <= now)
			answer(h);
	}
	wait_for_due(s);
}

/* Does what was put off while a batch was judged. */
static void fall(struct stub_collector *s)
{
	if (!s->falls)
		return;
	s->falls = false;
	stub_collector_down(s);
}

/* Judges what came; its answer waits. There is none when each() took the collector down. */
static void judge_held(struct stub_collector *s, struct held *h)
{
	judge(s, h->call, &h->reply);
	if (s->falls) {
		drop(h);
		fall(s);
		return;
	}
	h->due_us = clock_mono_us() + s->delay_us;
	list_push(&s->delayed, &h->link);
	wait_for_due(s);
}

static void on_post(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct stub_collector *s = arg;
	struct held *h;

	s->counts.requests++;
	if (!s->hangs && s->delay_us == 0) {
		judge(s, call, reply);
		fall(s);
		return;
	}
	h = calloc(1, sizeof(*h));
	if (h == NULL) {
		reply->hang_up = true;
		return;
	}
	list_init(&h->link);
	h->call = call;
	h->later = http_call_later(call);
	if (s->hangs) {
		list_push(&s->held, &h->link);
		return;
	}
	judge_held(s, h);
}

/* ---- open, up, down, free ---- */

static int open_port(struct stub_collector *s, struct why *why)
{
	struct http_server_opts o = {
		.at = { "127.0.0.1", s->port },
		.routes = routes,
		.arg = s,
		.max_body = MAX_BODY,
		.max_connections = MAX_CONNECTIONS,
		.request_ms = REQUEST_MS,
	};

	return http_server_open(&s->server, s->loop, &o, why);
}

int stub_collector_open(struct stub_collector **out, struct loop *l,
        const struct stub_collector_opts *opts, struct why *why)
{
	struct stub_collector *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return why_set(why, E_NOMEM, "stub collector");
	s->opts = *opts;
	s->loop = l;
	s->port = opts->port;
	list_init(&s->held);
	list_init(&s->delayed);
	if (timer_open(&s->timer, l, on_due, s) < 0) {
		why_set(why, E_NOMEM, "stub collector");
		goto fail;
	}
	if (open_port(s, why) < 0)
		goto fail;
	s->port = http_server_port(s->server);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", (unsigned)s->port);
	*out = s;
	return 0;
fail:
	stub_collector_free(s);
	return why->code;
}

const char *stub_collector_url(const struct stub_collector *s)
{
	return s->url;
}

const struct stub_counts *stub_collector_counts(const struct stub_collector *s)
{
	return &s->counts;
}

void stub_collector_down(struct stub_collector *s)
{
	s->falls = s->judging;
	if (s->judging)
		return;
	http_server_free(s->server);
	s->server = NULL;
	list_each_safe (node, &s->held)
		drop(container_of(node, struct held, link));
	list_each_safe (node, &s->delayed)
		drop(container_of(node, struct held, link));
	timer_stop(s->timer);
}

int stub_collector_up(struct stub_collector *s, struct why *why)
{
	s->falls = false;
	return s->server != NULL ? 0 : open_port(s, why);
}

void stub_collector_free(struct stub_collector *s)
{
	if (s == NULL)
		return;
	if (s->timer != NULL)
		stub_collector_down(s);
	timer_free(s->timer);
	free(s);
}

/* ---- script ---- */

void stub_collector_script(struct stub_collector *s, int status, int n, int retry_after_s)
{
	s->script_status = status;
	s->script_left = n;
	s->retry_after[0] = '\0';
	if (retry_after_s >= 0)
		snprintf(s->retry_after, sizeof(s->retry_after), "%d", retry_after_s);
}

void stub_collector_script_text(struct stub_collector *s, const char *text)
{
	snprintf(s->script_text, sizeof(s->script_text), "%s", text);
}

void stub_collector_swallow(struct stub_collector *s, int n)
{
	s->swallow_left = n;
}

void stub_collector_deny(struct stub_collector *s, int status, int n)
{
	s->deny_status = status;
	s->deny_left = n;
}

void stub_collector_delay(struct stub_collector *s, uint64_t ms)
{
	s->delay_us = ms * US_PER_MS;
}

void stub_collector_hang(struct stub_collector *s, bool hang)
{
	s->hangs = hang;
	while (!hang && !list_empty(&s->held)) {
		struct held *h = list_first(&s->held, struct held, link);

		list_remove(&h->link);
		judge_held(s, h);
	}
}
