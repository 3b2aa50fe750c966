/* SPDX-License-Identifier: Apache-2.0 */
/* takeover_wire.c — the Unix socket of a takeover: its name, its messages, and who is at its other end. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "takeover_wire.h"

static const char magic[8] = { 's', 'p', 'a', 'n', 't', 'a', 'k', 'e' };

/* The name goes by a descriptor of the directory: a path of a socket has at most 107 bytes. */
static int with_name(int fd, int directory, bool peer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/takeover", directory);
	if (peer)
		return connect(fd, (struct sockaddr *)&at, sizeof(at));
	if (unlink(at.sun_path) < 0 && errno != ENOENT)
		return -1;
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || chmod(at.sun_path, 0600) < 0)
		return -1;
	return listen(fd, 1);
}

int takeover_socket(const char *directory, bool peer)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, rc, error;

	if (dir < 0)
		return -errno;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = fd < 0 ? -1 : with_name(fd, dir, peer);
	error = errno;
	close(dir);
	if (rc == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -error;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(LISTENERS_MOST * sizeof(int))];
};

bool takeover_send(int fd, enum takeover_kind kind, const int *sockets, const bool *held, size_t n)
{
	struct takeover_message m = { .kind = kind, .version = TAKEOVER_VERSION, .least_version = TAKEOVER_VERSION };
	struct iovec part = { &m, sizeof(m) };
	union control control = { 0 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	memcpy(m.magic, magic, sizeof(magic));
	for (size_t i = 0; i < n && held != NULL; i++)
		m.held[i] = held[i];
	if (n > 0) {
		struct cmsghdr *c = &control.align;

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), sockets, n * sizeof(int));
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(n * sizeof(int));
	}
	return sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(m);
}

static size_t copy_sockets(struct msghdr *header, int sockets[LISTENERS_MOST])
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(header);
	size_t n;

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(sockets, CMSG_DATA(c), n * sizeof(int));
	return n;
}

int takeover_receive(int fd, struct takeover_message *m, int sockets[LISTENERS_MOST], size_t *n)
{
	struct iovec part = { m, sizeof(*m) };
	union control control = { 0 };
	struct msghdr header = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*n = 0;
	if (got < 0)
		return errno == ECONNRESET ? 0 : -1;
	if (got == 0)
		return 0;
	*n = copy_sockets(&header, sockets);
	if (got == (ssize_t)sizeof(*m) && memcmp(m->magic, magic, sizeof(magic)) == 0)
		return 1;
	for (; *n > 0; (*n)--)
		close(sockets[*n - 1]);
	return -1;
}

bool takeover_is_ours(int fd, pid_t *process)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	*process = peer.pid;
	return peer.uid == geteuid();
}
