/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c — requests a collector's metrics page from one or two URLs.
 *
 * When the operator has not named the page there are two: the admin port of Jaeger 1.x and the telemetry port of
 * Jaeger 2.x and the OpenTelemetry Collector. Both are requested at once, so that a firewall that drops packets costs
 * one time-out. When both answer, the first is used. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/endpoint.h"
#include "exporter/metrics_page.h"
#include "base/log.h"
#include "pages.h"
#include "base/redact.h"

static const char *const ports[PAGES_MOST] = { "14269", "8888" };

struct page {
	struct pages *pages;
	struct buf url, shown; /* SHOWN: for messages, without secrets */
	struct buf address;    /* to connect to; empty: curl resolves the host of the URL */
	struct metrics_page text;
	struct confirm_reading reading;
	bool in_flight;   /* the request is in flight */
	bool usable;      /* READING is valid */
	char fault[1024]; /* why READING is not valid; "" when it is */
};

struct pages {
	struct http_client *http;
	struct http_client_opts http_opts;
	struct page page[PAGES_MOST];
	size_t n;
	size_t used; /* index of the page that was last usable */
	bool busy;   /* a reading is in progress */
	uint64_t began_us;
	struct timer *failed; /* finishes, from the loop, a reading whose requests could not be sent */
	void (*answered)(void *arg, const struct pages_answer *a);
	void *arg;
};

/* ---- the answers ---- */

static void check_page(struct page *p, const struct http_answer *a)
{
	struct why why;

	p->usable = false;
	p->reading.ended_us = clock_mono_us();
	if (a->failure != HTTP_ANSWERED)
		snprintf(p->fault, sizeof(p->fault), "%s", a->error);
	else if (a->status != 200)
		snprintf(p->fault, sizeof(p->fault), "answered %d", a->status);
	else if (!a->whole)
		snprintf(p->fault, sizeof(p->fault), "its answer broke off, or took longer than %d s", PAGE_MS / 1000);
	else if (metrics_page_end(&p->text, &p->reading.counters, &why) < 0)
		snprintf(p->fault, sizeof(p->fault), "%s", why.text);
	else
		p->usable = true;
}

/* The first usable page, or NULL. KNOWN is false until the pages before it have answered. */
static const struct page *usable_page(const struct pages *s, bool *known)
{
	*known = true;
	for (size_t i = 0; i < s->n; i++) {
		if (s->page[i].in_flight) {
			*known = false;
			return NULL;
		}
		if (s->page[i].usable)
			return &s->page[i];
	}
	return NULL;
}

static void finish_read(struct pages *s)
{
	struct pages_answer a = { .began_us = s->began_us, .ended_us = clock_mono_us() };
	bool known;
	const struct page *p = usable_page(s, &known);

	if (!s->busy || !known)
		return;
	s->busy = false;
	if (p != NULL) {
		s->used = (size_t)(p - s->page);
		a = (struct pages_answer){ &p->reading, p->reading.began_us, p->reading.ended_us };
	}
	s->answered(s->arg, &a);
}

static void on_body(void *arg, struct slice bytes)
{
	struct page *p = arg;

	metrics_page_feed(&p->text, bytes);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct page *p = arg;

	p->in_flight = false;
	check_page(p, a);
	finish_read(p->pages);
}

static void on_failed(void *arg)
{
	finish_read(arg);
}

/* ---- a reading ---- */

static void request_page(struct page *p)
{
	struct http_request r = {
		.url = buf_cstr(&p->url),
		.address = p->address.len > 0 ? buf_cstr(&p->address) : NULL,
		.connect_ms = PAGE_MS,
		.total_ms = PAGE_MS,
		.keep = 1,
		.on_body = on_body,
	};
	int rc;

	p->usable = false;
	p->fault[0] = '\0';
	if (p->in_flight)
		return; /* still in flight from an earlier reading that an earlier page finished */
	metrics_page_begin(&p->text);
	p->reading.began_us = clock_mono_us();
	rc = http_client_send(p->pages->http, &r, on_answer, p);
	p->in_flight = rc == 0;
	if (rc < 0)
		snprintf(p->fault, sizeof(p->fault), "%s", err_text(rc));
}

