/* SPDX-License-Identifier: Apache-2.0 */
/* cause.h — an error of librdkafka as a cause and a sentence. Pure. */
#ifndef KAFKA_CAUSE_H
#define KAFKA_CAUSE_H

#include <librdkafka/rdkafka.h>

#include "kafka/trouble.h"

/* What the sentence may have to name. Texts are borrowed. */
struct kafka_place {
	const char *brokers;
	const char *topic;
	const char *group;  /* NULL for a producer */
	const char *option; /* that names the topic */
};

struct kafka_cause_read {
	enum kafka_cause cause;
	bool misconfigured;
	bool names_broker; /* else the sentence is about the whole cluster */
	char sentence[KAFKA_SENTENCE];
};

/* TEXT is librdkafka's own, and may be "". cause is KAFKA_CAUSE_NONE when the error says nothing. */
void kafka_cause_read(
        struct kafka_cause_read *to, rd_kafka_resp_err_t err, const char *text, const struct kafka_place *place);

/* Whether CAUSE is of a connection: librdkafka repeats such an error while it lasts, at most 30 s
 * apart, so that silence means its end. */
bool kafka_cause_repeats(enum kafka_cause cause);

#endif
