/* SPDX-License-Identifier: Apache-2.0 */
/* offsets.h — requests from the brokers the first, last and time-based offsets of partitions. */
#ifndef KAFKA_OFFSETS_H
#define KAFKA_OFFSETS_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"

/* One request. librdkafka 2.0 has only blocking calls for it, so it runs in a thread of its own. */
struct kafka_offsets;

/* Requests the offset of each of the N points AT in every partition of PARTS (copied). A point is a time in
 * milliseconds since 1970, KAFKA_OFFSET_BEGINNING or KAFKA_OFFSET_END. DONE is called on the loop once: WHAT is NULL
 * when every partition has an answer, else an error text; the request is freed after it. RK must live until then, or
 * until kafka_offsets_drop() has returned. E_NOMEM, E_IO. */
int kafka_offsets_request(struct kafka_offsets **out, struct loop *l, rd_kafka_t *rk,
        const rd_kafka_topic_partition_list_t *parts, const int64_t *at, size_t n,
        void (*done)(void *arg, struct kafka_offsets *o, const char *what), void *arg) MUST_USE;

/* Valid only inside DONE: the first offset at or after point number I in partition ID; for a time after the last
 * record, the end. -1 when ID was not requested. */
int64_t kafka_offsets_at(const struct kafka_offsets *o, size_t i, int32_t id);

/* Cancels the request: DONE will not be called. Blocks for the thread, at most REQUEST_MS for each point. O may be
 * NULL. */
void kafka_offsets_drop(struct kafka_offsets *o);

#endif
