/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request while curl sends it. */
#ifndef HTTP_REQUEST_BODY_H
#define HTTP_REQUEST_BODY_H

#include <curl/curl.h>

#include "base/buf.h"
#include "http/client.h"

/* All zero is a valid empty body. Its address must not change once it is attached. */
struct request_body {
	const struct slice *parts; /* the owner's, or &whole */
	size_t nparts;
	struct slice whole; /* a body of one piece: the owner's, or own's */
	struct buf own;     /* the compressed body, or that of a few small pieces */
	size_t part;        /* curl takes the next byte from parts[part], */
	size_t offset;      /* at this place */
};

/* Tells EASY to read the pieces from B. */
void request_body_attach(struct request_body *b, CURL *easy);

/* B borrows the body of R, or has a copy: compressed when R says gzip, whole when it is small. 0, E_NOMEM, or E_USAGE when 4 GiB and more are
 * to be compressed. */
int request_body_set(struct request_body *b, const struct http_request *r) MUST_USE;

/* True when R has a body, an empty one too. */
bool request_body_in(const struct http_request *r);

/* Makes the request of EASY, to which B is attached, a POST of B. */
void request_body_post(struct request_body *b, CURL *easy);

/* Gives back the memory and the borrowed pieces; B is empty and attached as before. */
void request_body_free(struct request_body *b);

#endif
