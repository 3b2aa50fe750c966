/* SPDX-License-Identifier: Apache-2.0 */
/* wake.h — librdkafka's queues signal a wake-up of the loop. */
#ifndef KAFKA_WAKE_H
#define KAFKA_WAKE_H

#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "loop/loop.h"

/* From now on B is rung whenever Q stops being empty: what serves the wake-up must empty the queue, or
 * ring again. */
void kafka_wake_watch(rd_kafka_queue_t *q, struct wakeup *b);

/* After it no ring of Q is under way: the wake-up may be freed. */
void kafka_wake_forget(rd_kafka_queue_t *q);

/* The consumer group's state of a librdkafka client, as its requests to the broker show it. */
struct kafka_wake_group {
	atomic_bool joining; /* from the moment it asks to join until it knows its share */
	atomic_bool left;    /* the broker has answered that it left */
	atomic_bool asked;   /* it has asked to join at least once */
	bool assigned;       /* it has had an assignment, if only of nothing; the loop's thread sets this */
};

/* New flags, which the client that is made with CONF will set from its threads. The caller frees them, after the
 * client is destroyed. NULL when memory ran out: the client then works, and no flag is ever set. */
struct kafka_wake_group *kafka_wake_group(rd_kafka_conf_t *conf);

/* librdkafka before 2.3.0 aborts the process when it destroys a client with the assignor cooperative-sticky that has
 * joined its group and never had an assignment: its issue 4312. True when RK is such a client. */
bool kafka_wake_must_keep(rd_kafka_t *rk, const struct kafka_wake_group *group);

/* Leaves RK, which must be closed, to the end of the process, with GROUP that it refers to. */
void kafka_wake_keep(rd_kafka_t *rk, struct kafka_wake_group *group);

/* Destroys RK off the loop, because that waits for threads which may be waiting for a name server, and
 * then frees LEGACY. None of its records may be waiting for a report any more. */
void kafka_wake_destroy_later(rd_kafka_t *rk, int flags, void *legacy, struct loop *l);

#endif
