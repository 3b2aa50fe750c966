/* SPDX-License-Identifier: Apache-2.0 */
/* topic.c — the quarantine as a Kafka topic: records are written to it and acknowledged by all replicas.
 *
 *   waiting ──send──► in_flight ──acknowledged──► kept
 *      ▲               ├──any other result, after a pause──► waiting
 *      └── 30 s ── too_large ◄── larger than the broker accepts, or refused */
#include <stdlib.h>

#include "quarantine_internal.h"

enum { RETRY_MS = 1000, TOO_LARGE_RETRY_MS = 30000, SILENCE_MS = 3000, MOST_PROPERTIES = 64 };

struct topic {
	struct quarantine q;
	struct kafka_producer *producer;
	struct list in_flight; /* items in flight with the producer */
	struct list too_large;
	struct timer *retry_timer;     /* next call of send_waiting after a failure */
	struct timer *silence_timer;   /* runs since the last send or acknowledgement */
	struct timer *too_large_timer; /* next try of too_large; an operator may have raised the limit */
};

static struct topic *topic_of(struct quarantine *q)
{
	return container_of(q, struct topic, q);
}

/* Posts the last error of the producer to the health board, or GUESS when it has none. */
static void post_fault(struct topic *t, const char *item, const char *guess)
{
	const struct kafka_fault *known = kafka_producer_fault(t->producer);

	quarantine_fault(&t->q, item, E_DOWN, known->cause == KAFKA_CAUSE_NONE ? guess : known->sentence);
}

static void move_to_too_large(struct topic *t, struct quarantine_item *item, const char *what)
{
	t->q.failures++;
	list_remove(&item->link);
	list_push(&t->too_large, &item->link);
	timer_start(t->too_large_timer, TOO_LARGE_RETRY_MS);
	quarantine_fault(&t->q, item->name, E_TOO_LARGE, what);
}

static void send_waiting(struct topic *t)
{
	while (!list_empty(&t->q.waiting)) {
		struct quarantine_item *item = list_first(&t->q.waiting, struct quarantine_item, link);
		int rc = kafka_producer_send(t->producer, &item->record, item);

		if (rc == E_TOO_LARGE) {
			move_to_too_large(t, item, "larger than a record may be");
			continue;
		}
		if (rc == E_DOWN)
			post_fault(t, item->name, "the topic is missing, or may not be written");
		if (rc < 0) {
			timer_start(t->retry_timer, RETRY_MS);
			return;
		}
		list_remove(&item->link);
		if (list_empty(&t->in_flight))
			timer_start(t->silence_timer, SILENCE_MS);
		list_push(&t->in_flight, &item->link);
	}
}

/* librdkafka reports no error for a broker that does not answer, so a timer detects it. */
static void on_silence(void *arg)
{
	struct topic *t = arg;

	if (!list_empty(&t->in_flight))
		post_fault(
		        t, list_first(&t->in_flight, struct quarantine_item, link)->name, "no acknowledgement comes");
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct topic *t = arg;
	struct quarantine_item *item = token;

	if (outcome == KAFKA_TOO_LARGE || outcome == KAFKA_REFUSED) {
		move_to_too_large(t, item, detail);
		return;
	}
	list_remove(&item->link);
	if (outcome == KAFKA_PERSISTED) {
		timer_start(t->silence_timer, SILENCE_MS);
		if (list_empty(&t->too_large))
			quarantine_well(&t->q);
		quarantine_done(&t->q, item, QUARANTINE_KEPT);
		return;
	}
	t->q.failures++;
	list_push(&t->q.waiting, &item->link);
	if (t->q.flushing)
		return;
	post_fault(t, item->name, detail);
	timer_start(t->retry_timer, RETRY_MS);
}

static void retry_waiting(void *arg)
{
	struct topic *t = arg;

	if (!t->q.flushing)
		send_waiting(t);
}

static void on_too_large_timer(void *arg)
{
	struct topic *t = arg;

	list_append(&t->q.waiting, &t->too_large);
	retry_waiting(t);
}

/* While a failed record waits for the retry timer, later records wait behind it. */
static void topic_put(struct quarantine *q)
{
	if (!timer_armed(topic_of(q)->retry_timer))
		send_waiting(topic_of(q));
}

static void on_flushed(void *arg)
{
	struct topic *t = arg;

	t->q.flushing = true;
	quarantine_flushed(&t->q);
}

static void topic_flush(struct quarantine *q, uint64_t budget_ms)
{
	kafka_producer_flush(topic_of(q)->producer, budget_ms, on_flushed, topic_of(q));
}

static void topic_free(struct quarantine *q)
{
	struct topic *t = topic_of(q);

	kafka_producer_free(t->producer);
	timer_free(t->retry_timer);
	timer_free(t->silence_timer);
	timer_free(t->too_large_timer);
	free(t);
}

static const struct quarantine_ops ops = { topic_put, topic_flush, topic_free };

/* Fills TO. message.max.bytes is 100 MB, as much as the consumer accepts, so that every record that was read can be
 * written. PROPERTIES has MOST_PROPERTIES elements and is borrowed by TO. */
static int producer_opts(const struct quarantine_opts *o, struct kafka_property *properties,
        struct kafka_producer_opts *to, struct why *why)
{
	if (o->nproperties >= MOST_PROPERTIES)
		return why_set(why, E_USAGE, "more than %d properties", MOST_PROPERTIES - 1);
	properties[0] = (struct kafka_property){ .name = "message.max.bytes", .value = "100000000" };
	for (size_t i = 0; i < o->nproperties; i++)
		properties[i + 1] = o->properties[i];
	*to = (struct kafka_producer_opts){ .brokers = o->brokers,
		.topic = o->where,
		.topic_option = "drain.quarantine",
		.properties = properties,
		.nproperties = o->nproperties + 1,
		.queue_bytes = 128 << 20,
		.linger_ms = 5 };
	return 0;
}

int quarantine_topic_check(const struct quarantine_opts *opts, struct why *why)
{
	struct kafka_property properties[MOST_PROPERTIES];
	struct kafka_producer_opts o;

	if (producer_opts(opts, properties, &o, why) < 0 || kafka_producer_check(&o, why) < 0)
		return why_wrap(why, "quarantine");
	return 0;
}

static int open_producer(struct topic *t, struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	struct kafka_property properties[MOST_PROPERTIES];
	struct kafka_producer_events events = { on_report, retry_waiting, t };
	struct kafka_producer_opts o;

	if (producer_opts(opts, properties, &o, why) < 0)
		return why->code;
	return kafka_producer_open(&t->producer, l, &o, &events, why);
}

struct quarantine *quarantine_topic_new(struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	struct topic *t = calloc(1, sizeof(*t));

	if (t == NULL || timer_open(&t->retry_timer, l, retry_waiting, t) < 0 ||
	        timer_open(&t->too_large_timer, l, on_too_large_timer, t) < 0 ||
	        timer_open(&t->silence_timer, l, on_silence, t) < 0) {
		why_set(why, E_NOMEM, "topic");
		goto fail;
	}
	list_init(&t->in_flight);
	list_init(&t->too_large);
	t->q.ops = &ops;
	if (open_producer(t, l, opts, why) == 0)
		return &t->q;
fail:
	if (t != NULL)
		topic_free(&t->q);
	return NULL;
}