void pages_read(struct pages *s, bool all)
{
	s->busy = true;
	s->began_us = clock_mono_us();
	for (size_t i = 0; i < s->n; i++) {
		if (all || i == s->used)
			request_page(&s->page[i]);
		else
			s->page[i].usable = false, s->page[i].fault[0] = '\0';
	}
	timer_start(s->failed, 0);
}

bool pages_busy(const struct pages *s)
{
	return s->busy;
}

const char *pages_url(const struct pages *s)
{
	return buf_cstr((struct buf *)&s->page[s->used].shown);
}

void pages_faults(const struct pages *s, struct buf *to)
{
	const char *between = "";

	for (size_t i = 0; i < s->n; i++) {
		const struct page *p = &s->page[i];

		if (p->fault[0] == '\0')
			continue;
		buf_printf(to, "%s%.*s: %s", between, (int)p->shown.len, (const char *)p->shown.at, p->fault);
		between = "; ";
	}
}

/* ---- open and free ---- */

/* When the collector is one address of a name with several, its page is requested from that address too. */
static void set_address(struct page *p, const struct pages_where *where)
{
	const char *url = buf_cstr(&p->url);

	if (where->address == NULL || !slice_same(endpoint_host(url), endpoint_host(where->collector_url)))
		return;
	buf_add(&p->address, where->address, (size_t)(strrchr(where->address, ':') - where->address));
	buf_printf(&p->address, ":%u", (unsigned)endpoint_port(url));
}

static int add_page(struct pages *s, const char *url, const struct pages_where *where, struct why *why)
{
	struct page *p = &s->page[s->n++];
	int rc = endpoint_page(url, &p->url, why);

	p->pages = s;
	if (rc < 0)
		return rc;
	set_address(p, where);
	redact_url(&p->shown, buf_cstr(&p->url));
	if (p->address.len > 0)
		buf_printf(&p->shown, " at %s", buf_cstr(&p->address));
	if (buf_check(&p->address) < 0 || buf_check(&p->shown) < 0)
		return why_set(why, E_NOMEM, "metrics page");
	return 0;
}

static int add_pages(struct pages *s, const struct pages_where *where, struct why *why)
{
	struct slice host = endpoint_host(where->collector_url);
	int rc = 0;

	if (where->metrics_url != NULL)
		return add_page(s, where->metrics_url, where, why);
	for (size_t i = 0; rc == 0 && i < PAGES_MOST; i++) {
		struct buf url = { 0 };

		buf_printf(&url, "http://%.*s:%s/metrics", (int)host.len, (const char *)host.at, ports[i]);
		rc = add_page(s, buf_cstr(&url), where, why);
		buf_free(&url);
	}
	return rc;
}

/* Pages have their own client: POSTs do not use its connections, and it does not send their passwords or tokens. */
static void set_http_opts(struct http_client_opts *to, const struct http_client_opts *from)
{
	*to = (struct http_client_opts){ .max_connections = PAGES_MOST };
	for (size_t i = 0; i < CREDENTIALS_N; i++)
		if (i != CREDENTIAL_PASSWORD && i != CREDENTIAL_BEARER)
			to->files[i] = from->files[i];
}

int pages_open(struct pages **out, struct loop *l, const struct http_client_opts *http, const struct pages_where *where,
        void (*answered)(void *arg, const struct pages_answer *a), void *arg, struct why *why)
{
	struct pages *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return why_set(why, E_NOMEM, "metrics page");
	s->answered = answered;
	s->arg = arg;
	set_http_opts(&s->http_opts, http);
	rc = add_pages(s, where, why);
	if (rc == 0 && timer_open(&s->failed, l, on_failed, s) < 0)
		rc = why_set(why, E_NOMEM, "metrics page");
	if (rc == 0)
		rc = http_client_open(&s->http, l, &s->http_opts, why);
	if (rc < 0) {
		pages_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void pages_free(struct pages *s)
{
	if (s == NULL)
		return;
	http_client_free(s->http);
	timer_free(s->failed);
	for (size_t i = 0; i < PAGES_MOST; i++) {
		buf_free(&s->page[i].url);
		buf_free(&s->page[i].shown);
		buf_free(&s->page[i].address);
	}
	free(s);
}
