/* SPDX-License-Identifier: Apache-2.0 */
/* Librdkafka's mock cluster, a broker without disk for demo, tests and bench. */
#ifndef KAFKA_MOCK_H
#define KAFKA_MOCK_H

#include "base/err.h"

struct kafka_mock;

/* N brokers on free ports of 127.0.0.1. It keeps about 5 MB a partition; older records vanish. */
int kafka_mock_open(struct kafka_mock **out, int brokers, struct why *why) MUST_USE;
const char *kafka_mock_bootstrap(const struct kafka_mock *m);
int kafka_mock_topic(struct kafka_mock *m, const char *topic, int partitions) MUST_USE;
/* Whoever asks for TOPIC is told this librdkafka error code; 0 heals it. */
void kafka_mock_refuse_topic(struct kafka_mock *m, const char *topic, int code);
/* Refuses connections and drops those there are; up again keeps the records. */
void kafka_mock_down(struct kafka_mock *m);
void kafka_mock_up(struct kafka_mock *m);
/* The next N produce requests (at most 1000) are answered with this librdkafka error code,
 * after those that were ordered before; 0 forgets them all. */
void kafka_mock_fail_produce(struct kafka_mock *m, int code, int n);
/* BROKER (1 is the first) leads PARTITION of TOPIC from now on. */
void kafka_mock_lead(struct kafka_mock *m, const char *topic, int partition, int broker);
/* At least the next N produce requests to BROKER are answered with this code. Cannot be taken back. */
void kafka_mock_fail_broker(struct kafka_mock *m, int broker, int code, int n);
/* At least the next N SyncGroup requests to the first broker are answered with this code: members join, and are never
 * assigned anything. Cannot be taken back. */
void kafka_mock_fail_sync(struct kafka_mock *m, int code, int n);
/* How many of those answers are left. */
int kafka_mock_sync_failures_left(struct kafka_mock *m);
/* Each answer takes this long. */
void kafka_mock_delay(struct kafka_mock *m, int ms);
void kafka_mock_free(struct kafka_mock *m);

#endif
