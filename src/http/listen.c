/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c — opens a listening socket. A name's IPv4 addresses are tried first, as jaeger-agent does, and ":port" is
 * one socket for both families. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/listeners.h"
#include "listen.h"

/* Returns the descriptor, or -1 with errno. */
static int listen_at(const struct sockaddr *sa, socklen_t len)
{
	int fd = listeners_open(SOCK_STREAM, sa, len);

	if (fd >= 0)
		return fd;
	errno = -fd;
	return -1;
}

static int listen_everywhere(uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = listen_at((struct sockaddr *)&six, sizeof(six));

	if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
		fd = listen_at((struct sockaddr *)&four, sizeof(four));
	return fd;
}

/* Tries the addresses of FAMILY in turn; -1 when none works, with errno 0 when there is none. */
static int listen_among(const struct addrinfo *found, int family)
{
	int fd = -1;

	errno = 0;
	for (const struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next)
		if (a->ai_family == family)
			fd = listen_at(a->ai_addr, a->ai_addrlen);
	return fd;
}

static int listen_named(const struct hostport *at, struct why *why)
{
	struct addrinfo want = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	char port[8];
	int rc, fd;

	snprintf(port, sizeof(port), "%u", (unsigned)at->port);
	rc = getaddrinfo(at->host, port, &want, &found);
	if (rc != 0)
		return why_set(
		        why, E_MISSING, "cannot listen on %s:%u: %s", at->host, (unsigned)at->port, gai_strerror(rc));
	fd = listen_among(found, AF_INET);
	if (fd < 0) {
		int e = errno;

		fd = listen_among(found, AF_INET6);
		errno = errno == 0 ? e : errno;
	}
	freeaddrinfo(found);
	if (fd < 0)
		return why_set(why, err_from_errno(errno), "cannot listen on %s:%u: %s", at->host, (unsigned)at->port,
		        strerror(errno));
	return fd;
}

static int port_of_socket(int fd, uint16_t *port)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return -1;
	*port = ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
	                                       : ((struct sockaddr_in *)&sa)->sin_port);
	return 0;
}

int listen_on(const struct hostport *at, int *fd, uint16_t *port, struct why *why)
{
	int got;

	if (at->host[0] != '\0') {
		got = listen_named(at, why);
		if (got < 0)
			return got;
	} else {
		got = listen_everywhere(at->port);
		if (got < 0)
			return why_set(why, err_from_errno(errno), "cannot listen on :%u: %s", (unsigned)at->port,
			        strerror(errno));
	}
	if (port_of_socket(got, port) < 0) {
		int e = errno;

		listeners_close(got);
		return why_set(why, err_from_errno(e), "listening socket: %s", strerror(e));
	}
	*fd = got;
	return 0;
}
