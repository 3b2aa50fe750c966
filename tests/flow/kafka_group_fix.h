/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_group_fix.h — a group of at most two members, and every record they were handed. */
#ifndef KAFKA_GROUP_FIX_H
#define KAFKA_GROUP_FIX_H

#include "consumer_internal.h"
#include "mockproc.h"
#include "tap.h"
#include "wait.h"

enum { PARTITIONS = 4, SECONDS = 20, OFFSETS = 20000 };

struct member {
	struct group *group;
	struct kafka_consumer *c;
	uint64_t generation[PARTITIONS]; /* 0 while not ours */
	uint64_t began_as[PARTITIONS];   /* what it was before others came */
	int64_t stored[PARTITIONS];      /* as assigned() said */
	int64_t begin;                   /* what assigned() answers when it is not 0 */
	int64_t store_at_revoke;         /* stored by revoked() when it is not 0 */
	int assigned, revoked, lost, ends;
	int64_t end_at[PARTITIONS];
	int records;
	int pause_after;      /* records */
	bool keeps;           /* does not store */
	bool commits_nothing; /* what it stores is not committed */
	bool hoards;          /* does not release */
	bool patient;         /* its session is 12 s */
	uint64_t queue_bytes; /* of its consumer; 0 is the default */
	struct kafka_message hoard[64];
	int hoarded;
	bool closed;
	int64_t gap_from[PARTITIONS], gap_to[PARTITIONS]; /* the last gap of each */
	int headers, null_values;
	int64_t first[PARTITIONS]; /* first offset seen since it was assigned */
};

struct group {
	struct mockproc broker;
	struct loop *loop;
	struct member a, b;
	rd_kafka_t *producer;
	int64_t produced[PARTITIONS];
	int seen[PARTITIONS][OFFSETS]; /* by either member */
	int want;
};

/* A broker process with the topic "spans"; no member yet. */
struct group *group_start(void);

/* Lets the members leave. */
void group_stop(struct group *g);

/* N records to each partition, all with a header; _sized: of bytes that no codec makes smaller. */
void group_produce(struct group *g, int n);
void group_produce_sized(struct group *g, int n, size_t size);

/* What the group has committed for PARTITION; -1 nothing. Asked by librdkafka alone. */
int64_t group_committed(struct group *g, int32_t partition);

/* Opens M's consumer. Exits the test when that fails. */
void member_join(struct group *g, struct member *m);
void member_join_with(struct group *g, struct member *m, const struct kafka_property *more);

/* Closes and frees it; false when that does not end. */
bool member_leave(struct member *m);

/* Partitions that are M's. */
int member_owns(const struct member *m);

/* Conditions for wait_until; their argument is a group. */
bool group_a_has_all(void *arg);
bool group_b_has_all(void *arg);
bool group_is_shared(void *arg);
bool group_saw_all(void *arg);
bool group_a_has_records(void *arg);

/* Records that were handed out more than once. */
int group_saw_twice(const struct group *g);

#endif
