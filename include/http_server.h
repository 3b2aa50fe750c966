/* http: a small server on the loop, a table of routes. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "buf.h"
#include "loop.h"
#include "units.h"

struct http_call {
	const char *method;
	const char *path;
	struct slice body;       /* of a POST */
	void *connection;        /* for http_call_* */
};

/* The value of query argument NAME, decoded (%20 and +); NULL without it. COUNT may be NULL. */
const char *http_call_query(const struct http_call *c, const char *name, unsigned *count);
const char *http_call_header(const struct http_call *c, const char *name);

struct http_reply {
	int status;              /* 200 unless set */
	const char *content_type; /* "text/plain; charset=utf-8" unless set */
	struct buf body;         /* sent and freed by the server */
	const char *headers[8];  /* name, value, name, value …, NULL */
};

struct http_route {
	const char *path;        /* exact; "*" is every other path */
	const char *methods;     /* "GET", "POST" or "GET POST"; else 405 */
	void (*answer)(void *arg, const struct http_call *call, struct http_reply *reply);
};

struct http_server;

/* ROUTES end with a path of NULL and are borrowed. Port 0 takes a free one. E_IO names the address. */
int http_server_open(struct http_server **out, struct loop *l, const struct hostport *at,
	const struct http_route *routes, void *arg, struct why *why) MUST_USE;
uint16_t http_server_port(const struct http_server *s);
void http_server_free(struct http_server *s);

#endif
