/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP client on the loop; each request ends in exactly one answer. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http/credentials.h"
#include "base/err.h"
#include "loop/loop.h"
#include "base/slice.h"

/* DNS entries and connections are renewed every few seconds, so that a server that moved is found within 10 s; a
 * connection whose peer has vanished is closed within the same time.
 *
 * HTTP/1.1, keep-alive, no redirects, no proxy from the environment, no signals. A request is sent at most once: the
 * caller decides whether it is sent again. */

struct http_client_opts {
	size_t max_connections;           /* open connections, all hosts together; further requests are queued */
	const char *user;                 /* user name; NULL: none; the password is in files[] */
	const char *files[CREDENTIALS_N]; /* paths by enum credential; NULL: none; reread when they change */
	/* Of an https URL: the name sent to the server, wanted in its certificate, and sent as Host; NULL: the URL's
	 * host. */
	const char *server_name;
	bool skip_host_verify;      /* neither name nor authority of a certificate is checked */
	const char *const *headers; /* "Name: value", sent with every request; NULL-terminated or NULL */
};

enum {
	HTTP_KEEP_BYTES = 4096, /* kept of an answer's body, unless the request sets keep */
	HTTP_CONNECT_MS = 5000, /* default time-outs */
	HTTP_TOTAL_MS = 30000,
	HTTP_RETRY_AFTER_MAX_MS = 3600000, /* limit for what a server asks for */
};

struct http_request {
	const char *url;
	/* 1]:14268": the connection is made there :: "10.0.0.7:14268" or "[::1]:14268": connect to this address,
	 * while the Host header, the TLS server name and the certificate check use the URL's host. NULL: resolve the
	 * URL's host. Copied. */
	const char *address;
	struct slice body; /* at == NULL: GET; else POST. Borrowed until the answer */
	/* nparts > 0: POST, and the body is the concatenation of the parts. The array and the parts' bytes are
	 * borrowed until the answer; a large body is not copied. */
	const struct slice *parts;
	size_t nparts;
	bool gzip; /* compress the body and add "Content-Encoding: gzip" */
	const char *content_type;
	const char *const *headers; /* of this request; NULL-terminated or NULL; copied */
	uint64_t connect_ms; /* time-outs from the moment it leaves the queue; 0: HTTP_CONNECT_MS, HTTP_TOTAL_MS */
	uint64_t total_ms;
	size_t keep; /* bytes to keep of the answer's body; 0: HTTP_KEEP_BYTES */
	/* For a body too large to keep; may be NULL. Called with ARG for each chunk of the answer's body as it
	 * arrives, before ANSWERED. BYTES are borrowed for the call. Must not call any function of this client. */
	void (*on_body)(void *arg, struct slice bytes);
};

enum http_failure {
	HTTP_ANSWERED,
	HTTP_UNREACHABLE,  /* refused, reset, timed out, closed early: retry */
	HTTP_MISCONFIGURED /* URL, TLS, unknown host, not HTTP: needs an operator, but may also end by itself */
};

/* Why a request got no answer. From HTTP_BAD_URL on the failure is HTTP_MISCONFIGURED. */
#define HTTP_FAULTS(X)                                                                                                 \
	X(HTTP_NO_FAULT, "none")                                                                                       \
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

enum http_fault {
#define X(name, text) name,
	HTTP_FAULTS(X)
#undef X
};
const char *http_fault_text(enum http_fault t);

struct http_answer {
	enum http_failure failure;
	enum http_fault fault;
	int status;             /* 0 unless answered */
	int64_t retry_after_ms; /* from the Retry-After header, in seconds or as a date, clamped; -1: none */
	struct slice body;      /* the first http_request.keep bytes, borrowed */
	bool whole;             /* BODY, or the chunks passed to on_body, are the complete body */
	uint64_t took_us;       /* from the moment it left the queue */
	bool new_connection;    /* the connection was opened for this request */
	bool was_sent;          /* at least one byte of the request was sent */
	bool was_gzip;          /* the request's body was compressed */
	const char *location;   /* absolute URL in a 3xx answer, borrowed; NULL: none */
	const char *error;      /* error text; "" when answered */
};

/* 0 when http_client_open() accepts the options O; else E_USAGE. */
int http_client_check(const struct http_client_opts *o, struct why *why) MUST_USE;

struct http_client;

int http_client_open(
        struct http_client **out, struct loop *l, const struct http_client_opts *opts, struct why *why) MUST_USE;

/* Sends R. ANSWERED is called once, never from inside this call; it may send, cancel and free. An answer counts as
 * soon as its head has arrived, even when its body never ends. 0, E_NOMEM or E_USAGE (invalid URL, address or
 * header, or 4 GiB or more to compress). */
int http_client_send(struct http_client *c, const struct http_request *r,
        void (*answered)(void *arg, const struct http_answer *a), void *arg) MUST_USE;

/* Requests not yet answered, queued ones included. */
size_t http_client_pending(const struct http_client *c);

/* Answers every pending request with HTTP_UNREACHABLE, "cancelled", before it returns. */
void http_client_cancel_all(struct http_client *c);
/* Drops pending requests without an answer. C may be NULL. */
void http_client_free(struct http_client *c);

/* The versions of libcurl and of its TLS library that this process runs with. */
const char *http_client_libcurl_version(void);
const char *http_client_tls_version(void);

#endif
