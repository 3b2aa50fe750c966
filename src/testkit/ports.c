/* SPDX-License-Identifier: Apache-2.0 */
/* ports.c — tries random ports until one can be bound, and reads /proc/net/udp. */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testkit/ports.h"

enum { LOWEST = 10240, TRIES = 200, USUAL_EPHEMERAL = 32768 };

/* The first port of the kernel's ephemeral range. */
static unsigned ephemeral_from(void)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned from = USUAL_EPHEMERAL;

	if (f != NULL) {
		if (fscanf(f, "%u", &from) != 1 || from <= LOWEST + TRIES || from > UINT16_MAX)
			from = USUAL_EPHEMERAL;
		fclose(f);
	}
	return from;
}

static struct sockaddr_in local_address(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static bool can_bind(enum ports_kind kind, uint16_t port)
{
	struct sockaddr_in at = local_address(port);
	int fd = socket(AF_INET, (kind == PORTS_UDP ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

int ports_free(enum ports_kind kind, uint16_t *port)
{
	unsigned span = ephemeral_from() - LOWEST;
	uint16_t random;

	for (int i = 0; i < TRIES; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return E_IO;
		*port = (uint16_t)(LOWEST + random % span);
		if (can_bind(kind, *port))
			return 0;
	}
	return E_IO;
}

/* The number of sockets in TABLE bound to PORT; their rx_queue is added to *UNREAD. */
static unsigned sockets_in(const char *table, uint16_t port, uint64_t *unread)
{
	FILE *f = fopen(table, "re");
	char line[512];
	unsigned n = 0;

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned local;
		uint64_t waits;

		/* sl local_address:port remote:port state tx_queue:rx_queue … */
		if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %*x %*x:%" SCNx64, &local, &waits) != 2 ||
		        local != port)
			continue;
		*unread += waits;
		n++;
	}
	fclose(f);
	return n;
}

bool ports_bound(uint16_t port)
{
	uint64_t unread = 0;

	return sockets_in("/proc/net/udp", port, &unread) + sockets_in("/proc/net/udp6", port, &unread) > 0;
}

uint64_t ports_unread(uint16_t port)
{
	uint64_t unread = 0;

	sockets_in("/proc/net/udp", port, &unread);
	sockets_in("/proc/net/udp6", port, &unread);
	return unread;
}

static uint64_t measure_cost(int fd, const void *bytes, size_t size)
{
	struct sockaddr_in at = local_address(0);
	socklen_t len = sizeof(at);

	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
	        sendto(fd, bytes, size, MSG_DONTWAIT, (struct sockaddr *)&at, len) < 0)
		return 0;
	return ports_unread(ntohs(at.sin_port));
}

uint64_t ports_datagram_cost(size_t size)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	void *bytes = calloc(1, size);
	uint64_t cost = fd < 0 || bytes == NULL ? 0 : measure_cost(fd, bytes, size);

	free(bytes);
	if (fd >= 0)
		close(fd);
	return cost;
}
