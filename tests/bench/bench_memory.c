/* SPDX-License-Identifier: Apache-2.0 */
/* bench_memory.c — resident memory idle, under load, and with a large spool that is filled, kept and
 * sent; and how long a start takes with it, until the ports are open.
 *
 *   bench_memory [GIGABYTES]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "measure.h"
#include "testkit/ports.h"
#include "tap.h"
#include "wait.h"

enum { STARTS = 9, LOAD_RATE = 100000, LOAD_SECONDS = 6, STEP = 1000000, DRAIN_SECONDS = 15 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Milliseconds from the fork until both UDP ports are open, the median of several; the last one
 * goes on running. */
static double start_ms(struct agent_process *s, const char *const *options)
{
	double took[STARTS];

	for (int i = 0; i < STARTS; i++) {
		uint64_t began;

		if (i > 0)
			measure_must(agent_process_stop(s) == 0, "the agent does not stop");
		began = clock_mono_us();
		agent_process_launch(s, options);
		while (!ports_bound(s->compact) || !ports_bound(s->binary))
			measure_must(clock_mono_us() - began < 30 * US_PER_S && child_running(s->agent),
			        "the agent does not start");
		took[i] = (double)(clock_mono_us() - began) / 1e3;
	}
	qsort(took, STARTS, sizeof(took[0]), by_value);
	return took[STARTS / 2];
}

static double resident(struct agent_process *s, const char *what)
{
	return measure_memory(child_pid(s->agent), what);
}

static void fill(struct agent_process *s, double bytes)
{
	uint64_t spans = 0;

	while ((double)spans / MEASURE_BATCH * (double)measure_batch_bytes() < bytes) {
		measure_emit(s, s->compact, STEP, 0);
		spans = agent_process_ledger(s)->place[LEDGER_IN_SPOOL].spans;
	}
}

int main(int argc, char **argv)
{
	double bytes = (argc > 1 ? atof(argv[1]) : 5) * 1e9, empty_ms, full_ms;
	static const char *const options[] = { "--spool.max-bytes=64GiB", NULL };
	struct mockproc broker;
	struct agent_process s;
	uint16_t nobody;
	char away[32];
	uint64_t before;

	measure_broker(&broker);
	agent_process_open(&s, AGENT_PROCESS_OUTSIDE);
	measure_must(ports_free(PORTS_TCP, &nobody) == 0, "no free port");
	snprintf(away, sizeof(away), "127.0.0.1:%u", nobody);

	printf("Resident memory and start, spool of %.1f GB\n", bytes / 1e9);
	s.brokers = broker.brokers;
	empty_ms = start_ms(&s, options);
	wait_ms(s.loop, 3000);
	printf("%-52s %8.1f MiB\n", "idle", resident(&s, "VmRSS"));
	measure_emit(&s, s.compact, LOAD_RATE * LOAD_SECONDS, LOAD_RATE);
	measure_delivered(&s, LOAD_RATE * LOAD_SECONDS);
	printf("%-52s %8.1f MiB\n", "at most, 100,000 span/s to Kafka", resident(&s, "VmHWM"));
	measure_must(agent_process_stop(&s) == 0, "the agent does not stop");

	s.brokers = away;
	measure_must(agent_process_start(&s, options[0], NULL), "the agent does not start");
	fill(&s, bytes);
	printf("%-52s %8.1f MiB\n", "at most, while the spool fills at full speed", resident(&s, "VmHWM"));
	measure_must(agent_process_stop(&s) == 0, "the agent does not stop");
	full_ms = start_ms(&s, options);
	wait_ms(s.loop, 3000);
	printf("%-52s %8.1f MiB\n", "idle with that spool, Kafka away", resident(&s, "VmRSS"));
	measure_must(agent_process_stop(&s) == 0, "the agent does not stop");

	s.brokers = broker.brokers;
	measure_must(agent_process_start(&s, options[0], NULL), "the agent does not start");
	before = agent_process_ledger(&s)->place[LEDGER_IN_SPOOL].spans;
	wait_ms(s.loop, DRAIN_SECONDS * 1000);
	printf("%-52s %8.1f MiB\n", "at most, while that spool is sent to Kafka", resident(&s, "VmHWM"));
	printf("%-52s %8.0f span/s\n", "which goes at",
	        (double)(before - agent_process_ledger(&s)->place[LEDGER_IN_SPOOL].spans) / DRAIN_SECONDS);
	measure_at_most("start until the ports are open, empty spool, ms", 50, empty_ms);
	measure_at_most("the same with that spool, ms", 50, full_ms);
	measure_at_most("which is, x the start with an empty one", 2, full_ms / empty_ms);
	measure_must(agent_process_stop(&s) == 0, "the agent does not stop");
	agent_process_close(&s);
	mockproc_stop(&broker);
	return 0;
}
