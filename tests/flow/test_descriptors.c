/* SPDX-License-Identifier: Apache-2.0 */
/* test_descriptors.c — agent and tools started with stdin, stdout or stderr closed: no file of theirs
 * gets one of these numbers, so nothing that is printed gets into a file. */
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent_process.h"
#include "tap.h"

enum { SPANS = 100, COMBINATIONS = 8, END_MS = 30000 };

static struct agent_process s;

/* The redirections that close what COMBINATION has bits for. */
static const char *closed(unsigned combination)
{
	static const char *const words[COMBINATIONS] = { "", "<&-", ">&-", "<&- >&-", "2>&-", "<&- 2>&-", ">&- 2>&-",
		"<&- >&- 2>&-" };

	return words[combination];
}

/* A script that starts the program so; with it the agent of the stage is started. */
static const char *script(unsigned combination)
{
	static char path[300];
	char *program = realpath(agent_process_program(), NULL);
	FILE *f;

	snprintf(path, sizeof(path), "%s/start.sh", s.rig.directory);
	f = fopen(path, "w");
	if (f == NULL || program == NULL)
		exit(99);
	fprintf(f, "#!/bin/sh\nexec \"%s\" \"$@\" %s\n", program, closed(combination));
	free(program);
	fclose(f);
	chmod(path, 0700);
	return path;
}

static int shell(const char *format, ...) PRINTF(1, 2);
static int shell(const char *format, ...)
{
	char line[1024];
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_agent_works_whatever_is_closed(unsigned combination)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_hang(s.rig.stub, true);
	s.program = script(combination);
	ok(agent_process_start(&s, "--shutdown.timeout=100ms", NULL), "agent %s: it serves", closed(combination));
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "it stores");
	child_signal(s.agent, SIGHUP); /* a line of the log at the least */
	is_int(agent_process_get(&s, "/"), 200, "it answers");
	is_int(agent_process_stop(&s), 0, "it stops with exit status 0");
	ok(shell("! grep -rqa 'agent: ' '%s/spool'", s.rig.directory) == 0, "no line of its log is in the spool");
}

/* The spool that the agent left. */
static void a_tool_works_whatever_is_closed(unsigned combination)
{
	bool output = (combination & 2) == 0;
	int status;

	status = shell("cd '%s' && ./start.sh spool export --spool.directory=spool >out 2>err", s.rig.directory);
	if (output)
		ok(status == 0, "spool export %s: exit status 0", closed(combination));
	else
		ok(status == 1, "spool export %s: output that nobody gets is a failure", closed(combination));
	is_int(shell("[ $(wc -l <'%s/out') -gt 0 ]", s.rig.directory), output ? 0 : 1,
	        output ? "the batches are in its output" : "none was written elsewhere");
	ok(shell("cd '%s' && ! grep -rqa '\"traceID\\|operation' spool/lock", s.rig.directory) == 0,
	        "nor is any in the spool's lock");
}

int main(void)
{
	for (unsigned i = 0; i < COMBINATIONS; i++) {
		an_agent_works_whatever_is_closed(i);
		a_tool_works_whatever_is_closed(i);
		agent_process_end(&s);
	}
	return tap_done();
}
