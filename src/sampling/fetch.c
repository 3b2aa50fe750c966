/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c — asks the URLs for the strategy of a service.
 *
 *   due ──a slot is free──► asks opts.urls[url] ──200 and valid──► the cache has it, waiters are answered
 *                              ▲     └──anything else: the next URL, when there is one that was not asked──┐
 *                              └────────────────────────────────────────────────────────────────────────────┘
 *                            all URLs failed ──► waiters get the error; the entry is due again after a pause */
#include <stdio.h>

#include "base/clock.h"
#include "base/redact.h"
#include "sampling_internal.h"
#include "strategy.h"

enum {
	FETCHES = 8,             /* at the same time */
	FETCH_MS = 5000,         /* for one answer */
	ANSWER_MOST = 256 << 10, /* bytes of an answer; a larger one is refused */
	PARSED_MOST = 1 << 20,   /* bytes of answers parsed a second: about 50 ms, in which no span is received */
	FAULT_BYTES = 1400,
};

/* Appends SERVICE in percent-encoding. */
static void put_encoded(struct buf *to, struct slice service)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (size_t i = 0; i < service.len; i++) {
		uint8_t c = service.at[i];

		if (c != 0 && strchr(plain, c) != NULL)
			buf_byte(to, c);
		else
			buf_printf(to, "%%%02X", c);
	}
}

static void finish(struct sampling *s, struct cache_entry *e)
{
	s->in_flight--;
	if (!s->loading || e->strategy.len > 0)
		sampling_answer_waiters(s, e);
	sampling_fetch_due(s);
}

static void fail(struct sampling *s, struct cache_entry *e, const char *fault)
{
	s->failures++;
	buf_clear(&s->fault);
	buf_text(&s->fault, fault);
	cache_failed(&s->cache, e, fault, clock_mono_us());
	finish(s, e);
}

static void accept(struct sampling *s, struct cache_entry *e, struct slice strategy)
{
	int rc = cache_fetched(&s->cache, e, strategy, clock_mono_us(), clock_wall_ms());

	if (rc < 0) {
		fail(s, e, rc == E_NOMEM ? "out of memory" : "the strategies of all services take more than 16 MiB");
		return;
	}
	s->url = e->url;
	s->failures = 0;
	s->ever_fetched = true;
	s->stats.fetches++;
	finish(s, e);
}

/* The first line of BODY, at most 120 bytes. */
static int first_line(struct slice body)
{
	size_t n = 0;

	while (n < body.len && n < 120 && body.at[n] >= ' ')
		n++;
	return (int)n;
}

/* 0: TO has the normalized strategy. Else FAULT, of FAULT_BYTES, says what is wrong with A, the answer of URL. */
static int check_answer(const char *url, const struct http_answer *a, struct buf *to, char *fault)
{
	struct buf shown = { 0 };
	struct why why;
	int rc = E_DOWN;

	redact_url(&shown, url);
	if (a->failure != HTTP_ANSWERED)
		snprintf(fault, FAULT_BYTES, "%s: %s", buf_cstr(&shown), a->error);
	else if (a->status != 200)
		snprintf(fault, FAULT_BYTES, "%s: answered %d%s%.*s", buf_cstr(&shown), a->status,
		        first_line(a->body) > 0 ? ": " : "", first_line(a->body), (const char *)a->body.at);
	else if (!a->whole)
		snprintf(fault, FAULT_BYTES, "%s: its answer is longer than %d KiB, or broke off", buf_cstr(&shown),
		        ANSWER_MOST >> 10);
	else if (strategy_normalize(a->body, to, &why) < 0)
		snprintf(fault, FAULT_BYTES, "%s: its answer is no strategy: %s", buf_cstr(&shown), why.text);
	else
		rc = 0;
	buf_free(&shown);
	return rc;
}

static void ask(struct sampling *s, struct cache_entry *e);

/* One URL brought no strategy: asks the next one, or gives up when all were asked. */
static void refuse(struct sampling *s, struct cache_entry *e, const char *fault)
{
	s->stats.failed_fetches++;
	if (e->tries == s->opts.nurls) {
		fail(s, e, fault);
		return;
	}
	e->url = (e->url + 1) % s->opts.nurls;
	ask(s, e);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct cache_entry *e = arg;
	struct sampling *s = e->owner;
	struct buf strategy = { 0 };
	char fault[FAULT_BYTES];

	s->parsed += a->body.len;
	if (check_answer(s->opts.urls[e->url], a, &strategy, fault) == 0)
		accept(s, e, buf_slice(&strategy));
	else
		refuse(s, e, fault);
	buf_free(&strategy);
}

static void ask(struct sampling *s, struct cache_entry *e)
{
	const char *base = s->opts.urls[e->url];
	struct buf url = { 0 };
	struct http_request r = { .connect_ms = FETCH_MS, .total_ms = FETCH_MS, .keep = ANSWER_MOST };
	int rc;

	e->tries++;
	buf_printf(&url, "%s%cservice=", base, strchr(base, '?') == NULL ? '?' : '&');
	put_encoded(&url, buf_slice(&e->service));
	r.url = buf_cstr(&url);
	rc = buf_check(&url) < 0 ? E_NOMEM : http_client_send(s->client, &r, on_answer, e);
	buf_free(&url);
	if (rc < 0)
		refuse(s, e, err_text(rc));
}

void sampling_fetch_due(struct sampling *s)
{
	struct cache_entry *e;

	if (s->opts.nurls == 0)
		return;
	if (s->starting)
		return; /* a request that could not be sent ended inside the loop below */
	s->starting = true;
	while (s->in_flight < FETCHES && s->parsed < PARSED_MOST) {
		e = cache_due(&s->cache, clock_mono_us());
		if (e == NULL)
			break;
		s->in_flight++;
		cache_fetching(e);
		e->owner = s;
		e->url = s->url;
		e->tries = 0;
		ask(s, e);
	}
	s->starting = false;
}
