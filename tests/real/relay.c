/* SPDX-License-Identifier: Apache-2.0 */
/* relay.c — a TCP relay between two ports of 127.0.0.1. Its end, by SIGKILL too, cuts all of its connections, and from
 * then on its port refuses: so a test takes a store away from a collector while both run.
 *
 *   relay PORT TO-PORT
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in to;

/* One direction of a connection. */
struct way {
	int from, to;
};

static struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

static void *pass(void *arg)
{
	struct way *w = arg;
	char bytes[65536];
	ssize_t n;

	while ((n = recv(w->from, bytes, sizeof(bytes), 0)) > 0)
		write_all(w->to, bytes, (size_t)n);
	shutdown(w->to, SHUT_WR);
	return NULL;
}

static void *relay(void *arg)
{
	struct way there = { (int)(intptr_t)arg, socket(AF_INET, SOCK_STREAM, 0) };
	struct way back = { there.to, there.from };
	pthread_t thread;

	if (connect(there.to, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	        pthread_create(&thread, NULL, pass, &back) == 0) {
		pass(&there);
		pthread_join(thread, NULL);
	}
	close(there.from);
	close(there.to);
	return NULL;
}

int main(int argc, char **argv)
{
	int listening = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in here;

	if (argc != 3) {
		fprintf(stderr, "relay PORT TO-PORT\n");
		return 2;
	}
	here = local(argv[1]);
	to = local(argv[2]);
	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listening, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(listening, 64) < 0)
		fail(argv[1]);
	for (;;) {
		int fd = accept(listening, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, relay, (void *)(intptr_t)fd) != 0)
			close(fd);
		else
			pthread_detach(thread);
	}
}
