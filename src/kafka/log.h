/* SPDX-License-Identifier: Apache-2.0 */
/* log.h — logs librdkafka's errors and log lines without repeats, and keeps the current error. */
#ifndef KAFKA_LOG_H
#define KAFKA_LOG_H

#include "cause.h"
#include "recent_lines.h"
#include "base/log.h"

struct kafka_log {
	const char *who; /* prefix of each log line */
	uint32_t client; /* this client's bit in the lines that all clients share */
	struct kafka_endpoint endpoint;
	struct kafka_recent_lines lines; /* lines of librdkafka's log, by facility */
	struct kafka_fault fault;        /* the current error */
	uint64_t changes;                /* number of changes of FAULT */
	uint64_t since_us;               /* when the current error began */
	uint64_t repeated_us;            /* when the current error was last repeated */
};

/* Begins K, which must be zeroed, for a client whose log lines begin with WHO, a string constant. */
void kafka_log_begin(struct kafka_log *k, const char *who);
/* Logs EVENT, a line of librdkafka's log. */
void kafka_log_line(struct kafka_log *k, rd_kafka_event_t *event);
/* Records an error that decides nothing about any record: for log, health and metrics only. */
void kafka_log_fault(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text);
/* Records the fatal error of handle RK. */
void kafka_log_fatal(struct kafka_log *k, rd_kafka_t *rk);
/* Logs that changed files cannot be used, with the reason WHY. */
void kafka_log_unusable(struct kafka_log *k, const char *why);
/* True when a new certificate or secret may end the current error. */
bool kafka_log_needs_credentials(const struct kafka_log *k);
/* A request succeeded: clears the current error. Cheap when there is none. */
void kafka_log_recovered(struct kafka_log *k);
/* Clears the current error when librdkafka would have repeated it by now. Call it every few seconds. */
void kafka_log_expire(struct kafka_log *k);

#endif
