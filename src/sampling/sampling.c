/* SPDX-License-Identifier: Apache-2.0 */
/* sampling.c — answers the three paths of jaeger-agent's port 5778.
 *
 *   request ──its service has a strategy──► answered at once, with its age
 *      └──none yet──► waits for the fetch ──► answered, or 500 with the cause
 *
 * Each service that clients ask for is fetched again in the background (fetch.c), so that a collector's outage changes no
 * answer. With a strategies file nothing is fetched and nothing waits. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sampling_internal.h"
#include "strategy.h"

enum {
	TICK_MS = 1000,
	SAVE_S = 10,     /* least time between two saves of strategies that have changed */
	REFRESH_S = 300, /* and of their ages alone */
	CHECK_S = 5,     /* between two looks at the strategies file */
	WAITERS = 16,    /* calls that wait at the same time: most connections stay free for services that are known */
	WAIT_S = 3,      /* longest wait of a call */
	AWAY_FAILURES = 3, /* fetches that failed in a row: no call waits for a fetch then */
};

/* A call that waits for a fetch. */
struct waiter {
	struct list link; /* in the entry's waiters */
	struct http_later *later;
	enum sampling_route route;
	uint64_t until_us; /* monotonic */
};

/* ---- answers ---- */

static void answer_strategy(
        struct sampling *s, enum sampling_route route, struct slice strategy, struct http_reply *reply)
{
	int rc = 0;

	if (route == SAMPLING_LEGACY)
		rc = strategy_legacy(strategy, &reply->body);
	else
		buf_add(&reply->body, strategy.at, strategy.len);
	if (rc < 0) {
		s->stats.too_large += rc == E_TOO_LARGE;
		s->stats.unavailable += rc != E_TOO_LARGE;
		buf_clear(&reply->body);
		http_reply_error(reply, 500,
		        rc == E_TOO_LARGE ? "cannot marshall to JSON: maxTracesPerSecond does not fit into 16 bits"
		                          : "collector error: out of memory");
		return;
	}
	s->stats.requests[route]++;
	reply->content_type = "application/json";
}

static void answer_entry(
        struct sampling *s, const struct cache_entry *e, enum sampling_route route, struct http_reply *reply)
{
	uint64_t now_ms = clock_wall_ms();
	uint64_t age_s = now_ms > e->fetched_ms ? (now_ms - e->fetched_ms) / 1000 : 0;
	struct slice fault = slice_text(s->opts.nurls == 0 ? "sampling.url is empty" : "no answer yet");

	if (e->fault.len > 0 || s->fault.len > 0)
		fault = buf_slice(e->fault.len > 0 ? &e->fault : &s->fault);
	if (e->strategy.len == 0) {
		s->stats.unavailable++;
		buf_text(&reply->body, "collector error: failed to get sampling strategy: ");
		buf_add(&reply->body, fault.at, fault.len);
		http_reply_error(reply, 500, "");
		return;
	}
	answer_strategy(s, route, buf_slice(&e->strategy), reply);
	if (reply->status != 0)
		return;
	snprintf(reply->header, sizeof(reply->header), "%llu", (unsigned long long)age_s);
	reply->headers[0] = "Age";
	reply->headers[1] = reply->header;
}

static void answer_waiter(struct sampling *s, const struct cache_entry *e, struct waiter *w)
{
	struct http_reply reply = { 0 };

	list_remove(&w->link);
	s->waiting--;
	answer_entry(s, e, w->route, &reply);
	http_later_answer(&w->later, &reply);
	free(w);
}

void sampling_answer_waiters(struct sampling *s, struct cache_entry *e)
{
	while (!list_empty(&e->waiters))
		answer_waiter(s, e, list_first(&e->waiters, struct waiter, link));
}

