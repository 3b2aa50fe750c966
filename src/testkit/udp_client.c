/* SPDX-License-Identifier: Apache-2.0 */
/* udp_client.c — opens the socket and reads its error queue, in which Linux stores, for each ICMP answer, the
 * beginning of the datagram that caused it. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "udp_client.h"

enum { SEND_BUFFER = 1 << 20 };

static int open_socket(const struct addrinfo *ai)
{
	int on = 1, bytes = SEND_BUFFER;
	int fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	/* On failure the default buffer only makes bursts shorter. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (setsockopt(fd, ai->ai_family == AF_INET6 ? SOL_IPV6 : SOL_IP,
	            ai->ai_family == AF_INET6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof(on)) < 0 ||
	        connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

/* Returns the first IPv4 address of LIST, else its first address. Jaeger clients choose so when a name has both. */
static const struct addrinfo *prefer_ipv4(const struct addrinfo *list)
{
	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
		if (ai->ai_family == AF_INET)
			return ai;
	return list;
}

int udp_client_connect(int *fd, const struct hostport *at, struct why *why)
{
	const char *host = at->host[0] == '\0' ? "127.0.0.1" : at->host;
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM }, *list;
	char port[8];
	int rc;

	snprintf(port, sizeof(port), "%u", at->port);
	rc = getaddrinfo(host, port, &hints, &list);
	if (rc != 0)
		return why_set(why, E_USAGE, "%s port %s: %s", host, port, gai_strerror(rc));
	*fd = open_socket(prefer_ipv4(list));
	rc = *fd < 0 ? why_set(why, err_from_errno(errno), "%s port %s: %s", host, port, strerror(errno)) : 0;
	freeaddrinfo(list);
	return rc;
}

void udp_client_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool is_refusal(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		struct sock_extended_err e;

		if ((c->cmsg_level != SOL_IP || c->cmsg_type != IP_RECVERR) &&
		        (c->cmsg_level != SOL_IPV6 || c->cmsg_type != IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		return e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6;
	}
	return false;
}

ssize_t udp_client_refused(int fd, void *to, size_t cap)
{
	struct iovec iov = { to, cap };
	char control[256];
	ssize_t n;

	for (;;) {
		struct msghdr msg = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		n = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || is_refusal(&msg))
			return n;
	}
}
