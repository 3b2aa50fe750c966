/* SPDX-License-Identifier: Apache-2.0 */
/* udp.c — binds a UDP port and reads it.
 *
 *   WAITING ──readable──► a pass: recvmmsg until empty ──► RESTING ──timer──► WAITING
 *
 * One recvmmsg fills a vector of up to VECTOR datagrams. udp_pause may be called between two of them: the rest of
 * the vector is handed out after udp_resume.
 *
 * At a high rate every datagram would wake the loop. A pause of some milliseconds after each pass lets datagrams
 * gather in the socket buffer, and the next pass reads them together. pace_read_pause keeps the pause so short that the
 * buffer does not overflow. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/sock_diag.h>

#include "base/clock.h"
#include "base/listeners.h"
#include "base/log.h"
#include "policy/pace.h"
#include "net/udp.h"

enum {
	VECTOR = 64,         /* datagrams per system call */
	ROUNDS = 16,         /* system calls per pass, so that other callbacks of the loop run in between */
	SLOT = UDP_MOST + 9, /* more than the largest datagram, so none is truncated; a power of two */
	FAILED_REST_MS = 8,  /* pause before a failed read is repeated: the longest pause of pace_read_pause */
	DATAGRAM_COST = 256, /* lower bound of what the kernel charges per datagram beside its bytes */
	/* requested buffer: one second of 100,000 spans, so the loop may be blocked that long */
	REQUEST_BYTES = 32 << 20,
};

struct udp {
	struct loop *loop;
	struct udp_events events;
	struct watch *watch;
	struct timer *pause_timer;
	int fd;
	bool paused;
	bool draining;
	uint64_t drain_left;   /* bytes that udp_drain may still read */
	int filled;            /* number of datagrams in the vector */
	int next;              /* index of the first one not yet handed out */
	uint64_t buffer_bytes; /* size of the socket buffer that the kernel has granted */
	uint64_t last_pass_us;
	uint64_t drops;
	uint32_t drops_seen; /* the kernel's counter has 32 bits */
	uint64_t read_errors;
	int read_errno; /* errno of the last recvmmsg; 0: it succeeded or the socket was empty */
	struct log_limit read_errno_limit;
	uint8_t *slots;
	struct mmsghdr headers[VECTOR];
	struct iovec vectors[VECTOR];
};

static int open_any(uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = listeners_open(SOCK_DGRAM, (struct sockaddr *)&six, sizeof(six));

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = listeners_open(SOCK_DGRAM, (struct sockaddr *)&four, sizeof(four));
	return fd;
}

static int open_named(const struct hostport *at, const char **problem)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE }, *found, *best;
	char port[8];
	int rc, fd;

	snprintf(port, sizeof(port), "%u", at->port);
	rc = getaddrinfo(at->host, port, &hints, &found);
	if (rc != 0) {
		*problem = gai_strerror(rc);
		return -EINVAL;
	}
	for (best = found; best->ai_next != NULL && best->ai_family != AF_INET; best = best->ai_next)
		;
	if (best->ai_family != AF_INET)
		best = found;
	fd = listeners_open(SOCK_DGRAM, best->ai_addr, best->ai_addrlen);
	freeaddrinfo(found);
	return fd;
}

/* The kernel's counter lives as long as the socket, which the service manager, or an agent that takes over, may keep
 * open beyond this process. The number that was counted has to live as long, and with that socket, so it is stored in
 * the seconds of its SO_RCVTIMEO: no read of this program blocks, so the kernel never uses them otherwise. */
static void note_drops(struct udp *u, uint32_t drops)
{
	struct timeval counted = { .tv_sec = drops };

	if (drops != u->drops_seen)
		setsockopt(u->fd, SOL_SOCKET, SO_RCVTIMEO, &counted, sizeof(counted));
	u->drops_seen = drops;
}

static uint32_t noted_drops(int fd)
{
	struct timeval counted = { 0 };
	socklen_t len = sizeof(counted);

	return getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &counted, &len) < 0 ? 0 : (uint32_t)counted.tv_sec;
}

