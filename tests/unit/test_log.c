/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c — the thread that writes a daemon's log: before a crash, to a descriptor that does not block,
 * to one that refuses. Each case is played in a process of its own, whose stderr the test reads. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "tap.h"

enum { LINES = 300, PLENTY_MS = 60000, REFUSAL_MS = 300, SAID_BYTES = 1 << 18 };

static char said[SAID_BYTES];

static int reading[2]; /* a pipe: the player writes to it, or closes it, when its stderr is to be read */

/* Plays PLAY(ARG) with stderr as a pipe and reads that to its end. Returns the status of waitpid. */
static int hear(void (*play)(int arg), int arg)
{
	size_t len = 0;
	int fds[2], status;
	ssize_t n;
	char byte;
	pid_t pid;

	fflush(stdout);
	if (pipe(fds) < 0 || pipe(reading) < 0 || (pid = fork()) < 0) {
		printf("Bail out! no pipe or no process\n");
		exit(99);
	}
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		close(reading[0]);
		log_setup(LOG_LEVEL_INFO, LOG_FORM_TEXT);
		if (log_begin_writer() == 0)
			play(arg);
		_exit(0);
	}
	close(fds[1]);
	close(reading[1]);
	(void)!read(reading[0], &byte, 1);
	close(reading[0]);
	while (len < sizeof(said) - 1 && (n = read(fds[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return status;
}

static int lines_said(const char *what)
{
	int n = 0;

	for (const char *at = said; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static void log_lines(void)
{
	for (int i = 0; i < LINES; i++)
		log_info("test: line %d", i);
}

static void log_and_crash(int signum)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	log_lines();
	raise(signum);
}

static void lines_before_a_crash_are_written(void)
{
	static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE };

	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		struct sigaction now;
		int status;

		/* A sanitizer that handles it keeps it. */
		if (sigaction(crashes[i], NULL, &now) < 0 || now.sa_handler != SIG_DFL)
			continue;
		status = hear(log_and_crash, crashes[i]);

		ok(lines_said("test: line ") == LINES, "%s: all lines before it are written", strsignal(crashes[i]));
		ok(!WIFEXITED(status) || WEXITSTATUS(status) != 0, "and it ends the process");
	}
}

/* The pipe is full while lines are to be written. A writer that took that for a refusal would have given
 * them up before anything is read. */
static void log_to_a_descriptor_that_does_not_block(int unused)
{
	char page[4096];

	(void)unused;
	memset(page, '.', sizeof(page));
	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	while (write(STDERR_FILENO, page, sizeof(page)) > 0)
		;
	log_lines();
	log_flush(REFUSAL_MS);
	close(reading[1]);
	log_flush(PLENTY_MS);
}

static void a_descriptor_that_does_not_block_loses_no_line(void)
{
	hear(log_to_a_descriptor_that_does_not_block, 0);
	is_int(lines_said("test: line "), LINES, "O_NONBLOCK: every line is written");
	is_int(lines_said("were lost"), 0, "and none is called lost");
}

static void log_to_a_full_disk(int unused)
{
	int pipe_end = dup(STDERR_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)unused;
	dup2(full, STDERR_FILENO);
	log_info("test: one");
	log_info("test: two");
	log_flush(PLENTY_MS);
	dup2(pipe_end, STDERR_FILENO);
	log_info("test: three");
	log_flush(PLENTY_MS);
}

static void lines_that_stderr_refused_are_counted(void)
{
	if (access("/dev/full", W_OK) < 0) {
		ok(1, "no /dev/full # SKIP");
		return;
	}
	hear(log_to_a_full_disk, 0);
	ok(strstr(said, "log: 2 lines before this one were lost: stderr refused them: "
	                "No space left on device") != NULL,
	        "lines that were refused are counted, with the reason");
	is_int(lines_said("test: three"), 1, "and the next line is written");
	is_int(lines_said("test: "), 1, "the refused ones are not");
}

static void log_as_json(int unused)
{
	(void)unused;
	log_setup(LOG_LEVEL_INFO, LOG_FORM_JSON);
	log_warn("test: a \"quoted\" word\n");
	log_debug("test: below the least level");
	log_flush(PLENTY_MS);
}

/* The keys of jaeger-agent's log, with the types that it gives them. */
static void json_has_the_keys_of_jaeger_agent(void)
{
	double ts = 0, now = (double)time(NULL);
	char caller[64] = "", rest[256] = "";
	int line = 0;

	hear(log_as_json, 0);
	ok(sscanf(said, "{\"level\":\"warn\",\"ts\":%lf,\"caller\":\"%63[^:]:%d\",\"msg\":%255[^\n]", &ts, caller,
	           &line, rest) == 4,
	        "level, ts, caller, msg: %s", said);
	ok(ts > now - 600 && ts < now + 600, "ts is in seconds since 1970: %f", ts);
	is_text(caller, "unit/test_log.c", "caller is the file with its folder");
	ok(line > 0, "and the line");
	is_text(rest, "\"test: a \\\"quoted\\\" word\\u000a\"}", "msg is escaped");
	is_int(lines_said("\n"), 1, "one line");
}

/* With OWN stderr is the stream that JOURNAL_STREAM names, else another is. */
static void log_to_the_journal(int own)
{
	char stream[64];
	struct stat st;

	fstat(STDERR_FILENO, &st);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + !own);
	setenv("JOURNAL_STREAM", stream, 1);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORM_AUTO);
	log_debug("test: one");
	log_info("test: two");
	log_warn("test: three");
	log_error("test: four");
	log_flush(PLENTY_MS);
}

static void lines_to_the_journal_have_a_priority(void)
{
	hear(log_to_the_journal, true);
	is_text(said, "<7>test: one\n<6>test: two\n<4>test: three\n<3>test: four\n", "stderr is the journal");
	hear(log_to_the_journal, false);
	ok(lines_said("<") == 0 && lines_said(" warn  test: three\n") == 1, "stderr is another stream: %s", said);
}

static void log_json_to_the_journal(int unused)
{
	(void)unused;
	log_to_the_journal(true);
	log_setup(LOG_LEVEL_INFO, LOG_FORM_JSON);
	log_info("test: five");
	log_flush(PLENTY_MS);
}

static void so_have_lines_of_json(void)
{
	hear(log_json_to_the_journal, 0);
	is_int(lines_said("<6>{\"level\":\"info\",\"ts\":"), 1, "the priority stands before the object");
}

int main(void)
{
	lines_before_a_crash_are_written();
	a_descriptor_that_does_not_block_loses_no_line();
	lines_that_stderr_refused_are_counted();
	json_has_the_keys_of_jaeger_agent();
	lines_to_the_journal_have_a_priority();
	so_have_lines_of_json();
	return tap_done();
}
