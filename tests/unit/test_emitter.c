/* SPDX-License-Identifier: Apache-2.0 */
/* test_emitter.c — an emitter and a socket of the test's own; the clock is in the test's hand. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testkit/emitter.h"
#include "testkit/ports.h"
#include "testkit/tally.h"
#include "tap.h"

enum { RUN = 99, ROOM = 65536 };

/* A bound socket, as an agent would have it; PORT 0 takes a free one. */
static int listen_at(uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), bytes = 4 << 20;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		abort();
	*port = ntohs(at.sin_port);
	return fd;
}

/* Notes in a tally what went out and what came back. */
static void on_sent(void *arg, uint64_t first, uint64_t count)
{
	if (tally_sent(arg, first, count) < 0)
		abort();
}

static void on_refused(void *arg, uint64_t first, uint64_t count)
{
	tally_unsent(arg, first, count);
}

static struct emitter_opts to_port(uint16_t port, struct tally *t)
{
	struct emitter_opts o = {
		.ntargets = 1,
		.service = "test",
		.run = RUN,
		.first = 1,
		.spans = 100,
		.batch = 10,
		.sent = on_sent,
		.refused = on_refused,
		.arg = t,
	};

	o.targets[0].at = (struct hostport){ "127.0.0.1", port };
	return o;
}

static struct tally *fresh_tally(void)
{
	struct tally *t;

	if (tally_open(&t, RUN) < 0)
		abort();
	return t;
}

static struct emitter *open_emitter(const struct emitter_opts *o)
{
	struct emitter *e;
	struct why why;

	if (emitter_open(&e, o, &why) < 0) {
		printf("Bail out! %s\n", why.text);
		exit(1);
	}
	return e;
}

/* Runs E to its end, each wait passing at once. Returns the moment of the end. */
static uint64_t run(struct emitter *e, uint64_t now)
{
	uint64_t wait;

	while ((wait = emitter_step(e, now)) != EMITTER_OVER)
		now += wait;
	emitter_count_refused(e);
	return now;
}

/* Datagrams waiting in FD; the spans that each begins with go to FIRSTS. */
static int read_all(int fd, const struct numbered_spans *n, uint64_t *firsts, int cap)
{
	uint8_t room[ROOM];
	ssize_t len;
	int got = 0;

	while ((len = recv(fd, room, sizeof(room), 0)) >= 0 && got < cap)
		if (numbered_spans_first(n, slice_of(room, (size_t)len), &firsts[got]))
			got++;
	return got;
}

static void every_span_has_its_own_number(void)
{
	struct tally *t = fresh_tally();
	uint16_t port = 0;
	int fd = listen_at(&port);
	struct emitter_opts o = to_port(port, t);
	struct numbered_spans_opts whole = { NUMBERED_COMPACT, "test", RUN, 10, 0 };
	struct emitter *e;
	struct numbered_spans *n;
	struct why why;
	uint64_t firsts[16];

	o.spans = 57;
	e = open_emitter(&o);
	run(e, 1000);
	if (numbered_spans_open(&n, &whole, &why) < 0)
		abort();
	is_int(read_all(fd, n, firsts, 16), 6, "57 spans are 6 datagrams");
	ok(firsts[0] == 1 && firsts[1] == 11 && firsts[5] == 51, "they begin at 1, 11, … 51");
	is_int(emitter_stats(e)->spans, 57, "the summary says 57");
	is_int(emitter_stats(e)->end, 58, "and 58 would be next");
	is_int(tally_total(t).sent, 57, "the owner heard of each");
	numbered_spans_free(n);
	emitter_free(e);
	tally_free(t);
	close(fd);
}

static void the_rate_is_kept(void)
{
	struct tally *t = fresh_tally();
	uint16_t port = 0;
	int fd = listen_at(&port);
	struct emitter_opts o = to_port(port, t);
	struct emitter *e;

	o.spans = 500;
	o.rate = 1000;
	e = open_emitter(&o);
	is_int(run(e, 1000) / 1000, 491, "the last of 500 spans is due after 490 ms at 1,000 a second");
	emitter_free(e);
	o.spans = 0;
	o.duration_us = 2 * US_PER_S;
	e = open_emitter(&o);
	run(e, 1000);
	is_int(emitter_stats(e)->spans, 2000, "two seconds are 2,000 spans");
	emitter_free(e);
	tally_free(t);
	close(fd);
}

static void what_nobody_took_is_known_by_number(void)
{
	struct tally *t = fresh_tally();
	uint16_t port;
	struct emitter_opts o;
	struct emitter *e;

	if (ports_free(PORTS_UDP, &port) < 0)
		abort();
	o = to_port(port, t);
	o.spans = 5003;
	e = open_emitter(&o);
	run(e, 1000);
	is_int(emitter_stats(e)->refused_spans, 5003, "all 5,003 spans came back");
	is_int(emitter_stats(e)->refused_datagrams, 501, "in 501 datagrams, the shorter one too");
	is_int(emitter_stats(e)->spans, 0, "none counts as sent");
	is_int(emitter_stats(e)->bytes, 0, "no byte either");
	is_int(tally_total(t).sent, 0, "the owner knows which");
	is_int(tally_strays(t), 0, "and nothing else was taken back");
	emitter_free(e);
	tally_free(t);
}

static void an_agent_that_comes_late_gets_the_rest(void)
{
	struct tally *t = fresh_tally();
	uint16_t port;
	struct emitter_opts o;
	struct emitter *e;
	uint64_t now = 1000;
	int fd;

	if (ports_free(PORTS_UDP, &port) < 0)
		abort();
	o = to_port(port, t);
	o.ntargets = 2;
	o.targets[1] = o.targets[0];
	o.targets[1].protocol = NUMBERED_BINARY;
	o.spans = 1000;
	o.rate = 10000;
	e = open_emitter(&o);
	while (emitter_stats(e)->end < 501)
		now += emitter_step(e, now);
	fd = listen_at(&port);
	run(e, now);
	is_int(emitter_stats(e)->refused_spans, 500, "the first half was sent to nobody");
	is_int(emitter_stats(e)->spans, 500, "the second half went out");
	is_int(tally_range(t, 1, 501).sent, 0, "the numbers say the same: 1 to 500 refused");
	is_int(tally_range(t, 501, 1001).sent, 500, "501 to 1000 sent");
	emitter_free(e);
	tally_free(t);
	close(fd);
}

static void a_name_that_is_none_is_said(void)
{
	struct emitter_opts o = to_port(1, NULL);
	struct emitter *e;
	struct why why;

	o.targets[0].at = (struct hostport){ "no such host", 6831 };
	is_int(emitter_open(&e, &o, &why), E_USAGE, "a host that is none");
	ok(strstr(why.text, "no such host port 6831: ") != NULL, "is named: %s", why.text);
	o = to_port(1, NULL);
	o.batch = 400;
	is_int(emitter_open(&e, &o, &why), E_TOO_LARGE, "a datagram that is too large");
	diag("%s", why.text);
}

int main(void)
{
	every_span_has_its_own_number();
	the_rate_is_kept();
	what_nobody_took_is_known_by_number();
	an_agent_that_comes_late_gets_the_rest();
	a_name_that_is_none_is_said();
	return tap_done();
}
