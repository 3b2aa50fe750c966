/* SPDX-License-Identifier: Apache-2.0 */
/* bench_http.c — what a POST costs the client: batches to a stub collector in another process, many in flight
 * and one at a time, over kept connections and over a new one each, whole, in pieces and compressed. Beside
 * each way to connect a floor: the same bytes by writev and recv over a socket that blocks.
 *
 *   bench_http [ROW…]    rows by their number, all without one */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "batchmake.h"
#include "base/clock.h"
#include "http/client.h"
#include "mockproc.h"

enum { PIECE_BYTES = 860, MOST_PIECES = 2048 };

static const struct row {
	const char *name;
	size_t in_flight; /* 0: the floor */
	size_t posts;
	uint32_t spans;
	bool close_each, pieces, gzip;
} rows[] = {
	{ "10 spans, 64 in flight", 64, 100000, 10, false, false, false },
	{ "10 spans, 1 in flight", 1, 50000, 10, false, false, false },
	{ "10 spans, 64 in flight, close", 64, 20000, 10, true, false, false },
	{ "30 kB, floor", 0, 20000, 350, false, false, false },
	{ "30 kB, 8 in flight", 8, 20000, 350, false, false, false },
	{ "30 kB in pieces, 8 in flight", 8, 20000, 350, false, true, false },
	{ "30 kB in pieces, gzip", 8, 5000, 350, false, true, true },
	{ "30 kB, floor, close", 0, 10000, 350, true, false, false },
	{ "30 kB, 8 in flight, close", 8, 10000, 350, true, false, false },
	{ "30 kB in pieces, 8 in fl., close", 8, 10000, 350, true, true, false },
	{ "1 MB, floor", 0, 2000, 12000, false, false, false },
	{ "1 MB in pieces, 8 in flight", 8, 2000, 12000, false, true, false },
	{ "1 MB in pieces, 8 in fl., close", 8, 2000, 12000, true, true, false },
};

struct load {
	struct loop *loop;
	struct http_client *client;
	struct http_request r;
	size_t want;
	size_t sent;
	size_t answered;
	size_t good;
};

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* ---- the client ---- */

static void on_answer(void *arg, const struct http_answer *a);

static void send_one(struct load *l)
{
	if (l->sent == l->want)
		return;
	l->sent++;
	if (http_client_send(l->client, &l->r, on_answer, l) < 0)
		abort();
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct load *l = arg;

	l->answered++;
	l->good += a->status == 202;
	send_one(l);
	if (l->answered == l->want)
		loop_stop(l->loop);
}

/* How many were answered 202. */
static size_t run_client(const struct row *row, const char *url, struct slice body)
{
	struct http_client_opts opts = { .max_connections = row->in_flight };
	static struct slice pieces[MOST_PIECES];
	struct load l = { .want = row->posts };
	struct why why;

	l.r = (struct http_request){
		.url = url, .body = body, .content_type = "application/x-thrift", .gzip = row->gzip
	};
	for (size_t at = 0; row->pieces && at < body.len; at += PIECE_BYTES)
		pieces[l.r.nparts++] = slice_of(body.at + at, min_u64(PIECE_BYTES, body.len - at));
	l.r.parts = pieces;
	if (loop_open(&l.loop, &why) < 0 || http_client_open(&l.client, l.loop, &opts, &why) < 0)
		abort();
	for (size_t i = 0; i < row->in_flight; i++)
		send_one(&l);
	loop_run(l.loop);
	http_client_free(l.client);
	loop_free(l.loop);
	return l.good;
}

/* ---- the floor ---- */

static int floor_connect(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		abort();
	return fd;
}

/* The head of the answer, which has no body, is taken to come whole. */
static bool floor_post(int fd, struct slice head, struct slice body)
{
	struct iovec v[2] = { { (void *)head.at, head.len }, { (void *)body.at, body.len } };
	char answer[4096];
	ssize_t n;

	if (writev(fd, v, 2) != (ssize_t)(head.len + body.len))
		abort();
	n = recv(fd, answer, sizeof(answer), 0);
	return n > 12 && memcmp(answer + 9, "202", 3) == 0;
}

static size_t run_floor(const struct row *row, const char *url, struct slice body)
{
	uint16_t port = (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10);
	struct buf head = { 0 };
	size_t good = 0;
	int fd = -1;

	buf_printf(&head,
	        "POST /api/traces?format=jaeger.thrift HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
	        "Content-Type: application/x-thrift\r\nContent-Length: %zu\r\n\r\n",
	        (unsigned)port, body.len);
	for (size_t i = 0; i < row->posts; i++) {
		if (fd < 0)
			fd = floor_connect(port);
		good += floor_post(fd, buf_slice(&head), body);
		if (row->close_each) {
			close(fd);
			fd = -1;
		}
	}
	if (fd >= 0)
		close(fd);
	buf_free(&head);
	return good;
}

/* False when not all were answered 202. */
static bool measure(const struct row *row)
{
	struct buf body = { 0 };
	struct mockproc stub;
	double cpu, wall;
	size_t good;
	char url[1200];

	mockproc_start_program(&stub, "stubcollector", row->close_each ? "--close-each" : NULL);
	batchmake(&body, "a-service-of-usual-name", 1, 1, row->spans);
	snprintf(url, sizeof(url), "%s/api/traces?format=jaeger.thrift", stub.brokers);
	cpu = cpu_seconds();
	wall = (double)clock_mono_us();
	good = row->in_flight == 0 ? run_floor(row, url, buf_slice(&body)) : run_client(row, url, buf_slice(&body));
	cpu = cpu_seconds() - cpu;
	wall = ((double)clock_mono_us() - wall) / 1e6;
	if (good != row->posts)
		printf("%zu of %zu were not answered 202:\n", row->posts - good, row->posts);
	printf("%2d %-34s %8zu %10.0f %14.0f %10.1f\n", (int)(row - rows), row->name, row->posts,
	        (double)row->posts / wall, (double)row->posts / cpu, cpu / (double)row->posts * 1e6);
	fflush(stdout);
	mockproc_stop(&stub);
	buf_free(&body);
	return good == row->posts;
}

int main(int argc, char **argv)
{
	bool good = true;

	printf("%-37s %8s %10s %14s %10s\n", "client", "posts", "per s", "per core-s", "us each");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool wanted = argc < 2;

		for (int a = 1; a < argc; a++)
			wanted = wanted || strtoul(argv[a], NULL, 10) == i;
		if (wanted)
			good = measure(&rows[i]) && good;
	}
	if (!good)
		puts("not all were answered 202");
	return good ? 0 : 1;
}
