/* SPDX-License-Identifier: Apache-2.0 */
/* stub_collector.c — answers POST /api/traces like Jaeger's collectors, or with the faults that a test orders.
 *
 *   request ──(stub_later)──► handled: scripted · 400 · accepted ──(stub_store)──► stored, or not
 *                                                        └─► answered, denied, or connection closed */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "http/server.h"
#include "stub_admin.h"
#include "testkit/stub_collector.h"
#include "stub_later.h"

enum { MAX_BODY = 64 << 20, MAX_CONNECTIONS = 1024, REQUEST_MS = 60000, URL_BYTES = 64, TEXT_BYTES = 256 };

struct stub_collector {
	struct stub_collector_opts opts;
	struct loop *loop;
	struct http_server *server; /* NULL while down */
	struct stub_later *later;
	struct stub_store *store;
	struct stub_admin *admin;
	struct stub_counts counts;
	char url[URL_BYTES];
	uint16_t port;
	int script_status;
	int script_left;      /* STUB_FOR_EVER: unlimited */
	char retry_after[16]; /* "": no header */
	char script_text[TEXT_BYTES];
	char failing[TEXT_BYTES]; /* beginning of the services whose batches fail; "": none */
	int swallow_left;
	int deny_status;
	int deny_left;
	bool handling;     /* handle_request() is on the stack, perhaps with stored(), which reads the request's body */
	bool down_pending; /* stub_collector_down() was called while HANDLING */
};

static void on_post(void *arg, const struct http_call *call, struct http_reply *reply);

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

/* 0, or 400 for a wrong content type. */
static int check_type(const char *type, struct http_reply *reply)
{
	static const char *const taken[] = { "application/x-thrift", "application/vnd.apache.thrift.binary" };
	char said[TEXT_BYTES];
	size_t len = type == NULL ? 0 : strcspn(type, "; \t");

	if (len == 0) {
		http_reply_error(reply, 400, "Cannot parse content type: mime: no media type");
		return 400;
	}
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (len == strlen(taken[i]) && strncasecmp(type, taken[i], len) == 0)
			return 0;
	snprintf(said, sizeof(said), "Unsupported content type: %.*s", (int)min_u64(len, TEXT_BYTES / 2), type);
	http_reply_error(reply, 400, said);
	return 400;
}

static int check_body(struct slice body, struct inspect_facts *facts, struct http_reply *reply)
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

