/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h — copies a client's properties, and rereads the files that they refer to while it runs. */
#ifndef KAFKA_WATCH_H
#define KAFKA_WATCH_H

#include "kafka/producer.h"

struct kafka_watch;

/* Copies the N properties P. CHANGED is called on the loop when the contents of a file that they refer to differ
 * from those at this call, or at the last call of CHANGED. Open it before the client is created, so that no change
 * is missed. */
int kafka_watch_open(struct kafka_watch **out, struct loop *l, const struct kafka_property *p, size_t n,
        void (*changed)(void *arg), void *arg) MUST_USE;

/* The copied properties; valid as long as W. */
const struct kafka_property *kafka_watch_properties(const struct kafka_watch *w);

/* Reads the files now instead of within 10 s, at most once a second: for a broker that refuses a certificate or
 * login. */
void kafka_watch_now(struct kafka_watch *w);

/* The owner could not use the change: CHANGED is called again after the next read. */
void kafka_watch_retry(struct kafka_watch *w);

/* The number of reads so far. */
uint64_t kafka_watch_reads(const struct kafka_watch *w);

/* NULL is fine. */
void kafka_watch_free(struct kafka_watch *w);

#endif
