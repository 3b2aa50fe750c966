/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_pages.h — the pages that jaeger-agent has. */
#ifndef ADMIN_JAEGER_PAGES_H
#define ADMIN_JAEGER_PAGES_H

#include "http/server.h"
#include "telemetry/health.h"

/* The page /: 200 while H serves, else 503. */
void jaeger_root_page(const struct health *h, struct http_reply *reply);
/* The page /version, a route's answer(). */
void jaeger_version_page(void *arg, const struct http_call *call, struct http_reply *reply);

#endif
