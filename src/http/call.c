/* SPDX-License-Identifier: Apache-2.0 */
/* call.c — one request from its head to its answer.
 *
 *   head ──wrong route, method or size──► ANSWERED
 *     └──► READING ──complete──► ASKED: answer() ──reply──► ANSWERED
 *            │                     └──http_call_later──► WAITING ──http_later_answer──► ANSWERED
 *            └──answers_left is 0──► DEFERRED ──next run──► answer()
 *
 * ANSWERED means that a response was created, or that the connection is to be closed without one. libmicrohttpd
 * calls server_on_request() for the head, for each part of the body, at the end, and again after a suspended
 * connection was resumed. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "server_internal.h"

enum state { READING, DEFERRED, ASKED, WAITING, ANSWERED };

struct http_later {
	struct list link; /* in http_server.waiting or .deferred */
	struct http_server *s;
	struct connection *conn;
	struct MHD_Connection *mhd;
	const struct http_route *route;
	enum state state;
	struct http_call call;
	struct buf body;
	struct MHD_Response *response; /* NULL when ANSWERED: close the connection */
	unsigned status;
};

void http_reply_error(struct http_reply *r, int status, const char *text)
{
	r->status = status;
	buf_text(&r->body, text);
	buf_byte(&r->body, '\n');
	r->headers[0] = "X-Content-Type-Options";
	r->headers[1] = "nosniff";
	r->headers[2] = NULL;
}

static void add_headers(struct MHD_Response *response, const struct http_reply *reply, bool has_body)
{
	if (has_body)
		MHD_add_response_header(response, "Content-Type",
		        reply->content_type == NULL ? "text/plain; charset=utf-8" : reply->content_type);
	for (size_t i = 0; i + 1 < ARRAY_LEN(reply->headers) && reply->headers[i] != NULL; i += 2)
		MHD_add_response_header(response, reply->headers[i], reply->headers[i + 1]);
}

/* Creates the response and takes REPLY's body. Without memory the connection will be closed. */
static void make_response(struct http_later *r, struct http_reply *reply)
{
	size_t len = reply->body.len;

	r->state = ANSWERED;
	if (!reply->reset_connections && buf_check(&reply->body) == 0) {
		r->status = reply->status == 0 ? 200 : (unsigned)reply->status;
		r->response = MHD_create_response_from_buffer(
		        len, reply->body.at, len == 0 ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE);
		if (r->response != NULL)
			add_headers(r->response, reply, len > 0);
		if (r->response != NULL && len > 0)
			reply->body = (struct buf){ 0 };
	}
	buf_free(&reply->body);
}

static enum MHD_Result send_answer(struct http_later *r)
{
	enum MHD_Result rc;

	if (r->response == NULL)
		return MHD_NO;
	connection_allow(r->conn, r->s->opts.request_ms);
	rc = MHD_queue_response(r->mhd, r->status, r->response);
	MHD_destroy_response(r->response);
	r->response = NULL;
	return rc;
}

/* The route of PATH, else the route "*", else NULL. */
static const struct http_route *route_of(const struct http_route *routes, const char *path)
{
	const struct http_route *rest = NULL;

	for (; routes->path != NULL; routes++) {
		if (strcmp(routes->path, path) == 0)
			return routes;
		if (strcmp(routes->path, "*") == 0)
			rest = routes;
	}
	return rest;
}

static bool takes_method(const struct http_route *route, const char *method)
{
	size_t len = strlen(method);

	if (strcmp(route->methods, "*") == 0)
		return true;
	for (const char *at = route->methods; *at != '\0';) {
		size_t word = strcspn(at, " ");

		if (word == len && strncmp(at, method, len) == 0)
			return true;
		at += word + strspn(at + word, " ");
	}
	return false;
}

/* "GET, HEAD" of "GET HEAD", for the header Allow. */
static const char *allowed(const struct http_route *route, char *to, size_t cap)
{
	size_t n = 0;

	for (const char *at = route->methods; *at != '\0' && n + 2 < cap; at++) {
		if (*at == ' ')
			to[n++] = ',';
		to[n++] = *at;
	}
	to[n] = '\0';
	return to;
}

