/* SPDX-License-Identifier: Apache-2.0 */
/* consumer_internal.h — the consumer's inside, shared by the files that make it up. */
#ifndef KAFKA_CONSUMER_PRIV_H
#define KAFKA_CONSUMER_PRIV_H

#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"
#include "log.h"
#include "wake.h"
#include "watch.h"

enum {
	OFFSET_NONE = -1,
	KAFKA_MEMBER_ID = 256 /* bytes; a broker makes it of client.id and a UUID */
};

/* A partition of the topic, kept from its first assignment on. */
struct kafka_part {
	uint64_t generation; /* of its last assignment; 0: never ours */
	bool ours;           /* offsets may be stored */
	bool leaving;        /* being given away: nothing of it is handed out any more */
	int64_t next;        /* the offset that should come next */
	int64_t begin;       /* where this assignment began */
	int64_t stored;      /* first offset not done, as the owner said */
	int64_t committed;
	struct kafka_bounds bounds; /* when asked for */
};

enum consumer_state {
	CONSUMER_RUNNING,
	CONSUMER_GIVING_UP, /* unsubscribed: partitions are given back, then the group is left */
	CONSUMER_LEAVING,   /* closing: what is left of the membership ends */
	CONSUMER_EMPTYING,  /* waits for the owner to release the last handles */
	CONSUMER_PAUSED,    /* after a fatal error: waits before it makes the next handle */
	CONSUMER_CLOSED,
};

enum group_state {
	GROUP_SETTLED, /* nothing to answer */
	GROUP_ASKING,  /* partitions were given to us: their stored offsets are asked for */
	GROUP_GIVING,  /* partitions are taken from us: their last offsets are being committed */
};

struct kafka_consumer {
	enum consumer_state state;
	enum group_state group;
	struct loop *loop;
	struct kafka_consumer_events events;
	struct kafka_consumer_opts opts; /* refers to the texts below, and to the watch's properties */
	struct kafka_watch *watch;       /* the files that properties name */
	rd_kafka_conf_t *conf;           /* for the next handle */
	char *brokers;
	char *topic;
	char *group_id;
	char *offsets_of;
	struct wakeup *wakeup;
	struct timer *tick;   /* commits, and polls often enough to stay a member */
	struct timer *bound;  /* of LEAVING, PAUSED */
	struct timer *answer; /* of GIVING */

	rd_kafka_t *rk;            /* NULL while there is none */
	rd_kafka_queue_t *control; /* rebalances, errors, log */
	rd_kafka_queue_t *records; /* of all partitions: stands still while paused */
	rd_kafka_queue_t *replies; /* to what we asked */

	int64_t fresh; /* where to begin when nothing is stored */
	struct kafka_part *parts;
	int32_t nparts;
	rd_kafka_event_t *rebalance; /* GROUP_ASKING, GROUP_GIVING: the event that librdkafka waits to be answered */
	rd_kafka_topic_partition_list_t
	        *given;                /* GROUP_ASKING: the partitions assigned to this member, each with the offset
	                                * that the group has committed; owned; NULL before that is known */
	struct kafka_offsets *bounds;  /* GROUP_ASKING: the request for first and last offsets of given; NULL: none */
	bool asks_again;               /* GROUP_ASKING: the request failed and is repeated when timer answer ends */
	bool committing;               /* a commit request has no answer yet */
	struct kafka_wake_group *seen; /* its flag joining: no commit is sent while the group is being joined */
	char member[KAFKA_MEMBER_ID];  /* the id it had when it was last assigned partitions */
	char instance[160];            /* group.instance.id, unless the operator has given one */
	bool paused;                   /* by the owner */
	uint64_t queue_bytes;          /* librdkafka fetches no more while this much waits */
	uint64_t taken_bytes;          /* out of its queue since the fetch was last woken */
	struct kafka_offsets *wake;    /* the request that wakes it; NULL: none is under way */
	bool replacing;                /* the handle is to make way for one with other secrets */
	bool failed;                   /* a fatal error: the handle is of no use any more */
	uint64_t out;                  /* messages the owner has */
	uint64_t refused_commits;      /* what they would have spared comes again */
	uint64_t pause_ms;             /* before the next handle */
	void (*closed)(void *arg);     /* set: somebody waits for the end */
	void *closed_arg;
	struct kafka_log log;
	uint64_t told_changes; /* of the trouble, of which the owner knows */
};

/* NULL when ID was never assigned to us. */
struct kafka_part *kafka_part_find(struct kafka_consumer *c, int32_t id);

/* kafka_fetch.c: a record of LEN bytes was taken out of librdkafka's queue. */
void kafka_fetch_taken(struct kafka_consumer *c, size_t len);

/* kafka_member.c: who this member is, and how it leaves. */
void kafka_member_name(struct kafka_consumer *c);
/* Before it closes it must unsubscribe, and wait until the group has been left. */
bool kafka_member_must_give_up(struct kafka_consumer *c);
void kafka_member_give_up(struct kafka_consumer *c);
/* False while the broker has not answered; then the wake-up rings soon. */
bool kafka_member_has_left(struct kafka_consumer *c);

/* kafka_commit.c: */
/* Begins a commit of what is stored, if there is anything and none is under way. */
void kafka_commit_begin(struct kafka_consumer *c);
/* Some stored offset of a partition of ours is not committed. */
bool kafka_commit_due(const struct kafka_consumer *c);
/* REPLY is the broker's answer to the commit that was under way. */
void kafka_commit_answered(struct kafka_consumer *c, rd_kafka_event_t *reply);

/* kafka_records.c: hands out what librdkafka has fetched, as far as the owner wants records. */
void kafka_records_serve(struct kafka_consumer *c);

/* kafka_group.c: serves the control and reply queues. */
void kafka_group_serve(struct kafka_consumer *c);
/* Gives up all partitions and what was being asked, without a word to the group. */
void kafka_group_abandon(struct kafka_consumer *c);

#endif
