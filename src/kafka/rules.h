/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h — which values of librdkafka's properties the contract allows. Pure but for reading
 * a configuration. */
#ifndef KAFKA_RULES_H
#define KAFKA_RULES_H

#include <librdkafka/rdkafka.h>

#include "base/err.h"

/* Whether property NAME is the operator's to set at all. E_USAGE with the reason. */
int kafka_rules_before(const char *name, struct why *why) MUST_USE;

/* Whether the value that property NAME has in C, set just now, keeps the contract. librdkafka has
 * read the value by then, so that "all" and "-1" are one. */
int kafka_rules_after(const rd_kafka_conf_t *c, const char *name, struct why *why) MUST_USE;

/* Checks of one property against another, for a complete configuration. The largest value that will
 * be sent has RECORD_BYTES; 0 is not known. */
int kafka_rules_producer(const rd_kafka_conf_t *c, uint64_t record_bytes, struct why *why) MUST_USE;
int kafka_rules_consumer(const rd_kafka_conf_t *c, struct why *why) MUST_USE;

#endif
