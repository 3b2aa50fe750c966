/* SPDX-License-Identifier: Apache-2.0 */
/* sockets.h — the connections of one client of librdkafka. */
#ifndef KAFKA_SOCKETS_H
#define KAFKA_SOCKETS_H

#include <librdkafka/rdkafka.h>

struct kafka_sockets;

/* Of the client that is made with CONF, which then is all that CONF's opaque is for. To be freed after
 * the client, by free(). NULL without memory: then hanging up does nothing. */
struct kafka_sockets *kafka_sockets_watch(rd_kafka_conf_t *conf);

/* Ends all of them. librdkafka takes that for what it would be told by a broker that dies: it connects
 * again, to others too, and asks who leads the partitions now. */
void kafka_sockets_reset_connections(struct kafka_sockets *s);

#endif
