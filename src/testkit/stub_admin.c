/* SPDX-License-Identifier: Apache-2.0 */
/* stub_admin.c — serves the metrics page, or the error that the mode demands. */
#include <stdio.h>
#include <stdlib.h>

#include "policy/confirm.h"
#include "http/server.h"
#include "stub_admin.h"
#include "stub_later.h"
#include "stub_metrics.h"

enum { REQUEST_MS = 60000, URL_BYTES = 64 };

struct stub_admin {
	struct loop *loop;
	struct http_server *server; /* NULL while closed */
	struct stub_later *later;
	struct stub_store *store;
	const char *host;
	enum stub_page page;
	enum stub_metrics_mode mode;
	uint64_t requests_answered;
	uint16_t port;
	bool up; /* the collector is up */
	char url[URL_BYTES];
};

/* Constant counters of another collector, for STUB_METRICS_FOREIGN. */
static const struct stub_service foreign_services[] = {
	{ .name = "other-services" },
	{ .name = "elsewhere", .received = 1234567, .saved = 1234560 },
};
static const struct stub_store_counts foreign = {
	.received = 1234567,
	.dropped = 7,
	.saved = 1234560,
	.queue_capacity = 2000,
	.process = 1,
	.started_ms = UINT64_C(1764230012370),
	.services = foreign_services,
	.nservices = ARRAY_LEN(foreign_services),
};

static void answer_page(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct stub_admin *a = arg;

	(void)call;
	a->requests_answered++;
	if (a->mode == STUB_METRICS_404) {
		http_reply_error(reply, 404, "404 page not found");
	} else if (a->mode == STUB_METRICS_500) {
		http_reply_error(reply, 500, "An error has occurred while serving metrics");
	} else {
		reply->content_type = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
		stub_metrics_page(&reply->body, a->page,
		        a->mode == STUB_METRICS_FOREIGN ? &foreign : stub_store_counts(a->store));
	}
}

static void on_get(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct stub_admin *a = arg;

	stub_later_request(a->later, call, reply);
}

static const struct http_route routes[] = {
	{ "/metrics", "GET", on_get },
	{ NULL, NULL, NULL },
};

static int open_port(struct stub_admin *a, struct why *why)
{
	struct http_server_opts o = {
		.at = { .port = a->port },
		.routes = routes,
		.arg = a,
		.request_ms = REQUEST_MS,
	};

	if (a->server != NULL)
		return 0;
	snprintf(o.at.host, sizeof(o.at.host), "%s", a->host);
	if (http_server_open(&a->server, a->loop, &o, why) < 0)
		return why->code;
	a->port = http_server_port(a->server);
	snprintf(a->url, sizeof(a->url), "http://%s:%u/metrics", a->host, (unsigned)a->port);
	return 0;
}

static void close_port(struct stub_admin *a)
{
	http_server_free(a->server);
	a->server = NULL;
	stub_later_drop(a->later);
}

int stub_admin_up(struct stub_admin *a, struct why *why)
{
	a->up = true;
	return a->mode == STUB_METRICS_OFF ? 0 : open_port(a, why);
}

void stub_admin_down(struct stub_admin *a)
{
	a->up = false;
	close_port(a);
}

int stub_admin_set_mode(struct stub_admin *a, enum stub_metrics_mode mode, struct why *why)
{
	a->mode = mode;
	if (mode == STUB_METRICS_OFF)
		close_port(a);
	else if (a->up && open_port(a, why) < 0)
		return why->code;
	stub_later_hang(a->later, mode == STUB_METRICS_HANGS);
	return 0;
}

void stub_admin_delay(struct stub_admin *a, uint64_t ms)
{
	stub_later_delay(a->later, ms);
}

const char *stub_admin_url(const struct stub_admin *a)
{
	return a->url;
}

uint64_t stub_admin_requests_answered(const struct stub_admin *a)
{
	return a->requests_answered;
}

int stub_admin_open(struct stub_admin **out, struct loop *l, const char *host, uint16_t port, enum stub_page page,
        struct stub_store *store, struct why *why)
{
	struct stub_admin *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return why_set(why, E_NOMEM, "stub collector");
	*a = (struct stub_admin){ .loop = l, .store = store, .page = page, .host = host, .port = port };
	if (stub_later_open(&a->later, l, answer_page, a) < 0) {
		free(a);
		return why_set(why, E_NOMEM, "stub collector");
	}
	*out = a;
	return 0;
}

void stub_admin_free(struct stub_admin *a)
{
	if (a == NULL)
		return;
	stub_admin_down(a);
	stub_later_free(a->later);
	free(a);
}
