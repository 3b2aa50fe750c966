/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c — reads /proc and the clock of another process, and runs the emitter as a child. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "measure.h"
#include "testkit/numbered_spans.h"
#include "tap.h"
#include "wait.h"

enum { LOOK_MS = 50, PATIENCE_S = 60, EMIT_MS = 300000, ENVELOPE = 25 };

void measure_must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

double measure_cpu_s(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double measure_memory(pid_t pid, const char *what)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtoul(line + strlen(what) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return (double)kib / 1024;
}

size_t measure_batch_bytes(void)
{
	struct numbered_spans_opts o = { NUMBERED_BINARY, "spanspool-emit", 1, MEASURE_BATCH, 0 };
	struct numbered_spans *n;
	struct why why;
	size_t size;

	measure_must(numbered_spans_open(&n, &o, &why) == 0, "no template");
	size = numbered_spans_size(n) - ENVELOPE;
	numbered_spans_free(n);
	return size;
}

static double number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at == NULL ? -1 : strtod(at + strlen(key), NULL);
}

struct measure_load measure_emit(struct agent_process *s, uint16_t port, uint64_t spans, uint64_t rate)
{
	char to[64], count[64], per_s[64], log[300], said[1024] = "";
	const char *argv[] = { "spanspool", "emit", "--json", "--run=1", to, count, per_s, NULL };
	struct child_opts o = { .program = agent_process_program(), .argv = argv, .log = log, .bare = true };
	struct child *c;
	struct why why;
	FILE *f;

	snprintf(to, sizeof(to), "--host-port=127.0.0.1:%u", port);
	snprintf(count, sizeof(count), "--spans=%" PRIu64, spans);
	snprintf(per_s, sizeof(per_s), "--rate=%" PRIu64, rate);
	snprintf(log, sizeof(log), "%s/emit.log", s->rig.directory);
	remove(log);
	measure_must(child_start(&c, &o, &why) == 0, why.text);
	measure_must(child_wait(c, EMIT_MS) == 0 && child_status(c) == 0, "emit fails");
	child_free(c);
	f = fopen(log, "r");
	measure_must(f != NULL && fgets(said, sizeof(said), f) != NULL, "emit says nothing");
	fclose(f);
	return (struct measure_load){ (uint64_t)number_after(said, "\"spans\": "),
		number_after(said, "\"seconds\": ") };
}

static void open_processes(struct numbered_spans **n, const struct measure_turns *t)
{
	for (uint32_t i = 0; i < t->processes; i++) {
		char service[64];
		struct numbered_spans_opts o = { NUMBERED_COMPACT, service, 1, t->batch, 0 };
		struct why why;

		snprintf(service, sizeof(service), "a-service-of-usual-name-%04u", i);
		measure_must(numbered_spans_open(&n[i], &o, &why) == 0, "no template");
	}
}

static int open_socket(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	measure_must(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "no socket");
	return fd;
}

void measure_emit_turns(const struct measure_turns *t)
{
	struct numbered_spans **n = calloc(t->processes, sizeof(*n));
	uint64_t began = clock_mono_us(), datagrams = t->spans / t->batch;
	uint8_t bytes[65536];
	int fd = open_socket(t->port);

	measure_must(n != NULL, "no memory");
	open_processes(n, t);
	for (uint64_t i = 0; i < datagrams; i++) {
		const struct numbered_spans *to_send = n[i % t->processes];
		uint64_t due = began + i * t->batch * US_PER_S / t->rate, now;

		while ((now = clock_mono_us()) < due)
			usleep((useconds_t)max_u64(due - now, 1000));
		numbered_spans_write(to_send, t->first + i * t->batch, clock_wall_ms() * 1000, bytes);
		if (t->at_sent != NULL)
			t->at_sent[i] = clock_mono_us();
		measure_must(send(fd, bytes, numbered_spans_size(to_send), 0) > 0, "a datagram is refused");
	}
	close(fd);
	for (uint32_t i = 0; i < t->processes; i++)
		numbered_spans_free(n[i]);
	free(n);
}

uint64_t measure_disk_bytes(pid_t pid)
{
	char path[64], line[256];
	uint64_t bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "write_bytes: %" SCNu64, &bytes);
	if (f != NULL)
		fclose(f);
	return bytes;
}

static void compare(const char *what, const char *sign, double asked, double value, bool is_missed)
{
	printf("%s: asked %s %.2f, measured %.2f%s\n", what, sign, asked, value, is_missed ? "  missed" : "");
	fflush(stdout);
}

void measure_at_most(const char *what, double asked, double value)
{
	compare(what, "<=", asked, value, !(value <= asked));
}

void measure_at_least(const char *what, double asked, double value)
{
	compare(what, ">=", asked, value, !(value >= asked));
}

void measure_broker(struct mockproc *m)
{
	mockproc_start(m, 1);
	mockproc_say(m, "topic %s %d", AGENT_PROCESS_TOPIC, MEASURE_PARTITIONS);
}

bool measure_delivered(struct agent_process *s, uint64_t spans)
{
	uint64_t until = clock_mono_us() + PATIENCE_S * US_PER_S;

	while (agent_process_ledger(s)->place[LEDGER_DELIVERED].spans < spans) {
		if (clock_mono_us() > until)
			return false;
		wait_ms(s->loop, LOOK_MS);
	}
	return true;
}

int measure_runs(void)
{
	const char *wanted = getenv("BENCH_RUNS");
	int runs = wanted == NULL ? 3 : atoi(wanted);

	measure_must(runs > 0, "BENCH_RUNS is no number of runs");
	return runs;
}
