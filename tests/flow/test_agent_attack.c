/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_attack.c — an agent whose two HTTP ports are attacked at once, and one whose collector answers requests
 * for strategies with rubbish, without end, or a byte a second: spans flow, memory is bounded, clients are answered. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_process.h"
#include "tap.h"
#include "testkit/ports.h"

enum {
	CONNECTIONS = 1000, /* of the attacker, half of them to each port */
	GREEDY = 8,         /* of these send heads of a megabyte */
	HEAD_BYTES = 1 << 20,
	ROUND_MS = 5, /* the attacker's pause, or it would need a core for itself */
	SPANS = 10000,
	RATE = 10000,
	MEMORY_MIB = 64,
};

/* ---- processes beside the test ---- */

/* Counters of a process beside the test, in memory that both share. */
struct seen {
	volatile unsigned open, closed, heads;
};

static struct seen *share_seen(void)
{
	struct seen *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		exit(99);
	return s;
}

/* In the child returns 0. */
static pid_t fork_beside(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		exit(99);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
	}
	return pid;
}

static void end_beside(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return at;
}

/* ---- the attacker ---- */

struct attacker {
	struct seen *seen;
	uint16_t ports[2];
	struct pollfd fds[CONNECTIONS];
	size_t sent[CONNECTIONS];
};

static void open_one(struct attacker *a, size_t i)
{
	static const char part[] = "GET /sampling?service=x HTTP/1.1\r\nHost: h\r\nX: ";
	struct sockaddr_in at = loopback(a->ports[i % 2]);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || send(fd, part, sizeof(part) - 1, 0) < 0) {
		close(fd);
		fd = -1;
	}
	a->fds[i] = (struct pollfd){ .fd = fd, .events = POLLIN | (i < GREEDY ? POLLOUT : 0) };
	a->sent[i] = 0;
	a->seen->open += fd >= 0;
}

/* Sends some more of a head that has no end before HEAD_BYTES. False: the server has had enough. */
static bool send_more(struct attacker *a, size_t i)
{
	static char block[16384];
	ssize_t n;

	memset(block, 'a', sizeof(block));
	n = send(a->fds[i].fd, block, sizeof(block), MSG_DONTWAIT);
	if (n > 0)
		a->sent[i] += (size_t)n;
	return n > 0 && a->sent[i] < HEAD_BYTES;
}

static void attack_one(struct attacker *a, size_t i)
{
	short events = a->fds[i].fd < 0 ? POLLHUP : a->fds[i].revents;
	bool over = (events & (POLLIN | POLLHUP | POLLERR)) != 0;

	if (!over && (events & POLLOUT) != 0)
		over = !send_more(a, i);
	if (!over)
		return;
	a->seen->heads += i < GREEDY;
	a->seen->closed++;
	if (a->fds[i].fd >= 0)
		close(a->fds[i].fd);
	open_one(a, i);
}

static __attribute__((noreturn)) void attack(struct attacker *a)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		open_one(a, i);
	for (;;) {
		poll(a->fds, CONNECTIONS, 0);
		for (size_t i = 0; i < CONNECTIONS; i++)
			attack_one(a, i);
		poll(NULL, 0, ROUND_MS);
	}
}

static bool is_under_attack(void *arg)
{
	const struct seen *seen = arg;

	return seen->open > 2 * CONNECTIONS && seen->heads > 2 * GREEDY;
}

/* ---- the collector ---- */

static void send_text(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), 0);
}

/* An answer for each service; ends when the client has gone. */
static void answer_badly(int fd)
{
	static char block[1 << 16];
	char request[4096] = "";

	(void)!recv(fd, request, sizeof(request) - 1, 0);
	if (strstr(request, "=rubbish") != NULL) {
		send_text(fd, "\x16\x03\x01 no HTTP at all\r\n\r\n");
	} else if (strstr(request, "=binary") != NULL) {
		send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n\xff\xfe{\"a\":\x01");
	} else if (strstr(request, "=huge") != NULL) {
		send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 104857600\r\n\r\n");
		memset(block, ' ', sizeof(block));
		for (size_t sent = 0; sent < 104857600 && send(fd, block, sizeof(block), 0) > 0; sent += sizeof(block))
			;
	} else {
		send_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 90\r\n\r\n{");
		for (int i = 0; i < 90 && send(fd, " ", 1, 0) > 0; i++)
			poll(NULL, 0, 1000);
	}
	close(fd);
}

static __attribute__((noreturn)) void collect(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			answer_badly(fd);
			_exit(0);
		}
		if (fd >= 0)
			close(fd);
	}
}

/* Returns its process. */
static pid_t open_collector(uint16_t *port)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 64) < 0 ||
	        getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		exit(99);
	*port = ntohs(at.sin_port);
	pid = fork_beside();
	if (pid == 0)
		collect(fd);
	close(fd);
	return pid;
}

/* ---- the agent ---- */

