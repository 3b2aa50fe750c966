/* SPDX-License-Identifier: Apache-2.0 */
/* client_sockets.c — curl's sockets in an epoll set of their own, which the loop watches as one descriptor.
 *
 * curl calls on_want_socket() anew for each request and direction. A libuv watch per socket costs ten system calls a
 * connection and five a request; an epoll set costs one per call. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client_sockets.h"

enum { READY_AT_ONCE = 64 };

struct client_sockets {
	CURLM *multi;
	int set; /* epoll descriptor */
	struct watch *watch;
	void (*acted)(void *arg);
	void *arg;
};

/* Maps epoll events to curl's. curl finds errors by reading. */
static int action_of(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
	       (events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
}

/* While one event is handled curl may close a socket of a later event and reuse its number: curl then finds the new
 * socket not ready, and goes on waiting. */
static void on_ready(void *arg, int events)
{
	struct client_sockets *s = arg;
	struct epoll_event ready[READY_AT_ONCE];
	int n = epoll_wait(s->set, ready, READY_AT_ONCE, 0), running;

	(void)events;
	for (int i = 0; i < n; i++)
		curl_multi_socket_action(s->multi, ready[i].data.fd, action_of(ready[i].events), &running);
	s->acted(s->arg);
}

/* MINE is NULL for a socket that is not in the set. When adding it fails the request runs into its time-out:
 * returning an error would make curl's multi handle unusable. */
static int on_want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *mine)
{
	struct client_sockets *s = arg;
	struct epoll_event e = { .data.fd = fd };

	(void)easy;
	e.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0);
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(s->set, EPOLL_CTL_DEL, fd, NULL);
	else if (mine != NULL)
		epoll_ctl(s->set, EPOLL_CTL_MOD, fd, &e);
	else if (epoll_ctl(s->set, EPOLL_CTL_ADD, fd, &e) == 0)
		curl_multi_assign(s->multi, fd, s);
	return 0;
}

int client_sockets_open(struct client_sockets **out, struct loop *l, CURLM *multi, void (*acted)(void *arg), void *arg)
{
	struct client_sockets *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return E_NOMEM;
	*s = (struct client_sockets){ .multi = multi, .acted = acted, .arg = arg };
	s->set = epoll_create1(EPOLL_CLOEXEC);
	if (s->set < 0 || watch_open(&s->watch, l, s->set, on_ready, s) < 0) {
		client_sockets_free(s);
		return E_IO;
	}
	watch_set(s->watch, WATCH_READ);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, s);
	*out = s;
	return 0;
}

void client_sockets_free(struct client_sockets *s)
{
	if (s == NULL)
		return;
	watch_free(s->watch);
	if (s->set >= 0)
		close(s->set);
	free(s);
}
