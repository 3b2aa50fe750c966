/* SPDX-License-Identifier: Apache-2.0 */
/* Validates the names of brokers, topics and consumer groups. */
#ifndef KAFKA_NAMES_H
#define KAFKA_NAMES_H

#include "base/err.h"

/* "host:port,…"; "host" alone means port 9092; an IPv6 address stands in brackets; each may begin with a
 * protocol as "ssl://". E_USAGE names the part that is wrong. */
int kafka_brokers_check(const char *brokers, struct why *why) MUST_USE;

/* Kafka's own rule: 1 to 249 letters, digits, '.', '_' and '-', but neither "." nor "..". */
int kafka_topic_check(const char *topic, struct why *why) MUST_USE;

/* Not empty, at most 255 bytes, no control characters. */
int kafka_group_check(const char *group, struct why *why) MUST_USE;

#endif
