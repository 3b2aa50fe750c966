/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h — one producer of librdkafka, its topic and its queue of events. */
#ifndef KAFKA_HANDLE_H
#define KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>

#include "kafka/producer.h"

struct kafka_handle {
	rd_kafka_t *rk; /* NULL while closed; then the rest is nothing too */
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *events;
	struct kafka_sockets *sockets;
	uint64_t waiting; /* records not reported yet */
	uint64_t waiting_bytes;
	bool failed; /* a fatal error: takes nothing more, to be closed when empty */
};

int kafka_handle_open(struct kafka_handle *h, const rd_kafka_conf_t *conf, const struct kafka_producer_opts *o,
        struct wakeup *wakeup, struct why *why) MUST_USE;

/* librdkafka's own answer; a report comes only after 0. */
rd_kafka_resp_err_t kafka_handle_send(struct kafka_handle *h, const struct kafka_record *r, void *token);

/* Sends what another handle gave back in a report; takes its headers on success. */
rd_kafka_resp_err_t kafka_handle_resend(struct kafka_handle *h, rd_kafka_message_t *m);

/* Counts M out. */
void kafka_handle_reported(struct kafka_handle *h, const rd_kafka_message_t *m);

/* What is queued, and with WIRE what is on the wire too, is reported soon. Harmless when closed. */
void kafka_handle_purge(struct kafka_handle *h, bool wire);

/* Ends every connection; new ones are made. Harmless when closed. */
void kafka_handle_reset_connections(struct kafka_handle *h);

/* Waits for nothing when every record was reported; else for librdkafka's threads to let go of the
 * values. Harmless when closed. */
void kafka_handle_close(struct kafka_handle *h, struct loop *l);

#endif
