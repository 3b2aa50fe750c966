/* SPDX-License-Identifier: Apache-2.0 */
/* admin.c — the pages of the admin port but for the status, rendered per request; none changes any state. When memory runs out the
 * connection is closed without an answer. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/server.h"
#include "admin/json_add.h"
#include "telemetry/metrics.h"
#include "jaeger_pages.h"
#include "process_figures.h"

/* ---- as jaeger-agent ---- */

static void answer_root(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)call;
	jaeger_root_page(((struct admin *)arg)->opts.health, reply);
}

/* ---- health ---- */

const struct health *admin_health(const struct admin *a)
{
	if (a->opts.note_health != NULL)
		a->opts.note_health(a->opts.arg);
	return a->opts.health;
}

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

json_t *admin_parts_json(const struct health *h, enum health_level least)
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
	const struct health *h = admin_health(arg);
	json_t *o = json_object();

	(void)call;
	reply->content_type = ADMIN_JSON;
	json_add(&o, "live", json_true());
	json_add(&o, "reasons", admin_parts_json(h, HEALTH_WARN));
	json_write(&reply->body, o);
}

/* 200 while serving and no part is HEALTH_DOWN, else 503; the reasons include warnings. */
static void answer_ready(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct health *h = admin_health(arg);
	bool ready = h->serving && health_worst(h) != HEALTH_DOWN;
	json_t *o = json_object(), *reasons = admin_parts_json(h, HEALTH_WARN), *not_serving = json_object();

	(void)call;
	reply->content_type = ADMIN_JSON;
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

/* ---- ledger, and the figures of the status page ---- */

static void answer_ledger(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;

	(void)call;
	reply->content_type = ADMIN_JSON;
	a->opts.ledger(a->opts.arg, &reply->body);
}

/* Takes a sample of the figures, now and every HISTORY_STEP_MS. */
static void take_sample(void *arg)
{
	struct admin *a = arg;
	double values[HISTORY_SERIES] = { 0 };

	a->opts.sample(a->opts.arg, values);
	history_add(&a->history, clock_mono_us() / US_PER_MS, values);
	timer_start(a->sampling, HISTORY_STEP_MS);
}

const char *admin_metrics_path(const struct admin *a)
{
	for (const struct http_route *r = a->routes; r->path != NULL; r++)
		if (r->answer == answer_metrics)
			return r->path + 1;
	return NULL;
}

/* ---- any other path ---- */

/* A probe with a mistyped path must fail; the body lists the right paths. */
static void answer_unknown(void *arg, const struct http_call *call, struct http_reply *reply)
{
	const struct admin *a = arg;

	(void)call;
	http_reply_error(reply, 404, "404 page not found; there are");
	for (const struct http_route *r = a->routes; r->path != NULL; r++)
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
	reply->content_type = ADMIN_JSON;
	conf_each(a->opts.conf, on_option, &all);
	json_write(&reply->body, all);
}

/* ---- open and free ---- */

static const struct http_route routes[ROUTES] = {
	{ "/", "*", answer_root }, /* any method, as in jaeger-agent */
	{ "/version", "GET HEAD", jaeger_version_page },
	{ "/health/live", "GET HEAD", answer_live },
	{ "/health/ready", "GET HEAD", answer_ready },
	{ "/metrics", "GET HEAD", answer_metrics },
	{ "/ledger", "GET HEAD", answer_ledger },
	{ "/status", "GET HEAD", admin_answer_status },
	{ "/status.css", "GET HEAD", admin_answer_style },
	{ "/status.json", "GET HEAD", admin_answer_status_json },
	{ "/config", "GET HEAD", answer_config },
	{ "*", "*", answer_unknown },
	{ NULL, NULL, NULL },
};

/* True when there is a page at PATH, apart from the metrics. */
static bool has_page(const char *path)
{
	for (const struct http_route *r = routes; r->path != NULL; r++)
		if (strcmp(r->path, path) == 0 && r->answer != answer_metrics)
			return true;
	return false;
}

int admin_check(const struct conf *c, const struct access_settings *set, struct why *why)
{
	const char *route = set->metrics_route;

	if (access_check(c, set, why) < 0)
		return why->code;
	if (route[0] == '/' && strpbrk(route, "?#* ") == NULL && !has_page(route))
		return 0;
	why_set(why, E_USAGE, "\"%.60s\" is not a path of its own (try /metrics)", route);
	return conf_add_source(c, "metrics-http-route", why);
}

/* Copies the routes, with the metrics where SET has them, or without. */
static void set_routes(struct admin *a, const struct access_settings *set)
{
	size_t n = 0;

	for (const struct http_route *r = routes; r->path != NULL; r++) {
		if (r->answer == answer_metrics && set->metrics == METRICS_NONE)
			continue;
		a->routes[n] = *r;
		if (r->answer == answer_metrics)
			a->routes[n].path = set->metrics_route;
		n++;
	}
}

static bool allows(void *arg, const struct http_call *call, struct http_reply *reply)
{
	return access_allows(((struct admin *)arg)->access, call, reply);
}

static void on_certificates(void *arg)
{
	struct admin *a = arg;
	const struct http_tls *tls;
	struct http_tls now;
	struct why why;

	if (access_tls(a->access, &now, &tls, &why) < 0 || http_server_renew_tls(a->server, tls, &why) < 0)
		log_error("admin: the files of admin.http.tls have changed and cannot be used: %s; what they held "
		          "before stays in use",
		        why.text);
}

static int open_server(struct admin *a, struct loop *l, struct why *why)
{
	struct http_server_opts server = { .at = a->opts.at, .routes = a->routes, .arg = a, .allows = allows };
	struct http_tls tls;

	if (access_tls(a->access, &tls, &server.tls, why) < 0)
		return why->code;
	return http_server_open(&a->server, l, &server, why);
}

int admin_open(struct admin **out, struct loop *l, const struct admin_opts *opts, struct why *why)
{
	static const struct access_settings open_to_all = {
		.cert = "",
		.key = "",
		.client_ca = "",
		.user = "",
		.password_file = "",
		.bearer_file = "",
		.metrics_route = "/metrics",
	};
	const struct access_settings *set = opts->set == NULL ? &open_to_all : opts->set;
	struct admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return why_set(why, E_NOMEM, "admin port");
	a->opts = *opts;
	set_routes(a, set);
	if (access_open(&a->access, l, set, on_certificates, a, why) < 0 || open_server(a, l, why) < 0) {
		admin_free(a);
		return why->code;
	}
	if (opts->series != NULL && timer_open(&a->sampling, l, take_sample, a) < 0) {
		admin_free(a);
		return why_set(why, E_NOMEM, "admin port");
	}
	if (opts->series != NULL)
		take_sample(a);
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
	timer_free(a->sampling);
	http_server_free(a->server);
	access_free(a->access);
	free(a);
}
