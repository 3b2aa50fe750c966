/* SPDX-License-Identifier: Apache-2.0 */
/* fake_http.c — the list of requests and its answers. */
#include <stdio.h>
#include <stdlib.h>

#include "fake_http.h"

struct fake_http fake;

struct http_client {
	int unused;
};

int http_client_open(struct http_client **out, struct loop *l, const struct http_client_opts *opts, struct why *why)
{
	(void)l, (void)opts;
	memset(&fake, 0, sizeof(fake));
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? why_set(why, E_NOMEM, "fake") : 0;
}

static void keep_body(struct fake_request *q, const struct http_request *r)
{
	const struct slice *parts = r->nparts > 0 ? r->parts : &r->body;
	size_t n = r->nparts > 0 ? r->nparts : 1;

	q->body = malloc(slices_len(parts, n) + 1);
	q->len = 0;
	for (size_t i = 0; i < n; i++) {
		memcpy(q->body + q->len, parts[i].at, parts[i].len);
		q->len += parts[i].len;
	}
	q->gzip = r->gzip;
}

int http_client_send(struct http_client *c, const struct http_request *r,
        void (*answered)(void *arg, const struct http_answer *a), void *arg)
{
	struct fake_request *q = &fake.out[fake.n];

	(void)c;
	if (fake.refuse < 0)
		return fake.refuse;
	if (fake.n == FAKE_REQUESTS)
		return E_NOMEM;
	q->url = strdup(r->url);
	snprintf(q->address, sizeof(q->address), "%s", r->address == NULL ? "" : r->address);
	keep_body(q, r);
	q->headers[0] = '\0';
	for (const char *const *h = r->headers; h != NULL && *h != NULL; h++) {
		size_t n = strlen(q->headers);

		snprintf(q->headers + n, sizeof(q->headers) - n, "%s\n", *h);
	}
	q->answered = answered;
	q->arg = arg;
	fake.n++;
	fake.sent++;
	if (fake.n > fake.most)
		fake.most = fake.n;
	if (fake.stops != NULL)
		loop_stop(fake.stops);
	return 0;
}

static struct fake_request take(size_t i)
{
	struct fake_request q = fake.out[i];

	memmove(&fake.out[i], &fake.out[i + 1], (fake.n - i - 1) * sizeof(q));
	fake.n--;
	free(q.url);
	free(q.body);
	return q;
}

static void answer(size_t i, const struct http_answer *a)
{
	struct fake_request q = take(i);

	q.answered(q.arg, a);
}

void fake_answer(size_t i, int status, const char *body, int64_t retry_after_ms)
{
	struct http_answer a = { .status = status,
		.was_gzip = fake.out[i].gzip,
		.body = slice_text(body),
		.was_sent = true,
		.retry_after_ms = retry_after_ms,
		.took_us = 1000,
		.error = "" };

	answer(i, &a);
}

bool fake_was_sent(enum http_fault fault)
{
	return fault != HTTP_NO_CONNECTION && fault != HTTP_BAD_URL && fault != HTTP_UNKNOWN_HOST && fault != HTTP_TLS;
}

void fake_fail(size_t i, enum http_fault fault)
{
	struct http_answer a = { .failure = HTTP_UNREACHABLE,
		.fault = fault,
		.retry_after_ms = -1,
		.was_sent = fake_was_sent(fault),
		.error = "no answer" };

	if (fault >= HTTP_BAD_URL)
		a.failure = HTTP_MISCONFIGURED;
	answer(i, &a);
}

bool fake_goes_to(size_t i, const char *url)
{
	return strncmp(fake.out[i].url, url, strlen(url)) == 0;
}

void http_client_cancel_all(struct http_client *c)
{
	(void)c;
	while (fake.n > 0)
		fake_fail(0, HTTP_CANCELLED);
}

void http_client_free(struct http_client *c)
{
	while (c != NULL && fake.n > 0)
		(void)take(0);
	free(c);
}

const char *http_fault_text(enum http_fault t)
{
	static const char *const texts[] = {
#define X(name, text) [name] = (text),
		HTTP_FAULTS(X)
#undef X
	};

	return texts[t];
}
