/* SPDX-License-Identifier: Apache-2.0 */
/* A small server on the loop, a table of routes. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "loop/loop.h"
#include "base/units.h"

struct http_call {
	const char *method;
	const char *path;
	struct slice body; /* of a POST, whole */
	void *connection;  /* for http_call_* */
};

/* The value of query argument NAME, decoded (%20 and +); NULL without it, the first of several.
 * COUNT may be NULL. */
const char *http_call_query(const struct http_call *c, const char *name, unsigned *count);
const char *http_call_header(const struct http_call *c, const char *name);

struct http_reply {
	int status;               /* 200 unless set */
	const char *content_type; /* "text/plain; charset=utf-8" unless set */
	struct buf body;          /* sent and freed by the server */
	const char *headers[8];   /* name, value, name, value …, NULL; used before the call returns */
	bool reset_connections;   /* close the connection without an answer */
};

/* As Go's http.Error: TEXT and a newline, never sniffed. */
void http_reply_error(struct http_reply *r, int status, const char *text);

struct http_route {
	const char *path;    /* exact; "*" is every other path */
	const char *methods; /* "GET", "POST" or "GET POST", else 405; "*" is any */
	void (*answer)(void *arg, const struct http_call *call, struct http_reply *reply);
};

/* For an answer that comes later: called in a route's ANSWER, which then leaves its reply alone.
 * CALL stays valid until http_later_answer, which empties the caller's variable, takes the reply's
 * body, and does not mind a client that has gone. http_server_free drops those still out: no
 * http_later may be used after it. */
struct http_later;
struct http_later *http_call_later(const struct http_call *call);
void http_later_answer(struct http_later **later, struct http_reply *reply);

struct http_server_opts {
	struct hostport at;              /* port 0 takes a free one */
	const struct http_route *routes; /* end with a path of NULL; borrowed */
	void *arg;                       /* of every answer() */
	size_t max_body;                 /* bytes; 0 takes 64 KiB. More is answered 413 */
	unsigned
	        max_connections; /* 0 takes 64, or what descriptor_share.h leaves; one more takes the place of the one idle longest */
	uint64_t request_ms; /* for a whole request to come in, and for a whole answer to go out; 0: 10 s */
	uint64_t idle_ms;    /* between the requests of one connection; 0 takes 5 minutes */
};

struct http_server;

/* The address is in WHY when it cannot be had. */
int http_server_open(
        struct http_server **out, struct loop *l, const struct http_server_opts *opts, struct why *why) MUST_USE;
uint16_t http_server_port(const struct http_server *s);
/* Closes the port and drops the connections. From inside an answer(): when that returns. NULL is fine. */
void http_server_free(struct http_server *s);

/* The version of libmicrohttpd that this process runs with. */
const char *http_server_libmicrohttpd_version(void);

#endif
