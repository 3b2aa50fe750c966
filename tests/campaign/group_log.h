/* SPDX-License-Identifier: Apache-2.0 */
/* group_log.h — the request log of a mock cluster that runs in this process: which member of the consumer group was
 * assigned which partitions in which generation, and which offsets each member committed. The log is read off the
 * connections that the mock cluster accepts, so it knows nothing of the program under test.
 *
 * One group and one topic at a time. The functions may be called from any thread. */
#ifndef GROUP_LOG_H
#define GROUP_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum { GROUP_LOG_PARTITIONS = 16 };

struct group_log_counts {
	uint64_t generations; /* assignments that a leader has handed to the coordinator */
	uint64_t commits;     /* partitions in commit requests that the coordinator accepted */
	uint64_t refused;     /* partitions in commit requests that the coordinator refused */
};

/* Forgets everything, and logs requests about TOPIC from now on. */
void group_log_begin(const char *topic, int partitions);

struct group_log_counts group_log_counts(void);

/* The offset of the last accepted commit of PARTITION; -1 when there was none. */
int64_t group_log_committed(int partition);

/* How many generations began between SINCE_US (monotonic) and the first accepted commit of PARTITION that covers
 * OFFSET, or until now. Each of them may have had the record delivered once more. */
uint64_t group_log_generations(int partition, int64_t offset, uint64_t since_us);

/* The first rule that a request broke: a commit of a partition that its sender was not assigned, an accepted commit
 * below an earlier one, a request that could not be read; "" when none did. Lives until the next begin. */
const char *group_log_wrong(void);

#endif
