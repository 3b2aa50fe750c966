/* SPDX-License-Identifier: Apache-2.0 */
/* test_takeover.c — agents that take over from one another under load, and both of them killed on the way. */
#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent_process.h"
#include "loglines.h"
#include "must.h"
#include "tap.h"

enum { RATE = 5000, CHUNK = 1000, TAKEOVERS = 20, END_MS = 30000, KILLS = 12, SIGNALS = 20 };

static struct agent_process s;
static struct child *before; /* the agent that s.agent takes over from; NULL: none */

static void launch_successor(const char *option)
{
	const char *const options[] = { "--takeover", option, NULL };

	child_free(before);
	before = s.agent;
	s.agent = NULL;
	agent_process_launch(&s, options);
}

struct takeovers {
	unsigned n, failed;
};

/* A takeover as soon as the one before is over. */
static void on_burst(void *arg, uint64_t next)
{
	struct takeovers *t = arg;

	(void)next;
	if (before != NULL && child_running(before))
		return;
	t->failed += before != NULL && child_status(before) != 0;
	if (t->n == TAKEOVERS || (before != NULL && !child_has_printed(s.agent, "agent: admin pages at")))
		return;
	t->n++;
	launch_successor(NULL);
}

static void takeovers_lose_no_datagram(void)
{
	struct takeovers t = { 0 };
	struct tally_count c;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, "--takeover", NULL), "without a predecessor it opens the ports itself");
	ok(child_has_printed(s.agent, "no agent runs on"), "and says so");
	s.each_burst = on_burst;
	s.each_arg = &t;
	for (int i = 0; i < 300 && (t.n < TAKEOVERS || child_running(before)); i++)
		agent_process_send(&s, CHUNK, RATE);
	s.each_burst = NULL;
	is_int(t.n, TAKEOVERS, "agents take over from one another under load");
	is_int(t.failed, 0, "each predecessor ends with status 0");
	ok(agent_process_is_empty(&s), "all leave the last one");
	c = tally_total(s.tally);
	is_int(s.refused, 0, "no sender found a closed port");
	is_int(c.missing, 0, "every span arrived");
	is_int(c.duplicates, 0, "none twice");
	is_int(agent_process_ledger(&s)->accepted.spans, c.sent, "each was accepted once");
	is_int(s.ledger.unclean_stops, 0, "and every stop was clean");
	child_free(before);
	before = NULL;
	agent_process_end(&s);
}

static void a_successor_with_wrong_options_changes_nothing(void)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	launch_successor("--spool.exposure=never");
	ok(child_wait(s.agent, END_MS) == 0 && child_status(s.agent) == 2, "the successor is refused for its options");
	is_int(agent_process_get(&s, "/"), 200, "the agent serves on");
	ok(child_running(before), "as the same process");
	child_free(s.agent);
	s.agent = before;
	before = NULL;
	agent_process_end(&s);
}

/* Connects as a successor would, and sends BYTES. */
static int connect_raw(const void *bytes, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (snprintf(at.sun_path, sizeof(at.sun_path), "%s/spool/takeover", s.rig.directory) >=
	                (int)sizeof(at.sun_path) ||
	        fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || send(fd, bytes, len, 0) < 0)
		bail_out("no connection to the agent");
	return fd;
}

static bool has_refused(void *arg)
{
	(void)arg;
	return child_has_printed(s.agent, "speaks versions 7 to 9, this agent speaks 1");
}

static void what_is_no_hello_and_another_version_are_refused(void)
{
	struct {
		char magic[8];
		uint32_t kind, version, least_version;
		uint8_t held[16];
	} hello = { "spantake", 1, 9, 7, { 0 } }, answer;
	int fd;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	fd = connect_raw("hello", 5);
	is_int(recv(fd, &answer, sizeof(answer), 0), 0, "what is no hello is hung up on");
	close(fd);
	fd = connect_raw(&hello, sizeof(hello));
	ok(recv(fd, &answer, sizeof(answer), 0) == sizeof(answer) && answer.kind == 3, "later versions are refused");
	close(fd);
	ok(agent_process_until(&s, has_refused, NULL), "and that is told");
	is_int(agent_process_get(&s, "/"), 200, "the agent serves on");
	agent_process_end(&s);
}

/* A successor that has the sockets and the spool, and does not serve. */
static int begin_silent_takeover(void)
{
	const struct {
		char magic[8];
		uint32_t kind, version, least_version;
		uint8_t held[16];
	} hello = { "spantake", 1, 1, 1, { 0 } };
	uint8_t answer[64];
	int fd = connect_raw(&hello, sizeof(hello));

	for (int i = 0; i < 2; i++) /* SOCKETS, RELEASED */
		if (recv(fd, answer, sizeof(answer), 0) <= 0)
			bail_out("the agent gives neither sockets nor spool");
	return fd;
}

static void signals_while_the_successor_starts(void)
{
	bool waits = true;
	int fd;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	fd = begin_silent_takeover();
	for (int i = 0; i < SIGNALS && waits; i++) {
		child_signal(s.agent, i % 2 == 0 ? SIGHUP : SIGUSR1);
		waits = child_wait(s.agent, 20) == E_TIMEOUT;
	}
	ok(waits, "while SIGHUP and SIGUSR1 come it waits on");
	ok(!child_has_printed(s.agent, "this agent starts again"), "and does not start again");
	child_signal(s.agent, SIGTERM);
	is_int(child_wait(s.agent, END_MS), 0, "SIGTERM ends it");
	close(fd);
	agent_process_end(&s);
}

static bool serves(void *arg)
{
	(void)arg;
	return agent_process_get(&s, "/") == 200;
}

