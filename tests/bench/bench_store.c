/* SPDX-License-Identifier: Apache-2.0 */
/* bench_store.c — bytes a second from UDP into the spool while Kafka is away, beside sequential write
 * and fdatasync of as many bytes in blocks of the same size, in the same directory.
 *
 *   bench_store [SPANS] [RATE]
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "measure.h"
#include "testkit/ports.h"
#include "tap.h"
#include "wait.h"

struct stored {
	double bytes, seconds, commits;
	double cpu_s;
	uint64_t spans;
};

static bool is_durable(void *arg)
{
	struct agent_process *s = arg;

	return agent_process_ledger(s)->place[LEDGER_IN_FLIGHT].spans == 0;
}

static struct stored run_agent(struct agent_process *s, uint64_t spans, uint64_t rate)
{
	struct stored r = { 0 };
	double commits = agent_process_metric(s, "spanspool_spool_commits_total");
	double cpu = measure_cpu_s(child_pid(s->agent));
	uint64_t began = clock_mono_us();

	measure_emit(s, s->compact, spans, rate);
	measure_must(agent_process_until(s, is_durable, s), "what was accepted does not become durable");
	r.seconds = (double)(clock_mono_us() - began) / 1e6;
	r.cpu_s = measure_cpu_s(child_pid(s->agent)) - cpu;
	r.spans = s->ledger.place[LEDGER_IN_SPOOL].spans;
	r.bytes = (double)r.spans / MEASURE_BATCH * (double)measure_batch_bytes();
	r.commits = agent_process_metric(s, "spanspool_spool_commits_total") - commits;
	return r;
}

/* Seconds for BYTES in blocks of BLOCK, each synced. */
static double run_floor(const char *directory, double bytes, size_t block)
{
	char path[300];
	uint8_t *from = malloc(block);
	uint64_t began;
	int fd;

	snprintf(path, sizeof(path), "%s/floor", directory);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	measure_must(fd >= 0 && from != NULL, "no file for the floor");
	memset(from, 'x', block);
	began = clock_mono_us();
	for (double done = 0; done < bytes; done += (double)block)
		measure_must(
		        write(fd, from, block) == (ssize_t)block && fdatasync(fd) == 0, "the floor cannot be written");
	close(fd);
	remove(path);
	free(from);
	return (double)(clock_mono_us() - began) / 1e6;
}

/* One agent with a spool of its own; *FLOOR_S is the time that its bytes take without it. */
static struct stored run_once(uint64_t spans, uint64_t rate, double *floor_s)
{
	struct stored r;
	struct agent_process s;
	uint16_t nobody;
	char brokers[32];

	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	measure_must(ports_free(PORTS_TCP, &nobody) == 0, "no free port");
	snprintf(brokers, sizeof(brokers), "127.0.0.1:%u", nobody);
	s.brokers = brokers;
	measure_must(agent_process_start(&s, "--spool.max-bytes=64GiB", NULL), "the agent does not start");
	wait_ms(s.loop, 1000); /* the circuit has found out */
	r = run_agent(&s, spans, rate);
	measure_must(agent_process_stop(&s) == 0, "the agent does not stop");
	*floor_s = run_floor(s.rig.directory, r.bytes, (size_t)(r.bytes / r.commits));
	agent_process_close(&s);
	return r;
}

int main(int argc, char **argv)
{
	uint64_t spans = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
	uint64_t rate = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;

	printf("Agent from UDP to the spool, Kafka away; floor: write + fdatasync in "
	       "blocks of the same size\n");
	printf("%10s %12s %12s %10s %12s %12s %12s\n", "spans", "agent MB/s", "floor MB/s", "of floor", "block kB",
	        "span/s", "CPU s/M span");
	for (int i = 0; i < measure_runs(); i++) {
		double floor_s;
		struct stored r = run_once(spans, rate, &floor_s);

		printf("%10" PRIu64 " %12.0f %12.0f %9.0f%% %12.0f %12.0f %12.2f\n", r.spans, r.bytes / r.seconds / 1e6,
		        r.bytes / floor_s / 1e6, floor_s / r.seconds * 100, r.bytes / r.commits / 1e3,
		        (double)r.spans / r.seconds, r.cpu_s * 1e6 / (double)r.spans);
		fflush(stdout);
	}
	printf("(%" PRIu64 " spans were offered each time, at %s: what the agent cannot take the "
	       "kernel drops)\n",
	        spans, rate == 0 ? "full speed" : "a set rate");
	return 0;
}
