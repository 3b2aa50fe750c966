/* SPDX-License-Identifier: Apache-2.0 */
/* client_internal.h — one HTTP exchange, shared by client.c (queueing, loop), client_model.c (options common to all
 * requests), exchange.c (one request) and exchange_answer.c (its result). */
#ifndef HTTP_CLIENT_IMPL_H
#define HTTP_CLIENT_IMPL_H

#include <curl/curl.h>

#include "base/buf.h"
#include "http/client.h"
#include "base/list.h"
#include "request_body.h"

/* Creates the easy handle from which those of all requests are copied. The caller cleans up *MODEL, also on failure. */
int client_model(CURL **model, const struct http_client_opts *o, const struct credentials *c, struct why *why) MUST_USE;

/* One request and its answer. Exchange and easy handle are reused for later requests. */
struct exchange {
	struct list link; /* of the client: waiting, active or spare */
	CURL *easy;
	struct curl_slist *headers; /* of this request, followed by the client's, which begin at SHARED */
	struct curl_slist *shared;
	void (*answered)(void *arg, const struct http_answer *a);
	void (*on_body)(void *arg, struct slice bytes); /* NULL: none */
	void *arg;
	uint64_t began_us;
	struct buf url;     /* URL set on the easy handle; empty: none */
	struct buf host;    /* host and port of URL when a server name stands in their place; else empty */
	struct buf address; /* http_request.address set on the easy handle, as connect_to */
	struct curl_slist *connect_to;
	struct request_body upload;
	size_t keep;
	struct buf body;
	size_t received; /* bytes of the body received */
	int64_t retry_after_ms;
	unsigned times_sent;
	bool gzip;             /* the request's body is compressed */
	unsigned model_number; /* http_client.nmodels when the easy handle was copied */
	bool head_complete;    /* the final status and all headers were received */
	int socket_error;      /* errno of the last failed socket(); 0: none */
	char error[CURL_ERROR_SIZE];
};

/* Creates an exchange with a copy of MODEL, connected to SHARE. NULL without memory. */
struct exchange *exchange_new(CURL *model, CURLSH *share);
/* X may be NULL. */
void exchange_free(struct exchange *x);

/* Sets up X for request R, with the headers SHARED after its own, and SERVER_NAME of the client's options. 0, E_NOMEM,
 * E_USAGE. */
int exchange_prepare(
        struct exchange *x, const struct http_request *r, struct curl_slist *shared, const char *server_name) MUST_USE;

/* Converts RC, curl's result of X, into the answer A, which borrows from X. */
void exchange_answer(struct exchange *x, CURLcode rc, struct http_answer *a);

/* True when HEADER has no line break. */
bool exchange_header_fits(const char *header);

#endif
