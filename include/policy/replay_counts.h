/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the records of a dry run by service and by time, in bounded memory. */
#ifndef REPLAY_COUNTS_H
#define REPLAY_COUNTS_H

#include "base/err.h"
#include "base/slice.h"

enum { REPLAY_SERVICES_MOST = 1000, REPLAY_TIMES_MOST = 48, REPLAY_NAME_MOST = 200 };

struct replay_count {
	uint64_t records;
	uint64_t spans;
};

struct replay_service {
	char *name;
	struct replay_count count;
};

/* Records whose timestamp is in [start_ms, start_ms + width_ms). */
struct replay_time {
	uint64_t start_ms;
	struct replay_count count;
};

/* All zero is a valid empty one. */
struct replay_counts {
	struct replay_count all;
	struct replay_count bad;         /* of all: not a batch; a replay would quarantine them */
	struct replay_count empty;       /* of all: without a value */
	struct replay_service *services; /* sorted by name */
	size_t nservices;
	struct replay_count other_services;          /* records of services beyond the first REPLAY_SERVICES_MOST */
	struct replay_time times[REPLAY_TIMES_MOST]; /* sorted; intervals without records are left out */
	size_t ntimes;
	uint64_t width_ms;           /* of each interval in times */
	struct replay_count no_time; /* records without a timestamp */
};

enum replay_value { REPLAY_BATCH, REPLAY_BAD, REPLAY_EMPTY };

/* Counts one record. SERVICE is used for REPLAY_BATCH only. TIMESTAMP_MS is Kafka's; negative: it has none. */
void replay_counts_add(
        struct replay_counts *c, enum replay_value value, struct slice service, int64_t timestamp_ms, uint64_t spans);

void replay_counts_free(struct replay_counts *c);

#endif