/* Answers the calls that have waited for WAIT_S. */
static void end_long_waits(struct sampling *s, uint64_t now_us)
{
	for (struct cache_entry *e = cache_next(&s->cache, NULL); e != NULL && s->waiting > 0;
	        e = cache_next(&s->cache, e))
		list_each_safe (node, &e->waiters) {
			struct waiter *w = container_of(node, struct waiter, link);

			if (now_us >= w->until_us)
				answer_waiter(s, e, w);
		}
}

/* ---- requests ---- */

static void wait_for_fetch(struct sampling *s, struct cache_entry *e, enum sampling_route route,
        const struct http_call *call, struct http_reply *reply)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		http_reply_error(reply, 500, "collector error: out of memory");
		return;
	}
	w->route = route;
	w->until_us = clock_mono_us() + WAIT_S * US_PER_S;
	w->later = http_call_later(call);
	list_push(&e->waiters, &w->link);
	s->waiting++;
}

/* True when a call for E waits: while the cache's file is read, and for a first fetch while fetches succeed. */
static bool may_wait(const struct sampling *s, const struct cache_entry *e)
{
	if (e->strategy.len > 0 || s->waiting >= WAITERS || s->opts.nurls == 0)
		return false;
	return s->loading || (e->failures == 0 && s->failures < AWAY_FAILURES);
}

static void answer_from_cache(struct sampling *s, enum sampling_route route, struct slice service,
        const struct http_call *call, struct http_reply *reply)
{
	struct cache_entry *e = cache_use(&s->cache, service, clock_mono_us());

	if (e == NULL) {
		s->stats.unavailable++;
		http_reply_error(reply, 500, "collector error: too many services are asked for at once");
		return;
	}
	if (cache_is_due(e, clock_mono_us()))
		sampling_fetch_due(s);
	if (may_wait(s, e))
		wait_for_fetch(s, e, route, call, reply);
	else
		answer_entry(s, e, route, reply);
}

static void answer_service(
        struct sampling *s, enum sampling_route route, const struct http_call *call, struct http_reply *reply)
{
	unsigned count = 0;
	const char *service = http_call_query(call, "service", &count);

	if (count != 1 || service == NULL) {
		s->stats.bad_requests++;
		http_reply_error(reply, 400, "'service' parameter must be provided once");
	} else if (strlen(service) > CACHE_SERVICE_MOST) {
		s->stats.bad_requests++;
		http_reply_error(reply, 400, "'service' parameter is too long");
	} else if (route == SAMPLING_BAGGAGE) {
		s->stats.unavailable++;
		s->stats.baggage++;
		http_reply_error(reply, 500, "collector error: baggage not implemented");
	} else if (s->strategies != NULL) {
		answer_strategy(s, route, strategies_find(s->strategies, slice_text(service)), reply);
	} else {
		answer_from_cache(s, route, slice_text(service), call, reply);
	}
}

static void on_modern(void *arg, const struct http_call *call, struct http_reply *reply)
{
	answer_service(arg, SAMPLING_MODERN, call, reply);
}

static void on_legacy(void *arg, const struct http_call *call, struct http_reply *reply)
{
	answer_service(arg, SAMPLING_LEGACY, call, reply);
}

static void on_baggage(void *arg, const struct http_call *call, struct http_reply *reply)
{
	answer_service(arg, SAMPLING_BAGGAGE, call, reply);
}

static const struct http_route routes[] = {
	{ "/sampling", "GET", on_modern },
	{ "/", "GET", on_legacy },
	{ "/baggageRestrictions", "GET", on_baggage },
	{ NULL, NULL, NULL },
};

/* ---- the second's work ---- */