static int bind_address(struct udp *u, const struct hostport *at, struct why *why)
{
	const char *problem = NULL;
	char text[HOSTPORT_TEXT];
	int fd = at->host[0] == '\0' ? open_any(at->port) : open_named(at, &problem);

	if (fd < 0)
		return why_set(why, err_from_errno(-fd), "udp %s: %s", units_print_hostport(at, text, sizeof(text)),
		        problem != NULL ? problem : strerror(-fd));
	u->fd = fd;
	u->drops_seen = noted_drops(fd);
	return 0;
}

static void request_buffer(struct udp *u, uint64_t wanted)
{
	int size = (int)min_u64(wanted == 0 ? REQUEST_BYTES : wanted, 1 << 30), got = 0;
	socklen_t len = sizeof(got);

	/* SO_RCVBUFFORCE may exceed net.core.rmem_max, with CAP_NET_ADMIN; SO_RCVBUF is silently limited to it, so it could
	 * only make smaller what a service manager has granted. */
	if (setsockopt(u->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0 && !listeners_is_adopted(u->fd))
		setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (getsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &got, &len) == 0)
		u->buffer_bytes = (uint64_t)got / 2; /* the kernel doubles the requested size for its own overhead */
	if (wanted != 0 && u->buffer_bytes < wanted)
		log_warn("udp: port %u: socket buffer is %llu bytes, not the %llu asked for: raise the limit with "
		         "sysctl -w net.core.rmem_max=%llu and start again",
		        udp_port(u), (unsigned long long)u->buffer_bytes, (unsigned long long)wanted,
		        (unsigned long long)wanted);
}

/* Records and logs a failed read. The datagrams stay in the socket buffer and are read after FAILED_REST_MS. */
static void log_read_error(struct udp *u, int error)
{
	u->read_errno = error == EAGAIN || error == EWOULDBLOCK || error == EINTR ? 0 : error;
	u->read_errors += u->read_errno != 0;
	if (u->read_errno != 0 && log_limit_allows(&u->read_errno_limit, 10000))
		log_error("udp: port %u cannot be read: %s; tried again every %d ms, and the "
		          "kernel drops datagrams when its buffer is full",
		        udp_port(u), strerror(u->read_errno), FAILED_REST_MS);
}

/* Hands out the datagrams of the vector until a pause, after reading a new vector if the last one is done. True:
 * there may be more. */
static bool hand_out_vector(struct udp *u, uint64_t *bytes)
{
	bool fresh = u->next == u->filled;

	if (fresh) {
		int n = recvmmsg(u->fd, u->headers, VECTOR, MSG_DONTWAIT, NULL);

		log_read_error(u, n < 0 ? errno : 0);
		u->filled = n < 0 ? 0 : n;
		u->next = 0;
	}
	while (u->next < u->filled && !u->paused) {
		uint8_t *slot = u->slots + (size_t)u->next * SLOT;
		size_t len = u->headers[u->next++].msg_len;

		*bytes += len;
		u->events.datagram(u->events.arg, slice_of(slot, len));
	}
	return !u->paused && (!fresh || u->filled == VECTOR);
}

/* While datagrams come the socket is read after each rest, without waiting for it: to watch a descriptor and to stop
 * takes four system calls. Watching begins when a pass finds none. */
static void read_pass(struct udp *u)
{
	uint64_t now = clock_mono_us(), bytes = 0, rest_ms;
	int rounds = 0;

	while (!u->paused && hand_out_vector(u, &bytes) && ++rounds < ROUNDS)
		;
	rest_ms = bytes == 0 || rounds == ROUNDS ? 0 : pace_read_pause(bytes, now - u->last_pass_us, u->buffer_bytes);
	u->last_pass_us = now;
	if (u->draining || u->paused)
		return;
	if (u->read_errno != 0)
		rest_ms = FAILED_REST_MS;
	watch_set(u->watch, rest_ms == 0 ? WATCH_READ : 0);
	if (rest_ms > 0)
		timer_start(u->pause_timer, rest_ms);
}

