/* SPDX-License-Identifier: Apache-2.0 */
/* Records of one topic as a member of a group; the owner says what may be committed. */
#ifndef KAFKA_CONSUMER_H
#define KAFKA_CONSUMER_H

#include "kafka/producer.h"

enum { KAFKA_OFFSET_BEGINNING = -2, KAFKA_OFFSET_END = -1, KAFKA_OFFSET_STORED = -1000 };

struct kafka_consumer_opts {
	const char *brokers;
	const char *topic;
	const char *group;
	const struct kafka_property *properties;
	size_t nproperties;
	uint64_t queue_bytes;   /* fetched and not handed out, all partitions together */
	const char *instance;   /* group.instance.id; the consumer fills it, a property wins */
	const char *offsets_of; /* the group whose stored offsets assigned() is told; NULL: GROUP */
	bool commits_nothing;   /* what is stored stays in this process */
	bool asks_bounds;       /* before assigned(): the partition's bounds, as below */
	int64_t times_ms[2];    /* of these times, since 1970; 0: not asked about */
};

/* Of one partition, when it was assigned. */
struct kafka_bounds {
	int64_t first;      /* the oldest record that the broker has */
	int64_t end;        /* where the next record will be */
	int64_t at_time[2]; /* the first record of times_ms or later; the end when there is none */
};

struct kafka_message {
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* -1 unknown */
	uint64_t generation;  /* of the partition's assignment: goes up each time it is assigned */
	struct slice value;   /* at == NULL is a null value */
	struct slice key;
	void *handle; /* keeps the bytes alive; kafka_consumer_release gives it back */
};

struct kafka_consumer_events {
	/* Takes M: release its handle when done. */
	void (*message)(void *arg, const struct kafka_message *m);
	/* STORED is the group's stored offset; KAFKA_OFFSET_BEGINNING when it has none (_END when the
	 * property auto.offset.reset says so), KAFKA_OFFSET_STORED when it is not known yet. Returns where
	 * to begin: STORED itself, or any offset, or KAFKA_OFFSET_BEGINNING or _END. */
	int64_t (*assigned)(void *arg, int32_t partition, uint64_t generation, int64_t stored);
	/* LOST: nothing may be committed any more. Otherwise the owner has until it returns to store its
	 * last offsets; they are committed before the partition is given away. */
	void (*revoked)(void *arg, int32_t partition, bool lost);
	/* No more records in PARTITION at the moment. */
	void (*at_end)(void *arg, int32_t partition, int64_t offset);
	/* The records FROM up to, and without, TO are gone: the broker kept them not long enough. */
	void (*lost_to_retention)(void *arg, int32_t partition, int64_t from, int64_t to);
	/* May be NULL. kafka_consumer_trouble has changed. */
	void (*trouble)(void *arg);
	void *arg;
};

struct kafka_consumer;

/* Everything that kafka_consumer_open would refuse, but no connection is opened and nothing stays.
 * E_USAGE names the property at fault. */
int kafka_consumer_check(const struct kafka_consumer_opts *opts, struct why *why) MUST_USE;

/* cooperative-sticky, no automatic commit, earliest when nothing is stored. */
int kafka_consumer_open(struct kafka_consumer **out, struct loop *l, const struct kafka_consumer_opts *opts,
        const struct kafka_consumer_events *events, struct why *why) MUST_USE;

/* While assigned() is called, with asks_bounds. */
const struct kafka_bounds *kafka_consumer_bounds(struct kafka_consumer *c, int32_t partition);

/* No more of PARTITION is wanted while it has GENERATION: it is fetched no more. */
void kafka_consumer_skip(struct kafka_consumer *c, int32_t partition, uint64_t generation);

/* Stops and starts the handing out of messages, polling goes on. */
void kafka_consumer_pause(struct kafka_consumer *c);
void kafka_consumer_resume(struct kafka_consumer *c);

/* NEXT is the first offset not done. Committed at the next interval (1 s), at revoke and at close.
 * A partition that is not ours any more is passed over. */
void kafka_consumer_store(struct kafka_consumer *c, int32_t partition, uint64_t generation, int64_t next);

void kafka_consumer_release(struct kafka_consumer *c, struct kafka_message *m);

/* Headers of M, for those who pass it on: calls EACH for every one. */
void kafka_message_headers(
        const struct kafka_message *m, void (*each)(void *arg, const char *name, struct slice value), void *arg);

/* Records between the stored position and the end of PARTITION; -1 unknown. Cached, no round trip. */
int64_t kafka_consumer_lag(struct kafka_consumer *c, int32_t partition);

/* What keeps records from coming, as far as is known. Lives as long as C. */
const struct kafka_trouble *kafka_consumer_trouble(const struct kafka_consumer *c);

/* Hands out nothing more, calls revoked() for what is assigned, commits what is stored, leaves the
 * group, and calls CLOSED once every handle has been released. Takes at most some seconds when the
 * broker is away. */
void kafka_consumer_close(struct kafka_consumer *c, void (*closed)(void *arg), void *arg);
/* Without close nothing is committed, and the group notices only when the session ends. Every handle
 * must have been released. NULL is fine. */
void kafka_consumer_free(struct kafka_consumer *c);

#endif
