/* SPDX-License-Identifier: Apache-2.0 */
/* log.h — what librdkafka says, as one line a change of state, and the trouble that stands. */
#ifndef KAFKA_LOG_H
#define KAFKA_LOG_H

#include "cause.h"
#include "said.h"
#include "base/log.h"

struct kafka_log {
	const char *who; /* first word of each line */
	struct kafka_place place;
	struct kafka_said lines;      /* of librdkafka's own log, by subject */
	struct kafka_trouble trouble; /* what stands now */
	uint64_t changes;             /* of the trouble, ever */
	uint64_t since_us;            /* when trouble began */
	uint64_t heard_us;            /* when the cause that stands was heard of last */
};

/* A line of librdkafka's log. */
void kafka_log_said(struct kafka_log *k, rd_kafka_event_t *event);
/* An error that is no verdict on any record: a hint, and no more than that. */
void kafka_log_trouble(struct kafka_log *k, rd_kafka_resp_err_t err, const char *text);
/* An error that ends the handle RK. */
void kafka_log_fatal(struct kafka_log *k, rd_kafka_t *rk);
/* Changed files of which no client can be made, as the sentence WHY says. */
void kafka_log_unusable(struct kafka_log *k, const char *why);
/* Whether what stands may be cured by another certificate or secret. */
bool kafka_log_is_refused(const struct kafka_log *k);
/* Something got through. Cheap while there is no trouble. */
void kafka_log_healed(struct kafka_log *k);
/* Forgets a cause that would have been repeated if it still stood. To be called now and then. */
void kafka_log_expire(struct kafka_log *k);

#endif
