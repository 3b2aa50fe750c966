/* SPDX-License-Identifier: Apache-2.0 */
/* cause.h — maps an error of librdkafka to a cause and a sentence for the operator. Pure. */
#ifndef KAFKA_CAUSE_H
#define KAFKA_CAUSE_H

#include <librdkafka/rdkafka.h>

#include "kafka/fault.h"

/* The names that a sentence may mention. Borrowed. */
struct kafka_endpoint {
	const char *brokers;
	const char *topic;
	const char *group;  /* NULL for a producer */
	const char *option; /* the option that sets the topic */
};

struct kafka_cause_read {
	enum kafka_cause cause;
	bool misconfigured;
	bool names_broker; /* false: the sentence is about the whole cluster */
	char sentence[KAFKA_SENTENCE];
};

/* TEXT is librdkafka's error text, or "". TO->cause is KAFKA_CAUSE_NONE when the error carries no information. */
void kafka_cause_read(
        struct kafka_cause_read *to, rd_kafka_resp_err_t err, const char *text, const struct kafka_endpoint *endpoint);

/* True for errors of a connection: librdkafka repeats them at most 30 s apart while they last, so silence means that
 * the error is over. */
bool kafka_cause_repeats(enum kafka_cause cause);

#endif
