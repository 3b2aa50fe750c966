/* SPDX-License-Identifier: Apache-2.0 */
/* admin_query.c — one client, one loop, one request after the other. */
#include <stdio.h>

#include "admin_query.h"
#include "base/units.h"

enum { PAGE_MAX_BYTES = 1 << 20 };

struct query {
	struct loop *loop;
	struct http_client *client;
	const char *base;
	uint64_t timeout_ms;
	struct admin_page *page, *end; /* PAGE is asked for now */
	struct why *why;
	int rc;
};

static void send_request(struct query *q);

static void on_answer(void *arg, const struct http_answer *answer)
{
	struct query *q = arg;

	if (answer->failure != HTTP_ANSWERED) {
		q->rc = why_set(q->why, E_DOWN, "%s: %s", q->base, answer->error);
	} else if (!answer->whole) {
		q->rc = why_set(
		        q->why, E_TOO_LARGE, "%s%s: the answer is too long or broken off", q->base, q->page->path);
	} else {
		q->page->status = answer->status;
		buf_add(&q->page->body, answer->body.at, answer->body.len);
		q->rc = buf_check(&q->page->body) < 0 ? why_set(q->why, E_NOMEM, "%s", err_text(E_NOMEM)) : 0;
		q->page++;
	}
	if (q->rc < 0 || q->page == q->end)
		loop_stop(q->loop);
	else
		send_request(q);
}

static void send_request(struct query *q)
{
	char url[ADMIN_BASE + 80];
	struct http_request r = {
		.url = url,
		.connect_ms = q->timeout_ms,
		.total_ms = q->timeout_ms,
		.keep = PAGE_MAX_BYTES,
	};

	snprintf(url, sizeof(url), "%s%s", q->base, q->page->path);
	q->rc = http_client_send(q->client, &r, on_answer, q);
	if (q->rc < 0) {
		why_set(q->why, q->rc, "%s: %s", url, err_text(q->rc));
		loop_stop(q->loop);
	}
}

int admin_query(
        const struct admin_query_opts *o, struct admin_page *pages, size_t n, char base[ADMIN_BASE], struct why *why)
{
	struct query q = {
		.base = base, .timeout_ms = max_u64(o->timeout_ms, 1), .page = pages, .end = pages + n, .why = why
	};
	struct http_client_opts client = o->client;
	char address[HOSTPORT_TEXT];
	struct hostport at;

	if (units_hostport(o->host_port, &at, why) < 0)
		return why->code;
	if (at.host[0] == '\0')
		snprintf(at.host, sizeof(at.host), "127.0.0.1");
	snprintf(base, ADMIN_BASE, "http%s://%s", o->tls ? "s" : "",
	        units_print_hostport(&at, address, sizeof(address)));
	client.max_connections = 1;
	q.rc = loop_open(&q.loop, why);
	if (q.rc == 0)
		q.rc = http_client_open(&q.client, q.loop, &client, why);
	if (q.rc == 0)
		send_request(&q);
	if (q.rc == 0)
		loop_run(q.loop);
	http_client_free(q.client);
	loop_free(q.loop);
	return q.rc;
}
