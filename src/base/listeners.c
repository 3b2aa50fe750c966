/* SPDX-License-Identifier: Apache-2.0 */
/* listeners.c — a table of the process's listening sockets, and their opening. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/listeners.h"

enum { BACKLOG = 512 };

struct listener {
	int fd;
	bool used;    /* false: the row is free */
	bool adopted; /* another process opened it */
	bool spare;   /* adopted, and not opened by listeners_open */
	bool held;
};

static struct listener listeners[LISTENERS_MOST];

static struct listener *find(int fd)
{
	for (size_t i = 0; i < LISTENERS_MOST; i++)
		if (listeners[i].used && listeners[i].fd == fd)
			return &listeners[i];
	return NULL;
}

/* NULL when the table is full. */
static struct listener *add(int fd)
{
	for (size_t i = 0; i < LISTENERS_MOST; i++) {
		if (listeners[i].used)
			continue;
		listeners[i] = (struct listener){ .fd = fd, .used = true };
		return &listeners[i];
	}
	return NULL;
}

static int option_of(int fd, int option)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0 ? -1 : value;
}

static bool is_listener(int fd)
{
	int domain = option_of(fd, SO_DOMAIN), type = option_of(fd, SO_TYPE);

	if (domain != AF_INET && domain != AF_INET6)
		return false;
	return type == SOCK_DGRAM || (type == SOCK_STREAM && option_of(fd, SO_ACCEPTCONN) == 1);
}

int listeners_adopt(int fd, bool held, struct why *why)
{
	struct listener *l = NULL;

	if (!is_listener(fd))
		why_set(why, E_MALFORMED, "descriptor %d is neither a UDP socket nor a TCP socket that listens", fd);
	else if ((l = add(fd)) == NULL)
		why_set(why, E_FULL, "more than %d sockets", LISTENERS_MOST);
	if (l == NULL) {
		close(fd);
		return why->code;
	}
	l->adopted = l->spare = true;
	l->held = held;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

/* An address in one form for both families. Every IPv4 address is every IPv6 address. */
struct address {
	struct in6_addr host;
	uint16_t port;
};

static struct address address_of(const struct sockaddr *at)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)at;
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)at;
	struct address a = { .host = IN6ADDR_ANY_INIT };

	if (at->sa_family == AF_INET6) {
		a.host = six->sin6_addr;
		a.port = ntohs(six->sin6_port);
		return a;
	}
	a.port = ntohs(four->sin_port);
	if (four->sin_addr.s_addr != htonl(INADDR_ANY)) {
		a.host.s6_addr[10] = a.host.s6_addr[11] = 0xff; /* an IPv4 address as IPv6 has it */
		memcpy(&a.host.s6_addr[12], &four->sin_addr, sizeof(four->sin_addr));
	}
	return a;
}

static bool is_bound_to(const struct listener *l, int type, const struct sockaddr *at)
{
	struct address wanted = address_of(at), own;
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	if (option_of(l->fd, SO_TYPE) != type || getsockname(l->fd, (struct sockaddr *)&name, &len) < 0)
		return false;
	own = address_of((struct sockaddr *)&name);
	return own.port == wanted.port && memcmp(&own.host, &wanted.host, sizeof(own.host)) == 0;
}

static int bind_new(int fd, int type, const struct sockaddr *at, socklen_t len)
{
	int on = 1, off = 0;

	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (at->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	if (bind(fd, at, len) < 0 || (type == SOCK_STREAM && listen(fd, BACKLOG) < 0))
		return -errno;
	return add(fd) == NULL ? -ENFILE : 0;
}

int listeners_open(int type, const struct sockaddr *at, socklen_t len)
{
	int fd, rc;

	for (size_t i = 0; i < LISTENERS_MOST; i++) {
		struct listener *l = &listeners[i];

		if (!l->used || !l->spare || !is_bound_to(l, type, at))
			continue;
		l->spare = false;
		return l->fd;
	}
	fd = socket(at->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = bind_new(fd, type, at, len);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

void listeners_close(int fd)
{
	struct listener *l = fd < 0 ? NULL : find(fd);

	if (l == NULL)
		return;
	l->used = false;
	close(fd);
}

bool listeners_is_adopted(int fd)
{
	const struct listener *l = find(fd);

	return l != NULL && l->adopted;
}

bool listeners_is_held(int fd)
{
	const struct listener *l = find(fd);

	return l != NULL && l->held;
}

static const char *print_name(int fd, char text[LISTENERS_TEXT])
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	char host[INET6_ADDRSTRLEN] = "?";
	bool six;

	if (getsockname(fd, (struct sockaddr *)&name, &len) < 0)
		return "a socket without a name";
	six = name.ss_family == AF_INET6;
	inet_ntop(name.ss_family,
	        six ? (void *)&((struct sockaddr_in6 *)&name)->sin6_addr
	            : (void *)&((struct sockaddr_in *)&name)->sin_addr,
	        host, sizeof(host));
	snprintf(text, LISTENERS_TEXT, "%s %s%s%s:%u", option_of(fd, SO_TYPE) == SOCK_DGRAM ? "udp" : "tcp",
	        six ? "[" : "", host, six ? "]" : "", address_of((struct sockaddr *)&name).port);
	return text;
}

void listeners_each(bool spare, void (*each)(void *arg, int fd, const char *text), void *arg)
{
	char text[LISTENERS_TEXT];

	for (size_t i = 0; i < LISTENERS_MOST; i++)
		if (listeners[i].used && listeners[i].spare == spare)
			each(arg, listeners[i].fd, print_name(listeners[i].fd, text));
}

void listeners_close_spare(void)
{
	for (size_t i = 0; i < LISTENERS_MOST; i++)
		if (listeners[i].used && listeners[i].spare)
			listeners_close(listeners[i].fd);
}

void listeners_hold(void)
{
	for (size_t i = 0; i < LISTENERS_MOST; i++)
		listeners[i].held = true;
}
