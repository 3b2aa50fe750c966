/* kafka_conf.h — our settings and the owner's properties as one librdkafka configuration. */
#ifndef KAFKA_CONF_H
#define KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "kafka_consumer.h"
#include "kafka_producer.h"

/* Between a fatal error and the next handle, twice as long each time: a missing right makes that one
 * fatal too, and when it is given nobody waits longer than this. */
enum { KAFKA_PAUSE_LEAST_MS = 100, KAFKA_PAUSE_MOST_MS = 10000 };

/* Gives a configuration to be destroyed by the caller. E_USAGE names the property at fault. */
int kafka_conf_producer(
        rd_kafka_conf_t **out, const struct kafka_producer_opts *o, struct why *why) MUST_USE;
int kafka_conf_consumer(
        rd_kafka_conf_t **out, const struct kafka_consumer_opts *o, struct why *why) MUST_USE;

/* Sets one more property on a configuration that is complete otherwise. */
int kafka_conf_put(
        rd_kafka_conf_t *c, const char *name, const char *value, struct why *why) MUST_USE;

/* What stands for a numeric property now, whoever set it; 0 when it is none. */
uint64_t kafka_conf_number(const rd_kafka_conf_t *c, const char *name);

/* KAFKA_OFFSET_BEGINNING or _END: where a consumer by C begins when nothing is stored. */
int64_t kafka_conf_fresh(const rd_kafka_conf_t *c);

/* A client with BROKERS; takes CONF. Its log goes to its main queue. */
int kafka_conf_client(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf,
        const char *brokers, struct why *why) MUST_USE;

#endif
