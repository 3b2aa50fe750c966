/* SPDX-License-Identifier: Apache-2.0 */
/* thread_callbacks.h — callbacks from librdkafka's threads: queues signal a wakeup of the loop, requests set flags.
 * Destroys clients off the loop. */
#ifndef KAFKA_THREAD_CALLBACKS_H
#define KAFKA_THREAD_CALLBACKS_H

#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "loop/loop.h"

/* Signals B whenever Q stops being empty. The handler must empty Q, or signal B again. */
void kafka_queue_watch(rd_kafka_queue_t *q, struct wakeup *b);

/* After this call no signal from Q is under way: the wakeup may be freed. */
void kafka_queue_unwatch(rd_kafka_queue_t *q);

/* The state of a consumer's group membership, as the requests of its client to the broker show it. */
struct kafka_group_flags {
	atomic_bool joining;   /* from the JoinGroup request to the SyncGroup response */
	atomic_bool left;      /* the LeaveGroup response has arrived */
	atomic_bool join_sent; /* a JoinGroup request was sent at least once */
	bool had_assignment;   /* it has had an assignment, perhaps an empty one; set by the loop's thread */
};

/* New flags, set from the threads of the client that is created from CONF. The caller frees them after the client.
 * NULL without memory: the client then works, and no flag is ever set. */
struct kafka_group_flags *kafka_group_flags_new(rd_kafka_conf_t *conf);

/* True when destroying RK would abort the process: librdkafka before 2.3.0 (issue 4312) does so for a client with
 * the assignor cooperative-sticky that has joined its group and never had an assignment. */
bool kafka_client_must_leak(rd_kafka_t *rk, const struct kafka_group_flags *group);

/* Keeps RK, which must be closed, and its GROUP allocated until the process ends. */
void kafka_client_leak(rd_kafka_t *rk, struct kafka_group_flags *group);

/* Destroys RK in a thread of its own, because that waits for librdkafka's threads, which may wait for a name server;
 * then frees OWNED. No record of RK may be waiting for a report. */
void kafka_client_destroy_later(rd_kafka_t *rk, int flags, void *owned, struct loop *l);

#endif
