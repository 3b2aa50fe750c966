/* SPDX-License-Identifier: Apache-2.0 */
/* daemon.h — what agent and drain have in common as processes: log, signals, and an end in time. */
#ifndef DAEMON_H
#define DAEMON_H

#include "loop/loop.h"

enum { DAEMON_SIGNALS = 16 };

struct daemon_watch {
	struct daemon *daemon;
	const struct daemon_signal *signal;
	struct signal_watch *watch;
};

struct daemon {
	const char *command;      /* first word of each line */
	void (*stop)(void *arg);  /* called once, at the first signal that stops */
	void (*hurry)(void *arg); /* a second SIGINT came: the stop is to wait for nothing more */
	void *arg;
	bool stopping; /* STOP was called */
	struct daemon_watch watches[DAEMON_SIGNALS];
};

/* First of all in COMMAND: from here on lines of the log block nobody, and a signal that no daemon needs
 * does not end the process. 0, or E_NOMEM with a line on stderr. */
int daemon_begin(const char *command) MUST_USE;

/* From here on signals are answered on the loop L. The caller has set D's members up to ARG. */
int daemon_watch_signals(struct daemon *d, struct loop *l) MUST_USE;
/* One line with the program's version, the host and the process id. */
void daemon_log_start(const char *command);

/* The caller only frees from here on, the loop among the rest. Every signal of the table is ignored, and
 * when daemon_freed is not called in time, the process ends with STATUS. */
void daemon_frees(struct daemon *d, int status);
/* Gives the log's reader a moment to take the last lines, and returns STATUS. */
int daemon_freed(int status);

#endif
