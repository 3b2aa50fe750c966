/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h — the properties of librdkafka that an operator may not set, or not to every value. Pure but for reading a
 * configuration. */
#ifndef KAFKA_RULES_H
#define KAFKA_RULES_H

#include <librdkafka/rdkafka.h>

#include "base/err.h"

/* 0 when the operator may set property NAME; E_USAGE with the reason. */
int kafka_rules_check_name(const char *name, struct why *why) MUST_USE;

/* 0 when the value of property NAME in C is allowed. C is checked after rd_kafka_conf_set(), which normalises
 * values: "all" and "-1" are the same. */
int kafka_rules_check_value(const rd_kafka_conf_t *c, const char *name, struct why *why) MUST_USE;

/* Checks the properties of a complete configuration against each other. RECORD_BYTES is the largest value that will
 * be sent; 0: unknown. */
int kafka_rules_producer(const rd_kafka_conf_t *c, uint64_t record_bytes, struct why *why) MUST_USE;
int kafka_rules_consumer(const rd_kafka_conf_t *c, struct why *why) MUST_USE;

#endif
