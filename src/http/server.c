/* SPDX-License-Identifier: Apache-2.0 */
/* server.c — accepts and times out connections, and runs libmicrohttpd (the daemon) on the loop.
 *
 *   listening socket ──on_listener: accept, counted──► daemon ◄──on_epoll── its epoll descriptor is ready
 *                                                        ▲ └──on_run_timer── it asked to run again
 *                                                        └── on_reap: shuts down connections whose time is over
 *
 * At max_connections a new connection replaces the one idle longest: clients that keep connections open, or never
 * finish a request, cannot lock out a health probe.
 *
 * One run of the daemon calls answer() at most ANSWERS_A_RUN times, however many requests are pipelined; further
 * requests are deferred, in order, to the next turn of the loop.
 *
 * The daemon never accepts by itself: without free descriptors it would spin, whereas this file stops watching the
 * listening socket for a moment. */
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
#include "base/listeners.h"
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
	HANDSHAKE_MS = 5,
	ANSWERS_A_RUN = 8,     /* rendering a page takes up to 1 ms, in which no span is received */
	POOL_BYTES = 32 << 10, /* per connection; limits the size of a request's head */
};

#define LOG_EVERY_US (60 * US_PER_S) /* between two log lines about a lack of descriptors */

static void on_listener(void *arg, int events);
static void on_epoll(void *arg, int events);
static void on_run_timer(void *arg);
static void on_turn(void *arg);
static void on_reap(void *arg);
static void on_connection(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_ConnectionNotificationCode code);

static struct MHD_Daemon *new_daemon(struct http_server *s, const struct http_tls *tls)
{
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem of_tls[SERVER_TLS_OPTIONS];

	server_tls_options(tls, of_tls);
	return MHD_start_daemon(flags | (tls == NULL ? 0 : MHD_USE_TLS), 0, NULL, NULL, server_on_request, s,
	        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, server_on_request_end, s,
	        MHD_OPTION_CONNECTION_LIMIT, s->opts.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	        (size_t)POOL_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, of_tls, MHD_OPTION_END);
}

/* Stops the daemon, which closes its connections. */
static void stop_daemon(struct http_server *s)
{
	if (s->daemon != NULL) {
		request_drop_waiting(s);
		MHD_stop_daemon(s->daemon);
	}
	watch_free(s->epoll_watch);
	s->daemon = NULL;
	s->epoll_watch = NULL;
}

/* Starts a daemon in place of the one that runs, if any; after an error that one runs on. */
static int start_daemon(struct http_server *s, const struct http_tls *tls, struct why *why)
{
	const union MHD_DaemonInfo *info;
	struct watch *watch = NULL;
	struct MHD_Daemon *daemon;
	int rc = 0;

	if (tls != NULL && server_tls_check(tls, why) < 0)
		return why->code;
	daemon = new_daemon(s, tls);
	if (daemon == NULL)
		return why_set(why, E_IO, "http server: the library does not start");
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0)
		rc = why_set(why, E_IO, "http server: the library has no epoll");
	else if (watch_open(&watch, s->loop, info->epoll_fd, on_epoll, s) < 0)
		rc = why_set(why, E_NOMEM, "http server");
	if (rc < 0) {
		MHD_stop_daemon(daemon);
		return rc;
	}
	stop_daemon(s);
	s->daemon = daemon;
	s->epoll_watch = watch;
	s->tls = tls != NULL;
	s->wants_certificate = tls != NULL && tls->client_ca != NULL;
	watch_set(watch, WATCH_READ);
	return 0;
}

int http_server_renew_tls(struct http_server *s, const struct http_tls *tls, struct why *why)
{
	return start_daemon(s, tls, why);
}

static void set_defaults(struct http_server_opts *o)
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
	set_defaults(&s->opts);
	s->loop = l;
	s->fd = -1;
	list_init(&s->connections);
	list_init(&s->waiting);
	list_init(&s->deferred);

	rc = listen_on(&opts->at, &s->fd, &s->port, why);
	if (rc < 0)
		goto fail;
	if (timer_open(&s->run_timer, l, on_run_timer, s) < 0 || turn_hook_open(&s->hook, l, on_turn, s) < 0 ||
	        timer_open(&s->reaper, l, on_reap, s) < 0 || watch_open(&s->listener, l, s->fd, on_listener, s) < 0) {
		rc = why_set(why, E_NOMEM, "http server");
		goto fail;
	}
	rc = start_daemon(s, opts->tls, why);
	if (rc < 0)
		goto fail;
	watch_set(s->listener, WATCH_READ);
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
	if (s->running)
		return;
	stop_daemon(s);
	watch_free(s->listener);
	timer_free(s->run_timer);
	turn_hook_free(s->hook);
	timer_free(s->reaper);
	listeners_close(s->fd);
	free(s);
}

void server_run_after(struct http_server *s, uint64_t ms)
{
	s->due = ms == 0;
	timer_start(s->run_timer, ms);
}

/* Of a connection that waits for its client's part of a TLS handshake, libmicrohttpd says that it has work at once: the
 * daemon then runs each HANDSHAKE_MS, and when bytes come.
 *
 * Runs the daemon once without blocking, then starts run_timer for its next time-out. */
static void run_daemon(struct http_server *s)
{
	unsigned long long ms;

	s->running = true;
	request_begin_run(s, ANSWERS_A_RUN);
	MHD_run(s->daemon);
	s->running = s->due = false;
	if (s->closing) {
		http_server_free(s);
		return;
	}
	if (!list_empty(&s->deferred))
		timer_start(s->run_timer, 0);
	else if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		server_run_after(s, s->tls && ms == 0 ? HANDSHAKE_MS : ms);
	else
		timer_stop(s->run_timer);
}

