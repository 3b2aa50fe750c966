/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_pages.c — the pages / and /version of jaeger-agent. */
#include <config.h>

#include "admin/admin.h"
#include "base/clock.h"
#include "base/units.h"
#include "jaeger_pages.h"

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

void jaeger_root_page(const struct health *h, struct http_reply *reply)
{
	char since[40];

	reply->content_type = "application/json";
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

void jaeger_version_page(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	buf_text(&reply->body, JAEGER_VERSION_JSON);
}
