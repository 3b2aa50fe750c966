/* measure.h — what the benches of the agent share: CPU and memory of a process, load from another
 * process, figures that are told apart from what they are compared with. */
#ifndef MEASURE_H
#define MEASURE_H

#include "mockproc.h"
#include "stage.h"

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
struct measure_load measure_emit(struct stage *s, uint16_t port, uint64_t spans, uint64_t rate);

/* A broker in a process of its own. */
void measure_broker(struct mockproc *m);

/* Runs the loop of S until the agent has delivered SPANS in all; false after a minute without. */
bool measure_delivered(struct stage *s, uint64_t spans);

void measure_must(bool good, const char *what);

#endif
