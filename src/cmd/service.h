/* SPDX-License-Identifier: Apache-2.0 */
/* service.h — tells the service manager (systemd) how the daemon is, by the messages of sd_notify(3): READY, STATUS,
 * WATCHDOG, RELOADING and STOPPING. Without NOTIFY_SOCKET in the environment nothing is told. */
#ifndef SERVICE_H
#define SERVICE_H

#include "base/list.h"
#include "loop/loop.h"

enum { SERVICE_STATUS = 512 };

struct service_opts {
	void (*status)(void *arg, char *to, size_t cap); /* one line for people, cut at CAP bytes */
	/* False: only a restart helps, so the watchdog is not told any more. LIMIT_US is its interval. May be NULL. */
	bool (*alive)(void *arg, uint64_t limit_us);
	void *arg;
};

struct service {
	struct service_opts opts;
	struct loop *loop;
	struct timer *timer;         /* NULL: nothing is told */
	uint64_t watchdog_us;        /* interval of the watchdog; 0: there is none */
	uint64_t pinged_us;          /* monotonic; when the watchdog was last told */
	struct list messages;        /* that are not under way yet */
	struct detached *sending;    /* the message under way, or NULL */
	char status[SERVICE_STATUS]; /* as last told */
};

/* The name in LISTEN_FDNAMES of a socket that no other process has. */
#define SERVICE_OWN_SOCKET "own"

/* Adopts the sockets that the service manager has opened for this process, as of sd_listen_fds(3); see
 * base/listeners.h. To be called before anything listens. One that is no listening socket is logged and closed. */
void service_adopt_sockets(const char *command);
/* Logs and closes the adopted sockets that no option names. To be called when every port is open. */
void service_close_unused_sockets(const char *command);

/* E_NOMEM. After an error service_close is still to be called; S was zeroed by the caller. */
int service_open(struct service *s, struct loop *l, const struct service_opts *opts, struct why *why) MUST_USE;
/* The daemon serves. The status and the watchdog are told from now on. */
void service_ready(struct service *s);
/* A reload begins; service_ready ends it. */
void service_reloading(struct service *s);
void service_stopping(struct service *s);
void service_close(struct service *s);

#endif