struct site {
	struct agent_process agent;
	uint16_t http;
};

static void open_site(struct site *s, uint16_t collector)
{
	char at[80], url[80];

	agent_process_open(&s->agent, AGENT_PROCESS_DIRECT);
	if (ports_free(PORTS_TCP, &s->http) < 0)
		exit(99);
	snprintf(at, sizeof(at), "--http-server.host-port=127.0.0.1:%u", s->http);
	snprintf(url, sizeof(url), "--sampling.url=http://127.0.0.1:%u/api/sampling", collector);
	ok(agent_process_start(&s->agent, at, url), "the agent serves");
}

static int ask(struct site *s, const char *service, struct buf *to)
{
	char path[80];

	snprintf(path, sizeof(path), "/sampling?service=%s", service);
	return rig_get(&s->agent.rig, s->http, path, to);
}

/* The most memory that the agent ever had, in MiB. */
static double most_memory(const struct site *s)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)child_pid(s->agent.agent));
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmHWM: %lu", &kib) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return (double)kib / 1024;
}

static void spans_flow(struct site *s, const char *when)
{
	agent_process_send(&s->agent, SPANS, RATE);
	ok(agent_process_all_stored(&s->agent), "%s: %d spans are sent and stored", when, SPANS);
	is_int(agent_process_ledger(&s->agent)->kernel_dropped, 0, "the kernel dropped none");
}

/* The address sanitizer keeps what was freed, so that its memory says nothing. */
static void memory_is_bounded(const struct site *s)
{
#ifdef __SANITIZE_ADDRESS__
	const bool counts = false;
#else
	const bool counts = true;
#endif

	ok(!counts || most_memory(s) < MEMORY_MIB, "it took %.1f MiB at most", most_memory(s));
}

static void two_ports_are_attacked_at_once(void)
{
	static struct attacker a;
	struct rlimit files = { 4096, 4096 };
	struct seen *seen = share_seen();
	struct site s;
	pid_t pid;

	open_site(&s, 1);
	a = (struct attacker){ .seen = seen, .ports = { s.http, s.agent.admin } };
	pid = fork_beside();
	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &files);
		attack(&a);
	}
	ok(agent_process_until(&s.agent, is_under_attack, seen),
	        "%d connections never finish a request, and come again when they are closed", CONNECTIONS);
	spans_flow(&s, "under attack");
	is_int(ask(&s, "front", NULL), 500, "a client is answered on 5778: there is no collector");
	is_int(agent_process_get(&s.agent, "/"), 200, "a probe is answered on the admin port");
	is_int(agent_process_get(&s.agent, "/metrics"), 200, "and Prometheus");
	diag("%u connections opened, %u closed, %u heads of up to 1 MB", seen->open, seen->closed, seen->heads);
	ok(kill(pid, 0) == 0 && seen->heads > 2 * GREEDY, "the attack went on until here");
	end_beside(pid);
	memory_is_bounded(&s);
	is_int(agent_process_stop(&s.agent), 0, "SIGTERM ends it with 0");
	agent_process_end(&s.agent);
	munmap(seen, sizeof(*seen));
}

static void is_answered_with(struct site *s, const char *service, const char *cause)
{
	struct buf text = { 0 };

	is_int(ask(s, service, &text), 500, service);
	ok(strstr(buf_cstr(&text), cause) != NULL, "with the cause: %.*s", (int)strcspn(buf_cstr(&text), "\n"),
	        buf_cstr(&text));
	buf_free(&text);
}

static bool all_have_failed(void *arg)
{
	return agent_process_metric(arg, "spanspool_sampling_fetches_total{result=\"err\"}") >= 4;
}

static void a_collector_answers_badly(void)
{
	struct site s;
	uint16_t port;
	pid_t pid = open_collector(&port);
	struct buf page = { 0 };

	open_site(&s, port);
	is_answered_with(&s, "slow", "no answer yet");
	is_answered_with(&s, "rubbish", "http://127.0.0.1:");
	is_answered_with(&s, "binary", "its answer is no strategy");
	is_answered_with(&s, "huge", "longer than 256 KiB");
	spans_flow(&s, "with such a collector");
	ok(agent_process_until(&s.agent, all_have_failed, &s.agent), "each failed fetch is counted, the slow one too");
	is_answered_with(&s, "slow", "http://127.0.0.1:");
	is_int(agent_process_page(&s.agent, "/health/ready", &page), 200, "the agent is ready");
	ok(strstr(buf_cstr(&page), "sampling strategies of ") != NULL, "and health says what is wrong");
	memory_is_bounded(&s);
	is_int(agent_process_stop(&s.agent), 0, "SIGTERM ends it with 0");
	agent_process_end(&s.agent);
	end_beside(pid);
	buf_free(&page);
}

int main(void)
{
	two_ports_are_attacked_at_once();
	a_collector_answers_badly();
	return tap_done();
}
