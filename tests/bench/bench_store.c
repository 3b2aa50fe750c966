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

#include "clock.h"
#include "measure.h"
#include "ports.h"
#include "tap.h"
#include "until.h"

struct stored {
	double bytes, seconds, commits;
	double cpu_s;
	uint64_t spans, dropped;
};

static bool is_durable(void *arg)
{
	struct stage *s = arg;

	return stage_ledger(s)->place[LEDGER_IN_FLIGHT].spans == 0;
}

static struct stored run_agent(struct stage *s, uint64_t spans, uint64_t rate)
{
	struct stored r = { 0 };
	double commits = stage_metric(s, "spanspool_spool_commits_total");
	double cpu = measure_cpu_s(child_pid(s->agent));
	uint64_t began = clock_mono_us();

	measure_emit(s, s->compact, spans, rate);
	measure_must(stage_until(s, is_durable, s), "what was accepted does not become durable");
	r.seconds = (double)(clock_mono_us() - began) / 1e6;
	r.cpu_s = measure_cpu_s(child_pid(s->agent)) - cpu;
	r.spans = s->ledger.place[LEDGER_IN_SPOOL].spans;
	r.dropped = s->ledger.kernel_dropped;
	r.bytes = (double)r.spans / MEASURE_BATCH * (double)measure_batch_bytes();
	r.commits = stage_metric(s, "spanspool_spool_commits_total") - commits;
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
		measure_must(write(fd, from, block) == (ssize_t)block && fdatasync(fd) == 0,
		        "the floor cannot be written");
	close(fd);
	remove(path);
	free(from);
	return (double)(clock_mono_us() - began) / 1e6;
}

int main(int argc, char **argv)
{
	uint64_t spans = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
	uint64_t rate = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct stored r;
	struct stage s;
	uint16_t nobody;
	char brokers[32];
	double floor_s;

	stage_open(&s, STAGE_OUTSIDE);
	measure_must(ports_free(PORTS_TCP, &nobody) == 0, "no free port");
	snprintf(brokers, sizeof(brokers), "127.0.0.1:%u", nobody);
	s.brokers = brokers;
	measure_must(stage_start(&s, "--spool.max-bytes=64GiB", NULL), "the agent does not start");
	until_passed(s.loop, 1000); /* the circuit has found out */
	r = run_agent(&s, spans, rate);
	measure_must(stage_stop(&s) == 0, "the agent does not stop");
	floor_s = run_floor(s.directory, r.bytes, (size_t)(r.bytes / r.commits));
	printf("Agent from UDP to the spool, Kafka away, sync=commit; floor: write + fdatasync in "
	       "blocks of the same size\n");
	printf("%-6s %10s %10s %12s %12s %12s %8s\n", "who", "spans", "MB/s", "block kB", "span/s",
	        "CPU s/M span", "of floor");
	printf("%-6s %10" PRIu64 " %10.0f %12.0f %12.0f\n", "floor", r.spans,
	        r.bytes / floor_s / 1e6, r.bytes / r.commits / 1e3, (double)r.spans / floor_s);
	printf("%-6s %10" PRIu64 " %10.0f %12.0f %12.0f %12.2f %7.0f%%\n", "agent", r.spans,
	        r.bytes / r.seconds / 1e6, r.bytes / r.commits / 1e3, (double)r.spans / r.seconds,
	        r.cpu_s * 1e6 / (double)r.spans, floor_s / r.seconds * 100);
	printf("(offered: %" PRIu64 " spans at %s; %" PRIu64
	       " datagrams were dropped by the kernel)\n",
	        spans, rate == 0 ? "full speed" : "a set rate", r.dropped);
	stage_close(&s);
	return 0;
}
