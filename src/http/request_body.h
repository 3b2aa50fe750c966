/* SPDX-License-Identifier: Apache-2.0 */
/* request_body.h — the body of a request while curl sends it. */
#ifndef HTTP_REQUEST_BODY_H
#define HTTP_REQUEST_BODY_H

#include <curl/curl.h>

#include "base/buf.h"
#include "http/client.h"

/* All zero is a valid empty body. Its address must not change once it is attached. */
struct request_body {
	const struct slice *parts; /* the caller's, or &whole */
	size_t nparts;
	struct slice whole; /* a body in one part: the caller's, or a slice of OWN */
	struct buf own;     /* the compressed body, or small parts joined */
	size_t part;        /* curl reads next from parts[part], */
	size_t offset;      /* at this offset */
};

/* Sets the callbacks of EASY so that it reads the parts from B. */
void request_body_attach(struct request_body *b, CURL *easy);

/* Sets B to the body of R: borrowed, or copied when it is to be compressed or when it has several parts and is
 * small. 0, E_NOMEM, or E_USAGE when 4 GiB or more are to be compressed. */
int request_body_set(struct request_body *b, const struct http_request *r) MUST_USE;

/* True when R has a body, even an empty one. */
bool request_body_in(const struct http_request *r);

/* Makes EASY, to which B is attached, POST the body B. */
void request_body_post(struct request_body *b, CURL *easy);

/* Forgets the borrowed parts; B is empty and still attached. The memory of a small copy is kept for the next body. */
void request_body_clear(struct request_body *b);
/* The same, and frees all memory. */
void request_body_free(struct request_body *b);

#endif
