/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.c — closes the connections to a frozen broker.
 *
 * A frozen broker answers nothing and closes nothing. librdkafka waits a minute for its responses, and meanwhile
 * asks only this broker for the partitions' new leaders, because its connection looks healthy. So librdkafka's
 * sockets are opened here and remembered. The callbacks run in librdkafka's threads, hence the lock. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

enum { MOST = 256 }; /* sockets beyond this number are not tracked and never reset */

struct kafka_sockets {
	pthread_mutex_t lock;
	size_t n;
	int fds[MOST];
};

static int on_open(int domain, int type, int protocol, void *opaque)
{
	struct kafka_sockets *s = opaque;
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	pthread_mutex_lock(&s->lock);
	if (fd >= 0 && s->n < MOST)
		s->fds[s->n++] = fd;
	pthread_mutex_unlock(&s->lock);
	return fd;
}

static int on_close(int fd, void *opaque)
{
	struct kafka_sockets *s = opaque;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n; i++)
		if (s->fds[i] == fd)
			s->fds[i--] = s->fds[--s->n];
	pthread_mutex_unlock(&s->lock);
	return close(fd);
}

struct kafka_sockets *kafka_sockets_watch(rd_kafka_conf_t *conf)
{
	struct kafka_sockets *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	rd_kafka_conf_set_opaque(conf, s);
	rd_kafka_conf_set_socket_cb(conf, on_open);
	rd_kafka_conf_set_closesocket_cb(conf, on_close);
	return s;
}

void kafka_sockets_reset_connections(struct kafka_sockets *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->n; i++)
		shutdown(s->fds[i], SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}
