/* SPDX-License-Identifier: Apache-2.0 */
/* child.c — forks, execs, and reaps. Waits with waitpid(pid), never for any child, so it takes no other code's exit
 * status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "testkit/child.h"
#include "base/clock.h"

static const char null_device[] = "/dev/null";

enum { LOG_READ_BYTES = 1 << 20, POLL_US = 2000 };

struct child {
	pid_t pid;
	bool ended; /* no process to wait for: not forked yet, or reaped */
	int status; /* of waitpid(), once reaped */
	char *log;
	off_t log_from; /* length of the log file at the start */
};

enum { HIGH_DESCRIPTOR = 64, FIRST_SOCKET = STDERR_FILENO + 1 }; /* SD_LISTEN_FDS_START */

struct environment {
	char listen_fds[32], listen_pid[32];
	const char *variables[CHILD_VARIABLES + 4];
};

/* Fills E with what a bare child gets; the child calls it, since LISTEN_PID is its own id. */
static void make_environment(struct environment *e, const struct child_opts *o)
{
	size_t n = 0;

	e->variables[n++] = "PATH=/usr/local/bin:/usr/bin:/bin";
	for (size_t i = 0; o->variables != NULL && o->variables[i] != NULL && i < CHILD_VARIABLES; i++)
		e->variables[n++] = o->variables[i];
	if (o->nsockets > 0) {
		snprintf(e->listen_fds, sizeof(e->listen_fds), "LISTEN_FDS=%zu", o->nsockets);
		snprintf(e->listen_pid, sizeof(e->listen_pid), "LISTEN_PID=%d", (int)getpid());
		e->variables[n++] = e->listen_fds;
		e->variables[n++] = e->listen_pid;
	}
	e->variables[n] = NULL;
}

/* Gives the sockets the numbers from FIRST_SOCKET on, by way of high ones: a socket may have such a number already. */
static bool place_sockets(const struct child_opts *o)
{
	int high[CHILD_SOCKETS];

	for (size_t i = 0; i < o->nsockets; i++) {
		high[i] = fcntl(o->sockets[i], F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
		if (high[i] < 0)
			return false;
	}
	for (size_t i = 0; i < o->nsockets; i++)
		if (dup2(high[i], FIRST_SOCKET + (int)i) < 0)
			return false;
	return true;
}

/* Runs between fork and exec, so it takes no lock and no memory. */
static void exec_program(const struct child_opts *o, int out, int null, pid_t parent)
{
	struct environment bare;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* when the parent thread ends, not the parent process */
	if (getppid() != parent)
		_exit(127);
	if (dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(127);
	/* A connection that the parent closes must not stay open through a copy of its descriptor. */
	if (!place_sockets(o) || close_range(FIRST_SOCKET + (unsigned)o->nsockets, ~0U, 0) < 0)
		_exit(127);
	make_environment(&bare, o);
	execve(o->program, (char *const *)(uintptr_t)o->argv,
	        o->bare ? (char *const *)(uintptr_t)bare.variables : environ);
	_exit(127);
}

static int open_log(struct child *c, const struct child_opts *o, int *fd, struct why *why)
{
	const char *path = o->log == NULL ? null_device : o->log;
	struct stat st;

	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (*fd < 0)
		return why_set(why, err_from_errno(errno), "%s: %s", path, strerror(errno));
	if (o->log == NULL)
		return 0;
	c->log = strdup(o->log);
	if (c->log == NULL)
		return why_set(why, E_NOMEM, "child process");
	c->log_from = fstat(*fd, &st) == 0 ? st.st_size : 0;
	return 0;
}

int child_start(struct child **out, const struct child_opts *o, struct why *why)
{
	struct child *c = calloc(1, sizeof(*c));
	int log = -1, null = -1;
	pid_t parent = getpid();

	if (c == NULL)
		return why_set(why, E_NOMEM, "child process");
	c->ended = true;
	null = open(null_device, O_RDONLY | O_CLOEXEC);
	if (null < 0) {
		why_set(why, err_from_errno(errno), "%s: %s", null_device, strerror(errno));
		goto fail;
	}
	if (open_log(c, o, &log, why) < 0)
		goto fail;
	c->pid = fork();
	if (c->pid == 0)
		exec_program(o, log, null, parent);
	if (c->pid < 0) {
		why_set(why, E_IO, "cannot start %s: %s", o->program, strerror(errno));
		goto fail;
	}
	c->ended = false;
	close(log);
	close(null);
	*out = c;
	return 0;
fail:
	if (log >= 0)
		close(log);
	if (null >= 0)
		close(null);
	child_free(c);
	return why->code;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

bool child_running(struct child *c)
{
	if (!c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return !c->ended;
}

int child_status(struct child *c)
{
	if (child_running(c))
		return -1;
	return WIFSIGNALED(c->status) ? 128 + WTERMSIG(c->status) : WEXITSTATUS(c->status);
}

void child_signal(struct child *c, int signum)
{
	if (child_running(c))
		kill(c->pid, signum);
}

int child_wait(struct child *c, uint64_t ms)
{
	uint64_t until = clock_mono_us() + ms * US_PER_MS;
	struct timespec pause = { 0, POLL_US * 1000 };

	while (child_running(c)) {
		if (clock_mono_us() >= until)
			return E_TIMEOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

bool child_has_printed(const struct child *c, const char *text)
{
	int fd = c->log == NULL ? -1 : open(c->log, O_RDONLY | O_CLOEXEC);
	char *output = malloc(LOG_READ_BYTES);
	ssize_t n = -1;
	bool found;

	if (fd >= 0 && output != NULL)
		n = pread(fd, output, LOG_READ_BYTES, c->log_from);
	if (fd >= 0)
		close(fd);
	found = n > 0 && memmem(output, (size_t)n, text, strlen(text)) != NULL;
	free(output);
	return found;
}

void child_free(struct child *c)
{
	if (c == NULL)
		return;
	if (!c->ended) {
		kill(c->pid, SIGKILL);
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(c->log);
	free(c);
}
