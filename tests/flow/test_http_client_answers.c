/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client_answers.c — answers that would cost memory, time or a wrong verdict if they were believed. */
#include <config.h>

#include <strings.h>
#include <zlib.h>

#include "clienttest.h"

static const struct http_client_opts plain = { .max_connections = 4 };

static bool names_header(const char *request, const char *name)
{
	for (const char *line = request; line != NULL; line = strstr(line, "\r\n")) {
		line += *line == '\r' ? 2 : 0;
		if (strncasecmp(line, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

static struct buf bomb; /* what 16 MiB of zeros are compressed to */

static void make_bomb(void)
{
	enum { ZEROS = 16 << 20 };
	z_stream z = { 0 };
	uint8_t *zeros = calloc(1, ZEROS);

	if (zeros == NULL || deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = zeros;
	z.avail_in = ZEROS;
	z.avail_out = (uInt)deflateBound(&z, ZEROS);
	z.next_out = buf_reserve(&bomb, z.avail_out);
	ok(deflate(&z, Z_FINISH) == Z_STREAM_END, "a bomb is made");
	bomb.len = z.total_out;
	deflateEnd(&z);
	free(zeros);
}

static void throw_bomb(struct raw *r)
{
	struct peers *p = r->arg;
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
	        bomb.len);
	p->reply = head;
	peer_more(r);
	p->reply = NULL;
	if (p->requests > 0 && send(r->fd, bomb.at, bomb.len, MSG_NOSIGNAL) != (ssize_t)bomb.len)
		diag("the bomb was not taken whole");
}

static void come_bombing(void *arg, int fd)
{
	struct peers *p = arg;

	peer_come(arg, fd);
	for (int i = 0; i < PEERS; i++)
		if (p->used[i])
			p->peer[i].more = throw_bomb;
}

/* No answer is asked to be compressed, and one that is all the same stays so. */
static void a_compressed_answer_is_not_unfolded(void)
{
	struct http_request r = { .body = slice_text("END"), .keep = 1 << 20 };
	const struct http_answer *a;
	struct bench b;

	make_bomb();
	bench_open(&b, &plain);
	b.peers.server.come = come_bombing;
	r.url = b.url;
	a = bench_ask(&b, &r);
	ok(a->status == 400 && a->whole && a->body.len == bomb.len, "its %zu bytes are kept as they came", bomb.len);
	ok(!names_header(b.peers.last, "Accept-Encoding:") && !names_header(b.peers.last, "TE:"),
	        "nothing compressed was asked for");
	bench_close(&b);
	buf_free(&bomb);
}

static void a_redirect_to_itself_is_not_followed(void)
{
	static const int statuses[] = { 301, 302, 303, 307, 308 };
	struct bench b;
	char reply[256];

	bench_open(&b, &plain);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		snprintf(reply, sizeof(reply), "HTTP/1.1 %d There\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		        statuses[i], b.url);
		b.peers.reply = reply;
		is_int(bench_post(&b, "END")->status, statuses[i], "the redirect is the answer");
		is_text(b.told.location, b.url, "and says where it leads");
	}
	b.peers.reply = REPLY_202;
	bench_post(&b, "END");
	is_text(b.told.location, "", "another answer leads nowhere");
	wait_ms(b.loop, 10);
	is_int(b.peers.requests, ARRAY_LEN(statuses) + 1, "each was asked for once");
	bench_close(&b);
}

/* The status counts where the head came whole; the next request gets its own answer, not a rest of this one. */
static void a_wrong_length_spoils_no_other_answer(void)
{
	static const struct {
		const char *reply;
		bool is_answer;
		bool close;
	} cases[] = {
		{ "HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno HTTP/1.1 202 Accepted\r\n\r\n", true, false },
		{ "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n", true, false },
		{ "HTTP/1.1 400 No\r\nContent-Length: 99\r\n\r\nshort", true, true },
		{ "HTTP/1.1 400 No\r\nContent-Length: 99999999999999999999\r\n\r\nno", true, true },
		{ "HTTP/1.1 400 No\r\nContent-Length: -1\r\n\r\nno", false, true },
		{ "HTTP/1.1 400 No\r\nContent-Length: two\r\n\r\nno", false, true },
	};
	struct bench b;

	bench_open(&b, &plain);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_answer *a;

		b.peers.reply = cases[i].reply;
		b.peers.close_after = cases[i].close;
		a = bench_post(&b, "END");
		ok(a->failure == (cases[i].is_answer ? HTTP_ANSWERED : HTTP_MISCONFIGURED) &&
		                a->status == (cases[i].is_answer ? 400 : 0),
		        "wrong length %zu: failure %d, status %d, %s", i, a->failure, a->status, a->error);
		b.peers.close_after = false;
		b.peers.reply = "HTTP/1.1 204 Good\r\n\r\n";
		is_int(bench_post(&b, "END")->status, 204, "the next has its own answer");
	}
	bench_close(&b);
}

/* Sends small header lines for as long as the connection stands. */
struct header_flood {
	struct peers *peers;
	size_t bytes;
};

static void on_turn(void *arg)
{
	static const char line[] = "X-Filler: abcdefghijklmnopqrstuvwxyz\r\n";
	struct header_flood *f = arg;
	struct peers *p = f->peers;
	char piece[100 * (sizeof(line) - 1)];

	for (size_t i = 0; i < 100; i++)
		memcpy(piece + i * (sizeof(line) - 1), line, sizeof(line) - 1);
	for (int i = 0; i < PEERS && p->requests > 0; i++)
		if (p->used[i]) {
			ssize_t n = send(p->peer[i].fd, piece, sizeof(piece), MSG_NOSIGNAL);

			f->bytes += n > 0 ? (size_t)n : 0;
		}
}

static void a_head_without_end_is_cut(void)
{
	struct http_request r = { .body = slice_text("END"), .total_ms = 20000 };
	struct header_flood flood = { 0 };
	struct turn_hook *hook;
	struct bench b;

	bench_open(&b, &plain);
	flood.peers = &b.peers;
	if (turn_hook_open(&hook, b.loop, on_turn, &flood) < 0)
		abort();
	b.peers.reply = "HTTP/1.1 200 OK\r\n";
	r.url = b.url;
	bench_ask(&b, &r);
	ok(b.told.last.failure != HTTP_ANSWERED && b.told.last.fault != HTTP_TIMED_OUT,
	        "lines without end are no answer: %s", b.told.error);
	ok(flood.bytes < 32u << 20, "and are not read for ever (%zu bytes went out)", flood.bytes);
	turn_hook_free(hook);
	bench_close(&b);
}

int main(void)
{
	a_compressed_answer_is_not_unfolded();
	a_redirect_to_itself_is_not_followed();
	a_wrong_length_spoils_no_other_answer();
	a_head_without_end_is_cut();
	return tap_done();
}