static void answer_scripted(struct stub_collector *s, struct http_reply *reply)
{
	if (s->script_left > 0)
		s->script_left--;
	s->counts.scripted++;
	if (s->script_text[0] != '\0')
		http_reply_error(reply, s->script_status, s->script_text);
	else if (s->script_status >= 500)
		http_reply_error(reply, s->script_status, "Cannot submit Jaeger batch: sending queue is full");
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

/* Replaces the answer to an accepted batch when swallow or deny is set. */
static void replace_answer(struct stub_collector *s, struct http_reply *reply)
{
	if (s->swallow_left > 0) {
		s->swallow_left--;
		s->counts.unanswered++;
		reply->reset_connections = true;
	} else if (s->deny_left > 0) {
		s->deny_left--;
		http_reply_error(reply, s->deny_status, "no answer from the collector in time");
	}
}

/* Argument of store_span(). */
struct accepted_batch {
	struct stub_collector *s;
	struct slice service;
};

static void store_span(void *arg, const struct inspect_span *span)
{
	const struct accepted_batch *t = arg;

	stub_store_offer(
	        t->s->store, t->service, &(struct stub_span){ span->trace_high, span->trace_low, span->span_id });
}

static void accept_batch(
        struct stub_collector *s, const struct http_call *call, struct inspect_facts *facts, struct http_reply *reply)
{
	struct accepted_batch t = { s, facts->service };

	if (s->opts.batch != NULL)
		s->opts.batch(s->opts.arg, header_or_empty(call, "spanspool-id"),
		        header_or_empty(call, "spanspool-received"),
		        strcmp(header_or_empty(call, "spanspool-maybe-dup"), "1") == 0);
	/* The second pass, after the batch was validated as a whole. */
	if (inspect_batch(call->body, facts, store_span, &t, NULL) < 0)
		return;
	s->counts.taken++;
	s->counts.spans += facts->spans;
	reply->status = 202;
	replace_answer(s, reply);
}

static bool is_failing(const struct stub_collector *s, struct slice service)
{
	size_t len = strlen(s->failing);

	return len > 0 && service.len >= len && memcmp(service.at, s->failing, len) == 0;
}

/* Does the stub_collector_down() that was deferred while HANDLING. */
static void finish_down(struct stub_collector *s)
{
	if (!s->down_pending)
		return;
	s->down_pending = false;
	stub_collector_down(s);
}

static void handle_request(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct stub_collector *s = arg;
	struct inspect_facts facts;

	s->handling = true;
	if (s->script_left != 0)
		answer_scripted(s, reply);
	else if (check_type(http_call_header(call, "Content-Type"), reply) != 0 ||
	         check_body(call->body, &facts, reply) != 0)
		s->counts.refused++;
	else if (is_failing(s, facts.service))
		http_reply_error(reply, 500, "Internal Server Error");
	else
		accept_batch(s, call, &facts, reply);
	if (s->opts.close_each)
		add_header(reply, "Connection", "close");
	s->handling = false;
	finish_down(s);
}

static void on_post(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct stub_collector *s = arg;

	s->counts.requests++;
	stub_later_request(s->later, call, reply);
}

/* ---- open, up, down, free ---- */

static int open_port(struct stub_collector *s, struct why *why)
{
	struct http_server_opts o = {
		.at = { .port = s->port },
		.routes = routes,
		.arg = s,
		.max_body = MAX_BODY,
		.max_connections = MAX_CONNECTIONS,
		.request_ms = REQUEST_MS,
	};

	snprintf(o.at.host, sizeof(o.at.host), "%s", s->opts.host);
	return http_server_open(&s->server, s->loop, &o, why);
}

/* Opens both ports to get their numbers; then the mode may close that of the metrics page. */
static int open_ports(struct stub_collector *s, struct why *why)
{
	if (open_port(s, why) < 0 || stub_admin_up(s->admin, why) < 0)
		return why->code;
	s->port = http_server_port(s->server);
	snprintf(s->url, sizeof(s->url), "http://%s:%u", s->opts.host, (unsigned)s->port);
	return stub_admin_set_mode(s->admin, s->opts.metrics, why);
}

static void on_stored(void *arg, const struct stub_span *span)
{
	struct stub_collector *s = arg;

	if (s->opts.stored != NULL)
		s->opts.stored(s->opts.arg, span);
}

int stub_collector_open(
        struct stub_collector **out, struct loop *l, const struct stub_collector_opts *opts, struct why *why)
{
	struct stub_collector *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return why_set(why, E_NOMEM, "stub collector");
	s->opts = *opts;
	if (s->opts.host == NULL)
		s->opts.host = "127.0.0.1";
	s->loop = l;
	s->port = opts->port;
	if (stub_later_open(&s->later, l, handle_request, s) < 0) {
		why_set(why, E_NOMEM, "stub collector");
		goto fail;
	}
	if (stub_store_open(&s->store, l, &opts->store, on_stored, s, why) < 0 ||
	        stub_admin_open(&s->admin, l, s->opts.host, opts->metrics_port, opts->page, s->store, why) < 0 ||
	        open_ports(s, why) < 0)
		goto fail;
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

const char *stub_collector_metrics_url(const struct stub_collector *s)
{
	return stub_admin_url(s->admin);
}

const struct stub_counts *stub_collector_counts(struct stub_collector *s)
{
	s->counts.pages = stub_admin_requests_answered(s->admin);
	return &s->counts;
}

struct stub_store *stub_collector_store(struct stub_collector *s)
{
	return s->store;
}

void stub_collector_down(struct stub_collector *s)
{
	s->down_pending = s->handling;
	if (s->handling)
		return;
	http_server_free(s->server);
	s->server = NULL;
	stub_later_drop(s->later);
	stub_admin_down(s->admin);
}

int stub_collector_up(struct stub_collector *s, struct why *why)
{
	s->down_pending = false;
	if (s->server == NULL && open_port(s, why) < 0)
		return why->code;
	return stub_admin_up(s->admin, why);
}

int stub_collector_restart(struct stub_collector *s, struct why *why)
{
	stub_collector_down(s);
	stub_store_restart(s->store);
	return stub_collector_up(s, why);
}

void stub_collector_free(struct stub_collector *s)
{
	if (s == NULL)
		return;
	http_server_free(s->server);
	stub_later_free(s->later);
	stub_admin_free(s->admin);
	stub_store_free(s->store);
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

void stub_collector_fail_services(struct stub_collector *s, const char *beginning)
{
	snprintf(s->failing, sizeof(s->failing), "%s", beginning);
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
	stub_later_delay(s->later, ms);
}

void stub_collector_hang(struct stub_collector *s, bool hang)
{
	stub_later_hang(s->later, hang);
}

int stub_collector_metrics(struct stub_collector *s, enum stub_metrics_mode mode, struct why *why)
{
	return stub_admin_set_mode(s->admin, mode, why);
}

void stub_collector_metrics_delay(struct stub_collector *s, uint64_t ms)
{
	stub_admin_delay(s->admin, ms);
}
