/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h — our settings and the owner's properties as one librdkafka configuration. */
#ifndef KAFKA_CONF_H
#define KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"
#include "kafka/producer.h"

/* Between a fatal error and the next handle, twice as long each time: a missing right makes that one
 * fatal too, and when it is given nobody waits longer than this. */
enum { KAFKA_PAUSE_LEAST_MS = 100, KAFKA_PAUSE_MOST_MS = 10000 };

/* A record in librdkafka's queues costs about this much beside its value. */
enum { KAFKA_QUEUE_RECORD_BYTES = 1024 };

/* Gives a configuration to be destroyed by the caller. E_USAGE names the property at fault. */
int kafka_conf_producer(rd_kafka_conf_t **out, const struct kafka_producer_opts *o, struct why *why) MUST_USE;
/* FRESH is where to begin when nothing is stored: KAFKA_OFFSET_BEGINNING or _END. */
int kafka_conf_consumer(
        rd_kafka_conf_t **out, int64_t *fresh, const struct kafka_consumer_opts *o, struct why *why) MUST_USE;

/* Sets one more property on a configuration that is complete otherwise. */
int kafka_conf_put(rd_kafka_conf_t *c, const char *name, const char *value, struct why *why) MUST_USE;

/* The value that property NAME has now, whoever set it, in TO; "" when it has none. */
const char *kafka_conf_text(const rd_kafka_conf_t *c, const char *name, char *to, size_t cap);

/* What stands for a numeric property now, whoever set it; 0 when it is none. */
uint64_t kafka_conf_number(const rd_kafka_conf_t *c, const char *name);

/* Whether a client can be made of CONF, which is without interceptors: E_USAGE in librdkafka's words. No
 * connection is opened and nothing stays. */
int kafka_conf_try(rd_kafka_type_t type, const rd_kafka_conf_t *conf, struct why *why) MUST_USE;

/* A client with BROKERS; takes CONF, which only a consumer's may have interceptors, and then only when
 * kafka_conf_try has taken it. Its log goes to its main queue. */
int kafka_conf_client(
        rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers, struct why *why) MUST_USE;

#endif
