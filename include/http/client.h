/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on the loop; each ends in one answer. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/credentials.h"
#include "base/err.h"
#include "loop/loop.h"
#include "base/slice.h"

/* A name is looked up, and a connection made, anew every few seconds, so that a server that moved is found
 * within 10 s; a connection whose other end has vanished is given up as soon.
 *
 * HTTP/1.1, keep-alive, no redirects, no proxy from the environment, no signals. A request is put
 * on the wire at most once: what may be sent again is its owner's decision. */

struct http_client_opts {
	size_t max_connections;           /* open at once, all hosts together; more requests wait their turn */
	const char *user;                 /* name, NULL none; the password is a file's */
	const char *files[CREDENTIALS_N]; /* paths by enum credential, NULL none; read again when they change */
	const char *const *headers;       /* "Name: value", sent with every request; NULL-terminated or NULL */
};

enum {
	HTTP_KEEP_BYTES = 4096, /* of an answer's body, unless the request says otherwise */
	HTTP_CONNECT_MS = 5000, /* time-outs of a request that names none */
	HTTP_TOTAL_MS = 30000,
	HTTP_RETRY_AFTER_MAX_MS = 3600000, /* whatever the server asks for */
};

struct http_request {
	const char *url;
	/* "10.0.0.7:14268" or "[::1]:14268": the connection is made there, while the Host header, the name sent
	 * for TLS and the check of the certificate stay the URL's. NULL: where the URL's name leads. Copied. */
	const char *address;
	struct slice body; /* at == NULL: GET; else POST, borrowed until the answer */
	/* nparts > 0: POST too, and the body is the parts one after another. The array and the bytes of the
	 * parts are borrowed until the answer; a large body is sent from where it lies. */
	const struct slice *parts;
	size_t nparts;
	bool gzip; /* the body is compressed first, with "Content-Encoding: gzip" */
	const char *content_type;
	const char *const *headers; /* for this request; NULL-terminated or NULL; copied */
	uint64_t connect_ms;        /* time-outs from the moment it has its turn; 0 takes HTTP_CONNECT_MS … */
	uint64_t total_ms;
	size_t keep; /* bytes of the answer's body wanted; 0 takes HTTP_KEEP_BYTES */
	/* Unless NULL: called with each piece of the answer's body as it comes in, before ANSWERED and with the
	 * same ARG, for a body too large to be kept. BYTES are borrowed for the call. It calls nothing of this
	 * client. */
	void (*on_body)(void *arg, struct slice bytes);
};

enum http_failure {
	HTTP_ANSWERED,
	HTTP_UNREACHABLE,  /* refused, reset, timed out, closed early: try again */
	HTTP_MISCONFIGURED /* URL, TLS, unknown host, not HTTP: an operator must look. It may heal all the same */
};

/* What stood in the way; http_trouble_text says it in words. */
#define HTTP_TROUBLES(X)                                                                                               \
	X(HTTP_NO_TROUBLE, "none")                                                                                     \
	X(HTTP_NO_CONNECTION, "cannot connect")                                                                        \
	X(HTTP_TIMED_OUT, "timed out")                                                                                 \
	X(HTTP_BROKEN_OFF, "connection lost before the answer")                                                        \
	X(HTTP_NO_MEMORY, "out of memory")                                                                             \
	X(HTTP_NO_DESCRIPTOR, "no file descriptor is free")                                                            \
	X(HTTP_CANCELLED, "cancelled")                                                                                 \
	X(HTTP_BAD_URL, "bad URL")                                                                                     \
	X(HTTP_UNKNOWN_HOST, "unknown host")                                                                           \
	X(HTTP_TLS, "TLS refused")                                                                                     \
	X(HTTP_NOT_HTTP, "the server does not speak HTTP")

enum http_trouble {
#define X(name, text) name,
	HTTP_TROUBLES(X)
#undef X
};
const char *http_trouble_text(enum http_trouble t);

struct http_answer {
	enum http_failure failure;
	enum http_trouble trouble;
	int status;             /* 0 unless answered */
	int64_t retry_after_ms; /* from the Retry-After header, both forms, clamped; -1 none */
	struct slice body;      /* the first KEEP bytes, borrowed */
	bool whole;             /* BODY, or what on_body was given, is all of it */
	uint64_t took_us;       /* from the moment it had its turn */
	bool new_connection;    /* it came over a connection that was made for it */
	bool was_sent;          /* some of the request left this host */
	bool was_gzip;          /* the request's body was compressed */
	const char *location;   /* absolute URL that a 3xx leads to, borrowed; NULL: none is named */
	const char *error;      /* a sentence, "" when answered */
};

/* Whether a client can be made of O at all: E_USAGE, or why a file cannot be read. */
int http_client_check(const struct http_client_opts *o, struct why *why) MUST_USE;

struct http_client;

int http_client_open(
        struct http_client **out, struct loop *l, const struct http_client_opts *opts, struct why *why) MUST_USE;

/* ANSWERED is called later, once, never from inside this call; it may send, cancel and free.
 * An answer whose head has arrived counts, even when its body never ends. 0, E_NOMEM or E_USAGE
 * (the URL, the address, a header with a line break in it, or 4 GiB and more to compress). */
int http_client_send(struct http_client *c, const struct http_request *r,
        void (*answered)(void *arg, const struct http_answer *a), void *arg) MUST_USE;

/* Requests not yet answered, waiting ones included. */
size_t http_client_pending(const struct http_client *c);

/* Every request still out is answered HTTP_UNREACHABLE "cancelled" before this returns. */
void http_client_cancel_all(struct http_client *c);
/* Requests still out are given up without an answer. NULL is fine. */
void http_client_free(struct http_client *c);

/* The versions of libcurl and of its TLS library that this process runs with. */
const char *http_client_libcurl_version(void);
const char *http_client_tls_version(void);

#endif
