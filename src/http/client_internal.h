/* SPDX-License-Identifier: Apache-2.0 */
/* What http_client.c (the loop's side), client_model.c (what all requests have in common) and exchange.c
 * (one request) share. */
#ifndef HTTP_CLIENT_IMPL_H
#define HTTP_CLIENT_IMPL_H

#include <curl/curl.h>

#include "base/buf.h"
#include "http/client.h"
#include "base/list.h"
#include "request_body.h"

/* *MODEL is the caller's to clean up, also on failure. */
int client_model(CURL **model, const struct http_client_opts *o, const struct credentials *c, struct why *why) MUST_USE;

/* One request and its answer; kept and used again, with its easy handle. */
struct exchange {
	struct list link; /* of the client: waiting, active or spare */
	CURL *easy;
	struct curl_slist *headers; /* its own, then the client's, which begin at shared */
	struct curl_slist *shared;
	void (*answered)(void *arg, const struct http_answer *a);
	void (*on_body)(void *arg, struct slice bytes); /* NULL: none */
	void *arg;
	uint64_t began_us;
	struct buf url;     /* that the easy handle has; empty: none */
	struct buf address; /* likewise; connect_to is made of it */
	struct curl_slist *connect_to;
	struct request_body upload;
	size_t keep;
	struct buf body;
	size_t seen; /* bytes of body that came */
	int64_t retry_after_ms;
	unsigned times_sent;
	bool gzip;        /* its body is compressed */
	unsigned made;    /* the client's count of models when the easy handle was copied from one */
	bool head_whole;  /* the final status and all headers are there */
	int socket_error; /* errno of the last socket that could not be made; 0 none */
	char error[CURL_ERROR_SIZE];
};

/* A copy of MODEL that reports to it and takes part in SHARE. NULL without memory. */
struct exchange *exchange_new(CURL *model, CURLSH *share);
/* NULL is fine. */
void exchange_free(struct exchange *x);

/* Makes X the request R; SHARED follow its headers. 0, E_NOMEM, E_USAGE. */
int exchange_prepare(struct exchange *x, const struct http_request *r, struct curl_slist *shared) MUST_USE;

/* What RC, which the library says at the end, means. A borrows from X. */
void exchange_judge(struct exchange *x, CURLcode rc, struct http_answer *a);

/* True when HEADER would not end the line it stands on. */
bool exchange_header_fits(const char *header);

#endif
