/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h — what the benches of the agent share: CPU and memory of a process, load from another
 * process, figures that are told apart from what they are compared with. */
#ifndef MEASURE_H
#define MEASURE_H

#include "mockproc.h"
#include "agent_process.h"

enum { MEASURE_PARTITIONS = 8, MEASURE_BATCH = 10 };

/* CPU seconds of a process with all its threads. */
double measure_cpu_s(pid_t pid);
/* Of /proc/PID/status, in MiB: "VmRSS" now, "VmHWM" at most. */
double measure_memory(pid_t pid, const char *what);
/* Bytes of one batch as a Kafka value and as a record of the spool. */
size_t measure_batch_bytes(void);

struct measure_load {
	uint64_t spans; /* that the kernel took */
	double seconds;
};

/* `spanspool emit` to PORT, as a process of its own, until all is sent. RATE 0 is as fast as it can. */
struct measure_load measure_emit(struct agent_process *s, uint16_t port, uint64_t spans, uint64_t rate);

/* The same from this process, a datagram of BATCH spans each, of PROCESSES processes in turn. AT_SENT, when it is
 * not NULL, gets the monotonic microsecond of each datagram. Exits when the kernel does not take one. */
struct measure_turns {
	uint16_t port;
	uint32_t batch, processes;
	uint64_t first; /* number of the first span */
	uint64_t spans, rate;
	uint64_t *at_sent;
};
void measure_emit_turns(const struct measure_turns *t);

/* Bytes that a process had the disk write so far. */
uint64_t measure_disk_bytes(pid_t pid);

/* Prints "WHAT: asked <= ASKED, measured VALUE", and "missed" where it is. A bench never fails on it. */
void measure_at_most(const char *what, double asked, double value);
void measure_at_least(const char *what, double asked, double value);

/* A broker in a process of its own. */
void measure_broker(struct mockproc *m);

/* Runs the loop of S until the agent has delivered SPANS in all; false after a minute without. */
bool measure_delivered(struct agent_process *s, uint64_t spans);

void measure_must(bool good, const char *what);

/* Runs of each row, of which the best one is printed: the number in BENCH_RUNS, 3 without it. */
int measure_runs(void);

#endif
