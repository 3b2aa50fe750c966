/* SPDX-License-Identifier: Apache-2.0 */
/* Writes records to one topic. Every accepted record ends in exactly one report, decided by librdkafka's message
 * status. */
#ifndef KAFKA_PRODUCER_H
#define KAFKA_PRODUCER_H

#include "base/err.h"
#include "kafka/fault.h"
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
	const char *topic_option; /* literal: the option that sets the topic; NULL: kafka.producer.topic */
	const struct kafka_property *properties; /* of librdkafka; applied after all defaults */
	size_t nproperties;
	uint64_t queue_bytes;  /* size of librdkafka's queue; 0: the default of conf.c */
	uint64_t record_bytes; /* the largest value that will be sent: smaller limits are refused; 0: unchecked */
	uint64_t linger_ms;    /* linger.ms, how long a record may wait for others in its request; 0: 25 ms */
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
	KAFKA_NOT_PERSISTED,      /* sending it again makes no duplicate */
	KAFKA_POSSIBLY_PERSISTED, /* sending it again may make a duplicate */
	KAFKA_TOO_LARGE,          /* not persisted: refused for its size although it was alone in its request */
	KAFKA_REFUSED,            /* not persisted: refused alone for another reason, which may lie in the topic */
};

struct kafka_producer_events {
	void (*report)(void *arg, void *token, enum kafka_outcome outcome, const char *detail);
	void (*room)(void *arg); /* after E_FULL or E_DOWN: send again; may be NULL */
	void *arg;
};

struct kafka_producer_stats {
	uint64_t produced, acknowledged, failed, refused, queue_full, fatal;
	uint64_t waiting; /* records not reported yet */
	uint64_t waiting_bytes;
};

struct kafka_producer;

/* Checks OPTS as kafka_producer_open() does, without opening a connection. E_USAGE names the wrong property. */
int kafka_producer_check(const struct kafka_producer_opts *opts, struct why *why) MUST_USE;

/* Succeeds without reachable brokers. E_USAGE for a property that librdkafka refuses. */
int kafka_producer_open(struct kafka_producer **out, struct loop *l, const struct kafka_producer_opts *opts,
        const struct kafka_producer_events *events, struct why *why) MUST_USE;

/* 0: report() will be called once with TOKEN. E_FULL: the queue is full. E_DOWN: no record is accepted: the topic is
 * missing or denied, and room() comes after a second; or the handle is being replaced after a fatal error, and
 * room() comes with the new one, after 0.1 s to some 10 s. E_TOO_LARGE: larger than this producer can ever send. No
 * report follows an error. */
int kafka_producer_send(struct kafka_producer *p, const struct kafka_record *r, void *token) MUST_USE;

/* Valid only inside report(): the partition of the reported record; 0 when none had been chosen. */
uint32_t kafka_producer_reported_by(const struct kafka_producer *p);

/* Fails every queued record that is not in flight; each is reported within some turns of the loop. */
void kafka_producer_purge(struct kafka_producer *p);

/* Fails every queued and in-flight record, the latter as KAFKA_POSSIBLY_PERSISTED, and closes all connections.
 * librdkafka opens new ones, so a frozen broker blocks nothing any more. */
void kafka_producer_reset_connections(struct kafka_producer *p);

/* Waits up to BUDGET_MS for reports, then purges queued and in-flight records. FLUSHED is called when every record
 * has been reported. */
void kafka_producer_flush(struct kafka_producer *p, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);

const struct kafka_producer_stats *kafka_producer_stats(struct kafka_producer *p);

/* The error that currently prevents records from being written, if any is known. Valid as long as P. */
const struct kafka_fault *kafka_producer_fault(struct kafka_producer *p);

/* Drops records without a report: call kafka_producer_flush() first, which also ensures that this call does not
 * block. P may be NULL. */
void kafka_producer_free(struct kafka_producer *p);

/* The version of librdkafka that this process runs with. */
const char *kafka_librdkafka_version(void);

#endif
