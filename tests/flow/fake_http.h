/* SPDX-License-Identifier: Apache-2.0 */
/* fake_http.h — stands in for http_client.h: requests lie in a list until the test answers them. */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "http/client.h"

struct fake_request {
	char *url;
	char address[64]; /* to connect to; "": where the URL leads */
	uint8_t *body;    /* its parts one after another, not compressed */
	size_t len;
	bool gzip;          /* asked for */
	char headers[1024]; /* its own, each with a newline behind it */
	void (*answered)(void *arg, const struct http_answer *a);
	void *arg;
};

enum { FAKE_REQUESTS = 4096 };

struct fake_http {
	struct fake_request out[FAKE_REQUESTS]; /* oldest first */
	size_t n;
	uint64_t sent;      /* ever */
	size_t most;        /* at once */
	int refuse;         /* what http_client_send returns, 0 takes */
	struct loop *stops; /* stopped when a request is sent, unless NULL */
};

/* There is one client in a test. */
extern struct fake_http fake;

/* Answers request I of fake.out: STATUS, or no answer when it is 0. */
void fake_answer(size_t i, int status, const char *body, int64_t retry_after_ms);
/* True when a request that fails by FAULT has left the host. */
bool fake_was_sent(enum http_fault fault);
void fake_fail(size_t i, enum http_fault fault);
/* True when request I goes to a URL that begins so. */
bool fake_goes_to(size_t i, const char *url);

#endif
