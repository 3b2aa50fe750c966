/* SPDX-License-Identifier: Apache-2.0 */
/* consumer.c — opens, closes and replaces the consumer's handle.
 *
 *   RUNNING ──close()──► UNSUBSCRIBING ──group left──► CLOSING ──closed──► EMPTYING
 *           ──new certificate or secret, and all messages released or 10 s over──► as close()
 *   RUNNING, UNSUBSCRIBING, CLOSING ──fatal error──► EMPTYING
 *   UNSUBSCRIBING, CLOSING ──5 s──► EMPTYING
 *   EMPTYING ──last message released──► PAUSED ──pause over──► RUNNING
 *                                              ──close() was called──► CLOSED
 *
 * UNSUBSCRIBING is skipped where it is not needed (kafka_member_must_unsubscribe). A handle of librdkafka can be
 * destroyed only when no message of it is left. The pause doubles from 100 ms to 10 s until a record is read.
 *
 * Only step() changes c->state. records.c delivers the records, group.c has partitions and offsets. */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "consumer_internal.h"
#include "offsets.h"
#include "thread_callbacks.h"

enum { TICK_MS = 1000, LEAVE_MS = 5000, REPLACE_MS = 10000 };

static void on_wakeup(void *arg);
static void on_tick(void *arg);
static void on_files(void *arg);
static void step(struct kafka_consumer *c);

static void close_handle(struct kafka_consumer *c)
{
	rd_kafka_queue_t **queues[] = { &c->control, &c->records, &c->replies };

	if (c->rk == NULL)
		return;
	kafka_offsets_drop(c->fetch_wake);
	kafka_offsets_drop(c->bounds);
	c->fetch_wake = c->bounds = NULL;
	for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
		if (*queues[i] == NULL)
			continue;
		kafka_queue_unwatch(*queues[i]);
		rd_kafka_queue_destroy(*queues[i]);
		*queues[i] = NULL;
	}
	if (kafka_client_must_leak(c->rk, c->group_flags))
		kafka_client_leak(c->rk, c->group_flags);
	else
		kafka_client_destroy_later(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE, c->group_flags, c->loop);
	c->rk = NULL;
	c->group_flags = NULL;
	c->failed = false;
}

static int subscribe(struct kafka_consumer *c, struct why *why)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t err;

	rd_kafka_topic_partition_list_add(topics, c->topic, RD_KAFKA_PARTITION_UA);
	err = rd_kafka_subscribe(c->rk, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (err != 0)
		return why_set(why, E_USAGE, "kafka topic \"%s\": %s", c->topic, rd_kafka_err2str(err));
	return 0;
}

static int open_handle(struct kafka_consumer *c, struct why *why)
{
	rd_kafka_conf_t *conf;
	int rc;

	if (kafka_conf_try(RD_KAFKA_CONSUMER, c->conf, why) < 0)
		return why->code;
	conf = rd_kafka_conf_dup(c->conf);
	c->group_flags = kafka_group_flags_new(conf);
	rc = kafka_conf_client(&c->rk, RD_KAFKA_CONSUMER, conf, c->brokers, why);
	if (rc < 0) {
		free(c->group_flags);
		c->group_flags = NULL;
		return rc;
	}
	rd_kafka_poll_set_consumer(c->rk);
	c->control = rd_kafka_queue_get_consumer(c->rk);
	c->records = rd_kafka_queue_new(c->rk);
	c->replies = rd_kafka_queue_new(c->rk);
	rc = subscribe(c, why);
	if (rc < 0) {
		close_handle(c);
		return rc;
	}
	kafka_queue_watch(c->control, c->wakeup);
	kafka_queue_watch(c->records, c->wakeup);
	kafka_queue_watch(c->replies, c->wakeup);
	return 0;
}

static int open_parts(struct kafka_consumer *c, const struct kafka_consumer_opts *o)
{
	c->brokers = strdup(o->brokers);
	c->topic = strdup(o->topic);
	c->group_id = strdup(o->group);
	c->offsets_of = strdup(o->offsets_of == NULL ? o->group : o->offsets_of);
	c->opts.brokers = c->brokers;
	c->opts.topic = c->topic;
	c->opts.group = c->group_id;
	c->opts.offsets_of = c->offsets_of;
	if (c->brokers == NULL || c->topic == NULL || c->group_id == NULL || c->offsets_of == NULL)
		return E_NOMEM;
	if (timer_open(&c->tick, c->loop, on_tick, c) < 0 || timer_open(&c->deadline, c->loop, on_wakeup, c) < 0 ||
	        timer_open(&c->group_timer, c->loop, on_wakeup, c) < 0)
		return E_NOMEM;
	return wakeup_open(&c->wakeup, c->loop, on_wakeup, c);
}

