/* SPDX-License-Identifier: Apache-2.0 */
/* producer.c — sends records, returns back-pressure, flushes.
 *
 * After a refused send the caller waits for room():
 *
 *   E_FULL   the queue is full          room() when half of it is free
 *   E_DOWN   librdkafka refuses         room() after a second, the interval at which librdkafka
 *            (topic missing, denied)    asks again for a refused topic
 *   E_DOWN   fatal error                room() with the new handle (recover.c)
 *
 * A flush ends with the last report. When its budget is over all records are purged every PURGE_AGAIN_MS, because a
 * purge misses a record that librdkafka is moving between two queues. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "producer_internal.h"

enum { RETRY_MS = 1000, PURGE_AGAIN_MS = 50 };

static void on_wakeup(void *arg);
static void on_retry(void *arg);
static void on_budget_over(void *arg);
static void on_idle(void *arg);
static void on_files(void *arg);

static int open_parts(struct kafka_producer *p)
{
	if (timer_open(&p->retry_timer, p->loop, on_retry, p) < 0)
		return E_NOMEM;
	if (timer_open(&p->budget, p->loop, on_budget_over, p) < 0)
		return E_NOMEM;
	if (timer_open(&p->idle, p->loop, on_idle, p) < 0)
		return E_NOMEM;
	if (kafka_recover_open(p) < 0)
		return E_NOMEM;
	return wakeup_open(&p->wakeup, p->loop, on_wakeup, p);
}

int kafka_producer_open(struct kafka_producer **out, struct loop *l, const struct kafka_producer_opts *opts,
        const struct kafka_producer_events *events, struct why *why)
{
	struct kafka_producer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return why_set(why, E_NOMEM, "kafka producer");
	p->loop = l;
	p->events = *events;
	kafka_log_begin(&p->log, "kafka producer");
	if (kafka_watch_open(&p->watch, l, opts->properties, opts->nproperties, on_files, p) < 0) {
		why_set(why, E_NOMEM, "kafka producer");
		goto fail;
	}
	if (kafka_conf_producer(&p->conf, opts, why) < 0)
		goto fail;
	p->opts = *opts;
	p->opts.properties = kafka_watch_properties(p->watch);
	p->queue_bytes = kafka_conf_number(p->conf, "queue.buffering.max.kbytes") * 1024;
	p->queue_records = kafka_conf_number(p->conf, "queue.buffering.max.messages");
	p->opts.brokers = p->brokers = strdup(opts->brokers);
	p->opts.topic = p->topic = strdup(opts->topic);
	if (p->brokers == NULL || p->topic == NULL || open_parts(p) < 0) {
		why_set(why, E_NOMEM, "kafka producer");
		goto fail;
	}
	p->log.endpoint = (struct kafka_endpoint){ .brokers = p->opts.brokers,
		.topic = p->opts.topic,
		.option = opts->topic_option != NULL ? opts->topic_option : "kafka.producer.topic" };
	if (kafka_handle_open(&p->main, p->conf, &p->opts, p->wakeup, why) < 0)
		goto fail;
	*out = p;
	return 0;
fail:
	kafka_producer_free(p);
	return why->code;
}

static int on_send_error(struct kafka_producer *p, rd_kafka_resp_err_t err)
{
	switch (err) {
	case RD_KAFKA_RESP_ERR__QUEUE_FULL:
		p->stats.queue_full++;
		p->was_full = true;
		return E_FULL;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		return E_TOO_LARGE;
	case RD_KAFKA_RESP_ERR__FATAL:
		p->stats.refused++;
		kafka_recover_failed(p, &p->main);
		return E_DOWN;
	default:
		p->stats.refused++;
		kafka_log_fault(&p->log, err, rd_kafka_err2str(err));
		if (!timer_armed(p->retry_timer))
			timer_start(p->retry_timer, RETRY_MS);
		return E_DOWN;
	}
}

int kafka_producer_send(struct kafka_producer *p, const struct kafka_record *r, void *token)
{
	rd_kafka_resp_err_t err;

	if (r->value.len > p->queue_bytes)
		return E_TOO_LARGE; /* librdkafka would return QUEUE_FULL for ever */
	if (p->replacing)
		return E_FULL; /* room() comes with the new handle */
	if (p->state != PRODUCER_RUNNING || p->main.failed) {
		p->stats.refused++;
		return E_DOWN;
	}
	err = kafka_handle_send(&p->main, r, token);
	if (err != 0)
		return on_send_error(p, err);
	p->stats.produced++;
	return 0;
}

