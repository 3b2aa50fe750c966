/* http: requests on the loop; each ends in one answer. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "err.h"
#include "loop.h"
#include "slice.h"

struct http_client_opts {
	long max_connections;    /* open at once, all hosts together */
	const char *user;        /* "name:password", NULL none */
	const char *bearer;      /* token, NULL none */
	const char *ca;          /* files, NULL none */
	const char *cert;
	const char *key;
	const char *const *headers; /* "Name: value", sent with every request; NULL-terminated or NULL */
};

struct http_request {
	const char *url;
	struct slice body;       /* at == NULL: GET; else POST, borrowed until the answer */
	const char *content_type;
	const char *const *headers; /* for this request; NULL-terminated or NULL; copied */
	uint64_t connect_ms;     /* time-outs */
	uint64_t total_ms;
};

enum http_failure {
	HTTP_ANSWERED,
	HTTP_UNREACHABLE,  /* refused, reset, timed out, closed early: try again */
	HTTP_MISCONFIGURED /* URL, TLS, unknown host: an operator must look */
};

struct http_answer {
	enum http_failure failure;
	int status;              /* 0 unless answered */
	int64_t retry_after_ms;  /* from the Retry-After header, both forms; -1 none */
	struct slice body;       /* the first 4 KiB, borrowed */
	uint64_t took_us;
	bool was_sent;           /* the body may have reached the server */
	const char *error;       /* the library's words, "" when answered */
};

struct http_client;

int http_client_open(struct http_client **out, struct loop *l, const struct http_client_opts *opts,
	struct why *why) MUST_USE;

/* ANSWERED is called later, once, never from inside this call. 0, E_NOMEM or E_USAGE (bad URL). */
int http_client_send(struct http_client *c, const struct http_request *r,
	void (*answered)(void *arg, const struct http_answer *a), void *arg) MUST_USE;

/* Every request still out is answered HTTP_UNREACHABLE "cancelled" before this returns. */
void http_client_cancel_all(struct http_client *c);
void http_client_free(struct http_client *c);

#endif
