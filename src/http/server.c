/* SPDX-License-Identifier: Apache-2.0 */
/* server.c — the door to libmicrohttpd: connections come in here, and none stays for ever.
 *
 *   kernel ──door──► accept, counted ──► daemon ◄──work── its epoll descriptor is readable
 *                                          ▲ └─soon──── or it asked to run again
 *                                          └── reaper: whose time is up is shut down, which the
 *                                              daemon sees as an end of input
 *
 * At max_connections a connection at the door takes the place of the one that is idle the longest: clients
 * that keep connections open, or never finish a request, cannot lock out a probe.
 *
 * One run of the daemon asks the routes for at most ANSWERS_A_RUN answers, whatever the clients have pipelined: the
 * requests beyond that are deferred to the next turn of the loop, in the order in which they came.
 *
 * The daemon never accepts by itself: with its descriptors used up it would spin, here the door
 * rests for a moment instead. */
#include <config.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "policy/descriptor_share.h"
#include "base/descriptors.h"
#include "listen.h"
#include "base/log.h"
#include "server_internal.h"

enum {
	MAX_BODY = 64 << 10,
	MAX_CONNECTIONS = 64,
	REQUEST_MS = 10000,
	IDLE_MS = 300000,
	REAP_MS = 500,
	ACCEPTS_A_TURN = 32,
	ANSWERS_A_RUN = 8,     /* a page is rendered in up to a millisecond; spans wait meanwhile */
	POOL_BYTES = 32 << 10, /* of a connection; bounds the size of a request's head */
};

#define TELL_US (60 * US_PER_S) /* between two log lines about the lack of a descriptor */

static void on_door(void *arg, int events);
static void on_work(void *arg, int events);
static void on_soon(void *arg);
static void on_reap(void *arg);
static void on_line(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_ConnectionNotificationCode code);

static int start_daemon(struct http_server *s, struct why *why)
{
	const union MHD_DaemonInfo *info;

	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
	        request_come, s, MHD_OPTION_NOTIFY_CONNECTION, on_line, s, MHD_OPTION_NOTIFY_COMPLETED, request_gone, s,
	        MHD_OPTION_CONNECTION_LIMIT, s->opts.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (s->daemon == NULL)
		return why_set(why, E_IO, "http server: the library does not start");
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0)
		return why_set(why, E_IO, "http server: the library has no epoll");
	if (watch_open(&s->work, s->loop, info->epoll_fd, on_work, s) < 0)
		return why_set(why, E_NOMEM, "http server");
	watch_set(s->work, WATCH_READ);
	return 0;
}

static void take_defaults(struct http_server_opts *o)
{
	uint64_t most = descriptor_share(descriptors_limit(), DESCRIPTORS_SERVER, MAX_CONNECTIONS);

	o->max_body = o->max_body == 0 ? MAX_BODY : o->max_body;
	o->max_connections = o->max_connections == 0 ? (unsigned)most : o->max_connections;
	o->request_ms = o->request_ms == 0 ? REQUEST_MS : o->request_ms;
	o->idle_ms = o->idle_ms == 0 ? IDLE_MS : o->idle_ms;
}

int http_server_open(struct http_server **out, struct loop *l, const struct http_server_opts *opts, struct why *why)
{
	struct http_server *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return why_set(why, E_NOMEM, "http server");
	s->opts = *opts;
	take_defaults(&s->opts);
	s->loop = l;
	s->fd = -1;
	list_init(&s->lines);
	list_init(&s->waiting);
	list_init(&s->deferred);

	rc = listen_on(&opts->at, &s->fd, &s->port, why);
	if (rc < 0)
		goto fail;
	if (timer_open(&s->soon, l, on_soon, s) < 0 || timer_open(&s->reaper, l, on_reap, s) < 0 ||
	        watch_open(&s->door, l, s->fd, on_door, s) < 0) {
		rc = why_set(why, E_NOMEM, "http server");
		goto fail;
	}
	rc = start_daemon(s, why);
	if (rc < 0)
		goto fail;
	watch_set(s->door, WATCH_READ);
	*out = s;
	return 0;
fail:
	http_server_free(s);
	return rc;
}

uint16_t http_server_port(const struct http_server *s)
{
	return s->port;
}

void http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	s->closing = true;
	if (s->inside)
		return;
	if (s->daemon != NULL) {
		request_drop_waiting(s);
		MHD_stop_daemon(s->daemon);
	}
	watch_free(s->work);
	watch_free(s->door);
	timer_free(s->soon);
	timer_free(s->reaper);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* Lets the daemon do what it can without waiting, then asks when it wants to run next. */
static void run(struct http_server *s)
{
	unsigned long long ms;

	s->inside = true;
	request_begin_run(s, ANSWERS_A_RUN);
	MHD_run(s->daemon);
	s->inside = false;
	if (s->closing) {
		http_server_free(s);
		return;
	}
	if (!list_empty(&s->deferred))
		timer_start(s->soon, 0);
	else if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		timer_start(s->soon, ms);
	else
		timer_stop(s->soon);
}

