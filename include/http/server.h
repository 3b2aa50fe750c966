/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP server on the loop, driven by a table of routes. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "http/server_tls.h"
#include "loop/loop.h"
#include "base/units.h"

struct http_call {
	const char *method;
	const char *path;
	struct slice body; /* of a POST, complete */
	void *connection;  /* private to http_call_*() */
};

/* The first value of query argument NAME, decoded (%20 and +); NULL when absent. *COUNT, unless NULL, is set to the
 * number of its values. */
const char *http_call_query(const struct http_call *c, const char *name, unsigned *count);
const char *http_call_header(const struct http_call *c, const char *name);

struct http_reply {
	int status;               /* 200 unless set */
	const char *content_type; /* "text/plain; charset=utf-8" unless set */
	struct buf body;          /* the server sends and frees it */
	const char *headers[8];   /* name, value, name, value …, NULL; read after answer() has returned */
	char header[32];          /* room for a value in HEADERS that answer() prints */
	bool reset_connections;   /* close the connection without an answer */
};

/* An error page like Go's http.Error: TEXT, a newline and "X-Content-Type-Options: nosniff". */
void http_reply_error(struct http_reply *r, int status, const char *text);

struct http_route {
	const char *path;    /* exact match; "*" matches every other path */
	const char *methods; /* "GET", "POST" or "GET POST", else 405; "*" is any */
	void (*answer)(void *arg, const struct http_call *call, struct http_reply *reply);
};

/* Asynchronous answers. http_call_later() is called inside a route's answer(), which then leaves REPLY alone; CALL
 * stays valid until http_later_answer(). That sets *LATER to NULL, takes REPLY's body, and may be called when the
 * client has gone. http_server_free() drops unanswered calls: no http_later may be used after it. */
struct http_later;
struct http_later *http_call_later(const struct http_call *call);
void http_later_answer(struct http_later **later, struct http_reply *reply);

struct http_server_opts {
	struct hostport at;              /* port 0: any free port */
	const struct http_route *routes; /* terminated by a path of NULL; borrowed */
	void *arg;                       /* passed to every answer() */
	size_t max_body;                 /* bytes; 0: 64 KiB; a larger body is answered 413 */
	/* 0: 64, or the limit of descriptor_share.h. A new connection beyond it replaces the one idle longest. */
	unsigned max_connections;
	uint64_t request_ms;        /* to receive a request, and to send an answer; 0: 10 s */
	uint64_t idle_ms;           /* between two requests of one connection; 0: 5 minutes */
	const struct http_tls *tls; /* borrowed for the call; NULL: plain HTTP */
	/* Asked for the head of each request, of whatever path. False: REPLY, which it has filled, is the answer. NULL:
	 * every request is allowed. */
	bool (*allows)(void *arg, const struct http_call *call, struct http_reply *reply);
};

struct http_server;

/* On an error WHY names the address. */
int http_server_open(
        struct http_server **out, struct loop *l, const struct http_server_opts *opts, struct why *why) MUST_USE;
uint16_t http_server_port(const struct http_server *s);
/* Takes TLS for the connections made from now on, and drops the others; not inside answer(). After an error the former
 * certificates stay in use. */
int http_server_renew_tls(struct http_server *s, const struct http_tls *tls, struct why *why) MUST_USE;
/* Closes the port and drops the connections; inside answer() after that has returned. S may be NULL. */
void http_server_free(struct http_server *s);

/* The version of libmicrohttpd that this process runs with. */
const char *http_server_libmicrohttpd_version(void);

#endif
