/* SPDX-License-Identifier: Apache-2.0 */
/* handle.c — opens, feeds, purges and closes one producer client of librdkafka. Makes no decisions. */
#include <stdlib.h>

#include "conf.h"
#include "handle.h"
#include "sockets.h"
#include "thread_callbacks.h"

int kafka_handle_open(struct kafka_handle *h, const rd_kafka_conf_t *conf, const struct kafka_producer_opts *o,
        struct wakeup *wakeup, struct why *why)
{
	rd_kafka_conf_t *own = rd_kafka_conf_dup(conf);
	int rc;

	*h = (struct kafka_handle){ .sockets = kafka_sockets_watch(own) };
	rc = kafka_conf_client(&h->rk, RD_KAFKA_PRODUCER, own, o->brokers, why);
	if (rc < 0) {
		free(h->sockets);
		h->sockets = NULL;
		return rc;
	}
	h->events = rd_kafka_queue_get_main(h->rk);
	h->topic = rd_kafka_topic_new(h->rk, o->topic, NULL);
	if (h->topic == NULL) {
		why_set(why, E_USAGE, "kafka topic \"%s\": %s", o->topic, rd_kafka_err2str(rd_kafka_last_error()));
		kafka_handle_close(h, NULL);
		return why->code;
	}
	kafka_queue_watch(h->events, wakeup);
	return 0;
}

static rd_kafka_headers_t *headers_of(const struct kafka_record *r)
{
	rd_kafka_headers_t *all;

	if (r->nheaders == 0)
		return NULL;
	all = rd_kafka_headers_new(r->nheaders);
	for (size_t i = 0; i < r->nheaders; i++)
		rd_kafka_header_add(
		        all, r->headers[i].name, -1, r->headers[i].value.at, (ssize_t)r->headers[i].value.len);
	return all;
}

static void count_in(struct kafka_handle *h, uint64_t bytes)
{
	h->waiting++;
	h->waiting_bytes += bytes;
}

rd_kafka_resp_err_t kafka_handle_send(struct kafka_handle *h, const struct kafka_record *r, void *token)
{
	rd_kafka_headers_t *headers = headers_of(r);
	rd_kafka_resp_err_t err;

	/* No flags: the value is neither copied nor freed. */
	err = rd_kafka_producev(h->rk, RD_KAFKA_V_RKT(h->topic),
	        RD_KAFKA_V_VALUE((void *)(uintptr_t)r->value.at, r->value.len), RD_KAFKA_V_KEY(r->key.at, r->key.len),
	        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(r->timestamp_ms), RD_KAFKA_V_OPAQUE(token),
	        RD_KAFKA_V_END);
	if (err != 0) {
		if (headers != NULL)
			rd_kafka_headers_destroy(headers);
		return err;
	}
	count_in(h, r->value.len);
	return 0;
}

/* librdkafka returns timestamp -1 for a message with an error, although it still has the time. Resent with -1 the
 * record would be stored without a time, and a topic that refuses old records would accept it. So the error is
 * cleared while the time is read. */
static int64_t time_of(rd_kafka_message_t *m)
{
	rd_kafka_resp_err_t err = m->err;
	rd_kafka_timestamp_type_t type;
	int64_t ms;

	m->err = 0;
	ms = rd_kafka_message_timestamp(m, &type);
	m->err = err;
	return ms;
}

rd_kafka_resp_err_t kafka_handle_resend(struct kafka_handle *h, rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers = NULL;
	rd_kafka_resp_err_t err;

	if (rd_kafka_message_detach_headers(m, &headers) != 0)
		headers = NULL; /* it has none */
	err = rd_kafka_producev(h->rk, RD_KAFKA_V_RKT(h->topic), RD_KAFKA_V_VALUE(m->payload, m->len),
	        RD_KAFKA_V_KEY(m->key, m->key_len), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_TIMESTAMP(time_of(m)),
	        RD_KAFKA_V_OPAQUE(m->_private), RD_KAFKA_V_END);
	if (err != 0) {
		if (headers != NULL)
			rd_kafka_headers_destroy(headers);
		return err;
	}
	count_in(h, m->len);
	return 0;
}

void kafka_handle_reported(struct kafka_handle *h, const rd_kafka_message_t *m)
{
	h->waiting--;
	h->waiting_bytes -= m->len;
}

void kafka_handle_purge(struct kafka_handle *h, bool wire)
{
	int what = RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING;

	if (h->rk != NULL)
		rd_kafka_purge(h->rk, wire ? what | RD_KAFKA_PURGE_F_INFLIGHT : what);
}

void kafka_handle_reset_connections(struct kafka_handle *h)
{
	kafka_sockets_reset_connections(h->sockets);
}

void kafka_handle_close(struct kafka_handle *h, struct loop *l)
{
	if (h->rk == NULL)
		return;
	kafka_queue_unwatch(h->events);
	rd_kafka_queue_destroy(h->events);
	if (h->topic != NULL)
		rd_kafka_topic_destroy(h->topic);
	if (h->waiting == 0 && l != NULL) {
		kafka_client_destroy_later(h->rk, 0, h->sockets, l);
	} else {
		rd_kafka_destroy(h->rk);
		free(h->sockets);
	}
	*h = (struct kafka_handle){ 0 };
}

const char *kafka_librdkafka_version(void)
{
	return rd_kafka_version_str();
}
