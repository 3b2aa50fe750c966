/* SPDX-License-Identifier: Apache-2.0 */
/* Starts, watches and ends child processes for the demo and tests. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "base/err.h"

struct child_opts {
	const char *program;          /* path; "/proc/self/exe" runs this program */
	const char *const *argv;      /* argv[0] included, NULL at the end */
	const char *log;              /* its stdout and stderr are appended to this file; NULL: /dev/null */
	bool bare;                    /* do not inherit the environment, which may set options */
	const char *const *variables; /* "NAME=value" that a bare child gets, NULL at the end; NULL: none */
	/* Sockets that a bare child gets as a service manager passes them: as descriptors 3, 4, …, with LISTEN_FDS and
	 * LISTEN_PID in its environment. */
	const int *sockets;
	size_t nsockets; /* at most CHILD_SOCKETS */
};

enum { CHILD_SOCKETS = 8, CHILD_VARIABLES = 8 };

struct child;

/* The child is killed when the thread that started it ends, in whatever way. */
int child_start(struct child **out, const struct child_opts *o, struct why *why) MUST_USE;

pid_t child_pid(const struct child *c);
bool child_running(struct child *c);
/* Its exit status, 128 + signal when one ended it, -1 while it runs. */
int child_status(struct child *c);
/* No-op when the child has ended. */
void child_signal(struct child *c, int signum);
/* Blocks until the child has ended: 0, or E_TIMEOUT after MS. */
int child_wait(struct child *c, uint64_t ms) MUST_USE;
/* True when the child has printed TEXT in the first MiB of its output; false without opts.log. */
bool child_has_printed(const struct child *c, const char *text);

/* Kills the child if it still runs, and waits for its end. C may be NULL. */
void child_free(struct child *c);

#endif
