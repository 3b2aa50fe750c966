/* SPDX-License-Identifier: Apache-2.0 */
/* consumer_internal.h — the consumer's state, shared by consumer.c, group.c, commit.c, records.c, fetch.c and
 * member.c. */
#ifndef KAFKA_CONSUMER_PRIV_H
#define KAFKA_CONSUMER_PRIV_H

#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"
#include "log.h"
#include "thread_callbacks.h"
#include "watch.h"

enum {
	OFFSET_NONE = -1,
	KAFKA_MEMBER_ID = 256 /* bytes; the broker builds it from client.id and a UUID */
};

/* A partition of the topic, kept from its first assignment on. */
struct kafka_part {
	uint64_t generation;        /* of its last assignment; 0: never assigned to this member */
	bool assigned;              /* assigned to this member: offsets may be stored */
	bool revoking;              /* being revoked: its records are not delivered any more */
	int64_t next;               /* the offset expected next */
	int64_t begin;              /* the first offset of this assignment */
	bool skipped;               /* paused by kafka_consumer_skip() */
	bool lost;                  /* the last assignment was lost: STORED may not have been committed */
	int64_t stored;             /* by the owner: first offset not done */
	int64_t committed;          /* OFFSET_NONE: the group has no offset of this partition, or none is known */
	int32_t broker;             /* that the last record was fetched from; -1 not known */
	struct kafka_bounds bounds; /* with opts.asks_bounds */
};

enum consumer_state {
	CONSUMER_RUNNING,
	CONSUMER_UNSUBSCRIBING, /* unsubscribed; partitions are revoked, then the group is left */
	CONSUMER_CLOSING,       /* librdkafka closes the consumer: revokes partitions, leaves the group */
	CONSUMER_EMPTYING,      /* waits for the owner to release the last handles */
	CONSUMER_PAUSED,        /* no handle: waits before it creates the next */
	CONSUMER_CLOSED,
};

enum group_state {
	GROUP_IDLE,      /* no rebalance is under way */
	GROUP_ASSIGNING, /* partitions were assigned: their committed offsets are being requested */
	GROUP_REVOKING,  /* partitions are being revoked: their last offsets are being committed */
};

struct kafka_consumer {
	enum consumer_state state;
	enum group_state group;
	struct loop *loop;
	struct kafka_consumer_events events;
	struct kafka_consumer_opts opts; /* points to the strings below and the properties in watch */
	struct kafka_watch *watch;       /* the files that properties refer to */
	rd_kafka_conf_t *conf;           /* for the next handle */
	char *brokers;
	char *topic;
	char *group_id;
	char *offsets_of;
	struct wakeup *wakeup;
	struct timer *tick;        /* every second: commits, and polls so that the member stays in the group */
	struct timer *deadline;    /* of UNSUBSCRIBING, CLOSING, PAUSED, and of replacing */
	struct timer *group_timer; /* GROUP_REVOKING: deadline; GROUP_ASSIGNING: next try */

	rd_kafka_t *rk;            /* NULL while there is no handle */
	rd_kafka_queue_t *control; /* rebalances, errors, log */
	rd_kafka_queue_t *records; /* of all partitions; not read while paused */
	rd_kafka_queue_t *replies; /* to our own requests: committed offsets, commits */

	int64_t initial_offset; /* offset to begin at when the group has committed none */
	struct kafka_part *parts;
	int32_t nparts;
	rd_kafka_event_t *rebalance; /* while ASSIGNING or REVOKING: librdkafka expects an answer to it */
	/* GROUP_ASSIGNING: the new partitions with their committed offsets; NULL until those are known. */
	rd_kafka_topic_partition_list_t *assigned;
	struct kafka_offsets *bounds; /* GROUP_ASSIGNING: the request for the bounds of ASSIGNED; NULL: none */
	bool must_retry;              /* GROUP_ASSIGNING: the request failed and is repeated when group_timer fires */
	bool committing;              /* a commit request is in flight */
	struct kafka_group_flags *group_flags; /* set from librdkafka's threads; while `joining` no commit is sent */
	char member[KAFKA_MEMBER_ID];          /* the member id at the last assignment */
	char instance[160];                    /* group.instance.id, unless the operator has given one */
	bool paused;                           /* by the owner */
	uint64_t queue_bytes;                  /* librdkafka stops fetching when its queue has this many bytes */
	uint64_t consumed_bytes;               /* bytes taken out of its queue since the fetch was last woken */
	struct kafka_offsets *fetch_wake;      /* the request that wakes the fetch; NULL: none in flight */
	bool replacing;            /* the handle is being replaced by one with new certificates or secrets */
	bool failed;               /* fatal error: the handle is unusable */
	uint64_t unreleased;       /* messages not released yet */
	uint64_t refused_commits;  /* commits refused by the broker; their records are read again */
	uint64_t pause_ms;         /* the next pause of CONSUMER_PAUSED */
	void (*closed)(void *arg); /* set by kafka_consumer_close() */
	void *closed_arg;
	struct kafka_log log;
	uint64_t reported_changes; /* value of log.changes when events.fault was last called */
};

/* assignment.c. NULL when partition ID was never assigned to this member. */
struct kafka_part *kafka_part_find(struct kafka_consumer *c, int32_t id);
/* The entry of partition ID, added to the table when it is not there; NULL without memory. Pointers into the table
 * from before may be invalid afterwards. */
struct kafka_part *kafka_part_make(struct kafka_consumer *c, int32_t id);
/* Forwards the records of partition ID to c->records, which can stay unread while the control queue is read. */
void kafka_part_redirect(struct kafka_consumer *c, int32_t id);
bool kafka_is_cooperative(struct kafka_consumer *c);
void kafka_assign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts);
/* PARTS NULL: all partitions. An eager group gives up all in any case. */
void kafka_unassign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts);

/* fetch.c: a record of LEN bytes was taken out of librdkafka's queue. */
void kafka_fetch_consumed(struct kafka_consumer *c, size_t len);

/* member.c: sets c->instance, the group.instance.id. */
void kafka_member_name(struct kafka_consumer *c);
/* True when the member must unsubscribe, and wait until it has left the group, before it closes. */
bool kafka_member_must_unsubscribe(struct kafka_consumer *c);
void kafka_member_unsubscribe(struct kafka_consumer *c);
/* False while the broker has not answered the LeaveGroup request; group_timer then signals the wake-up soon. */
bool kafka_member_has_left(struct kafka_consumer *c);

/* commit.c: P->begin is known. If the group has no offset of P, this commits P->begin at once; later calls do nothing. */
void kafka_commit_first(struct kafka_consumer *c, struct kafka_part *p);
/* Sends a commit of the stored offsets unless there are none, or a commit is already in flight. */
void kafka_commit_begin(struct kafka_consumer *c);
/* True when an assigned partition has a stored offset that is not committed. */
bool kafka_commit_due(const struct kafka_consumer *c);
/* Handles REPLY, the answer to the commit in flight. */
void kafka_commit_answered(struct kafka_consumer *c, rd_kafka_event_t *reply);

/* records.c: passes fetched records to events.message unless the consumer is paused. */
void kafka_records_serve(struct kafka_consumer *c);

/* group.c: handles the events of the control and reply queues. */
void kafka_group_serve(struct kafka_consumer *c);
/* Reports all partitions as lost and ends the rebalance, without telling the broker. */
void kafka_group_abandon(struct kafka_consumer *c);

#endif
