/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.h — tracks the open sockets of one client of librdkafka. */
#ifndef KAFKA_SOCKETS_H
#define KAFKA_SOCKETS_H

#include <librdkafka/rdkafka.h>

struct kafka_sockets;

/* Tracks the sockets of the client that is created from CONF; uses CONF's opaque. To be freed with free() after the
 * client. NULL without memory: kafka_sockets_reset_connections() then does nothing. */
struct kafka_sockets *kafka_sockets_watch(rd_kafka_conf_t *conf);

/* Shuts down all sockets. librdkafka treats that as the death of the broker: it reconnects, to other brokers too,
 * and asks for the partitions' leaders. */
void kafka_sockets_reset_connections(struct kafka_sockets *s);

#endif
