/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_sender.h — a producer whose every record has a token; each token must come back once. */
#ifndef KAFKA_SENDER_H
#define KAFKA_SENDER_H

#include "producer_internal.h"
#include "mockproc.h"
#include "tap.h"
#include "topic_read.h"
#include "wait.h"

enum { RECORDS = 2000, SECONDS = 30, PARTITIONS = 4, FROZEN_AFTER = 10 };

struct rec {
	int reports;
	enum kafka_outcome outcome;
	int on_topic;
	char value[16];
};

struct sender {
	struct mockproc broker;
	struct loop *loop;
	struct kafka_producer *p;
	struct rec recs[RECORDS];
	int sent; /* taken by the producer */
	int reported;
	int rooms;
	int want;        /* for the conditions */
	uint64_t unread; /* bytes, when the broker was frozen */
	bool held;       /* refused, and room was not told yet */
	bool flushed;
	bool foreign; /* something on the topic that we did not send */
	char detail[200];
};

/* A broker process with the topic "spans", and a producer to it. */
struct sender *sender_start(struct kafka_producer_opts opts);

/* The same before a broker that took FROZEN_AFTER records, and was frozen then. */
struct sender *sender_start_frozen(void);

/* Waits until a request with records lies unread before that broker. */
bool sender_is_on_wire(struct sender *s);

/* Only the producer, to any brokers. Exits the test when it cannot be opened. */
void sender_open(struct sender *s, const char *brokers, struct kafka_producer_opts opts);
void sender_stop(struct sender *s);

/* One more numbered record; what the producer answers. */
int sender_put(struct sender *s);

/* Up to N, until one is not taken. */
int sender_put_many(struct sender *s, int n);

/* Conditions for wait_until. */
bool sender_all_reported(void *arg);
bool sender_was_flushed(void *arg);
bool sender_had_room(void *arg);

/* Records that were reported once, and with OUTCOME. */
int sender_count(const struct sender *s, enum kafka_outcome outcome);

/* Records that were not reported exactly once. */
int sender_not_once(const struct sender *s);

/* For topic_read: counts what is on the topic. */
void sender_read(void *arg, const rd_kafka_message_t *m);

/* Whether each record that was taken is on the topic once, and nothing else is. */
bool sender_topic_is_exact(struct sender *s);

/* The events of a producer whose arg is a sender. */
void sender_on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail);
void sender_on_room(void *arg);
void sender_on_flushed(void *arg);

#endif