int kafka_consumer_open(struct kafka_consumer **out, struct loop *l, const struct kafka_consumer_opts *opts,
        const struct kafka_consumer_events *events, struct why *why)
{
	struct kafka_consumer *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return why_set(why, E_NOMEM, "kafka consumer");
	c->loop = l;
	c->events = *events;
	kafka_member_name(c);
	kafka_log_begin(&c->log, "kafka consumer");
	c->pause_ms = KAFKA_PAUSE_LEAST_MS;
	if (kafka_watch_open(&c->watch, l, opts->properties, opts->nproperties, on_files, c) < 0) {
		why_set(why, E_NOMEM, "kafka consumer");
		goto fail;
	}
	c->opts = *opts;
	c->opts.instance = c->instance;
	if (kafka_conf_consumer(&c->conf, &c->initial_offset, &c->opts, why) < 0)
		goto fail;
	c->queue_bytes = min_u64(kafka_conf_number(c->conf, "queued.max.messages.kbytes") * 1024,
	        kafka_conf_number(c->conf, "queued.min.messages") * KAFKA_QUEUE_RECORD_BYTES);
	c->opts.properties = kafka_watch_properties(c->watch);
	if (open_parts(c, opts) < 0) {
		why_set(why, E_NOMEM, "kafka consumer");
		goto fail;
	}
	c->log.endpoint = (struct kafka_endpoint){ c->brokers, c->topic, c->group_id,
		opts->topic_option == NULL ? "kafka.consumer.topic" : opts->topic_option };
	if (open_handle(c, why) < 0)
		goto fail;
	timer_start(c->tick, TICK_MS);
	*out = c;
	return 0;
fail:
	kafka_consumer_free(c);
	return why->code;
}

static void on_wakeup(void *arg)
{
	struct kafka_consumer *c = arg;

	if (c->rk != NULL) {
		kafka_group_serve(c);
		kafka_records_serve(c);
	}
	step(c);
	if (c->reported_changes != c->log.changes && c->events.fault != NULL) {
		c->reported_changes = c->log.changes;
		c->events.fault(c->events.arg);
	}
}

static void on_tick(void *arg)
{
	struct kafka_consumer *c = arg;

	kafka_log_expire(&c->log);
	if (kafka_log_needs_credentials(&c->log))
		kafka_watch_now(c->watch);
	timer_start(c->tick, TICK_MS);
	kafka_commit_begin(c);
	on_wakeup(c);
}

const struct kafka_fault *kafka_consumer_fault(const struct kafka_consumer *c)
{
	return &c->log.fault;
}

static void begin_unsubscribe(struct kafka_consumer *c)
{
	kafka_member_unsubscribe(c);
	c->state = CONSUMER_UNSUBSCRIBING;
	timer_start(c->deadline, LEAVE_MS);
}

/* The group was left, or cannot be left any more: the partitions are reported as lost. */
static void begin_emptying(struct kafka_consumer *c)
{
	kafka_group_abandon(c);
	c->state = CONSUMER_EMPTYING;
}

