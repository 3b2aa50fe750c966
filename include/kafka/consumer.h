/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one topic as a member of a consumer group. Offsets are committed only when the owner stores them. */
#ifndef KAFKA_CONSUMER_H
#define KAFKA_CONSUMER_H

#include "kafka/producer.h"

enum { KAFKA_OFFSET_BEGINNING = -2, KAFKA_OFFSET_END = -1, KAFKA_OFFSET_STORED = -1000 };

struct kafka_consumer_opts {
	const char *brokers;
	const char *topic;
	const char *
	        topic_option; /* a literal: the option that names the topic, for sentences; NULL: kafka.consumer.topic */
	const char *group;
	const struct kafka_property *properties;
	size_t nproperties;
	uint64_t queue_bytes;   /* bound on bytes fetched and not yet passed to message(), all partitions */
	const char *instance;   /* group.instance.id; kafka_consumer_open() sets it, a property overrides it */
	const char *offsets_of; /* the group whose committed offsets assigned() receives; NULL: GROUP */
	bool commits_nothing;   /* kafka_consumer_store() is never followed by a commit */
	bool asks_bounds;       /* fetch struct kafka_bounds before assigned() is called */
	int64_t times_ms[2];    /* for kafka_bounds.at_time, since 1970; 0: not asked for */
};

/* The offsets of one partition at the time it was assigned. */
struct kafka_bounds {
	int64_t first;      /* the oldest record the broker still has */
	int64_t end;        /* one past the newest record */
	int64_t at_time[2]; /* the first record at or after times_ms; END when there is none */
};

struct kafka_message {
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* -1 unknown */
	uint64_t generation;  /* of the partition's assignment: increases each time it is assigned */
	uint64_t read_us;     /* monotonic */
	struct slice value;   /* at == NULL is a null value */
	struct slice key;
	void *handle; /* owns the bytes; freed by kafka_consumer_release() */
};

struct kafka_consumer_events {
	/* The owner must call kafka_consumer_release() on (a copy of) M when done. */
	void (*message)(void *arg, const struct kafka_message *m);
	/* STORED is the group's committed offset, or the one that the owner had stored when it lost PARTITION, if that is
	 * higher; KAFKA_OFFSET_BEGINNING when there is none (_END when the property auto.offset.reset says so),
	 * KAFKA_OFFSET_STORED when it is not known yet. Returns the offset to begin at: STORED itself, any other offset,
	 * KAFKA_OFFSET_BEGINNING or _END. */
	int64_t (*assigned)(void *arg, int32_t partition, uint64_t generation, int64_t stored);
	/* If LOST, another member may own the partition and no offset is committed any more. Otherwise the owner may
	 * store its last offsets before it returns; they are committed before the partition is given up. */
	void (*revoked)(void *arg, int32_t partition, bool lost);
	/* PARTITION has been read to its end for now. */
	void (*at_end)(void *arg, int32_t partition, int64_t offset);
	/* The broker has deleted the records [FROM, TO) under its retention before they were read. */
	void (*lost_to_retention)(void *arg, int32_t partition, int64_t from, int64_t to);
	/* May be NULL. The value of kafka_consumer_fault() has changed. */
	void (*fault)(void *arg);
	void *arg;
};

struct kafka_consumer;

/* Checks OPTS as kafka_consumer_open() does, without opening a connection. E_USAGE names the wrong property. */
int kafka_consumer_check(const struct kafka_consumer_opts *opts, struct why *why) MUST_USE;

/* Defaults: cooperative-sticky assignment, no automatic commit, the earliest offset when none is committed. */
int kafka_consumer_open(struct kafka_consumer **out, struct loop *l, const struct kafka_consumer_opts *opts,
        const struct kafka_consumer_events *events, struct why *why) MUST_USE;

/* Valid only inside assigned(), and only with opts.asks_bounds. */
const struct kafka_bounds *kafka_consumer_bounds(struct kafka_consumer *c, int32_t partition);

/* Stops fetching PARTITION as long as its assignment has GENERATION. */
void kafka_consumer_skip(struct kafka_consumer *c, int32_t partition, uint64_t generation);

/* Stops and restarts the calls of message(). The consumer keeps polling, so it stays a member of the group. */
void kafka_consumer_pause(struct kafka_consumer *c);
void kafka_consumer_resume(struct kafka_consumer *c);

/* True when message() will be called for a further record that is here already. */
bool kafka_consumer_has_more(const struct kafka_consumer *c);

/* Stores NEXT, the first offset not done. It is committed at the next interval (1 s), at revoke and at close. Of a
 * partition of which the group has no offset, the consumer stores and commits the first one itself as soon as it knows it.
 * Ignored when the partition's assignment is not GENERATION any more. */
void kafka_consumer_store(struct kafka_consumer *c, int32_t partition, uint64_t generation, int64_t next);

void kafka_consumer_release(struct kafka_consumer *c, struct kafka_message *m);

/* Calls EACH for every header of M. */
void kafka_message_headers(
        const struct kafka_message *m, void (*each)(void *arg, const char *name, struct slice value), void *arg);

/* Records between the stored offset and the end of PARTITION; -1 unknown. Uses librdkafka's cached watermarks: no
 * round trip. */
int64_t kafka_consumer_lag(struct kafka_consumer *c, int32_t partition);

/* The error that currently prevents records from being read, if any is known. Valid as long as C. */
const struct kafka_fault *kafka_consumer_fault(const struct kafka_consumer *c);

/* Calls message() no more, calls revoked() for each assigned partition, commits the stored offsets, leaves the
 * group, and calls CLOSED once every handle has been released. Takes at most a few seconds when the broker is away. */
void kafka_consumer_close(struct kafka_consumer *c, void (*closed)(void *arg), void *arg);
/* Without kafka_consumer_close() nothing is committed, and the group notices only when the session times out. Every
 * handle must have been released before. C may be NULL. */
void kafka_consumer_free(struct kafka_consumer *c);

#endif
