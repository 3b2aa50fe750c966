/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_start.c — an agent that cannot start says why in one line, and exits with 1 or 2. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent_process.h"
#include "tap.h"

enum { END_MS = 20000 };

/* A socket of the test's own at PORT of 127.0.0.1. */
static int occupy(int type, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || (type == SOCK_STREAM && listen(fd, 1) < 0)) {
		printf("Bail out! port %u cannot be had\n", port);
		exit(99);
	}
	return fd;
}

/* Lines of the log that are complaints of the command itself. */
static unsigned complaints(struct agent_process *s, char *last, size_t cap)
{
	FILE *f = fopen(agent_process_log(s), "r");
	char line[1024];
	unsigned n = 0;

	last[0] = '\0';
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "spanspool agent: ", 17) != 0)
			continue;
		n++;
		snprintf(last, cap, "%s", line);
		last[strcspn(last, "\n")] = '\0';
	}
	if (f != NULL)
		fclose(f);
	return n;
}

/* The agent of S, started with these options, ends by itself and names WHAT in one line. */
static void is_refused(struct agent_process *s, const char *const *options, int status, const char *what)
{
	char line[1024];

	agent_process_launch(s, options);
	if (child_wait(s->agent, END_MS) < 0) {
		ok(0, "it ends by itself");
		return;
	}
	is_int(child_status(s->agent), status, "it ends by itself");
	is_int(complaints(s, line, sizeof(line)), 1, "with one line");
	ok(strstr(line, what) != NULL, "that names %s: %s", what, line);
	unlink(agent_process_log(s));
}

static void a_port_that_is_taken_is_named(void)
{
	static const char *const none[] = { NULL };
	struct agent_process s;
	char port[16];
	int fd;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	fd = occupy(SOCK_DGRAM, s.compact);
	snprintf(port, sizeof(port), "%u", s.compact);
	is_refused(&s, none, 1, port);
	close(fd);
	fd = occupy(SOCK_DGRAM, s.binary);
	snprintf(port, sizeof(port), "%u", s.binary);
	is_refused(&s, none, 1, port);
	close(fd);
	fd = occupy(SOCK_STREAM, s.admin);
	snprintf(port, sizeof(port), "%u", s.admin);
	is_refused(&s, none, 1, port);
	close(fd);
	ok(agent_process_start(&s, NULL), "when all are free it starts");
	agent_process_end(&s);
}

static void a_second_agent_on_the_same_spool_is_refused(void)
{
	static const char *const none[] = { NULL };
	struct agent_process s, second;
	char log[300], holder[32];

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the first serves");
	snprintf(holder, sizeof(holder), "%d", (int)child_pid(s.agent));
	snprintf(log, sizeof(log), "%s/first.log", s.rig.directory);
	rename(agent_process_log(&s), log);
	agent_process_open(&second, AGENT_PROCESS_KAFKA);
	free(second.rig.directory);
	second.rig.directory = strdup(s.rig.directory);
	is_refused(&second, none, 1, holder);
	agent_process_send(&s, 100, 0);
	ok(agent_process_accepted(&s, 100) && agent_process_is_empty(&s), "the first is none the worse");
	is_int(agent_process_stop(&s), 0, "and ends well");
	ok(agent_process_start(&second, NULL), "then the second one starts");
	is_int(agent_process_ledger(&second)->accepted.spans, 100, "with the ledger of the first");
	child_free(s.agent);
	s.agent = NULL;
	agent_process_end(&second);
	agent_process_end(&s);
}

static void a_spool_that_cannot_be_made_is_named(void)
{
	static const char *const in_a_file[] = { "--spool.directory=/proc/self/status/spool", NULL };
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	is_refused(&s, in_a_file, 1, "/proc/self/status/spool");
	agent_process_end(&s);
}

static void a_wrong_option_is_named(void)
{
	static const struct {
		const char *option[2];
		const char *named;
	} cases[] = {
		{ { "--spool.exposur=1s", NULL }, "spool.exposur" },
		{ { "--spool.exposure=soon", NULL }, "spool.exposure" },
		{ { "--spool.sync=commit", NULL }, "spool.sync: is gone: every commit is synced" },
		{ { "--spool.segment-bytes=1", NULL }, "spool.segment-bytes" },
		{ { "--kafka.property=linger.mss=5", NULL }, "linger.mss" },
		{ { "--admin.http.host-port=::::", NULL }, "admin.http.host-port" },
	};
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		is_refused(&s, cases[i].option, 2, cases[i].named);
	agent_process_end(&s);
}

int main(void)
{
	a_port_that_is_taken_is_named();
	a_second_agent_on_the_same_spool_is_refused();
	a_spool_that_cannot_be_made_is_named();
	a_wrong_option_is_named();
	return tap_done();
}
