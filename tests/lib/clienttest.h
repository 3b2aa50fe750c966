/* SPDX-License-Identifier: Apache-2.0 */
/* clienttest.h — an http client, what it was answered, and a raw server that does as it is told. */
#ifndef CLIENTTEST_H
#define CLIENTTEST_H

#include "http/client.h"
#include "looptest.h"

/* One answer, kept. */
struct told {
	size_t n;
	struct http_answer last; /* its body and error are below */
	char body[8192];
	char error[512];
	char location[256];
	bool inside; /* set while the test is inside http_client_send */
	bool came_inside;
};

static inline void told(void *arg, const struct http_answer *a)
{
	struct told *t = arg;

	t->n++;
	t->last = *a;
	t->came_inside = t->came_inside || t->inside;
	snprintf(t->body, sizeof(t->body), "%.*s", (int)a->body.len, (const char *)a->body.at);
	snprintf(t->error, sizeof(t->error), "%s", a->error);
	snprintf(t->location, sizeof(t->location), "%s", a->location == NULL ? "" : a->location);
}

enum { PEERS = 64 };

/* How the raw server treats a request that came whole (its body ends in "END", a GET in an empty line). */
struct peers {
	struct raw_server server;
	struct raw peer[PEERS];
	bool used[PEERS];
	const char *reply;       /* NULL: none */
	bool close_at_once;      /* on accept */
	bool close_after;        /* behind the reply, or instead of it */
	size_t reply_only_first; /* after that many replies the connection is closed without one; 0: never */
	size_t requests;
	size_t open;
	size_t most_open;
	char last[65536]; /* the last request */
};

static inline void peer_close(struct raw *r)
{
	struct peers *p = r->arg;

	p->used[r - p->peer] = false;
	p->open--;
	raw_close(r);
}

static inline void peer_more(struct raw *r)
{
	struct peers *p = r->arg;
	const char *got = buf_cstr(&r->got);

	if (r->closed > 0) {
		peer_close(r);
		return;
	}
	if (strncmp(got, "GET ", 4) == 0 ? strstr(got, "\r\n\r\n") == NULL
	                                 : r->got.len < 3 || strcmp(got + r->got.len - 3, "END") != 0)
		return;
	p->requests++;
	snprintf(p->last, sizeof(p->last), "%s", got);
	buf_clear(&r->got);
	if (p->reply != NULL && (p->reply_only_first == 0 || p->requests <= p->reply_only_first))
		raw_send(r, p->reply);
	else if (p->reply_only_first > 0)
		peer_close(r);
	if (p->close_after)
		peer_close(r);
}

static inline void peer_come(void *arg, int fd)
{
	struct peers *p = arg;
	size_t i = 0;

	if (p->close_at_once) {
		close(fd);
		return;
	}
	while (i < PEERS && p->used[i])
		i++;
	if (i == PEERS) {
		close(fd);
		return;
	}
	p->used[i] = true;
	raw_adopt(&p->peer[i], p->server.loop, fd);
	p->peer[i].more = peer_more;
	p->peer[i].arg = p;
	if (++p->open > p->most_open)
		p->most_open = p->open;
}

/* A client, a raw server for it, and the URL. */
struct bench {
	struct loop *loop;
	struct http_client *client;
	struct peers peers;
	struct told told;
	char url[128];
};

static inline void bench_open(struct bench *b, const struct http_client_opts *opts)
{
	struct why why = { 0, "" };

	memset(b, 0, sizeof(*b));
	if (loop_open(&b->loop, &why) < 0)
		abort();
	raw_listen(&b->peers.server, b->loop, peer_come, &b->peers);
	snprintf(b->url, sizeof(b->url), "http://127.0.0.1:%u/x", b->peers.server.port);
	if (http_client_open(&b->client, b->loop, opts, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
}

static inline void bench_close(struct bench *b)
{
	http_client_free(b->client);
	for (int i = 0; i < PEERS; i++)
		if (b->peers.used[i])
			peer_close(&b->peers.peer[i]);
	raw_unlisten(&b->peers.server);
	loop_free(b->loop);
}

static inline int bench_send(struct bench *b, const struct http_request *r)
{
	int rc;

	b->told.inside = true;
	rc = http_client_send(b->client, r, told, &b->told);
	b->told.inside = false;
	return rc;
}

/* Sends and waits for the answer. */
static inline const struct http_answer *bench_ask(struct bench *b, const struct http_request *r)
{
	size_t n = b->told.n;

	if (bench_send(b, r) == 0)
		run_until_count(b->loop, &b->told.n, n + 1);
	return &b->told.last;
}

static inline const struct http_answer *bench_post(struct bench *b, const char *body)
{
	struct http_request r = { .url = b->url, .body = slice_text(body), .content_type = "text/plain" };

	return bench_ask(b, &r);
}

#define REPLY_202 "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

#endif