/* Answers requests that fail by their head: not allowed, unknown path, method not allowed, body too large. */
static void check_head(struct http_later *r, const char *method)
{
	const char *length = http_call_header(&r->call, "Content-Length");
	struct http_reply reply = { 0 };
	char methods[64];

	if (!server_tls_knows_client(r->conn, r->mhd)) {
		http_reply_error(&reply, 403, "a certificate of a trusted authority is needed");
	} else if (r->s->opts.allows != NULL && !r->s->opts.allows(r->s->opts.arg, &r->call, &reply)) {
		reply.status = reply.status == 0 ? 403 : reply.status;
	} else if (r->route == NULL) {
		http_reply_error(&reply, 404, "404 page not found");
	} else if (!takes_method(r->route, method)) {
		reply.status = 405;
		reply.headers[0] = "Allow";
		reply.headers[1] = allowed(r->route, methods, sizeof(methods));
	} else if (length != NULL && strtoull(length, NULL, 10) > r->s->opts.max_body) {
		http_reply_error(&reply, 413, "request body too large");
		reply.headers[2] = "Connection";
		reply.headers[3] = "close";
	}
	if (reply.status != 0)
		make_response(r, &reply);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

static enum MHD_Result on_head(
        struct http_server *s, struct MHD_Connection *mhd, const char *url, const char *method, void **mine)
{
	struct connection *conn = connection_of(mhd);
	struct http_later *r = conn == NULL || s->closing ? NULL : calloc(1, sizeof(*r));

	if (r == NULL)
		return MHD_NO;
	list_init(&r->link);
	r->s = s;
	r->conn = conn;
	r->mhd = mhd;
	r->call.method = method;
	r->call.path = url;
	r->call.connection = r;
	r->route = route_of(s->opts.routes, url);
	*mine = r;
	conn->busy = true;
	connection_allow(conn, s->opts.request_ms);
	check_head(r, method);
	return r->state == ANSWERED ? send_answer(r) : MHD_YES;
}

static enum MHD_Result on_body_part(struct http_later *r, const char *upload, size_t *size)
{
	if (r->state != READING || *size > r->s->opts.max_body - r->body.len)
		return MHD_NO; /* the size of a chunked body is not known before */
	buf_add(&r->body, upload, *size);
	*size = 0;
	return buf_check(&r->body) == 0 ? MHD_YES : MHD_NO;
}

/* Puts R into the list IN; libmicrohttpd ignores the connection until resume_call(). */
static void suspend_call(struct http_later *r, struct list *in)
{
	list_push(in, &r->link);
	connection_allow(r->conn, 0);
	MHD_suspend_connection(r->mhd);
}

/* True when answer() may be called in this run. A DEFERRED request was already counted by request_begin_run(). */
static bool may_ask(struct http_later *r)
{
	if (r->state == DEFERRED)
		return true;
	if (r->s->answers_left == 0)
		return false;
	r->s->answers_left--;
	return true;
}

static enum MHD_Result on_complete(struct http_later *r)
{
	struct http_reply reply = { 0 };

	if (r->s->closing)
		return MHD_NO;
	if (!may_ask(r)) {
		r->state = DEFERRED;
		suspend_call(r, &r->s->deferred);
		return MHD_YES;
	}
	r->call.body = buf_slice(&r->body);
	r->state = ASKED;
	r->route->answer(r->s->opts.arg, &r->call, &reply);
	if (r->state == ASKED)
		make_response(r, &reply);
	else
		buf_free(&reply.body);
	if (r->s->closing)
		return MHD_NO;
	if (r->state == ANSWERED)
		return send_answer(r);
	suspend_call(r, &r->s->waiting);
	return MHD_YES;
}

enum MHD_Result server_on_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
        const char *version, const char *upload, size_t *upload_size, void **mine)
{
	struct http_later *r = *mine;

	(void)version;
	if (r == NULL)
		return on_head(cls, mhd, url, method, mine);
	if (*upload_size > 0)
		return on_body_part(r, upload, upload_size);
	return r->state == ANSWERED ? send_answer(r) : on_complete(r);
}

void server_on_request_end(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_RequestTerminationCode how)
{
	struct http_later *r = *mine;

	(void)cls;
	(void)mhd;
	(void)how;
	if (r == NULL)
		return;
	*mine = NULL;
	list_remove(&r->link);
	r->conn->busy = false;
	connection_allow(r->conn, r->s->opts.idle_ms);
	if (r->response != NULL)
		MHD_destroy_response(r->response);
	buf_free(&r->body);
	free(r);
}

struct http_later *http_call_later(const struct http_call *call)
{
	struct http_later *r = call->connection;

	r->state = WAITING;
	return r;
}

/* Resumes a suspended connection. Inside answer() it is not suspended yet. */
static void resume_call(struct http_later *r)
{
	if (list_empty(&r->link))
		return;
	list_remove(&r->link);
	connection_allow(r->conn, r->s->opts.request_ms);
	MHD_resume_connection(r->mhd);
	server_run_after(r->s, 0);
}

void request_begin_run(struct http_server *s, unsigned most)
{
	for (s->answers_left = most; s->answers_left > 0 && !list_empty(&s->deferred); s->answers_left--)
		resume_call(list_first(&s->deferred, struct http_later, link));
}

void http_later_answer(struct http_later **later, struct http_reply *reply)
{
	struct http_later *r = *later;

	*later = NULL;
	make_response(r, reply);
	resume_call(r);
}

static void drop_calls(struct list *suspended)
{
	list_each_safe (node, suspended) {
		struct http_later *r = container_of(node, struct http_later, link);

		r->state = ANSWERED;
		resume_call(r);
	}
}

void request_drop_waiting(struct http_server *s)
{
	drop_calls(&s->waiting);
	drop_calls(&s->deferred);
}

const char *http_call_header(const struct http_call *c, const char *name)
{
	const struct http_later *r = c->connection;

	return MHD_lookup_connection_value(r->mhd, MHD_HEADER_KIND, name);
}

struct search {
	const char *name;
	const char *first;
	unsigned count;
};

static enum MHD_Result on_argument(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct search *s = cls;

	(void)kind;
	if (strcmp(key, s->name) == 0 && s->count++ == 0)
		s->first = value == NULL ? "" : value;
	return MHD_YES;
}

const char *http_call_query(const struct http_call *c, const char *name, unsigned *count)
{
	const struct http_later *r = c->connection;
	struct search s = { .name = name };

	MHD_get_connection_values(r->mhd, MHD_GET_ARGUMENT_KIND, on_argument, &s);
	if (count != NULL)
		*count = s.count;
	return s.first;
}
