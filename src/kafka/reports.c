/* SPDX-License-Identifier: Apache-2.0 */
/* reports.c — handles the events of both handles and reports the outcome of each record.
 *
 * The message status decides, never the error code: the same code comes with "not persisted" and with "possibly
 * persisted". A broker refuses a whole batch because of one record, or because the batch is too large. Records of
 * such a batch are sent again through the handle `alone`, one per request, and only a record refused there is
 * reported as refused. The owner finds out whether the record or the topic is at fault, by whether other records
 * pass. */
#include <stdio.h>

#include "conf.h"
#include "producer_internal.h"

enum { EVENTS_A_TURN = 64, ALONE_IDLE_MS = 10000 };

static enum kafka_outcome outcome_of(rd_kafka_msg_status_t status)
{
	switch (status) {
	case RD_KAFKA_MSG_STATUS_PERSISTED:
		return KAFKA_PERSISTED;
	case RD_KAFKA_MSG_STATUS_NOT_PERSISTED:
		return KAFKA_NOT_PERSISTED;
	default:
		return KAFKA_POSSIBLY_PERSISTED;
	}
}

static bool is_purged(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
}

/* Larger than the topic's max.message.bytes, or than its segments. */
static bool is_too_large(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || err == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

/* True for errors that lie in the topic, partition, broker, producer or its ACLs, whatever was sent. Any other error
 * of a broker may lie in one record. */
static bool is_of_destination(rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_STALE_CTRL_EPOCH:
	case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
	case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
	case RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
	case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
	case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
	case RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER:
	case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
	case RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID:
	case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
	case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
	case RD_KAFKA_RESP_ERR_LOG_DIR_NOT_FOUND:
	case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
	case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
		return true;
	default:
		/* Negative codes are librdkafka's own; UNKNOWN (-1) is a broker's. */
		return err < 0 && err != RD_KAFKA_RESP_ERR_UNKNOWN;
	}
}

static void format_error(const rd_kafka_message_t *m, char *to, size_t cap)
{
	snprintf(to, cap, "%s: %s (%zu bytes)", rd_kafka_err2name(m->err), rd_kafka_err2str(m->err), m->len);
}

static void report_record(struct kafka_producer *p, const rd_kafka_message_t *m, enum kafka_outcome outcome)
{
	char detail[160];

	detail[0] = '\0';
	if (outcome == KAFKA_PERSISTED) {
		p->stats.acknowledged++;
		kafka_log_recovered(&p->log);
		kafka_recover_worked(p);
	} else {
		p->stats.failed++;
		/* A purge was ordered by this process and is no error of the destination. */
		if (!is_purged(m->err)) {
			format_error(m, detail, sizeof(detail));
			kafka_log_fault(&p->log, m->err, rd_kafka_err2str(m->err));
		}
	}
	p->reported_by = m->partition < 0 ? 0 : (uint32_t)m->partition;
	p->events.report(p->events.arg, m->_private, outcome, detail);
}

static int open_alone(struct kafka_producer *p)
{
	rd_kafka_conf_t *conf;
	struct why why;
	int rc;

	if (p->alone.rk != NULL)
		return p->alone.failed ? E_DOWN : 0;
	conf = rd_kafka_conf_dup(p->conf);
	rc = kafka_conf_put(conf, "batch.num.messages", "1", &why);
	if (rc == 0)
		rc = kafka_conf_put(conf, "linger.ms", "0", &why);
	if (rc == 0)
		rc = kafka_handle_open(&p->alone, conf, &p->opts, p->wakeup, &why);
	rd_kafka_conf_destroy(conf);
	if (rc < 0)
		log_error("%s: %s", p->log.who, why.text);
	return rc;
}

/* True when M was sent again, so that its report is still to come. */
static bool send_alone(struct kafka_producer *p, const rd_kafka_message_t *m)
{
	return open_alone(p) == 0 && kafka_handle_resend(&p->alone, (rd_kafka_message_t *)(uintptr_t)m) == 0;
}

static void on_report(struct kafka_producer *p, struct kafka_handle *h, const rd_kafka_message_t *m)
{
	enum kafka_outcome outcome = outcome_of(rd_kafka_message_status(m));

	kafka_handle_reported(h, m);
	if (!is_of_destination(m->err) && outcome == KAFKA_NOT_PERSISTED) {
		if (h == &p->alone)
			outcome = is_too_large(m->err) ? KAFKA_TOO_LARGE : KAFKA_REFUSED;
		else if (send_alone(p, m))
			return;
	}
	report_record(p, m, outcome);
}

static void on_error(struct kafka_producer *p, struct kafka_handle *h, rd_kafka_event_t *e)
{
	if (rd_kafka_event_error_is_fatal(e))
		kafka_recover_failed(p, h);
	else
		kafka_log_fault(&p->log, rd_kafka_event_error(e), rd_kafka_event_error_string(e));
	if (kafka_log_needs_credentials(&p->log))
		kafka_watch_now(p->watch);
}

static void on_event(struct kafka_producer *p, struct kafka_handle *h, rd_kafka_event_t *e)
{
	const rd_kafka_message_t *m;

	switch (rd_kafka_event_type(e)) {
	case RD_KAFKA_EVENT_DR:
		while ((m = rd_kafka_event_message_next(e)) != NULL)
			on_report(p, h, m);
		break;
	case RD_KAFKA_EVENT_ERROR:
		on_error(p, h, e);
		break;
	case RD_KAFKA_EVENT_LOG:
		kafka_log_line(&p->log, e);
		break;
	}
}

/* Handles at most EVENTS_A_TURN events, so that the loop can do other work; signals the wake-up when there are more. */
static void serve_handle(struct kafka_producer *p, struct kafka_handle *h)
{
	rd_kafka_event_t *e;

	for (int i = 0; h->rk != NULL; i++) {
		if (i == EVENTS_A_TURN) {
			wakeup_signal(p->wakeup);
			return;
		}
		e = rd_kafka_queue_poll(h->events, 0);
		if (e == NULL)
			return;
		on_event(p, h, e);
		rd_kafka_event_destroy(e);
	}
}

void kafka_reports_serve(struct kafka_producer *p)
{
	serve_handle(p, &p->main);
	serve_handle(p, &p->alone);
	if (p->alone.rk != NULL && p->alone.waiting == 0 && !timer_armed(p->idle))
		timer_start(p->idle, ALONE_IDLE_MS);
}
