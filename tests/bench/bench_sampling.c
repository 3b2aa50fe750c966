/* SPDX-License-Identifier: Apache-2.0 */
/* bench_sampling.c — what clients with remote samplers cost: the agent answers 2,000 requests a second on port 5778 from
 * its cache, with and without spans beside them. Sender, broker, collector and clients are processes of their own.
 *
 *   bench_sampling [SECONDS] [RATE ...]
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "measure.h"
#include "tap.h"
#include "testkit/ports.h"
#include "wait.h"

enum {
	CLIENTS = 4,   /* processes */
	ASKED = 2000,  /* requests a second of all clients */
	SERVICES = 50, /* that they ask for */
	WARM = 20000,  /* spans */
	WARM_RATE = 20000,
	REQUESTS_MOST = 1 << 16, /* of one client */
};

enum way { SILENT, KEPT, CLOSED, WAYS };
static const char *const way_names[WAYS] = { "none", "kept", "closed" };

/* What one client has seen, in memory that it shares with this process. */
struct client {
	uint32_t latency_us[REQUESTS_MOST];
	volatile size_t n;
	volatile size_t failed;
};

static struct client *clients; /* CLIENTS of them */

/* ---- the processes beside the agent ---- */

static pid_t fork_beside(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	measure_must(pid >= 0, "no process");
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

/* A collector that has one strategy for every service. Returns its process. */
static pid_t open_collector(uint16_t *port)
{
	static const char answer[] =
	        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
	        "{\"strategyType\":\"PROBABILISTIC\",\"probabilisticSampling\":{\"samplingRate\":0.5}}";
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[4096];
	pid_t pid;

	measure_must(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0 && listen(fd, 64) == 0 &&
	                     getsockname(fd, (struct sockaddr *)&at, &len) == 0,
	        "no port");
	*port = ntohs(at.sin_port);
	pid = fork_beside();
	while (pid == 0) {
		int one = accept(fd, NULL, NULL);

		if (one >= 0 && recv(one, request, sizeof(request), 0) > 0)
			(void)!send(one, answer, sizeof(answer) - 1, 0);
		close(one);
	}
	close(fd);
	return pid;
}

/* ---- the clients ---- */

static int connect_to(uint16_t port)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One request, and its whole answer, which fits into one segment. */
static bool ask(int fd, unsigned service)
{
	char text[1024];
	int len = snprintf(
	        text, sizeof(text), "GET /sampling?service=s%u HTTP/1.1\r\nHost: h\r\n\r\n", service % SERVICES);
	ssize_t n = send(fd, text, (size_t)len, 0) == len ? recv(fd, text, sizeof(text) - 1, 0) : -1;

	text[n < 0 ? 0 : n] = '\0';
	return strncmp(text, "HTTP/1.1 200 ", 13) == 0 && strstr(text, "samplingRate") != NULL;
}

static void sleep_until(uint64_t us)
{
	struct timespec at = { (time_t)(us / US_PER_S), (long)(us % US_PER_S * 1000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Asks ASKED / CLIENTS times a second. A latency counts from the moment when the request was due. */
static __attribute__((noreturn)) void ask_for_ever(struct client *c, uint16_t port, enum way way)
{
	uint64_t began = clock_mono_us();
	int fd = -1;

	for (unsigned i = 0;; i++) {
		uint64_t due = began + i * US_PER_S * CLIENTS / ASKED;
		bool good;

		sleep_until(due);
		if (fd < 0)
			fd = connect_to(port);
		good = fd >= 0 && ask(fd, i);
		c->failed += !good;
		if (c->n < REQUESTS_MOST)
			c->latency_us[c->n++] = (uint32_t)(clock_mono_us() - due);
		if (fd >= 0 && (way == CLOSED || !good)) {
			close(fd);
			fd = -1;
		}
	}
}

static void start_clients(pid_t pids[CLIENTS], uint16_t port, enum way way)
{
	for (size_t i = 0; i < CLIENTS && way != SILENT; i++) {
		pids[i] = fork_beside();
		if (pids[i] == 0)
			ask_for_ever(&clients[i], port, way);
	}
}

static void end_clients(const pid_t pids[CLIENTS], enum way way)
{
	for (size_t i = 0; i < CLIENTS && way != SILENT; i++)
		end_beside(pids[i]);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* ---- one run ---- */

struct figure {
	double cpu_s;
	double answered; /* requests a second */
	double p50_ms, p99_ms;
	size_t failed;
};

/* Joins what the clients have seen in SECONDS. */
static void judge_clients(struct figure *f, double seconds)
{
	static uint32_t all[CLIENTS * REQUESTS_MOST];
	size_t n = 0;

	for (size_t i = 0; i < CLIENTS; i++) {
		memcpy(all + n, clients[i].latency_us, clients[i].n * sizeof(all[0]));
		n += clients[i].n;
		f->failed += clients[i].failed;
	}
	if (n == 0)
		return;
	qsort(all, n, sizeof(all[0]), by_value);
	f->answered = (double)n / seconds;
	f->p50_ms = all[n / 2] / 1e3;
	f->p99_ms = all[n * 99 / 100] / 1e3;
}

struct site {
	struct agent_process agent;
	uint16_t http;
};

static void start_agent(struct site *s, const struct mockproc *broker, uint16_t collector)
{
	char at[80], url[80], path[80];

	agent_process_open(&s->agent, AGENT_PROCESS_OUTSIDE);
	s->agent.brokers = broker->brokers;
	measure_must(ports_free(PORTS_TCP, &s->http) == 0, "no free port");
	snprintf(at, sizeof(at), "--http-server.host-port=127.0.0.1:%u", s->http);
	snprintf(url, sizeof(url), "--sampling.url=http://127.0.0.1:%u/api/sampling", collector);
	measure_must(agent_process_start(&s->agent, at, url), "the agent does not start");
	for (int i = 0; i < SERVICES; i++) {
		snprintf(path, sizeof(path), "/sampling?service=s%d", i);
		measure_must(rig_get(&s->agent.rig, s->http, path, NULL) == 200, "the agent has no strategy");
	}
	measure_emit(&s->agent, s->agent.compact, WARM, WARM_RATE);
	measure_must(measure_delivered(&s->agent, WARM), "the warm-up is not delivered");
}

static struct figure run(
        const struct mockproc *broker, uint16_t collector, uint64_t rate, unsigned seconds, enum way way)
{
	struct figure f = { 0 };
	struct site s;
	pid_t pids[CLIENTS] = { 0 }, agent;
	uint64_t began;

	memset(clients, 0, CLIENTS * sizeof(*clients));
	start_agent(&s, broker, collector);
	agent = child_pid(s.agent.agent);
	f.cpu_s = measure_cpu_s(agent);
	began = clock_mono_us();
	start_clients(pids, s.http, way);
	if (rate > 0)
		measure_emit(&s.agent, s.agent.compact, rate * seconds, rate);
	else
		wait_ms(s.agent.loop, seconds * 1000);
	f.cpu_s = measure_cpu_s(agent) - f.cpu_s;
	end_clients(pids, way);
	judge_clients(&f, (double)(clock_mono_us() - began) / 1e6);
	agent_process_close(&s.agent);
	return f;
}

/* The cheapest of several runs, with the lowest latency of all: other work on the machine can only add to both. */
static struct figure best_of(
        const struct mockproc *broker, uint16_t collector, uint64_t rate, unsigned seconds, enum way way)
{
	struct figure best = run(broker, collector, rate, seconds, way);

	for (int i = 1; i < measure_runs(); i++) {
		struct figure f = run(broker, collector, rate, seconds, way);
		double p99_ms = f.p99_ms < best.p99_ms ? f.p99_ms : best.p99_ms;

		f.failed += best.failed;
		best = f.cpu_s < best.cpu_s ? f : best;
		best.p99_ms = p99_ms;
		best.failed = f.failed;
	}
	return best;
}

static void print_row(uint64_t rate, enum way way, unsigned seconds, const struct figure *f)
{
	printf("%8" PRIu64 "  %-8s %10.0f %10.1f %10.2f %10.2f %8zu\n", rate, way_names[way], f->answered,
	        f->cpu_s * 1000 / seconds, f->p50_ms, f->p99_ms, f->failed);
	fflush(stdout);
}

static void measure_rate(
        const struct mockproc *broker, uint16_t collector, uint64_t rate, unsigned seconds, const struct figure *alone)
{
	struct figure spans = best_of(broker, collector, rate, seconds, SILENT);
	char what[80];

	print_row(rate, SILENT, seconds, &spans);
	for (enum way way = KEPT; way < WAYS; way++) {
		struct figure both = best_of(broker, collector, rate, seconds, way);

		print_row(rate, way, seconds, &both);
		snprintf(what, sizeof(what), "%" PRIu64 " span/s, %s: cost of the spans, x without requests", rate,
		        way_names[way]);
		measure_at_most(what, 1.1, (both.cpu_s - alone[way].cpu_s) / spans.cpu_s);
		measure_at_most("and the 99th percentile of an answer, ms", 5, both.p99_ms);
	}
}

int main(int argc, char **argv)
{
	static const uint64_t usual[] = { 10000, 60000 };
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 3;
	size_t n = argc > 2 ? (size_t)argc - 2 : ARRAY_LEN(usual);
	struct figure alone[WAYS] = { 0 };
	struct mockproc broker;
	uint16_t collector;
	pid_t pid;

	clients = mmap(NULL, CLIENTS * sizeof(*clients), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	measure_must(clients != MAP_FAILED, "no memory");
	measure_broker(&broker);
	pid = open_collector(&collector);
	printf("Agent with %d requests a second on port 5778 of %d clients, best of %d runs of %u s\n", ASKED, CLIENTS,
	        measure_runs(), seconds);
	printf("%8s  %-8s %10s %10s %10s %10s %8s\n", "span/s", "requests", "answers/s", "CPU ms/s", "p50 ms", "p99 ms",
	        "failed");
	for (enum way way = KEPT; way < WAYS; way++) {
		alone[way] = best_of(&broker, collector, 0, seconds, way);
		print_row(0, way, seconds, &alone[way]);
	}
	for (size_t i = 0; i < n; i++)
		measure_rate(&broker, collector, argc > 2 ? strtoull(argv[i + 2], NULL, 10) : usual[i], seconds, alone);
	end_beside(pid);
	mockproc_stop(&broker);
	return 0;
}
