/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client_parts.c — bodies of several pieces, and compressed ones. */
#include <config.h>

#include <dlfcn.h>
#include <zlib.h>

#include "clienttest.h"

static const struct http_client_opts plain = { .max_connections = 4 };

enum { MOST_PARTS = 64 };

/* A body in pieces that do not lie side by side, and what they are together. */
struct pieces {
	struct buf store;
	struct buf bytes;
	struct slice parts[MOST_PARTS];
	size_t n;
};

/* N pieces of LEN bytes, some empty ones between them, and "END". */
static void pieces_make(struct pieces *p, size_t n, size_t len)
{
	memset(p, 0, sizeof(*p));
	buf_reserve(&p->store, n * (len + 1));
	for (size_t i = 0; i < n; i++) {
		p->parts[p->n++] = slice_of(p->store.at + p->store.len, len);
		if (i % 3 == 0)
			p->parts[p->n++] = (struct slice){ 0 };
		for (size_t j = 0; j < len; j++)
			buf_byte(&p->store, (uint8_t)('a' + (i * len + j) * 7 % 23));
		buf_byte(&p->store, '#');
	}
	p->parts[p->n++] = slice_text("END");
	for (size_t i = 0; i < p->n; i++)
		buf_add(&p->bytes, p->parts[i].at, p->parts[i].len);
}

static void pieces_free(struct pieces *p)
{
	buf_free(&p->store);
	buf_free(&p->bytes);
}

/* Bytes of the last call that sent the head of a POST: of curl, which calls this definition. */
static size_t sent_with_head;

