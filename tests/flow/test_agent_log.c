/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_log.c — whoever reads the agent's log stands still: spans flow, the admin port answers, a
 * stop comes to its end, and the reader hears later how many lines were lost. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "agent_process.h"
#include "tap.h"

/* At least so many lines of the log are made, some 90 bytes each: more than pipe and ring hold. */
enum { LINES = 3000, SPANS = 1000 };

static struct agent_process s;

/* The test's own end of a log that stands still. */
struct reader {
	int fd;
	struct buf said;
};

static void stop_here(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(99);
}

/* A pipe that is full before the agent writes its first line. */
static struct reader full_pipe(void)
{
	struct reader r = { 0 };
	char page[4096] = "";

	memset(page, '.', sizeof(page) - 1);
	page[sizeof(page) - 1] = '\n';
	if (mkfifo(agent_process_log(&s), 0600) < 0)
		stop_here("mkfifo");
	r.fd = open(agent_process_log(&s), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (r.fd < 0)
		stop_here(agent_process_log(&s));
	while (write(r.fd, page, sizeof(page)) > 0)
		;
	return r;
}

/* A terminal on which ctrl-S was typed. */
static struct reader stopped_terminal(void)
{
	struct reader r = { .fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) };

	if (r.fd < 0 || grantpt(r.fd) < 0 || unlockpt(r.fd) < 0 || symlink(ptsname(r.fd), agent_process_log(&s)) < 0)
		stop_here("a terminal");
	if (write(r.fd, "\x13", 1) != 1) /* ctrl-S */
		stop_here("ctrl-S");
	return r;
}

static void goes_on(struct reader *r)
{
	if (isatty(r->fd) && write(r->fd, "\x11", 1) != 1) /* ctrl-Q */
		stop_here("ctrl-Q");
}

static bool has_said(struct reader *r, const char *text)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(r->fd, piece, sizeof(piece))) > 0)
		buf_add(&r->said, piece, (size_t)n);
	return strstr(buf_cstr(&r->said), text) != NULL;
}

static bool has_reported_lost_lines(void *arg)
{
	return has_said(arg, " lines before this one were lost");
}

static bool has_stopped_line(void *arg)
{
	return has_said(arg, "agent: stopped");
}

/* An answer of the admin port between two signals shows that the loop has taken them. */
static void make_lines(void)
{
	for (unsigned i = 0; i < LINES / 3; i++) {
		child_signal(s.agent, SIGHUP);
		child_signal(s.agent, SIGUSR1);
		child_signal(s.agent, SIGUSR2);
		if (agent_process_get(&s, "/") != 200)
			break;
	}
}

static bool is_serving(void *arg)
{
	(void)arg;
	return !child_running(s.agent) || agent_process_get(&s, "/") == 200;
}

static void starts_and_works(const char *where)
{
	static const char *const none[] = { NULL };

	agent_process_launch(&s, none);
	/* Nobody but the test may read there, also when it shows the log of a wait in vain. */
	unlink(agent_process_log(&s));
	ok(agent_process_until(&s, is_serving, NULL) && child_running(s.agent),
	        "%s: the agent starts and its admin port answers", where);
	make_lines();
	ok(agent_process_get(&s, "/health/ready") == 200, "%s: it answers after %d lines", where, LINES);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_accepted(&s, SPANS) && agent_process_is_empty(&s), "%s: and spans are delivered", where);
}

static void a_reader_that_comes_back_hears_of_lost_lines(const char *where, struct reader (*still)(void))
{
	struct reader r;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	r = still();
	starts_and_works(where);
	goes_on(&r);
	ok(agent_process_until(&s, has_reported_lost_lines, &r),
	        "%s: when it is read again, a line says how many lines were lost", where);
	ok(agent_process_stop(&s) == 0, "%s: SIGTERM: exit status 0", where);
	ok(agent_process_until(&s, has_stopped_line, &r), "%s: and the last line is read", where);
	buf_free(&r.said);
	close(r.fd);
	agent_process_end(&s);
}

static void a_reader_that_never_comes_back_does_not_keep_it_from_stopping(
        const char *where, struct reader (*still)(void))
{
	struct reader r;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	r = still();
	starts_and_works(where);
	ok(agent_process_stop(&s) == 0, "%s: SIGTERM: exit status 0, though nobody reads", where);
	ok(agent_process_start(&s, NULL), "%s: it starts again", where);
	ok(agent_process_ledger(&s)->unclean_stops == 0, "%s: and found a clean stop", where);
	close(r.fd);
	agent_process_end(&s);
}

int main(void)
{
	a_reader_that_comes_back_hears_of_lost_lines("full pipe", full_pipe);
	a_reader_that_comes_back_hears_of_lost_lines("stopped terminal", stopped_terminal);
	a_reader_that_never_comes_back_does_not_keep_it_from_stopping("full pipe", full_pipe);
	a_reader_that_never_comes_back_does_not_keep_it_from_stopping("stopped terminal", stopped_terminal);
	return tap_done();
}
