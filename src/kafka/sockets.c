/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.c — hangs up on a broker that is frozen.
 *
 * Such a broker answers nothing and closes nothing. librdkafka waits a minute for its answers, asks it, of
 * all brokers, who leads the partitions now, and opens no other connection meanwhile: it has one that
 * works. So its sockets are opened here, and are known. Its threads call in here, hence the lock. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sockets.h"

enum { MOST = 256 }; /* of a cluster with more brokers than that the rest is not hung up on */

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