ssize_t send(int fd, const void *at, size_t len, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) =
	        (ssize_t(*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");

	if (len > 5 && memcmp(at, "POST ", 5) == 0)
		sent_with_head = len;
	return real(fd, at, len, flags);
}

/* The raw server keeps what came whole. */
static struct buf arrived;

static void keep_all(struct raw *r)
{
	if (r->got.len >= 3 && memcmp(r->got.at + r->got.len - 3, "END", 3) == 0) {
		buf_clear(&arrived);
		buf_add(&arrived, r->got.at, r->got.len);
	}
	peer_more(r);
}

static void come_kept(void *arg, int fd)
{
	struct peers *p = arg;

	peer_come(arg, fd);
	for (int i = 0; i < PEERS; i++)
		if (p->used[i])
			p->peer[i].more = keep_all;
}

static void open_kept(struct bench *b)
{
	bench_open(b, &plain);
	b->peers.server.come = come_kept;
	b->peers.reply = REPLY_202;
}

/* What came behind the head. */
static struct slice body_that_came(void)
{
	const char *all = buf_cstr(&arrived), *end = strstr(all, "\r\n\r\n");

	return end == NULL ? (struct slice){ 0 } : slice_of(end + 4, arrived.len - (size_t)(end + 4 - all));
}

static bool head_has(const char *text)
{
	const char *all = buf_cstr(&arrived), *end = strstr(all, "\r\n\r\n"), *found = strstr(all, text);

	return found != NULL && end != NULL && found < end;
}

static void is_plain_post(size_t len)
{
	char line[64];

	snprintf(line, sizeof(line), "\r\nContent-Length: %zu\r\n", len);
	ok(head_has(line), "its length is told: %zu", len);
	ok(!head_has("Expect") && !head_has("Transfer-Encoding"),
	        "nobody was asked for permission, nothing is chunked");
}

static void pieces_arrive_as_one_body(void)
{
	enum { SMALL = 64 << 10 };
	static const struct {
		size_t n, len;
	} cases[] = { { 1, 10 }, { 3, 10 }, { 40, 700 }, { 40, 30000 }, { 7, 65536 }, { 2, 1 << 20 } };
	struct bench b;

	open_kept(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_request r = { .url = b.url };
		struct pieces p;

		pieces_make(&p, cases[i].n, cases[i].len);
		r.parts = p.parts;
		r.nparts = p.n;
		ok(bench_ask(&b, &r)->status == 202, "%zu pieces of %zu bytes", cases[i].n, cases[i].len);
		ok(slice_same(body_that_came(), buf_slice(&p.bytes)), "each byte in its place");
		is_plain_post(p.bytes.len);
		ok(p.bytes.len < SMALL ? sent_with_head > p.bytes.len : sent_with_head < p.bytes.len, "%s the head",
		        p.bytes.len < SMALL ? "small: together with" : "behind");
		pieces_free(&p);
	}
	is_int(b.peers.server.accepted, 1, "all over one connection");
	bench_close(&b);
}

/* The handle of a request is used for the next one. */
static void one_kind_of_body_follows_another(void)
{
	struct slice two[] = { slice_text("two "), slice_text("END") }, one = slice_text("one END");
	struct http_request many, single, body, get, large;
	struct pieces p;
	struct bench b;

	open_kept(&b);
	pieces_make(&p, 3, 40000);
	large = (struct http_request){ .url = b.url, .parts = p.parts, .nparts = p.n };
	many = (struct http_request){ .url = b.url, .parts = two, .nparts = 2 };
	single = (struct http_request){ .url = b.url, .parts = &one, .nparts = 1 };
	body = (struct http_request){ .url = b.url, .body = slice_text("body END") };
	get = (struct http_request){ .url = b.url };
	for (int i = 0; i < 2; i++) {
		bench_ask(&b, &many);
		ok(slice_is(body_that_came(), "two END"), "two pieces");
		bench_ask(&b, &single);
		ok(slice_is(body_that_came(), "one END"), "one piece");
		bench_ask(&b, &large);
		ok(slice_same(body_that_came(), buf_slice(&p.bytes)), "large pieces");
		bench_ask(&b, &body);
		ok(slice_is(body_that_came(), "body END"), "a body");
		bench_ask(&b, &many);
		ok(slice_is(body_that_came(), "two END"), "two pieces");
		bench_ask(&b, &get);
		ok(strncmp(b.peers.last, "GET ", 4) == 0, "none is a GET");
		bench_ask(&b, &large);
		ok(slice_same(body_that_came(), buf_slice(&p.bytes)), "large pieces");
	}
	pieces_free(&p);
	bench_close(&b);
}

static void is_lost(const struct http_answer *a, const char *name)
{
	if (!ok(a->failure == HTTP_UNREACHABLE && a->fault == HTTP_BROKEN_OFF && a->was_sent, "%s", name))
		diag("failure %d, fault %d (%s), sent %d, status %d", a->failure, a->fault, a->error, a->was_sent,
		        a->status);
}

/* curl rewinds the pieces and would send them again over a new connection. */
static void pieces_are_sent_once(void)
{
	struct http_request r = { 0 };
	struct pieces p;
	struct bench b;

	open_kept(&b);
	pieces_make(&p, 3, 40000);
	b.peers.reply_only_first = 1;
	r.url = b.url;
	r.parts = p.parts;
	r.nparts = p.n;
	is_int(bench_ask(&b, &r)->status, 202, "the first is answered");
	is_lost(bench_ask(&b, &r), "the kept connection is closed under the second");
	is_text(b.told.error, "the server closed a kept connection before it answered", "which the error says");
	wait_ms(b.loop, 50);
	is_int(b.peers.requests, 2, "the second was not sent again");
	bench_close(&b);
	pieces_free(&p);
}

/* Answers as soon as anything came, and reads no more. */
static void refuse_early(struct raw *r)
{
	if (r->got.len == 0)
		return;
	watch_set(r->watch, 0);
	raw_send(r, "HTTP/1.1 413 Too large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	r->more = NULL;
}

static void come_refusing(void *arg, int fd)
{
	struct peers *p = arg;

	peer_come(arg, fd);
	for (int i = 0; i < PEERS; i++)
		if (p->used[i])
			p->peer[i].more = refuse_early;
}

static void an_early_refusal_ends_a_large_body(void)
{
	struct http_request r = { 0 };
	struct pieces p;
	struct bench b;

	bench_open(&b, &plain);
	b.peers.server.come = come_refusing;
	pieces_make(&p, 16, 1 << 20);
	r.url = b.url;
	r.parts = p.parts;
	r.nparts = p.n;
	is_int(bench_ask(&b, &r)->status, 413, "the answer counts before the body is through");
	bench_close(&b);
	pieces_free(&p);
}

/* The bytes that BODY was compressed from. */
static struct buf unzipped(struct slice body)
{
	z_stream z = { .next_in = (Bytef *)body.at, .avail_in = (uInt)body.len };
	struct buf out = { 0 };
	int rc = inflateInit2(&z, 15 + 16);

	while (rc == Z_OK) {
		z.next_out = buf_reserve(&out, 1 << 16);
		z.avail_out = 1 << 16;
		rc = inflate(&z, Z_NO_FLUSH);
		out.len += (1 << 16) - z.avail_out;
	}
	ok(rc == Z_STREAM_END && z.avail_in == 0, "a whole gzip stream and nothing behind it");
	inflateEnd(&z);
	return out;
}

struct gzip_peer {
	struct raw_server server;
	struct raw raw;
};

/* A request is whole by its Content-Length. */
static void gzip_more(struct raw *r)
{
	const char *length, *end;

	length = strstr(buf_cstr(&r->got), "Content-Length: ");
	end = strstr(buf_cstr(&r->got), "\r\n\r\n");
	if (length == NULL || end == NULL ||
	        (size_t)(end + 4 - (const char *)r->got.at) + strtoul(length + 16, NULL, 10) > r->got.len)
		return;
	buf_clear(&arrived);
	buf_add(&arrived, r->got.at, r->got.len);
	buf_clear(&r->got);
	raw_send(r, REPLY_202);
}

static void gzip_come(void *arg, int fd)
{
	struct gzip_peer *p = arg;

	raw_adopt(&p->raw, p->server.loop, fd);
	p->raw.more = gzip_more;
}

static void gzip_is(struct bench *b, struct http_request *r, struct slice whole, const char *name)
{
	struct buf got;

	r->gzip = true;
	is_int(bench_ask(b, r)->status, 202, name);
	ok(head_has("\r\nContent-Encoding: gzip\r\n"), "says so");
	ok(b->told.last.was_gzip, "the answer knows");
	is_plain_post(body_that_came().len);
	got = unzipped(body_that_came());
	ok(slice_same(buf_slice(&got), whole), "and is what it was compressed from");
	buf_free(&got);
}

static void bodies_are_compressed(void)
{
	struct gzip_peer peer = { 0 };
	struct http_request r = { 0 };
	struct pieces p, noise;
	struct bench b;
	uint32_t x = 1;

	bench_open(&b, &plain);
	raw_listen(&peer.server, b.loop, gzip_come, &peer);
	snprintf(b.url, sizeof(b.url), "http://127.0.0.1:%u/x", peer.server.port);
	pieces_make(&p, 40, 30000);
	r = (struct http_request){ .url = b.url, .parts = p.parts, .nparts = p.n };
	gzip_is(&b, &r, buf_slice(&p.bytes), "pieces");
	ok(body_that_came().len < p.bytes.len / 10, "and smaller");
	r = (struct http_request){ .url = b.url, .body = buf_slice(&p.bytes) };
	gzip_is(&b, &r, buf_slice(&p.bytes), "a body");
	r = (struct http_request){ .url = b.url, .body = slice_of("", 0) };
	gzip_is(&b, &r, slice_of("", 0), "nothing");
	pieces_make(&noise, 40, 30000);
	for (size_t i = 0; i < noise.bytes.len; i++) {
		x = x * 1664525 + 1013904223;
		noise.bytes.at[i] = (uint8_t)(x >> 24);
	}
	r = (struct http_request){ .url = b.url, .body = buf_slice(&noise.bytes) };
	gzip_is(&b, &r, buf_slice(&noise.bytes), "noise, which grows");
	r = (struct http_request){ .url = b.url, .body = slice_text("plain") };
	bench_ask(&b, &r);
	ok(slice_is(body_that_came(), "plain") && !head_has("Content-Encoding") && !b.told.last.was_gzip,
	        "the next one is plain again");
	http_client_free(b.client);
	b.client = NULL;
	raw_close(&peer.raw);
	raw_unlisten(&peer.server);
	bench_close(&b);
	pieces_free(&p);
	pieces_free(&noise);
}

int main(void)
{
	pieces_arrive_as_one_body();
	one_kind_of_body_follows_another();
	pieces_are_sent_once();
	an_early_refusal_ends_a_large_body();
	bodies_are_compressed();
	buf_free(&arrived);
	return tap_done();
}
