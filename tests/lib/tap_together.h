/* SPDX-License-Identifier: Apache-2.0 */
/* tap_together.h — runs the cases of a test at the same time, each in a process of its own, for cases that mostly wait:
 * a group's session, or the mock cluster's forming of a group, takes seconds that no test can shorten. The lines of the
 * cases are printed in the order of the table, with one numbering. */
#ifndef TAP_TOGETHER_H
#define TAP_TOGETHER_H

#include <signal.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "must.h"
#include "tap.h"

struct tap_case {
	const char *name;
	void (*run)(void);
	pid_t pid;
	FILE *lines;
};

#define TAP_CASE(function)                                                                                             \
	{                                                                                                              \
		.name = #function, .run = (function)                                                                   \
	}

static inline void tap_case_start(struct tap_case *c)
{
	c->lines = tmpfile();
	fflush(stdout);
	c->pid = c->lines == NULL ? -1 : fork();
	if (c->pid < 0)
		bail_out("no process for a case");
	if (c->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fileno(c->lines), STDOUT_FILENO);
	dup2(fileno(c->lines), STDERR_FILENO);
	c->run();
	fflush(stdout);
	_exit(0);
}

/* "ok 3 - …" of a case gets the number it has in the whole test; other lines stay as they are. */
static inline void tap_case_print(struct tap_case *c)
{
	char line[4096];
	int end;

	rewind(c->lines);
	while (fgets(line, sizeof(line), c->lines) != NULL) {
		bool bad = strncmp(line, "not ", 4) == 0;

		end = 0;
		(void)sscanf(line + (bad ? 4 : 0), "ok %*d%n", &end);
		if (end == 0) {
			fputs(line, stdout);
			continue;
		}
		printf("%sok %d%s", bad ? "not " : "", ++tap_count, line + (bad ? 4 : 0) + end);
		tap_failed += bad;
	}
	fclose(c->lines);
}

/* Returns when all have ended. A case that dies is a failure. */
static inline void tap_together(struct tap_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tap_case_start(&cases[i]);
	for (size_t i = 0; i < n; i++) {
		int status = -1;

		waitpid(cases[i].pid, &status, 0);
		tap_case_print(&cases[i]);
		if (status != 0)
			ok(false, "%s ended with status %d", cases[i].name, status);
	}
	fflush(stdout);
}

#endif
