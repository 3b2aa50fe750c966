/* SPDX-License-Identifier: Apache-2.0 */
/* mockproc.h — starts tests/lib/mockbroker or tests/lib/stubcollector and speaks to it. */
#ifndef MOCKPROC_H
#define MOCKPROC_H

#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
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
	char brokers[1024]; /* the first line it says; of stubcollector its URL */
};

/* WORDS are its options, NULL at the end. Exits the test when the program cannot be started: nothing can be shown without it. */
static inline void mockproc_start_words(struct mockproc *m, const char *program, const char *const *words)
{
	char *argv[16] = { 0 };
	const char *dir = getenv("builddir");
	char path[512];
	int in[2], out[2];

	snprintf(path, sizeof(path), "%s/tests/lib/%s", dir == NULL ? "." : dir, program);
	argv[0] = path;
	for (size_t i = 0; words[i] != NULL && i < 14; i++)
		argv[i + 1] = (char *)(uintptr_t)words[i];
	if (pipe(in) < 0 || pipe(out) < 0)
		exit(99);
	m->pid = fork();
	if (m->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[0]), close(in[1]), close(out[0]), close(out[1]);
		execv(path, argv);
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

static inline void mockproc_start_program(struct mockproc *m, const char *program, const char *arg)
{
	mockproc_start_words(m, program, (const char *const[]){ arg, NULL });
}

static inline void mockproc_start(struct mockproc *m, int brokers)
{
	char count[16];

	snprintf(count, sizeof(count), "%d", brokers);
	mockproc_start_program(m, "mockbroker", count);
}

/* It is stopped when this returns: until then it may still answer. */
static inline void mockproc_freeze(struct mockproc *m)
{
	siginfo_t info;

	if (kill(m->pid, SIGSTOP) < 0 || waitid(P_PID, (id_t)m->pid, &info, WSTOPPED) < 0)
		exit(99);
}

/* A command that is answered by a line; ANSWER is without its end, "" when there is none. */
static inline void mockproc_ask(struct mockproc *m, const char *command, char *answer, size_t cap)
{
	fprintf(m->to, "%s\n", command);
	fflush(m->to);
	if (fgets(answer, (int)cap, m->from) == NULL)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
}

/* A command, printf-like; returns when it has been obeyed. */
__attribute__((format(printf, 2, 3))) static inline void mockproc_say(struct mockproc *m, const char *fmt, ...)
{
	char answer[32] = "";
	va_list ap;

	va_start(ap, fmt);
	vfprintf(m->to, fmt, ap);
	va_end(ap);
	fputc('\n', m->to);
	fflush(m->to);
	if (fgets(answer, sizeof(answer), m->from) == NULL || strcmp(answer, "ok\n") != 0) {
		fprintf(stderr, "\"%s\" is answered %s\n", fmt, answer);
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
