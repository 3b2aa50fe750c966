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
	FETCHES = 8,           /* at the same time */
	FETCH_MS = 5000,       /* for one answer */
	ANSWER_MOST = 1 << 20, /* bytes of an answer; a larger one is refused */
	FAILURES_TO_TELL = 3,  /* in a row, where some service was fetched before */
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

static void post_failure(struct sampling *s)
{
	if (s->failures < FAILURES_TO_TELL && s->ever_fetched)
		return;
	health_post(s->health, "sampling", HEALTH_WARN,
	        "sampling strategies cannot be fetched: %s; clients get the strategies fetched before, of %zu services",
	        s->fault, s->cache.n);
}

static void finish(struct sampling *s, struct cache_entry *e)
{
	s->in_flight--;
	sampling_answer_waiters(s, e);
	sampling_fetch_due(s);
}

static void accept(struct sampling *s, struct cache_entry *e, struct slice strategy)
{
	s->fault[0] = '\0';
	s->failures = 0;
	s->ever_fetched = true;
	s->stats.fetches++;
	if (cache_fetched(&s->cache, e, strategy, clock_mono_us(), clock_wall_ms()) < 0)
		snprintf(s->fault, sizeof(s->fault), "out of memory");
	health_post(s->health, "sampling", HEALTH_OK, "strategies come from %zu URL%s", s->opts.nurls,
	        s->opts.nurls == 1 ? "" : "s");
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

/* Sets s->fault to what is wrong with A; TO gets the normalized strategy otherwise. */
static int check_answer(struct sampling *s, const struct http_answer *a, struct buf *to)
{
	struct buf url = { 0 };
	struct why why;
	int rc = E_DOWN;

	redact_url(&url, s->opts.urls[s->url]);
	if (a->failure != HTTP_ANSWERED)
		snprintf(s->fault, sizeof(s->fault), "%s: %s", buf_cstr(&url), a->error);
	else if (a->status != 200)
		snprintf(s->fault, sizeof(s->fault), "%s: answered %d%s%.*s", buf_cstr(&url), a->status,
		        first_line(a->body) > 0 ? ": " : "", first_line(a->body), (const char *)a->body.at);
	else if (!a->whole)
		snprintf(s->fault, sizeof(s->fault), "%s: its answer is longer than %d KiB, or broke off",
		        buf_cstr(&url), ANSWER_MOST >> 10);
	else if (strategy_normalize(a->body, to, &why) < 0)
		snprintf(s->fault, sizeof(s->fault), "%s: its answer is no strategy: %s", buf_cstr(&url), why.text);
	else
		rc = 0;
	buf_free(&url);
	return rc;
}

static void ask(struct sampling *s, struct cache_entry *e);

static void refuse(struct sampling *s, struct cache_entry *e)
{
	s->stats.failed_fetches++;
	s->url = (s->url + 1) % s->opts.nurls;
	if (e->tries < s->opts.nurls) {
		ask(s, e);
		return;
	}
	s->failures++;
	cache_failed(&s->cache, e, clock_mono_us());
	post_failure(s);
	finish(s, e);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct cache_entry *e = arg;
	struct sampling *s = e->owner;
	struct buf strategy = { 0 };

	if (check_answer(s, a, &strategy) == 0)
		accept(s, e, buf_slice(&strategy));
	else
		refuse(s, e);
	buf_free(&strategy);
}

static void ask(struct sampling *s, struct cache_entry *e)
{
	const char *base = s->opts.urls[s->url];
	struct buf url = { 0 };
	struct http_request r = { .connect_ms = FETCH_MS, .total_ms = FETCH_MS, .keep = ANSWER_MOST };
	int rc;

	e->tries++;
	buf_printf(&url, "%s%cservice=", base, strchr(base, '?') == NULL ? '?' : '&');
	put_encoded(&url, buf_slice(&e->service));
	r.url = buf_cstr(&url);
	rc = buf_check(&url) < 0 ? E_NOMEM : http_client_send(s->client, &r, on_answer, e);
	buf_free(&url);
	if (rc < 0) {
		snprintf(s->fault, sizeof(s->fault), "%s", err_text(rc));
		refuse(s, e);
	}
}

void sampling_fetch(struct sampling *s, struct cache_entry *e)
{
	if (s->in_flight >= FETCHES || !cache_is_due(e, clock_mono_us()))
		return;
	s->in_flight++;
	cache_fetching(e);
	e->owner = s;
	e->tries = 0;
	ask(s, e);
}

void sampling_fetch_due(struct sampling *s)
{
	if (s->starting)
		return; /* a request that could not be sent ended inside the loop below */
	s->starting = true;
	for (struct cache_entry *e = cache_next(&s->cache, NULL); e != NULL && s->in_flight < FETCHES;) {
		struct cache_entry *next = cache_next(&s->cache, e);

		sampling_fetch(s, e);
		e = next;
	}
	s->starting = false;
}