static void begin_close(struct kafka_consumer *c)
{
	rd_kafka_error_t *error = rd_kafka_consumer_close_queue(c->rk, c->control);

	c->state = CONSUMER_CLOSING;
	timer_start(c->deadline, LEAVE_MS);
	if (error == NULL)
		return;
	log_warn("%s: the group cannot be left: %s", c->log.who, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	begin_emptying(c);
}

void kafka_consumer_close(struct kafka_consumer *c, void (*closed)(void *arg), void *arg)
{
	c->closed = closed;
	c->closed_arg = arg;
	wakeup_signal(c->wakeup);
}

static void reopen_handle(struct kafka_consumer *c)
{
	struct why why;

	c->replacing = false;
	if (open_handle(c, &why) == 0) {
		c->state = CONSUMER_RUNNING;
		log_info("%s: a new handle was made", c->log.who);
		return;
	}
	log_error("%s: %s", c->log.who, why.text);
	timer_start(c->deadline, KAFKA_PAUSE_MOST_MS);
}

static void finish_close(struct kafka_consumer *c)
{
	timer_stop(c->tick);
	timer_stop(c->deadline);
	c->state = CONSUMER_CLOSED;
	c->closed(c->closed_arg);
}

/* Certificate and key may be written one after the other: a pair that does not match is read again later. */
static void on_files(void *arg)
{
	struct kafka_consumer *c = arg;
	rd_kafka_conf_t *conf = NULL;
	int64_t initial_offset;
	struct why why;

	if (kafka_conf_consumer(&conf, &initial_offset, &c->opts, &why) < 0 ||
	        kafka_conf_try(RD_KAFKA_CONSUMER, conf, &why) < 0) {
		if (conf != NULL)
			rd_kafka_conf_destroy(conf);
		kafka_watch_retry(c->watch);
		kafka_log_unusable(&c->log, why.text);
		return;
	}
	rd_kafka_conf_destroy(c->conf);
	c->conf = conf;
	c->initial_offset = initial_offset;
	if (c->state != CONSUMER_RUNNING || c->closed != NULL || c->replacing)
		return; /* the next handle uses c->conf anyway */
	log_info("%s: a file that a property names has changed, a new handle will be made", c->log.who);
	c->replacing = true;
	timer_start(c->deadline, REPLACE_MS);
	wakeup_signal(c->wakeup);
}

/* Waits up to REPLACE_MS for the owner to release its messages, so that their offsets are committed and they are not
 * read twice. */
static bool may_replace(struct kafka_consumer *c)
{
	return c->unreleased == 0 || !timer_armed(c->deadline);
}

/* Makes at most one transition; true when another may follow. */
static bool advance(struct kafka_consumer *c)
{
	switch (c->state) {
	case CONSUMER_RUNNING:
		if (c->failed)
			begin_emptying(c); /* the handle has left its group already */
		else if ((c->closed != NULL || (c->replacing && may_replace(c))) && kafka_member_must_unsubscribe(c))
			begin_unsubscribe(c);
		else if (c->closed != NULL || (c->replacing && may_replace(c)))
			begin_close(c);
		return c->state != CONSUMER_RUNNING;
	case CONSUMER_UNSUBSCRIBING:
		if (c->failed || !timer_armed(c->deadline))
			begin_emptying(c);
		else if (kafka_member_has_left(c))
			begin_close(c);
		return c->state != CONSUMER_UNSUBSCRIBING;
	case CONSUMER_CLOSING:
		if (c->failed || !timer_armed(c->deadline) || rd_kafka_consumer_closed(c->rk))
			begin_emptying(c);
		return c->state != CONSUMER_CLOSING;
	case CONSUMER_EMPTYING:
		if (c->unreleased > 0 || c->fetch_wake != NULL || c->bounds != NULL)
			return false;
		close_handle(c);
		c->state = CONSUMER_PAUSED;
		timer_start(c->deadline, c->pause_ms);
		c->pause_ms = min_u64(c->pause_ms * 2, KAFKA_PAUSE_MOST_MS);
		return true;
	case CONSUMER_PAUSED:
		if (c->closed != NULL)
			finish_close(c);
		else if (!timer_armed(c->deadline))
			reopen_handle(c);
		return false;
	case CONSUMER_CLOSED:
		return false;
	}
	return false;
}

static void step(struct kafka_consumer *c)
{
	while (advance(c))
		;
}

void kafka_consumer_free(struct kafka_consumer *c)
{
	if (c == NULL)
		return;
	if (c->rebalance != NULL)
		rd_kafka_event_destroy(c->rebalance);
	if (c->assigned != NULL)
		rd_kafka_topic_partition_list_destroy(c->assigned);
	close_handle(c);
	timer_free(c->tick);
	timer_free(c->deadline);
	timer_free(c->group_timer);
	wakeup_free(c->wakeup);
	if (c->conf != NULL)
		rd_kafka_conf_destroy(c->conf);
	kafka_watch_free(c->watch);
	free(c->brokers);
	free(c->topic);
	free(c->group_id);
	free(c->offsets_of);
	free(c->parts);
	free(c);
}
