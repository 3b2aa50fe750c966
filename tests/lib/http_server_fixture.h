/* SPDX-License-Identifier: Apache-2.0 */
/* http_server_fixture.h — an http server with some routes, and a raw client before its door. */
#ifndef HTTP_SERVER_FIXTURE_H
#define HTTP_SERVER_FIXTURE_H

#include "http/server.h"
#include "looptest.h"

struct server_fixture {
	struct loop *loop;
	struct http_server *server;
	struct raw c;
	struct http_later *later;
	size_t asked;
	size_t body;   /* bytes of the last one */
	unsigned args; /* how often "name" was given */
	char heard[128];
};

static inline void say_hello(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct server_fixture *h = arg;
	const char *name = http_call_query(call, "name", &h->args);
	const char *agent = http_call_header(call, "user-agent");

	h->asked++;
	snprintf(h->heard, sizeof(h->heard), "%s", agent == NULL ? "" : agent);
	buf_printf(&reply->body, "hello %s", name == NULL ? "nobody" : name);
}

static inline void take_body(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct server_fixture *h = arg;

	h->asked++;
	h->body = call->body.len;
	reply->status = 202;
	reply->headers[0] = "X-Test";
	reply->headers[1] = "yes";
}

static inline void answer_later(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct server_fixture *h = arg;

	(void)reply;
	h->asked++;
	h->later = http_call_later(call);
}

static inline void answer_later_at_once(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct http_later *later = http_call_later(call);
	struct http_reply now = { 0 };

	(void)arg;
	(void)reply;
	buf_text(&now.body, "sooner than later");
	http_later_answer(&later, &now);
}

static inline void reset_connections(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	buf_text(&reply->body, "never seen");
	reply->reset_connections = true;
}

static inline void free_it(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct server_fixture *h = arg;

	(void)call;
	buf_text(&reply->body, "bye");
	http_server_free(h->server);
	h->server = NULL;
}

static inline void give_much(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	for (int i = 0; i < 1 << 18; i++)
		buf_text(&reply->body, "0123456789abcdef0123456789abcde\n");
}

static const struct http_route routes[] = {
	{ "/hello", "GET", say_hello },
	{ "/body", "POST", take_body },
	{ "/both", "GET POST", take_body },
	{ "/any", "*", say_hello },
	{ "/later", "GET", answer_later },
	{ "/sooner", "GET", answer_later_at_once },
	{ "/hang-up", "GET", reset_connections },
	{ "/free", "GET", free_it },
	{ "/much", "GET", give_much },
	{ NULL, NULL, NULL },
};

static inline void open_with(struct server_fixture *h, struct http_server_opts opts)
{
	struct why why;

	*h = (struct server_fixture){ 0 };
	if (loop_open(&h->loop, &why) < 0)
		abort();
	if (opts.routes == NULL)
		opts.routes = routes;
	opts.arg = h;
	if (opts.at.host[0] == '\0')
		snprintf(opts.at.host, sizeof(opts.at.host), "127.0.0.1");
	if (!ok(http_server_open(&h->server, h->loop, &opts, &why) == 0, "the server opens"))
		diag("%s", why.text);
	raw_connect(&h->c, h->loop, http_server_port(h->server));
}

static inline void open_server(struct server_fixture *h)
{
	open_with(h, (struct http_server_opts){ 0 });
}

static inline void close_server(struct server_fixture *h)
{
	raw_close(&h->c);
	http_server_free(h->server);
	loop_free(h->loop);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

#endif
