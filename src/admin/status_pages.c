/* SPDX-License-Identifier: Apache-2.0 */
/* status_pages.c — /status for a browser, with its style, and /status.json. */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "admin/json_add.h"
#include "admin_internal.h"
#include "base/clock.h"

/* The ledger as a JSON object; NULL on an error. */
static json_t *parse_ledger(const struct admin *a)
{
	struct buf text = { 0 };
	json_t *ledger;

	a->opts.ledger(a->opts.arg, &text);
	ledger = json_loadb((const char *)text.at, text.len, 0, NULL);
	buf_free(&text);
	return ledger;
}

static void collect_status(const struct admin *a, struct status *s)
{
	*s = (struct status){ .sections = json_array() };
	if (a->opts.status != NULL)
		a->opts.status(a->opts.arg, s);
}

/* A browser takes from this page what stands in it and the style, and nothing else. */
static void add_policy(struct http_reply *reply)
{
	static const char policy[] = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
	                             "form-action 'none'; frame-ancestors 'none'";
	static const char *const headers[] = { "Content-Security-Policy", policy, "X-Content-Type-Options", "nosniff",
		"Cache-Control", "no-store" };

	_Static_assert(sizeof(headers) < sizeof(reply->headers), "a NULL after them");
	memcpy(reply->headers, headers, sizeof(headers));
}

void admin_answer_style(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	reply->content_type = "text/css; charset=utf-8";
	buf_text(&reply->body, status_style);
}

void admin_answer_status(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;
	struct status_heading h = {
		.command = a->opts.command,
		.health = admin_health(a),
		.now_ms = clock_wall_ms(),
		.now_us = clock_mono_us(),
		.metrics_path = admin_metrics_path(a),
		.history = &a->history,
		.series = a->opts.series,
	};
	json_t *ledger = parse_ledger(a);
	struct status s;

	(void)call;
	reply->content_type = "text/html; charset=utf-8";
	add_policy(reply);
	if (a->opts.sample != NULL)
		a->opts.sample(a->opts.arg, h.values);
	collect_status(a, &s);
	status_html(&reply->body, &h, &s, ledger);
	json_decref(s.sections);
	json_decref(ledger);
}

void admin_answer_status_json(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;
	const struct health *h = admin_health(a);
	json_t *o = json_object();
	struct status s;
	char since[40];

	(void)call;
	reply->content_type = ADMIN_JSON;
	json_add_text(&o, "program", PACKAGE_NAME);
	json_add_text(&o, "version", PACKAGE_VERSION);
	json_add_text(&o, "command", a->opts.command);
	json_add_count(&o, "pid", (uint64_t)getpid());
	json_add(&o, "serving", json_boolean(h->serving));
	if (h->serving) {
		json_add_text(&o, "up_since", units_print_time(h->serving_since_ms, since, sizeof(since)));
		json_add(&o, "uptime_seconds", json_real((double)(clock_mono_us() - h->serving_since_us) / 1e6));
	}
	json_add_text(&o, "worst", health_word(health_worst(h)));
	json_add(&o, "health", admin_parts_json(h, HEALTH_OK));
	collect_status(a, &s);
	status_add_json(&s, &o);
	json_decref(s.sections);
	json_add(&o, "ledger", parse_ledger(a));
	json_write(&reply->body, o);
}
