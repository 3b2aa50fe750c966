/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's mock cluster: brokers in memory, for the demo, tests and the bench. */
#ifndef KAFKA_MOCK_H
#define KAFKA_MOCK_H

#include "base/err.h"

struct kafka_mock;

/* Starts BROKERS brokers on free ports of 127.0.0.1. Each partition keeps about 5 MB; older records vanish. */
int kafka_mock_open(struct kafka_mock **out, int brokers, struct why *why) MUST_USE;
const char *kafka_mock_bootstrap(const struct kafka_mock *m);
int kafka_mock_topic(struct kafka_mock *m, const char *topic, int partitions) MUST_USE;
/* Metadata requests for TOPIC are answered with this librdkafka error code; 0 ends that. */
void kafka_mock_refuse_topic(struct kafka_mock *m, const char *topic, int code);
/* Refuses connections and closes the open ones. kafka_mock_up() accepts them again; the records are kept. */
void kafka_mock_down(struct kafka_mock *m);
void kafka_mock_up(struct kafka_mock *m);
/* The next N produce requests (at most 1000) are answered with this librdkafka error code, after those queued by
 * earlier calls; N == 0 clears the queue. */
void kafka_mock_fail_produce(struct kafka_mock *m, int code, int n);
/* BROKER (1 is the first) leads PARTITION of TOPIC from now on. */
void kafka_mock_lead(struct kafka_mock *m, const char *topic, int partition, int broker);
/* At least the next N produce requests to BROKER are answered with this error code. Cannot be undone. */
void kafka_mock_fail_broker(struct kafka_mock *m, int broker, int code, int n);
/* At least the next N SyncGroup requests to the first broker are answered with this error code: members join, and
 * are never assigned a partition. Cannot be undone. */
void kafka_mock_fail_sync(struct kafka_mock *m, int code, int n);
/* The number of SyncGroup errors not sent yet. */
int kafka_mock_sync_failures_left(struct kafka_mock *m);
/* Every response is delayed by MS. */
void kafka_mock_delay(struct kafka_mock *m, int ms);
void kafka_mock_free(struct kafka_mock *m);

#endif