static void on_tick(void *arg)
{
	struct sampling *s = arg;
	uint64_t now_us = clock_mono_us();

	timer_start(s->tick, TICK_MS);
	if (s->opts.file != NULL) {
		if (s->job == NULL && now_us >= s->next_check_us) {
			s->next_check_us = now_us + CHECK_S * US_PER_S;
			sampling_start_check(s);
		}
		return;
	}
	s->parsed = 0;
	end_long_waits(s, now_us);
	cache_expire(&s->cache, now_us);
	sampling_fetch_due(s);
	sampling_report_fetches(s);
	if (s->opts.cache == NULL || s->job != NULL)
		return;
	if ((s->cache.changed && now_us >= s->next_save_us) || (s->cache.refreshed && now_us >= s->next_refresh_us)) {
		s->next_save_us = now_us + SAVE_S * US_PER_S;
		s->next_refresh_us = now_us + REFRESH_S * US_PER_S;
		sampling_start_save(s);
	}
}

/* ---- open and free ---- */

int sampling_check_file(const char *file, struct why *why)
{
	struct strategies *s = NULL;
	int rc = strategies_read(&s, file, why);

	strategies_free(s);
	return rc;
}

static int open_source(struct sampling *s, struct why *why)
{
	if (s->opts.file != NULL) {
		if (strategies_read(&s->strategies, s->opts.file, why) < 0)
			return why_wrap(why, "sampling.strategies-file");
		sampling_report_file(s);
		return 0;
	}
	health_begin(s->health, "sampling", HEALTH_OK, "%s",
	        s->opts.nurls == 0 ? "sampling.url is empty: clients get no strategy"
	                           : "no client has asked for a strategy yet");
	if (s->opts.cache != NULL)
		sampling_start_load(s);
	return http_client_open(&s->client, s->loop, &s->opts.client, why);
}

static int open_parts(struct sampling *s, struct why *why)
{
	struct http_server_opts server = { .at = s->opts.at, .routes = routes, .arg = s };

	if (open_source(s, why) < 0)
		return why->code;
	if (timer_open(&s->tick, s->loop, on_tick, s) < 0)
		return why_set(why, E_NOMEM, "sampling");
	timer_start(s->tick, TICK_MS);
	if (http_server_open(&s->server, s->loop, &server, why) < 0)
		return why_wrap(why, "http-server.host-port");
	return 0;
}

int sampling_open(
        struct sampling **out, struct loop *l, const struct sampling_opts *opts, struct health *health, struct why *why)
{
	struct sampling *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return why_set(why, E_NOMEM, "sampling");
	s->opts = *opts;
	s->loop = l;
	s->health = health;
	cache_init(&s->cache, opts->max_services, opts->refresh_us);
	if (open_parts(s, why) < 0) {
		sampling_free(s);
		return why->code;
	}
	*out = s;
	return 0;
}

uint16_t sampling_port(const struct sampling *s)
{
	return http_server_port(s->server);
}

void sampling_stats(const struct sampling *s, struct sampling_stats *to)
{
	uint64_t now_ms = clock_wall_ms();

	*to = s->stats;
	to->services = s->strategies == NULL ? s->cache.n : strategies_services(s->strategies);
	to->forgotten = s->cache.forgotten;
	for (const struct cache_entry *e = cache_next(&s->cache, NULL); e != NULL; e = cache_next(&s->cache, e))
		if (e->strategy.len > 0 && now_ms > e->fetched_ms && !cache_is_idle(e, clock_mono_us()))
			to->oldest_age_s = max_u64(to->oldest_age_s, (now_ms - e->fetched_ms) / 1000);
}

void sampling_free(struct sampling *s)
{
	if (s == NULL)
		return;
	http_server_free(s->server);
	http_client_free(s->client);
	timer_free(s->tick);
	sampling_abandon_job(s);
	for (struct cache_entry *e = cache_next(&s->cache, NULL); e != NULL; e = cache_next(&s->cache, e))
		while (!list_empty(&e->waiters)) {
			struct waiter *w = list_first(&e->waiters, struct waiter, link);

			list_remove(&w->link);
			free(w);
		}
	cache_free(&s->cache);
	buf_free(&s->fault);
	strategies_free(s->strategies);
	free(s);
}
