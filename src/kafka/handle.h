/* SPDX-License-Identifier: Apache-2.0 */
/* handle.h — one producer client of librdkafka with its topic and event queue. */
#ifndef KAFKA_HANDLE_H
#define KAFKA_HANDLE_H

#include <librdkafka/rdkafka.h>

#include "kafka/producer.h"

struct kafka_handle {
	rd_kafka_t *rk; /* NULL while closed; then the other fields are zero */
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *events;
	struct kafka_sockets *sockets;
	uint64_t waiting; /* records not reported yet */
	uint64_t waiting_bytes;
	bool failed; /* fatal error: accepts no record; closed when all records are reported */
};

int kafka_handle_open(struct kafka_handle *h, const rd_kafka_conf_t *conf, const struct kafka_producer_opts *o,
        struct wakeup *wakeup, struct why *why) MUST_USE;

/* Returns librdkafka's error; a report follows only after 0. */
rd_kafka_resp_err_t kafka_handle_send(struct kafka_handle *h, const struct kafka_record *r, void *token);

/* Sends M, reported as failed by another handle, again; takes M's headers on success. */
rd_kafka_resp_err_t kafka_handle_resend(struct kafka_handle *h, rd_kafka_message_t *m);

/* Subtracts M from waiting and waiting_bytes. */
void kafka_handle_reported(struct kafka_handle *h, const rd_kafka_message_t *m);

/* Fails the queued records, and if WIRE also those in flight; reports follow soon. No-op when closed. */
void kafka_handle_purge(struct kafka_handle *h, bool wire);

/* Closes every connection; librdkafka opens new ones. No-op when closed. */
void kafka_handle_reset_connections(struct kafka_handle *h);

/* Does not block when every record was reported; otherwise blocks until librdkafka's threads no longer use the
 * values. No-op when closed. */
void kafka_handle_close(struct kafka_handle *h, struct loop *l);

#endif
