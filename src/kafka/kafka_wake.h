/* kafka_wake.h — librdkafka's queues ring a bell of the loop. */
#ifndef KAFKA_WAKE_H
#define KAFKA_WAKE_H

#include <stdatomic.h>

#include <librdkafka/rdkafka.h>

#include "loop.h"

/* From now on B is rung whenever Q stops being empty: what serves the bell must empty the queue, or
 * ring again. */
void kafka_wake_watch(rd_kafka_queue_t *q, struct bell *b);

/* After it no ring of Q is under way: the bell may be freed. */
void kafka_wake_forget(rd_kafka_queue_t *q);

/* What a client does with its group, seen by its requests. */
struct kafka_wake_group {
	atomic_bool joining; /* from the moment it asks to join until it knows its share */
	atomic_bool left;    /* the broker has answered that it left */
};

/* Gives flags that the client made with CONF keeps. To be freed after the client. NULL without memory: then
 * nothing is ever seen. */
struct kafka_wake_group *kafka_wake_group(rd_kafka_conf_t *conf);

/* Destroys RK off the loop, because that waits for threads which may be waiting for a name server, and
 * then frees LEGACY. None of its records may be waiting for a report any more. */
void kafka_wake_bury(rd_kafka_t *rk, int flags, void *legacy, struct loop *l);

#endif
