/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.h — the process of agent and drain: log, signals, and an exit within bounded time. */
#ifndef DAEMON_H
#define DAEMON_H

#include "reload.h"
#include "service.h"
#include "telemetry/health.h"

enum { DAEMON_SIGNALS = 16 };

struct daemon_watch {
	struct daemon *daemon;
	const struct daemon_signal *signal;
	struct signal_watch *watch;
};

struct daemon {
	const char *command;      /* first word of each line */
	void (*stop)(void *arg);  /* called once, at the first SIGTERM, SIGINT, SIGPWR or SIGXCPU */
	void (*hurry)(void *arg); /* a second SIGINT came: the stop is to wait for nothing more */
	void *arg;
	struct health *health;
	struct service_opts told; /* to the service manager */
	struct reload_opts again; /* SIGHUP; daemon_open sets what follows the rows */
	bool stopping;            /* STOP was called */
	bool told_to_stop;        /* a signal that stops has come */
	struct service service;
	struct reload reload;
	struct daemon_watch watches[DAEMON_SIGNALS];
};

/* To be called first in COMMAND. Starts the thread that writes the log, so that logging does not block, and ignores
 * the signals that a daemon does not use. 0, or E_NOMEM with a line on stderr. */
int daemon_begin(const char *command) MUST_USE;

/* Handles signals on the loop L from now on. The caller has set the members of D up to AGAIN. E_NOMEM. */
int daemon_open(struct daemon *d, struct loop *l, struct why *why) MUST_USE;
/* Every part is open: the health says so, and the service manager is told. */
void daemon_serve(struct daemon *d);
/* Begins the stop as a signal would, unless it has begun. */
void daemon_stop(struct daemon *d);
/* To be called before the loop is freed. */
void daemon_close(struct daemon *d);
/* Logs the program's version, the host and the process id, and adopts the sockets of the service manager. */
void daemon_start(const char *command);

/* To be called before the parts and the loop are freed. Ignores every signal of the table. When daemon_end_exit is
 * not called within half a second, the process exits with STATUS. */
void daemon_begin_exit(struct daemon *d, int status);
/* Stops that timer, waits up to a second until the log is written, and returns STATUS. */
int daemon_end_exit(int status);

#endif
