/* SPDX-License-Identifier: Apache-2.0 */
/* pageserver.h — a collector's metrics pages as a test wants them, on loopback addresses of its own, where the
 * ports that a confirmer looks at are free. */
#ifndef PAGESERVER_H
#define PAGESERVER_H

#include "policy/confirm.h"
#include "http/server.h"
#include "looptest.h"

enum page_mood { PAGE_ANSWERS, PAGE_404, PAGE_500, PAGE_HANGS, PAGE_OTHER };

struct pageserver {
	struct loop *loop;
	char host[32];
	struct http_server *at[2]; /* Jaeger's port, OpenTelemetry's; NULL: closed */
	enum page_mood mood;
	struct confirm_counters n; /* what the page says */
	size_t asked;              /* times */
	char asked_host[64];       /* the last time */
	bool secrets;              /* some request had what only POSTs should have */
	struct http_later *held[16];
	size_t nheld;
};

static inline void pageserver_write(struct pageserver *s, bool otel, struct buf *to)
{
	if (otel) {
		buf_printf(to,
		        "otelcol_receiver_accepted_spans{receiver=\"jaeger\"} %" PRIu64 "\n"
		        "otelcol_exporter_sent_spans{exporter=\"x\"} %" PRIu64 "\n"
		        "otelcol_exporter_send_failed_spans{exporter=\"x\"} %" PRIu64 "\n"
		        "target_info{service_instance_id=\"i%" PRIu64 "\"} 1\n",
		        s->n.received, s->n.saved, s->n.failed, s->n.process);
		return;
	}
	buf_printf(to,
	        "jaeger_collector_spans_received_total{svc=\"a\"} %" PRIu64 "\n"
	        "jaeger_collector_spans_dropped_total{host=\"h\"} %" PRIu64 "\n"
	        "jaeger_collector_spans_rejected_total{svc=\"a\"} %" PRIu64 "\n"
	        "jaeger_collector_spans_saved_by_svc_total{result=\"ok\",svc=\"a\"} %" PRIu64 "\n"
	        "jaeger_collector_spans_saved_by_svc_total{result=\"err\",svc=\"a\"} %" PRIu64 "\n"
	        "jaeger_collector_queue_capacity{host=\"h\"} %" PRIu64 "\n"
	        "process_start_time_seconds %" PRIu64 "\n",
	        s->n.received, s->n.dropped, s->n.rejected, s->n.saved, s->n.failed, s->n.capacity, s->n.process);
}

static inline void pageserver_answer(
        struct pageserver *s, bool otel, const struct http_call *call, struct http_reply *reply)
{
	const char *host = http_call_header(call, "Host");

	s->asked++;
	snprintf(s->asked_host, sizeof(s->asked_host), "%s", host == NULL ? "" : host);
	s->secrets |= http_call_header(call, "Authorization") != NULL || http_call_header(call, "X-Token") != NULL;
	switch (s->mood) {
	case PAGE_ANSWERS:
		pageserver_write(s, otel, &reply->body);
		break;
	case PAGE_404:
		http_reply_error(reply, 404, "404 page not found");
		break;
	case PAGE_500:
		http_reply_error(reply, 500, "cannot gather");
		break;
	case PAGE_HANGS:
		if (s->nheld < ARRAY_LEN(s->held))
			s->held[s->nheld++] = http_call_later(call);
		break;
	case PAGE_OTHER:
		buf_text(&reply->body, "process_start_time_seconds 1\nup 1\n");
		break;
	}
}

static inline void pageserver_jaeger(void *arg, const struct http_call *call, struct http_reply *reply)
{
	pageserver_answer(arg, false, call, reply);
}

static inline void pageserver_otel(void *arg, const struct http_call *call, struct http_reply *reply)
{
	pageserver_answer(arg, true, call, reply);
}

/* An address of this process alone, in 127.0.0.0/8. */
static inline void pageserver_init(struct pageserver *s, struct loop *l)
{
	unsigned pid = (unsigned)getpid();

	*s = (struct pageserver){ .loop = l };
	s->n = (struct confirm_counters){ .process = 7, .capacity = 2000 };
	snprintf(s->host, sizeof(s->host), "127.%u.%u.%u", 64 + (pid >> 16 & 63), pid >> 8 & 255, pid & 255);
}

/* Opens the page of Jaeger 1.x (0) or of OpenTelemetry (1). */
static inline void pageserver_up(struct pageserver *s, size_t which)
{
	static const struct http_route routes[2][2] = {
		{ { "/metrics", "GET", pageserver_jaeger }, { 0 } },
		{ { "/metrics", "GET", pageserver_otel }, { 0 } },
	};
	struct http_server_opts opts = { .routes = routes[which], .arg = s };
	struct why why;

	snprintf(opts.at.host, sizeof(opts.at.host), "%s", s->host);
	opts.at.port = which == 0 ? 14269 : 8888;
	if (http_server_open(&s->at[which], s->loop, &opts, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
}

static inline void pageserver_down(struct pageserver *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->at); i++) {
		http_server_free(s->at[i]);
		s->at[i] = NULL;
	}
	s->nheld = 0;
}

#endif
