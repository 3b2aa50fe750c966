/* mockproc.h — starts tests/lib/mockbroker and speaks to it. */
#ifndef MOCKPROC_H
#define MOCKPROC_H

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct mockproc {
	pid_t pid;
	FILE *to;
	FILE *from;
	char brokers[1024];
};

/* Exits the test when the broker cannot be started: nothing can be shown without it. */
static inline void mockproc_start(struct mockproc *m, int brokers)
{
	const char *dir = getenv("builddir");
	char path[512], count[16];
	int in[2], out[2];

	snprintf(path, sizeof(path), "%s/tests/lib/mockbroker", dir == NULL ? "." : dir);
	snprintf(count, sizeof(count), "%d", brokers);
	if (pipe(in) < 0 || pipe(out) < 0)
		exit(99);
	m->pid = fork();
	if (m->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		execl(path, path, count, (char *)NULL);
		_exit(127);
	}
	close(in[0]), close(out[1]);
	m->to = fdopen(in[1], "w");
	m->from = fdopen(out[0], "r");
	if (m->pid < 0 || fgets(m->brokers, sizeof(m->brokers), m->from) == NULL) {
		fprintf(stderr, "%s does not start\n", path);
		exit(99);
	}
	m->brokers[strcspn(m->brokers, "\n")] = '\0';
}

/* A command of mockbroker, printf-like; returns when it has been obeyed. */
__attribute__((format(printf, 2, 3))) static inline void mockproc_say(
        struct mockproc *m, const char *fmt, ...)
{
	char answer[32] = "";
	va_list ap;

	va_start(ap, fmt);
	vfprintf(m->to, fmt, ap);
	va_end(ap);
	fputc('\n', m->to);
	fflush(m->to);
	if (fgets(answer, sizeof(answer), m->from) == NULL || strcmp(answer, "ok\n") != 0) {
		fprintf(stderr, "mockbroker answers %s\n", answer);
		exit(99);
	}
}

static inline void mockproc_stop(struct mockproc *m)
{
	if (m->pid <= 0)
		return;
	kill(m->pid, SIGCONT);
	fclose(m->to);
	fclose(m->from);
	waitpid(m->pid, NULL, 0);
	m->pid = 0;
}

#endif
