/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h — the properties of a client, and the files that they name, read again while it runs. */
#ifndef KAFKA_WATCH_H
#define KAFKA_WATCH_H

#include "kafka/producer.h"

struct kafka_watch;

/* Copies the N properties P. CHANGED is called on the loop when the contents of a file that they name are
 * not what they were when this was called, or when it was called last. To be opened before the client is
 * made, so that no change is missed. */
int kafka_watch_open(struct kafka_watch **out, struct loop *l, const struct kafka_property *p, size_t n,
        void (*changed)(void *arg), void *arg) MUST_USE;

/* The copy; lives as long as W. */
const struct kafka_property *kafka_watch_properties(const struct kafka_watch *w);

/* Looks now instead of in up to 10 s: to be called when a broker refuses a certificate or a login. */
void kafka_watch_now(struct kafka_watch *w);

/* The change could not be used: CHANGED is called once more after the next look. */
void kafka_watch_again(struct kafka_watch *w);

/* How often the files have been read while it was open. */
uint64_t kafka_watch_looks(const struct kafka_watch *w);

/* NULL is fine. */
void kafka_watch_free(struct kafka_watch *w);

#endif