static void on_epoll(void *arg, int events)
{
	(void)events;
	run_daemon(arg);
}

static void on_run_timer(void *arg)
{
	run_daemon(arg);
}

/* A timer that a timer's callback starts with 0 ms takes 1 ms: an answer that came in such a callback need not wait. */
static void on_turn(void *arg)
{
	struct http_server *s = arg;

	if (s->due)
		run_daemon(s);
}

static void shut_connection(struct connection *conn)
{
	if (conn->shut)
		return;
	conn->shut = true;
	conn->s->nshut++;
	shutdown(conn->fd, SHUT_RDWR);
}

/* The connection idle longest; when all are in a request, the one with the oldest request; NULL when there is none.
 * A connection that waits for an answer of this program is never chosen. */
static struct connection *idle_longest(const struct http_server *s)
{
	struct connection *in_request = NULL;

	list_each (node, &s->connections) {
		struct connection *conn = container_of(node, struct connection, link);

		if (conn->shut || conn->until_us == 0)
			continue;
		if (!conn->busy)
			return conn;
		if (in_request == NULL)
			in_request = conn;
	}
	return in_request;
}

/* Shuts down the connection idle longest, and stops accepting until connection_end() or on_reap(). */
static void evict_idle(struct http_server *s)
{
	struct connection *conn = s->nshut > 0 ? NULL : idle_longest(s);

	watch_set(s->listener, 0);
	if (conn != NULL)
		shut_connection(conn);
}

/* accept() failed for lack of descriptors or memory: frees one by shutting down an idle connection; on_reap() tries
 * again in REAP_MS. */
static void on_accept_failed(struct http_server *s, int error)
{
	char sentence[DESCRIPTORS_SENTENCE];
	uint64_t now = clock_mono_us();

	evict_idle(s);
	timer_start(s->reaper, REAP_MS);
	if (!descriptors_lacked(error) || (s->logged_us != 0 && now - s->logged_us < LOG_EVERY_US))
		return;
	s->logged_us = now;
	log_warn("http: a client of port %u waits: %s; raise LimitNOFILE of this program", s->port,
	        descriptors_sentence(sentence));
}

/* accept4() fails for lack of a descriptor even when no connection is waiting, so ask poll(). Keeps errno. */
static bool is_client_waiting(const struct http_server *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	int error = errno;
	bool waits = poll(&p, 1, 0) != 0; /* poll() fails with RLIMIT_NOFILE 0 */

	errno = error;
	return waits;
}

/* True when another connection may be waiting. The daemon closes a socket that it does not accept. */
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
	if (errno != EAGAIN && errno != EWOULDBLOCK && is_client_waiting(s))
		on_accept_failed(s, errno);
	return false;
}

static void on_listener(void *arg, int events)
{
	struct http_server *s = arg;

	(void)events;
	if (s->nconnections >= s->opts.max_connections)
		evict_idle(s);
	for (int i = 0; i < ACCEPTS_A_TURN && s->nconnections < s->opts.max_connections; i++)
		if (!accept_one(s))
			break;
	run_daemon(s);
}

void connection_allow(struct connection *conn, uint64_t ms)
{
	conn->until_us = ms == 0 ? 0 : clock_mono_us() + ms * US_PER_MS;
	list_remove(&conn->link);
	list_push(&conn->s->connections, &conn->link);
}

static void connection_begin(struct http_server *s, struct MHD_Connection *mhd, void **mine)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *conn = calloc(1, sizeof(*conn));

	*mine = conn;
	if (conn == NULL || info == NULL) {
		if (info != NULL)
			shutdown(info->connect_fd,
			        SHUT_RDWR); /* without a struct connection it would have no time limit */
		free(conn);
		*mine = NULL;
		return;
	}
	conn->s = s;
	conn->fd = info->connect_fd;
	list_init(&conn->link);
	s->nconnections++;
	connection_allow(conn, s->opts.request_ms);
	if (!timer_armed(s->reaper))
		timer_start(s->reaper, REAP_MS);
}

static void connection_end(struct http_server *s, struct connection *conn)
{
	if (conn == NULL)
		return;
	list_remove(&conn->link);
	s->nconnections--;
	s->nshut -= conn->shut;
	free(conn);
	if (!s->closing)
		watch_set(s->listener, WATCH_READ);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **mine, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		connection_begin(cls, mhd, mine);
	else
		connection_end(cls, *mine);
}

/* True when its time is over, or its client has closed its side: the daemon misses that when it came together with
 * the last request. */
static bool must_shut(const struct connection *conn, uint64_t now)
{
	char byte;

	if (conn->until_us != 0 && now >= conn->until_us)
		return true;
	return !conn->busy && recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_reap(void *arg)
{
	struct http_server *s = arg;
	uint64_t now = clock_mono_us();

	list_each (node, &s->connections) {
		struct connection *conn = container_of(node, struct connection, link);

		if (must_shut(conn, now))
			shut_connection(conn);
	}
	watch_set(s->listener, WATCH_READ); /* accept again; evict_idle() or on_accept_failed() had stopped it */
	if (!list_empty(&s->connections))
		timer_start(s->reaper, REAP_MS);
}

const char *http_server_libmicrohttpd_version(void)
{
	return MHD_get_version();
}
