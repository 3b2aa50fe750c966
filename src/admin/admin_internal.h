/* SPDX-License-Identifier: Apache-2.0 */
/* admin_internal.h — what the pages of the admin port share. */
#ifndef ADMIN_INTERNAL_H
#define ADMIN_INTERNAL_H

#include <jansson.h>

#include "admin/admin.h"
#include "http/server.h"
#include "status_internal.h"

#define ADMIN_JSON "application/json"

enum { ROUTES = 12 };

struct admin {
	struct admin_opts opts;
	struct access *access;
	struct http_route routes[ROUTES]; /* those of the admin port, with the path of the metrics */
	struct http_server *server;
	struct history history;
	struct timer *sampling; /* NULL: no charts */
};

/* The health, with its reasons updated. */
const struct health *admin_health(const struct admin *a);
/* The parts whose level is LEAST or worse, a new array; NULL on an error. */
json_t *admin_parts_json(const struct health *h, enum health_level least);
/* The path of the metrics without its leading '/', for a link beside /status; NULL when they are not served. */
const char *admin_metrics_path(const struct admin *a);

/* The pages /status, /status.css and /status.json: a route's answer(); ARG is the struct admin. */
void admin_answer_status(void *arg, const struct http_call *call, struct http_reply *reply);
void admin_answer_style(void *arg, const struct http_call *call, struct http_reply *reply);
void admin_answer_status_json(void *arg, const struct http_call *call, struct http_reply *reply);

#endif
