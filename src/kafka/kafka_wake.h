/* kafka_wake.h — librdkafka's queues ring a bell of the loop. */
#ifndef KAFKA_WAKE_H
#define KAFKA_WAKE_H

#include <librdkafka/rdkafka.h>

#include "loop.h"

/* From now on B is rung whenever Q stops being empty: what serves the bell must empty the queue, or
 * ring again. */
void kafka_wake_watch(rd_kafka_queue_t *q, struct bell *b);

/* After it no ring of Q is under way: the bell may be freed. */
void kafka_wake_forget(rd_kafka_queue_t *q);

/* Destroys RK off the loop, because that joins threads which may be waiting for a name server. None
 * of its records may be waiting for a report any more. */
void kafka_wake_bury(rd_kafka_t *rk, int flags, struct loop *l);

#endif
