/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c — the pages of the admin port, rendered per request; none changes any state. When memory runs out the
 * connection is closed without an answer. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "http/server.h"
#include "admin/json_add.h"
#include "telemetry/metrics.h"
#include "process_figures.h"
#include "status_internal.h"

struct admin {
	struct admin_opts opts;
	struct http_server *server;
};

/* The health, with its reasons updated. */
static const struct health *health_of(const struct admin *a)
{
	if (a->opts.note_health != NULL)
		a->opts.note_health(a->opts.arg);
	return a->opts.health;
}

static const char of_json[] = "application/json";

/* ---- as jaeger-agent ---- */

/* Prints a duration like Go: "1h2m3.5s", "25.241233s", "350ms". */
static void add_go_duration(struct buf *to, uint64_t us)
{
	uint64_t s = us / US_PER_S;

	if (us < US_PER_S) {
		buf_printf(to, "%.15gms", (double)us / 1e3);
		return;
	}
	if (s >= 3600)
		buf_printf(to, "%lluh", (unsigned long long)(s / 3600));
	if (s >= 60)
		buf_printf(to, "%llum", (unsigned long long)(s / 60 % 60));
	buf_printf(to, "%.15gs", (double)(us % (60 * US_PER_S)) / 1e6);
}

static void answer_root(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct health *h = ((struct admin *)arg)->opts.health;
	char since[40];

	(void)call;
	reply->content_type = of_json;
	if (!h->serving) {
		reply->status = 503;
		buf_text(&reply->body, "{\"status\":\"Server not available\",\"upSince\":\"0001-01-01T00:00:00Z\","
		                       "\"uptime\":\"\"}");
		return;
	}
	buf_printf(&reply->body, "{\"status\":\"Server available\",\"upSince\":\"%s\",\"uptime\":\"",
	        units_print_time(h->serving_since_ms, since, sizeof(since)));
	add_go_duration(&reply->body, clock_mono_us() - h->serving_since_us);
	buf_text(&reply->body, "\"}");
}

static void answer_version(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	buf_text(&reply->body, JAEGER_VERSION_JSON);
}

/* ---- health ---- */

static json_t *part_json(const struct health_part *p)
{
	json_t *o = json_object();
	char since[40];

	json_add_text(&o, "part", p->name);
	json_add_text(&o, "level", health_word(p->level));
	json_add_text(&o, "since", units_print_time(p->since_ms, since, sizeof(since)));
	json_add_text(&o, "reason", p->sentence);
	return o;
}

/* The parts whose level is LEAST or worse. */
static json_t *parts_json(const struct health *h, enum health_level least)
{
	json_t *a = json_array();

	for (size_t i = 0; a != NULL && i < h->nparts; i++) {
		if (h->parts[i].level < least || json_array_append_new(a, part_json(&h->parts[i])) == 0)
			continue;
		json_decref(a);
		a = NULL;
	}
	return a;
}

/* Always 200: no problem that a restart does not cure may cause one. */
static void answer_live(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct health *h = health_of(arg);
	json_t *o = json_object();

	(void)call;
	reply->content_type = of_json;
	json_add(&o, "live", json_true());
	json_add(&o, "reasons", parts_json(h, HEALTH_WARN));
	json_write(&reply->body, o);
}

/* 200 while serving and no part is HEALTH_DOWN, else 503; the reasons include warnings. */
static void answer_ready(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct health *h = health_of(arg);
	bool ready = h->serving && health_worst(h) != HEALTH_DOWN;
	json_t *o = json_object(), *reasons = parts_json(h, HEALTH_WARN), *not_serving = json_object();

	(void)call;
	reply->content_type = of_json;
	reply->status = ready ? 200 : 503;
	json_add_text(&not_serving, "part", "ports");
	json_add_text(&not_serving, "level", health_word(HEALTH_DOWN));
	json_add_text(&not_serving, "reason", "starting or stopping: nothing is accepted now");
	if (h->serving)
		json_decref(not_serving);
	else if (json_array_insert_new(reasons, 0, not_serving) < 0) {
		json_decref(reasons);
		reasons = NULL;
	}
	json_add(&o, "ready", json_boolean(ready));
	json_add(&o, "reasons", reasons);
	json_write(&reply->body, o);
}

/* ---- metrics ---- */

static void add_build_info(struct buf *to)
{
	struct buf labels = { 0 };

	metrics_label(&labels, "version", PACKAGE_VERSION);
	metrics_sample(to, "spanspool_", "build_info", buf_cstr(&labels), "What runs here", METRIC_GAUGE, 1);
	buf_free(&labels);
}