static void purge_handles(struct kafka_producer *p, bool wire)
{
	kafka_handle_purge(&p->main, wire);
	kafka_handle_purge(&p->alone, wire);
}

uint32_t kafka_producer_reported_by(const struct kafka_producer *p)
{
	return p->reported_by;
}

void kafka_producer_purge(struct kafka_producer *p)
{
	purge_handles(p, false);
}

/* Purges first: librdkafka would resend records of a closed connection under a new producer epoch, without the mark
 * for possible duplicates. */
void kafka_producer_reset_connections(struct kafka_producer *p)
{
	purge_handles(p, true);
	kafka_handle_reset_connections(&p->main);
	kafka_handle_reset_connections(&p->alone);
}

static uint64_t count_waiting(const struct kafka_producer *p)
{
	return p->main.waiting + p->alone.waiting;
}

void kafka_producer_flush(struct kafka_producer *p, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	p->flushed = flushed;
	p->flushed_arg = arg;
	/* FLUSHED is called from the wake-up, never from inside this function. */
	timer_start(p->budget, budget_ms);
	if (count_waiting(p) == 0)
		wakeup_signal(p->wakeup);
}

static void on_budget_over(void *arg)
{
	struct kafka_producer *p = arg;

	purge_handles(p, true);
	timer_start(p->budget, PURGE_AGAIN_MS);
	if (count_waiting(p) == 0)
		wakeup_signal(p->wakeup);
}

static void end_flush(struct kafka_producer *p)
{
	void (*flushed)(void *arg) = p->flushed;

	p->flushed = NULL;
	timer_stop(p->budget);
	flushed(p->flushed_arg);
}

static bool is_half_empty(const struct kafka_producer *p)
{
	return p->main.waiting <= p->queue_records / 2 && p->main.waiting_bytes <= p->queue_bytes / 2;
}

static void on_wakeup(void *arg)
{
	struct kafka_producer *p = arg;

	kafka_reports_serve(p);
	kafka_recover_step(p);
	if (p->was_full && p->state == PRODUCER_RUNNING && is_half_empty(p)) {
		p->was_full = false;
		kafka_producer_report_room(p);
	}
	if (p->flushed != NULL && count_waiting(p) == 0)
		end_flush(p);
}

static void on_retry(void *arg)
{
	struct kafka_producer *p = arg;

	if (p->state == PRODUCER_RUNNING)
		kafka_producer_report_room(p);
}

static void on_idle(void *arg)
{
	struct kafka_producer *p = arg;

	if (p->alone.waiting == 0)
		kafka_handle_close(&p->alone, p->loop);
	else
		kafka_recover_step(p);
}

/* Certificate and key may be written one after the other: a pair that does not match is read again later. */
static void on_files(void *arg)
{
	struct kafka_producer *p = arg;
	rd_kafka_conf_t *conf = NULL;
	struct why why;

	if (kafka_conf_producer(&conf, &p->opts, &why) < 0 || kafka_conf_try(RD_KAFKA_PRODUCER, conf, &why) < 0) {
		if (conf != NULL)
			rd_kafka_conf_destroy(conf);
		kafka_watch_retry(p->watch);
		kafka_log_unusable(&p->log, why.text);
		return;
	}
	rd_kafka_conf_destroy(p->conf);
	p->conf = conf;
	log_info("%s: a file that a property names has changed, a new handle will be made", p->log.who);
	kafka_recover_replace(p);
}

const struct kafka_producer_stats *kafka_producer_stats(struct kafka_producer *p)
{
	p->stats.waiting = count_waiting(p);
	p->stats.waiting_bytes = p->main.waiting_bytes + p->alone.waiting_bytes;
	return &p->stats;
}

const struct kafka_fault *kafka_producer_fault(struct kafka_producer *p)
{
	kafka_log_expire(&p->log);
	return &p->log.fault;
}

void kafka_producer_free(struct kafka_producer *p)
{
	if (p == NULL)
		return;
	kafka_handle_close(&p->main, p->loop);
	kafka_handle_close(&p->alone, p->loop);
	timer_free(p->recover_timer);
	timer_free(p->retry_timer);
	timer_free(p->budget);
	timer_free(p->idle);
	wakeup_free(p->wakeup);
	if (p->conf != NULL)
		rd_kafka_conf_destroy(p->conf);
	kafka_watch_free(p->watch);
	free(p->brokers);
	free(p->topic);
	free(p);
}
