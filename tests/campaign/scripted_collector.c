/* SPDX-License-Identifier: Apache-2.0 */
/* scripted_collector.c — connections, requests with a Content-Length, and the bytes of each shape of answer. */
#include <config.h>

#include <strings.h>
#include <zlib.h>

#include "scripted_collector.h"

enum { RESPONSE_BYTE_MS = 20, EXTRA = 50 };

static const char another[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

const char *scripted_shape_text(enum scripted_shape s)
{
	static const char *const texts[] = {
#define X(name, text) [name] = (text),
		SCRIPTED_SHAPES(X)
#undef X
	};

	return texts[s];
}

/* ---- the end of a connection ---- */

static void reset_connections(struct scripted_connection *c)
{
	timer_free(c->slowly);
	c->slowly = NULL;
	raw_close(&c->raw);
	buf_free(&c->answer);
	c->collector = NULL;
}

static void reset(struct scripted_connection *c)
{
	struct linger at_once = { 1, 0 };

	setsockopt(c->raw.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	reset_connections(c);
}

/* ---- answers ---- */

/* What 16 MiB of zeros are compressed to; made once. */
static struct slice bomb(void)
{
	enum { ZEROS = 16 << 20 };
	static struct buf b;
	z_stream z = { 0 };
	uint8_t *zeros;

	if (b.len > 0)
		return buf_slice(&b);
	zeros = calloc(1, ZEROS);
	if (zeros == NULL || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(99);
	z.next_in = zeros;
	z.avail_in = ZEROS;
	z.avail_out = (uInt)deflateBound(&z, ZEROS);
	z.next_out = buf_reserve(&b, z.avail_out);
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		exit(99);
	b.len = z.total_out;
	deflateEnd(&z);
	free(zeros);
	return buf_slice(&b);
}

/* Header lines on the body's length, and the body. */
static void write_body(struct buf *b, enum scripted_shape shape, const char *text)
{
	struct slice zeros;
	size_t len = strlen(text);

	switch (shape) {
	case SCHEMA_LENGTH_LONG:
	case SCHEMA_CUT_BODY:
		buf_printf(b, "Content-Length: %zu\r\n\r\n%s", len + EXTRA, text);
		break;
	case SCHEMA_LENGTH_SHORT:
		buf_printf(b, "Content-Length: %zu\r\n\r\n%s%s", len, text, another);
		break;
	case SCHEMA_LENGTH_NEGATIVE:
		buf_printf(b, "Content-Length: -1\r\n\r\n%s", text);
		break;
	case SCHEMA_LENGTH_WORD:
		buf_printf(b, "Content-Length: two\r\n\r\n%s", text);
		break;
	case SCHEMA_LENGTH_HUGE:
		buf_printf(b, "Content-Length: 99999999999999999999\r\n\r\n%s", text);
		break;
	case SCHEMA_CHUNKS_JUNK:
		buf_printf(b, "Transfer-Encoding: chunked\r\n\r\nzz;%s\r\n%s", text, another);
		break;
	case SCHEMA_CHUNKS_CUT:
		buf_printf(b, "Transfer-Encoding: chunked\r\n\r\nffff\r\n%s", text);
		break;
	case SCHEMA_BOMB:
		zeros = bomb();
		buf_printf(b, "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", zeros.len);
		buf_add(b, zeros.at, zeros.len);
		break;
	default:
		buf_printf(b, "Content-Length: %zu\r\n\r\n%s", len, text);
	}
}

static bool has_no_body(int status)
{
	return status < 200 || status == 204 || status == 304;
}

/* The connection ends with the answer, where that is not reset. */
static bool closes_after(const struct scripted_answer *a)
{
	switch (a->shape) {
	case SCHEMA_PLAIN:
	case SCHEMA_INTERIM:
	case SCHEMA_LENGTH_SHORT:
	case SCHEMA_BOMB:
	case SCHEMA_REDIRECT:
		return a->status < 200; /* the final answer never comes */
	default:
		return true;
	}
}

static void write_answer(struct scripted_connection *c, const struct scripted_answer *a)
{
	struct buf *b = &c->answer;

	buf_clear(b);
	if (a->shape == SCHEMA_NOT_HTTP) {
		buf_text(b, "SSH-2.0-OpenSSH_9.2p1\r\n");
		return;
	}
	for (int i = 0; a->shape == SCHEMA_INTERIM && i < 3; i++)
		buf_text(b, "HTTP/1.1 100 Continue\r\n\r\n");
	buf_printf(b, "HTTP/1.1 %d As Told\r\n", a->status);
	if (a->shape == SCHEMA_CUT_HEAD)
		return;
	if (a->retry_after != NULL)
		buf_printf(b, "Retry-After: %s\r\n", a->retry_after);
	/* Without a body its length says nothing of the end: a closed connection would pass for a kept one. */
	if (a->shape == SCHEMA_CLOSING || (has_no_body(a->status) && closes_after(a)))
		buf_text(b, "Connection: close\r\n");
	if (a->shape == SCHEMA_REDIRECT)
		buf_printf(b, "Location: http://127.0.0.1:%u/\r\n", c->collector->server.port);
	if (has_no_body(a->status))
		buf_text(b, "\r\n");
	else
		write_body(b, a->shape, a->text == NULL ? "" : a->text);
}

static bool send_bytes(struct scripted_connection *c, size_t n)
{
	ssize_t sent = send(c->raw.fd, c->answer.at + c->sent, n, MSG_NOSIGNAL);

	c->sent += sent > 0 ? (size_t)sent : 0;
	return sent == (ssize_t)n;
}

static void on_slowly(void *arg)
{
	struct scripted_connection *c = arg;

	if (c->sent < c->answer.len && send_bytes(c, 1))
		timer_start(c->slowly, RESPONSE_BYTE_MS);
}

static void give_answer(struct scripted_connection *c, const struct scripted_answer *a)
{
	write_answer(c, a);
	c->sent = 0;
	if (a->shape == SCHEMA_NONE) {
		reset_connections(c);
		return;
	}
	if (a->shape == SCHEMA_SLOW) {
		if (c->slowly == NULL && timer_open(&c->slowly, c->raw.loop, on_slowly, c) < 0)
			exit(99);
		timer_start(c->slowly, RESPONSE_BYTE_MS);
		return;
	}
	send_bytes(c, c->answer.len);
	if (a->shape == SCHEMA_CUT_HEAD || a->shape == SCHEMA_CUT_BODY)
		reset(c);
	else if (closes_after(a))
		reset_connections(c);
}

/* ---- requests ---- */

static void wrong(struct scripted_collector *s, const char *what, const char *head)
{
	if (s->wrong[0] == '\0')
		snprintf(s->wrong, sizeof(s->wrong), "%s: %.100s", what, head);
}

/* The number behind a header's NAME ("\r\nContent-Length:"), -1 without one. */
static long header_number(const char *head, const char *name)
{
	const char *at = strcasestr(head, name);

	return at == NULL ? -1 : strtol(at + strlen(name), NULL, 10);
}

static void serve(struct scripted_connection *c, char *head, const char *body, size_t len)
{
	const struct scripted_events *e = &c->collector->events;
	struct scripted_request r = { head, slice_of(body, len) };
	struct scripted_answer to = { .status = 202 };

	if (strncmp(head, "POST /", 6) != 0)
		wrong(c->collector, "no POST", head);
	e->decide(e->arg, &r, &to);
	give_answer(c, &to);
}

static void on_bytes(struct raw *raw)
{
	struct scripted_connection *c = container_of(raw, struct scripted_connection, raw);
	const struct scripted_events *e = &c->collector->events;
	char *text = strdup(buf_cstr(&raw->got)), *end = strstr(text, "\r\n\r\n");
	size_t head_len = end == NULL ? 0 : (size_t)(end - text) + 4;
	long body_len;

	if (end != NULL) {
		struct scripted_request r = { text, { 0 } };
		bool is_first = !c->head_seen;

		*end = '\0';
		c->head_seen = true;
		body_len = header_number(text, "\r\nContent-Length:");
		if (body_len < 0)
			wrong(c->collector, "no Content-Length", text);
		if (is_first && e->cuts != NULL && e->cuts(e->arg, &r)) {
			reset(c);
		} else if (raw->got.len - head_len > (size_t)body_len) {
			wrong(c->collector, "more than the Content-Length says", text);
			reset_connections(c);
		} else if (raw->got.len - head_len == (size_t)body_len) {
			struct buf got = raw->got;

			raw->got = (struct buf){ 0 };
			c->head_seen = false;
			serve(c, text, (const char *)got.at + head_len, (size_t)body_len);
			buf_free(&got);
		}
	}
	free(text);
	if (c->collector != NULL && raw->closed > 0)
		reset_connections(c);
}

void scripted_adopt(struct scripted_collector *s, int fd)
{
	size_t i = 0;

	while (i < SCRIPTED_CONNECTIONS && s->connections[i].collector != NULL)
		i++;
	if (i == SCRIPTED_CONNECTIONS) {
		wrong(s, "too many connections", "");
		close(fd);
		return;
	}
	s->connections[i] = (struct scripted_connection){ .collector = s };
	raw_adopt(&s->connections[i].raw, s->server.loop, fd);
	s->connections[i].raw.more = on_bytes;
}

static void on_come(void *arg, int fd)
{
	scripted_adopt(arg, fd);
}

void scripted_open(struct scripted_collector *s, struct loop *l, const struct scripted_events *events)
{
	*s = (struct scripted_collector){ .events = *events };
	raw_listen(&s->server, l, on_come, s);
}

void scripted_open_at(struct scripted_collector *s, struct loop *l, unsigned host, uint16_t port,
        const struct scripted_events *events)
{
	*s = (struct scripted_collector){ .events = *events };
	raw_listen_at(&s->server, l, host, port, on_come, s);
}

void scripted_close(struct scripted_collector *s)
{
	for (size_t i = 0; i < SCRIPTED_CONNECTIONS; i++)
		if (s->connections[i].collector != NULL)
			reset_connections(&s->connections[i]);
	raw_unlisten(&s->server);
}
