/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that demo and tests start, watch, and end by their process id. */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

#include "base/err.h"

struct child_opts {
	const char *program;     /* path; "/proc/self/exe" is this program */
	const char *const *argv; /* argv[0] included, NULL at the end */
	const char *log;         /* file that takes what it prints, appended; NULL: /dev/null */
	bool bare;               /* without this process's environment, in which options may stand */
};

struct child;

/* It dies with the thread that started it, however that ends. */
int child_start(struct child **out, const struct child_opts *o, struct why *why) MUST_USE;

pid_t child_pid(const struct child *c);
bool child_running(struct child *c);
/* Its exit status, 128 + signal when one ended it, -1 while it runs. */
int child_status(struct child *c);
/* Nothing happens when it is over. */
void child_signal(struct child *c, int signum);
/* Blocks until it is over: 0 or E_TIMEOUT. */
int child_wait(struct child *c, uint64_t ms) MUST_USE;
/* Has it printed TEXT since it was started? Needs a log. */
bool child_said(const struct child *c, const char *text);

/* Kills it if it still runs, and waits for its end. NULL is fine. */
void child_free(struct child *c);

#endif
