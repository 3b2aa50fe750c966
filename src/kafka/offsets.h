/* SPDX-License-Identifier: Apache-2.0 */
/* offsets.h — asks the brokers where partitions begin and end, and where a time is in them. */
#ifndef KAFKA_OFFSETS_H
#define KAFKA_OFFSETS_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"

/* One question. librdkafka 2.0 has only calls that block for it, so a thread of its own asks. */
struct kafka_offsets;

/* Asks for every partition of PARTS (copied) and each of the N points AT, of which a point is a time in
 * milliseconds since 1970, KAFKA_OFFSET_BEGINNING or KAFKA_OFFSET_END. DONE comes on the loop once: WHAT is
 * NULL when every partition has an answer, else a sentence, and the question is freed after it. RK must
 * live until then, or until kafka_offsets_drop has returned. E_NOMEM, E_IO. */
int kafka_offsets_ask(struct kafka_offsets **out, struct loop *l, rd_kafka_t *rk,
        const rd_kafka_topic_partition_list_t *parts, const int64_t *at, size_t n,
        void (*done)(void *arg, struct kafka_offsets *o, const char *what), void *arg) MUST_USE;

/* While DONE is called: the first offset at or after point number I in partition ID; for a time after the last
 * record, the end. -1 when ID was not asked about. */
int64_t kafka_offsets_at(const struct kafka_offsets *o, size_t i, int32_t id);

/* DONE will not be called. Waits for the thread, at most REQUEST_MS for each point. NULL is fine. */
void kafka_offsets_drop(struct kafka_offsets *o);

#endif
