/* SPDX-License-Identifier: Apache-2.0 */
/* looptest.h — runs a loop until something is so, and talks raw bytes over TCP. Nothing sleeps: a test
 * waits for its condition, and gives up after half a minute with a failed line. */
#ifndef LOOPTEST_H
#define LOOPTEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "loop/loop.h"
#include "tap.h"
#include "wait.h"

enum { GIVE_UP_S = 30 };

/* True when it became so. */
static inline bool run_until(struct loop *l, bool (*so)(void *arg), void *arg)
{
	bool met = wait_until(l, so, arg, GIVE_UP_S);

	if (!met)
		diag("gave up waiting after %d s", GIVE_UP_S);
	return met;
}

struct at_least {
	const size_t *counter;
	size_t want;
};

static inline bool at_least_so(void *arg)
{
	struct at_least *a = arg;

	return *a->counter >= a->want;
}

static inline bool run_until_count(struct loop *l, const size_t *counter, size_t want)
{
	struct at_least a = { counter, want };

	return run_until(l, at_least_so, &a);
}

static inline void count_turn(void *turns)
{
	++*(size_t *)turns;
}

/* How often the loop turns while it is left alone for MS; a few times a millisecond is rest, thousands
 * are a spin. */
static inline size_t turns_in(struct loop *l, unsigned ms)
{
	struct turn_hook *hook;
	size_t turns = 0;

	if (turn_hook_open(&hook, l, count_turn, &turns) < 0)
		abort();
	wait_ms(l, ms);
	turn_hook_free(hook);
	return turns;
}

/* ---- a raw client ---- */

struct raw {
	struct loop *loop;
	struct watch *watch;
	int fd;
	struct buf got;
	size_t closed;               /* 1 when the other side has closed */
	void (*more)(struct raw *r); /* called after each read, NULL none */
	void *arg;
};

static inline void raw_ready(void *arg, int events)
{
	struct raw *r = arg;
	char piece[65536];
	ssize_t n = recv(r->fd, piece, sizeof(piece), 0);

	(void)events;
	if (n > 0) {
		buf_add(&r->got, piece, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		r->closed = 1;
		watch_set(r->watch, 0);
	}
	if (r->more != NULL)
		r->more(r);
}

static inline void raw_adopt(struct raw *r, struct loop *l, int fd)
{
	*r = (struct raw){ .loop = l, .fd = fd };
	if (watch_open(&r->watch, l, fd, raw_ready, r) < 0)
		abort();
	watch_set(r->watch, WATCH_READ);
}

/* False when nobody listens on PORT of 127.0.0.1. */
static inline bool raw_connect(struct raw *r, struct loop *l, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(fd);
		*r = (struct raw){ .fd = -1 };
		return false;
	}
	raw_adopt(r, l, fd);
	return true;
}

static inline void raw_send(struct raw *r, const char *text)
{
	size_t len = strlen(text);

	if (send(r->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		diag("raw_send: not all was taken");
}

static inline void raw_close(struct raw *r)
{
	watch_free(r->watch);
	if (r->fd >= 0)
		close(r->fd);
	buf_free(&r->got);
	*r = (struct raw){ .fd = -1 };
}

struct raw_text {
	struct raw *r;
	const char *text;
};

static inline bool raw_text_so(void *arg)
{
	struct raw_text *t = arg;

	return strstr(buf_cstr(&t->r->got), t->text) != NULL;
}

static inline bool raw_wait(struct raw *r, const char *text)
{
	struct raw_text t = { r, text };

	return run_until(r->loop, raw_text_so, &t);
}

static inline bool raw_wait_closed(struct raw *r)
{
	return run_until_count(r->loop, &r->closed, 1);
}

/* ---- a raw server: tells of each connection ---- */

struct raw_server {
	struct loop *loop;
	struct watch *watch;
	int fd;
	uint16_t port;
	void (*come)(void *arg, int fd); /* the connection is the callee's */
	void *arg;
	size_t accepted;
};

static inline void raw_server_ready(void *arg, int events)
{
	struct raw_server *s = arg;
	int fd = accept(s->fd, NULL, NULL);

	(void)events;
	if (fd < 0)
		return;
	s->accepted++;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	s->come(s->arg, fd);
}

/* At address 127.0.0.HOST, and PORT, 0 for a free one. */
static inline void raw_listen_at(
        struct raw_server *s, struct loop *l, unsigned host, uint16_t port, void (*come)(void *arg, int fd), void *arg)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t len = sizeof(sa);

	*s = (struct raw_server){ .loop = l, .come = come, .arg = arg };
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(s->fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(s->fd, 64) < 0 ||
	        getsockname(s->fd, (struct sockaddr *)&sa, &len) < 0 ||
	        watch_open(&s->watch, l, s->fd, raw_server_ready, s) < 0)
		abort();
	s->port = ntohs(sa.sin_port);
	watch_set(s->watch, WATCH_READ);
}

static inline void raw_listen(struct raw_server *s, struct loop *l, void (*come)(void *arg, int fd), void *arg)
{
	raw_listen_at(s, l, 1, 0, come, arg);
}

static inline void raw_unlisten(struct raw_server *s)
{
	watch_free(s->watch);
	close(s->fd);
}

#endif
