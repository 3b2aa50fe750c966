/* kafka_log.h — what librdkafka says, as one line a change of state. */
#ifndef KAFKA_LOG_H
#define KAFKA_LOG_H

#include <librdkafka/rdkafka.h>

#include "log.h"

struct kafka_log {
	const char *who;       /* first word of each line */
	struct log_gate lines; /* librdkafka's own log */
	struct log_gate troubles;
	rd_kafka_resp_err_t trouble; /* 0 while all is well, as far as we heard */
	uint64_t since_us;           /* when it began */
};

/* A line of librdkafka's log. */
void kafka_log_said(struct kafka_log *k, rd_kafka_event_t *event);
/* An error that is no verdict on any record: a hint, and no more than that. */
void kafka_log_trouble(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text);
/* Something got through. Cheap while there is no trouble. */
void kafka_log_healed(struct kafka_log *k);

#endif