static bool has_restarted(void *arg)
{
	return log_lines_with(agent_process_log(&s), "agent: admin pages at") == *(int *)arg;
}

static int descriptors(void)
{
	char path[64];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)child_pid(s.agent));
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

/* The next segment may be open already, or not yet; what the program leaks is at least as much in each round. */
enum { SEGMENT_FILES = 2 };

static void an_agent_that_starts_again_is_as_before(void)
{
	int open_before = 0, starts = 1;
	char path[64], name[32] = "";
	FILE *f;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	while (starts < 4) {
		close(begin_silent_takeover());
		starts++;
		ok(agent_process_until(&s, has_restarted, &starts) && agent_process_until(&s, serves, NULL),
		        "its successor ends, and it starts again");
		if (starts == 2)
			open_before = descriptors();
	}
	ok(descriptors() <= open_before + SEGMENT_FILES, "with no more descriptors: %d, %d", open_before,
	        descriptors());
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)child_pid(s.agent));
	f = fopen(path, "r");
	ok(f != NULL && fgets(name, sizeof(name), f) != NULL && strcmp(name, "spanspool\n") == 0, "by its name: %s",
	        name);
	if (f != NULL)
		fclose(f);
	agent_process_end(&s);
}

static void a_successor_that_cannot_open_its_ports_gives_them_back(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	char option[64];
	pid_t pid;
	int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (taken < 0 || bind(taken, (struct sockaddr *)&at, len) < 0 || listen(taken, 1) < 0 ||
	        getsockname(taken, (struct sockaddr *)&at, &len) < 0)
		bail_out("no port that is taken");
	snprintf(option, sizeof(option), "--http-server.host-port=127.0.0.1:%u", ntohs(at.sin_port));
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	pid = child_pid(s.agent);
	launch_successor(option);
	agent_process_send(&s, CHUNK, RATE);
	is_int(child_wait(s.agent, END_MS), 0, "a successor that finds a port taken ends");
	is_int(child_status(s.agent), 1, "with status 1");
	child_free(s.agent);
	s.agent = before;
	before = NULL;
	ok(agent_process_until(&s, serves, NULL) && child_pid(s.agent) == pid,
	        "its predecessor starts again, as the same process");
	ok(log_lines_with(agent_process_log(&s), "ended before it served: this agent starts again") == 1,
	        "and says why");
	agent_process_send(&s, CHUNK, RATE);
	ok(agent_process_is_empty(&s), "all leave it");
	is_int(tally_total(s.tally).missing, 0, "and every span arrived");
	is_int(agent_process_stop(&s), 0, "it stops as any agent does");
	agent_process_end(&s);
	close(taken);
}

/* The successor is killed AFTER_US after its start: the predecessor goes on, or starts again on its own sockets. */
static bool survives_a_killed_successor(useconds_t after_us)
{
	struct child *successor;
	bool good;

	launch_successor(NULL);
	agent_process_send(&s, after_us * RATE / 1000000 / 10 * 10 + 10, RATE);
	agent_process_kill(&s);
	successor = s.agent;
	s.agent = before;
	before = successor;
	if (!child_running(s.agent)) { /* the successor served already */
		const char *const none[] = { NULL };

		agent_process_launch(&s, none);
	}
	good = agent_process_until(&s, serves, NULL);
	return good;
}

static void a_successor_that_is_killed_leaves_an_agent(void)
{
	unsigned good = 0;
	const struct ledger *l;
	struct tally_count c;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "an agent serves");
	for (useconds_t i = 0; i < KILLS; i++)
		good += survives_a_killed_successor(i * 4000);
	is_int(good, KILLS, "the successor is killed at some moment, and an agent serves");
	ok(agent_process_is_empty(&s), "all leave the last one");
	l = agent_process_ledger(&s);
	c = tally_total(s.tally);
	ok(c.missing <= c.sent - l->accepted.spans + l->place[LEDGER_UNCERTAIN].spans,
	        "%" PRIu64 " spans of %" PRIu64 " are missing, %" PRIu64 " times a port was closed", c.missing, c.sent,
	        s.refused);
	child_free(before);
	before = NULL;
	agent_process_end(&s);
}

static void a_predecessor_that_is_killed_leaves_the_sockets(void)
{
	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, "--shutdown.timeout=10m", NULL), "an agent serves");
	stub_collector_hang(s.rig.stub, true);
	agent_process_send(&s, 500, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 500), "and has spans that are stored and not delivered");
	launch_successor(NULL);
	while (child_running(before) && !child_has_printed(s.agent, "sockets taken over, waiting for the spool"))
		usleep(1000);
	agent_process_send(&s, 500, 0);
	is_int(s.refused, 0, "it stops, and spans wait in the sockets");
	child_signal(before, SIGKILL);
	ok(agent_process_until(&s, serves, NULL), "when it is killed the successor has the spool");
	stub_collector_hang(s.rig.stub, false);
	ok(agent_process_is_empty(&s), "all leave it");
	is_int(tally_total(s.tally).missing, 0, "and every span arrived");
	child_free(before);
	before = NULL;
	agent_process_end(&s);
}

int main(void)
{
	takeovers_lose_no_datagram();
	a_successor_with_wrong_options_changes_nothing();
	what_is_no_hello_and_another_version_are_refused();
	a_successor_that_cannot_open_its_ports_gives_them_back();
	signals_while_the_successor_starts();
	an_agent_that_starts_again_is_as_before();
	a_successor_that_is_killed_leaves_an_agent();
	a_predecessor_that_is_killed_leaves_the_sockets();
	return tap_done();
}