static void add_health_figures(struct buf *to, const struct health *h)
{
	metrics_sample(to, "spanspool_", "serving", NULL, "1 while the ports are open", METRIC_GAUGE, h->serving);
	for (size_t i = 0; i < h->nparts; i++) {
		struct buf labels = { 0 };

		metrics_label(&labels, "part", h->parts[i].name);
		metrics_sample(to, "spanspool_", "health_level", buf_cstr(&labels),
		        i == 0 ? "0 ok, 1 warning, 2 down" : NULL, METRIC_GAUGE, h->parts[i].level);
		buf_free(&labels);
	}
}

static void answer_metrics(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;

	(void)call;
	reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
	process_figures_add(&reply->body);
	add_build_info(&reply->body);
	add_health_figures(&reply->body, a->opts.health);
	if (a->opts.metrics != NULL)
		a->opts.metrics(a->opts.arg, &reply->body);
}

/* ---- ledger and status ---- */

static void answer_ledger(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;

	(void)call;
	reply->content_type = of_json;
	a->opts.ledger(a->opts.arg, &reply->body);
}

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

static void answer_status(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;
	struct status_heading h = { a->opts.command, health_of(a), clock_wall_ms(), clock_mono_us() };
	json_t *ledger = parse_ledger(a);
	struct status s;

	(void)call;
	reply->content_type = "text/html; charset=utf-8";
	collect_status(a, &s);
	status_html(&reply->body, &h, &s, ledger);
	json_decref(s.sections);
	json_decref(ledger);
}

static void answer_status_json(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;
	const struct health *h = health_of(a);
	json_t *o = json_object();
	struct status s;
	char since[40];

	(void)call;
	reply->content_type = of_json;
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
	json_add(&o, "health", parts_json(h, HEALTH_OK));
	collect_status(a, &s);
	status_add_json(&s, &o);
	json_decref(s.sections);
	json_add(&o, "ledger", parse_ledger(a));
	json_write(&reply->body, o);
}

/* ---- any other path ---- */

static const struct http_route routes[];

/* A probe with a mistyped path must fail; the body lists the right paths. */
static void answer_unknown(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	http_reply_error(reply, 404, "404 page not found; there are");
	for (const struct http_route *r = routes; r->path != NULL; r++)
		if (r->answer != answer_unknown)
			buf_printf(&reply->body, "%s\n", r->path);
}

/* ---- configuration ---- */

static void on_option(void *arg, const char *name, const char *value, enum conf_origin origin)
{
	static const char *const words[] = {
		[CONF_DEFAULT] = "default",
		[CONF_FILE] = "file",
		[CONF_ENVIRONMENT] = "environment",
		[CONF_FLAG] = "flag",
	};
	json_t **all = arg, *o = json_object();

	json_add_text(&o, "value", value);
	json_add_text(&o, "origin", words[origin]);
	json_add(all, name, o);
}

static void answer_config(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;
	json_t *all = json_object();

	if (a->opts.conf == NULL) {
		json_decref(all);
		answer_unknown(arg, call, reply);
		return;
	}
	reply->content_type = of_json;
	conf_each(a->opts.conf, on_option, &all);
	json_write(&reply->body, all);
}

/* ---- open and free ---- */

static const struct http_route routes[] = {
	{ "/", "*", answer_root }, /* any method, as in jaeger-agent */
	{ "/version", "GET HEAD", answer_version },
	{ "/health/live", "GET HEAD", answer_live },
	{ "/health/ready", "GET HEAD", answer_ready },
	{ "/metrics", "GET HEAD", answer_metrics },
	{ "/ledger", "GET HEAD", answer_ledger },
	{ "/status", "GET HEAD", answer_status },
	{ "/status.json", "GET HEAD", answer_status_json },
	{ "/config", "GET HEAD", answer_config },
	{ "*", "*", answer_unknown },
	{ NULL, NULL, NULL },
};

int admin_open(struct admin **out, struct loop *l, const struct admin_opts *opts, struct why *why)
{
	struct http_server_opts server = { .at = opts->at, .routes = routes };
	struct admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return why_set(why, E_NOMEM, "admin port");
	a->opts = *opts;
	server.arg = a;
	if (http_server_open(&a->server, l, &server, why) < 0) {
		free(a);
		return why->code;
	}
	*out = a;
	return 0;
}

uint16_t admin_port(const struct admin *a)
{
	return http_server_port(a->server);
}

const char *admin_address(const struct admin *a, char to[HOSTPORT_TEXT])
{
	struct hostport at = a->opts.at;

	at.port = http_server_port(a->server);
	return units_print_hostport(&at, to, HOSTPORT_TEXT);
}

void admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	http_server_free(a->server);
	free(a);
}
