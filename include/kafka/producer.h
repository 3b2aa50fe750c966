/* SPDX-License-Identifier: Apache-2.0 */
/* Records to one topic; every record ends in one report, decided by its status. */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include "base/err.h"
#include "kafka/trouble.h"
#include "loop/loop.h"
#include "base/slice.h"

struct kafka_property {
	const char *name;
	const char *value;
	bool in_file; /* VALUE is a path; the property's value is the first line of that file */
};

struct kafka_producer_opts {
	const char *brokers;
	const char *topic;
	const char *topic_option;                /* a literal: the option that names the topic, for sentences; NULL:
				   * kafka.producer.topic */
	const struct kafka_property *properties; /* any of librdkafka's, applied last */
	size_t nproperties;
	uint64_t queue_bytes;  /* librdkafka's own queue; 0 keeps the door's choice */
	uint64_t record_bytes; /* the largest value that will be sent, which limits must let pass; 0:
				* no limit is checked */
	uint64_t linger_ms;    /* how long a record may wait for company; 0 keeps the door's 25 */
};

struct kafka_header {
	const char *name;
	struct slice value;
};

struct kafka_record {
	struct slice value;                 /* borrowed until the report: not copied */
	struct slice key;                   /* at == NULL is a null key; copied */
	const struct kafka_header *headers; /* copied */
	size_t nheaders;
	int64_t timestamp_ms; /* 0 is now */
};

enum kafka_outcome {
	KAFKA_PERSISTED,
	KAFKA_NOT_PERSISTED,      /* send again, no duplicate */
	KAFKA_POSSIBLY_PERSISTED, /* send again, perhaps a duplicate */
	KAFKA_TOO_LARGE,          /* not persisted; refused for its size although it was sent alone */
	KAFKA_REFUSED,            /* the same for another reason, which may be the topic's own as well */
};

struct kafka_producer_events {
	void (*report)(void *arg, void *token, enum kafka_outcome outcome, const char *detail);
	void (*room)(void *arg); /* after E_FULL or E_DOWN: worth another try */
	void *arg;
};

struct kafka_producer_stats {
	uint64_t produced, acknowledged, failed, refused, queue_full, fatal;
	uint64_t waiting; /* records not reported yet */
	uint64_t waiting_bytes;
};

struct kafka_producer;

/* Everything that kafka_producer_open would refuse, but no connection is opened and nothing stays.
 * E_USAGE names the property at fault. */
int kafka_producer_check(const struct kafka_producer_opts *opts, struct why *why) MUST_USE;

/* The brokers need not be there. E_USAGE for a property that librdkafka does not take. */
int kafka_producer_open(struct kafka_producer **out, struct loop *l, const struct kafka_producer_opts *opts,
        const struct kafka_producer_events *events, struct why *why) MUST_USE;

/* 0: TOKEN comes back with the report. E_FULL: the queue is full. E_DOWN: refused (topic missing,
 * denied, fatal error being mended): hold, room() comes within about a second. E_TOO_LARGE: beyond
 * what this producer may ever send. No report follows a refusal. */
int kafka_producer_send(struct kafka_producer *p, const struct kafka_record *r, void *token) MUST_USE;

/* While report() is called: the partition from which the report came; 0 when none had been chosen. */
uint32_t kafka_producer_reported_by(const struct kafka_producer *p);

/* All that is queued and not on the wire is reported, within some turns of the loop. */
void kafka_producer_purge(struct kafka_producer *p);

/* So is what is on the wire, as KAFKA_POSSIBLY_PERSISTED; and new connections are made, so that a broker
 * that is frozen holds up nothing any more. */
void kafka_producer_reset_connections(struct kafka_producer *p);

/* Waits up to BUDGET_MS for reports, then purges queue and wire; FLUSHED is called when every
 * record has been reported. */
void kafka_producer_flush(struct kafka_producer *p, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

const struct kafka_producer_stats *kafka_producer_stats(struct kafka_producer *p);

/* What keeps records from passing, as far as is known. Lives as long as P. */
const struct kafka_trouble *kafka_producer_trouble(struct kafka_producer *p);

/* Loses what has not been reported: flush first, for only then is it sure to return at once. NULL is
 * fine. */
void kafka_producer_free(struct kafka_producer *p);

/* The version of librdkafka that this process runs with. */
const char *kafka_librdkafka_version(void);

#endif