static void on_readable(void *arg, int events)
{
	(void)events;
	read_pass(arg);
}

/* Also hands out the datagrams left in the vector, which do not make the socket readable. */
static void on_pause_over(void *arg)
{
	struct udp *u = arg;

	if (!u->paused && !u->draining)
		read_pass(u);
}

static void init_vector(struct udp *u)
{
	for (int i = 0; i < VECTOR; i++) {
		u->vectors[i] = (struct iovec){ u->slots + (size_t)i * SLOT, SLOT };
		u->headers[i].msg_hdr = (struct msghdr){ .msg_iov = &u->vectors[i], .msg_iovlen = 1 };
	}
}

int udp_open(
        struct udp **out, struct loop *l, const struct udp_opts *opts, const struct udp_events *events, struct why *why)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return why_set(why, E_NOMEM, "udp");
	u->fd = -1;
	u->loop = l;
	u->events = *events;
	u->slots = malloc((size_t)VECTOR * SLOT); /* pages become resident only where datagrams are written */
	if (u->slots == NULL) {
		why_set(why, E_NOMEM, "udp");
		goto fail;
	}
	init_vector(u);
	if (bind_address(u, &opts->at, why) < 0)
		goto fail;
	request_buffer(u, opts->buffer_bytes);
	if (watch_open(&u->watch, l, u->fd, on_readable, u) < 0 ||
	        timer_open(&u->pause_timer, l, on_pause_over, u) < 0) {
		why_set(why, E_NOMEM, "udp");
		goto fail;
	}
	watch_set(u->watch, WATCH_READ);
	*out = u;
	return 0;
fail:
	udp_free(u);
	return why->code;
}

void udp_pause(struct udp *u)
{
	u->paused = true;
	watch_set(u->watch, 0);
	timer_stop(u->pause_timer);
}

void udp_resume(struct udp *u)
{
	if (!u->paused)
		return;
	u->paused = false;
	if (!u->draining)
		timer_start(u->pause_timer, 0);
}

uint16_t udp_port(const struct udp *u)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);

	if (getsockname(u->fd, (struct sockaddr *)&at, &len) < 0)
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
	                                      : ((struct sockaddr_in *)&at)->sin_port);
}

uint64_t udp_buffer_bytes(const struct udp *u)
{
	return u->buffer_bytes;
}

uint64_t udp_read_errors(const struct udp *u)
{
	return u->read_errors;
}

uint64_t udp_waiting(const struct udp *u)
{
	return (uint64_t)(u->filled - u->next);
}

uint64_t udp_kernel_drops(struct udp *u)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	/* SO_RXQ_OVFL arrives with the next datagram, so it would miss the last drops. */
	if (getsockopt(u->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0) {
		u->drops += (uint32_t)(info[SK_MEMINFO_DROPS] - u->drops_seen);
		note_drops(u, info[SK_MEMINFO_DROPS]);
	}
	return u->drops;
}

bool udp_drain(struct udp *u)
{
	if (!u->draining) {
		u->draining = true;
		/* Datagrams in a socket that another process holds wait for the next agent. Else: the doubled size, which
		 * the kernel uses for its limit, see request_buffer. */
		u->drain_left = listeners_is_held(u->fd) ? 0 : 2 * u->buffer_bytes;
		watch_set(u->watch, 0);
		timer_stop(u->pause_timer);
	}
	while (!u->paused && (u->drain_left > 0 || u->next < u->filled)) {
		uint64_t bytes = 0;
		bool more = hand_out_vector(u, &bytes);

		bytes += (uint64_t)u->filled * DATAGRAM_COST;
		u->drain_left -= min_u64(bytes, u->drain_left);
		if (!more && !u->paused)
			return true;
	}
	return u->drain_left == 0 && u->next == u->filled;
}

void udp_free(struct udp *u)
{
	if (u == NULL)
		return;
	watch_free(u->watch);
	timer_free(u->pause_timer);
	listeners_close(u->fd);
	free(u->slots);
	free(u);
}
