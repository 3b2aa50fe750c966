/* SPDX-License-Identifier: Apache-2.0 */
/* test_service.c — what agent and drain tell the service manager. This test is the manager: it has the socket that
 * NOTIFY_SOCKET names. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent_process.h"
#include "drain_process.h"
#include "must.h"
#include "tap.h"
#include "tempdir.h"
#include "wait.h"

enum { MESSAGES = 4096, TEXT = 1024, SPANS = 500, PINGS_MS = 500 };

/* Short, so that the test need not wait; nothing here depends on how late a ping comes. */
#define WATCHDOG "WATCHDOG_USEC=100000"

static struct agent_process s;
static char directory[TEMPDIR_PATH], variable[TEMPDIR_PATH + 32];
static const char *const variables[] = { variable, WATCHDOG, NULL };
static int manager = -1;
static char messages[MESSAGES][TEXT];
static size_t received;

static void open_manager(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	tempdir_make(directory);
	snprintf(variable, sizeof(variable), "NOTIFY_SOCKET=%s/notify", directory);
	if (strlen(directory) + 8 > sizeof(at.sun_path))
		bail_out("the path of the socket is too long");
	strcpy(at.sun_path, strchr(variable, '/'));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&at, sizeof(at)) < 0)
		bail_out("no socket for NOTIFY_SOCKET");
	received = 0;
}

static void close_manager(void)
{
	close(manager);
	tempdir_remove(directory);
}

static void receive(void)
{
	ssize_t n;

	while (received < MESSAGES && (n = recv(manager, messages[received], TEXT - 1, 0)) > 0)
		messages[received++][n] = '\0';
}

/* How many messages from number FROM on have a line that begins with FIELD. */
static size_t count(size_t from, const char *field)
{
	size_t n = 0, len = strlen(field);

	receive();
	for (size_t i = from; i < received; i++)
		for (const char *line = messages[i]; line != NULL; line = strchr(line, '\n')) {
			line += *line == '\n';
			n += strncmp(line, field, len) == 0;
		}
	return n;
}

struct expected {
	const char *field;
	size_t from, least;
};

static bool has_come(void *arg)
{
	const struct expected *e = arg;

	return count(e->from, e->field) >= e->least;
}

/* Waits until LEAST lines that begin with FIELD have come since message FROM. */
static bool comes(const char *field, size_t from, size_t least)
{
	return agent_process_until(&s, has_come, &(struct expected){ field, from, least });
}

static void open_agent(void)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	s.rig.variables = variables;
}

static void the_agent_tells_its_life(void)
{
	size_t from;

	open_agent();
	ok(agent_process_start(&s, NULL), "it serves");
	ok(comes("READY=1", 0, 1), "READY is told");
	is_int(agent_process_get(&s, "/"), 200, "when / answers 200");
	ok(strncmp(messages[0], "READY=1\nSTATUS=serving: 0 spans in ", 35) == 0,
	        "as the first message, with a status");
	ok(comes("WATCHDOG=1", 0, 5), "the watchdog is told, again and again");
	from = received;
	ok(comes("WATCHDOG=1", from, 5) && count(from, "STATUS=") == 0,
	        "a status that has not changed is not told again");
	child_signal(s.agent, SIGHUP);
	ok(comes("READY=1", from, 1), "a reload ends with READY");
	ok(count(from, "RELOADING=1") == 1 && count(from, "MONOTONIC_USEC=") == 1,
	        "and began with RELOADING and its time");
	stub_collector_down(s.rig.stub);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "spans wait in the spool");
	ok(comes("STATUS=serving: 500 spans in ", from, 1), "the status has them");
	from = received;
	is_int(agent_process_stop(&s), 0, "it ends");
	ok(count(from, "STOPPING=1") == 1 && count(from, "READY=1") == 0, "STOPPING was told, once");
	agent_process_end(&s);
}

static bool said(void *arg)
{
	return child_has_printed(s.agent, arg);
}

static void hold_disk(bool hold)
{
	char path[TEMPDIR_PATH + 16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/hold", s.rig.directory);
	if (!hold) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	if (f == NULL || fclose(f) != 0)
		bail_out("no file to hold the disk");
}

static void a_worker_that_hangs_ends_the_watchdog(void)
{
	char program[512];
	size_t from;

	snprintf(program, sizeof(program), "%s/tests/flow/held_agent",
	        getenv("builddir") == NULL ? "." : getenv("builddir"));
	open_agent();
	s.program = program;
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, NULL), "it serves");
	hold_disk(true);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_until(&s, said, (void *)(uintptr_t) "the watchdog is told no more"),
	        "a commit that does not return, and is no wait for the disk, is reported");
	from = received + count(received, "WATCHDOG=1");
	is_int(agent_process_get(&s, "/"), 200, "the loop still turns");
	wait_ms(s.loop, PINGS_MS); /* nothing can be waited for that is not to come */
	is_int(count(from, "WATCHDOG=1"), 0, "the watchdog hears nothing");
	hold_disk(false);
	ok(comes("WATCHDOG=1", received, 2), "when the commit ends it is told again");
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, SPANS), "no span is lost");
	agent_process_end(&s);
}

static bool queue_is_full(void *arg)
{
	struct sockaddr_un at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool full;

	(void)arg;
	if (getsockname(manager, (struct sockaddr *)&at, &len) < 0)
		bail_out("the socket has no name");
	full = sendto(fd, "X", 1, 0, (struct sockaddr *)&at, len) < 0;
	close(fd);
	return full;
}

static void a_manager_that_does_not_read_holds_nothing_up(void)
{
	open_agent();
	ok(agent_process_start(&s, NULL), "it serves");
	ok(agent_process_until(&s, queue_is_full, NULL), "nobody reads, until the socket's queue is full");
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_all_stored(&s), "spans are delivered");
	is_int(agent_process_stop(&s), 0, "and a stop ends it");
	agent_process_end(&s);
}

static struct drain_process d;

static bool drain_told(struct drain_process *b)
{
	(void)b;
	return count(0, "WATCHDOG=1") >= 3 && count(0, "READY=1") == 1;
}

static bool drain_reloaded(struct drain_process *b)
{
	return count(0, "RELOADING=1") == 1 && count(0, "READY=1") == 2 &&
	       drain_process_said(b, "drain: reload: the options were read again, none has changed") == 1;
}

static void the_drain_tells_its_life(void)
{
	drain_process_open(&d, 1);
	d.rig.variables = variables;
	ok(drain_process_start(&d, NULL), "the drain serves");
	ok(drain_process_until(&d, drain_told), "READY and the watchdog are told");
	ok(strncmp(messages[0], "READY=1\nSTATUS=serving: tracing-topic to http://127.0.0.1:", 58) == 0,
	        "with a status");
	child_signal(d.drain, SIGHUP);
	ok(drain_process_until(&d, drain_reloaded), "it reads its options again");
	is_int(drain_process_stop(&d), 0, "it ends");
	is_int(count(0, "STOPPING=1"), 1, "and STOPPING is told");
	drain_process_close(&d);
}

int main(void)
{
	void (*const tests[])(void) = {
		the_agent_tells_its_life,
		a_worker_that_hangs_ends_the_watchdog,
		a_manager_that_does_not_read_holds_nothing_up,
		the_drain_tells_its_life,
	};

	for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
		open_manager();
		tests[i]();
		close_manager();
	}
	return tap_done();
}