static void on_work(void *arg, int events)
{
	(void)events;
	run(arg);
}

static void on_soon(void *arg)
{
	run(arg);
}

static void shut_line(struct line *line)
{
	if (line->shut)
		return;
	line->shut = true;
	line->s->nshut++;
	shutdown(line->fd, SHUT_RDWR);
}

/* The connection that is idle the longest; where every one is in a request, that with the oldest request.
 * A connection whose answer is owed by this program is never chosen. NULL: there is none. */
static struct line *idle_longest(const struct http_server *s)
{
	struct line *in_request = NULL;

	list_each (node, &s->lines) {
		struct line *line = container_of(node, struct line, link);

		if (line->shut || line->until_us == 0)
			continue;
		if (!line->busy)
			return line;
		if (in_request == NULL)
			in_request = line;
	}
	return in_request;
}

/* The door stays shut until the daemon has closed one (line_end), or the reaper has come. */
static void make_room(struct http_server *s)
{
	struct line *line = s->nshut > 0 ? NULL : idle_longest(s);

	watch_set(s->door, 0);
	if (line != NULL)
		shut_line(line);
}

/* No descriptor or no memory: a connection that is idle gives its own for the one that comes; where there is none
 * that could, the server rests until the reaper comes. */
static void cannot_accept(struct http_server *s, int error)
{
	char sentence[DESCRIPTORS_SENTENCE];
	uint64_t now = clock_mono_us();

	make_room(s);
	timer_start(s->reaper, REAP_MS);
	if (!descriptors_lacked(error) || (s->told_us != 0 && now - s->told_us < TELL_US))
		return;
	s->told_us = now;
	log_warn("http: a client of port %u waits: %s; raise LimitNOFILE of this program", s->port,
	        descriptors_sentence(sentence));
}

/* The kernel wants a free descriptor before it looks whether there is a connection to accept. ERRNO stays. */
static bool somebody_waits(const struct http_server *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int error = errno;
	bool waits = poll(&p, 1, 0) != 0; /* under a limit of 0 it fails */

	errno = error;
	return waits;
}

/* True when one more may come; the daemon closes the socket that it does not want. */
static bool accept_one(struct http_server *s)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int fd = accept4(s->fd, (struct sockaddr *)&sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		MHD_add_connection(s->daemon, fd, (struct sockaddr *)&sa, len);
		return true;
	}
	if (errno == ECONNABORTED || errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK && somebody_waits(s))
		cannot_accept(s, errno);
	return false;
}

static void on_door(void *arg, int events)
{
	struct http_server *s = arg;

	(void)events;
	if (s->nlines >= s->opts.max_connections)
		make_room(s);
	for (int i = 0; i < ACCEPTS_A_TURN && s->nlines < s->opts.max_connections; i++)
		if (!accept_one(s))
			break;
	run(s);
}

void line_allow(struct line *line, uint64_t ms)
{
	line->until_us = ms == 0 ? 0 : clock_mono_us() + ms * US_PER_MS;
	list_remove(&line->link);
	list_push(&line->s->lines, &line->link);
}

static void line_begin(struct http_server *s, struct MHD_Connection *mhd, void **mine)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct line *line = calloc(1, sizeof(*line));

	*mine = line;
	if (line == NULL || info == NULL) {
		if (info != NULL)
			shutdown(info->connect_fd, SHUT_RDWR); /* nobody could watch over it */
		free(line);
		*mine = NULL;
		return;
	}
	line->s = s;
	line->fd = info->connect_fd;
	list_init(&line->link);
	s->nlines++;
	line_allow(line, s->opts.request_ms);
	if (!timer_armed(s->reaper))
		timer_start(s->reaper, REAP_MS);
}

static void line_end(struct http_server *s, struct line *line)
{
	if (line == NULL)
		return;
	list_remove(&line->link);
	s->nlines--;
	s->nshut -= line->shut;
	free(line);
	if (!s->closing)
		watch_set(s->door, WATCH_READ);
}

static void on_line(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		line_begin(cls, mhd, mine);
	else
		line_end(cls, *mine);
}

/* Its time is up, or its client has said that nothing more will come: the daemon does not see that
 * when it came together with the last request. */
static bool is_over(const struct line *line, uint64_t now)
{
	char byte;

	if (line->until_us != 0 && now >= line->until_us)
		return true;
	return !line->busy && recv(line->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_reap(void *arg)
{
	struct http_server *s = arg;
	uint64_t now = clock_mono_us();

	list_each (node, &s->lines) {
		struct line *line = container_of(node, struct line, link);

		if (is_over(line, now))
			shut_line(line);
	}
	watch_set(s->door, WATCH_READ); /* whatever shut it: the next look at the door decides anew */
	if (!list_empty(&s->lines))
		timer_start(s->reaper, REAP_MS);
}

const char *http_server_libmicrohttpd_version(void)
{
	return MHD_get_version();
}
