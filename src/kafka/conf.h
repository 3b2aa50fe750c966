/* SPDX-License-Identifier: Apache-2.0 */
/* conf.h — builds a librdkafka configuration from defaults, options and the operator's properties. */
#ifndef KAFKA_CONF_H
#define KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "kafka/consumer.h"
#include "kafka/producer.h"

/* The pause between a fatal error and the next handle; it doubles with each fatal error. A missing ACL makes every
 * new handle fatal; once the ACL is granted, recovery takes at most the longest pause. */
enum { KAFKA_PAUSE_LEAST_MS = 100, KAFKA_PAUSE_MOST_MS = 10000 };

/* librdkafka's memory for one queued record, beside the record's value; estimated. */
enum { KAFKA_QUEUE_RECORD_BYTES = 1024 };

/* *OUT is the caller's to destroy. E_USAGE names the wrong property. */
int kafka_conf_producer(rd_kafka_conf_t **out, const struct kafka_producer_opts *o, struct why *why) MUST_USE;
/* *INITIAL_OFFSET is KAFKA_OFFSET_BEGINNING or _END: the offset to begin at when the group has committed none. */
int kafka_conf_consumer(
        rd_kafka_conf_t **out, int64_t *initial_offset, const struct kafka_consumer_opts *o, struct why *why) MUST_USE;

/* Sets one more property on a complete configuration. */
int kafka_conf_put(rd_kafka_conf_t *c, const char *name, const char *value, struct why *why) MUST_USE;

/* Copies the current value of property NAME into TO, "" when it has none. Returns TO. */
const char *kafka_conf_text(const rd_kafka_conf_t *c, const char *name, char *to, size_t cap);

/* The current value of a numeric property; 0 when it is not a number. */
uint64_t kafka_conf_number(const rd_kafka_conf_t *c, const char *name);

/* Checks that librdkafka can create a client from CONF, which must have no interceptors: E_USAGE with librdkafka's
 * text. Opens no connection. */
int kafka_conf_try(rd_kafka_type_t type, const rd_kafka_conf_t *conf, struct why *why) MUST_USE;

/* Creates a client of BROKERS and takes ownership of CONF. Only a consumer's CONF may have interceptors, and only
 * after kafka_conf_try() has accepted it without them. librdkafka's log goes to the client's main queue. */
int kafka_conf_client(
        rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers, struct why *why) MUST_USE;

#endif
