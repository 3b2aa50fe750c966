/* SPDX-License-Identifier: Apache-2.0 */
/* topic.c — bad records as records of another topic, acknowledged by all replicas.
 *
 *   waiting ──send──► out ──acknowledged──► kept
 *      ▲               ├── anything else: a pause, and again ──► waiting
 *      └── 30 s ── too_large ◄── larger than the broker takes                                     */
#include <stdlib.h>

#include "quarantine_internal.h"

enum { AGAIN_MS = 1000, TOO_LARGE_AGAIN_MS = 30000, SILENCE_MS = 3000, MOST_PROPERTIES = 64 };

struct topic {
	struct quarantine q;
	struct kafka_producer *producer;
	struct list out; /* with the producer */
	struct list too_large;
	struct timer *again;   /* when waiting is looked at again */
	struct timer *silence; /* since something was sent or acknowledged */
	struct timer *mended;  /* when what was too large may have become small enough */
};

static struct topic *from(struct quarantine *q)
{
	return container_of(q, struct topic, q);
}

/* The cause as the producer knows it, else GUESS. */
static void post_trouble(struct topic *t, const char *item, const char *guess)
{
	const struct kafka_trouble *known = kafka_producer_trouble(t->producer);

	quarantine_trouble(&t->q, item, known->cause == KAFKA_CAUSE_NONE ? guess : known->sentence);
}

static void set_aside(struct topic *t, struct quarantine_item *item, const char *what)
{
	t->q.failures++;
	list_remove(&item->link);
	list_push(&t->too_large, &item->link);
	timer_start(t->mended, TOO_LARGE_AGAIN_MS);
	quarantine_trouble(&t->q, item->name, what);
}

static void send_waiting(struct topic *t)
{
	while (!list_empty(&t->q.waiting)) {
		struct quarantine_item *item = list_first(&t->q.waiting, struct quarantine_item, link);
		int rc = kafka_producer_send(t->producer, &item->record, item);

		if (rc == E_TOO_LARGE) {
			set_aside(t, item, "larger than a record may be");
			continue;
		}
		if (rc == E_DOWN)
			post_trouble(t, item->name, "the topic is missing, or may not be written");
		if (rc < 0) {
			timer_start(t->again, AGAIN_MS);
			return;
		}
		list_remove(&item->link);
		if (list_empty(&t->out))
			timer_start(t->silence, SILENCE_MS);
		list_push(&t->out, &item->link);
	}
}

/* A broker that is away, or says nothing, is no error of librdkafka's: only the clock tells. */
static void on_silence(void *arg)
{
	struct topic *t = arg;

	if (!list_empty(&t->out))
		post_trouble(t, list_first(&t->out, struct quarantine_item, link)->name, "no acknowledgement comes");
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	struct topic *t = arg;
	struct quarantine_item *item = token;

	if (outcome == KAFKA_TOO_LARGE || outcome == KAFKA_REFUSED) {
		set_aside(t, item, detail);
		return;
	}
	list_remove(&item->link);
	if (outcome == KAFKA_PERSISTED) {
		timer_start(t->silence, SILENCE_MS);
		if (list_empty(&t->too_large))
			quarantine_well(&t->q);
		quarantine_done(&t->q, item, QUARANTINE_KEPT);
		return;
	}
	t->q.failures++;
	list_push(&t->q.waiting, &item->link);
	if (t->q.flushing)
		return;
	post_trouble(t, item->name, detail);
	timer_start(t->again, AGAIN_MS);
}

static void on_again(void *arg)
{
	struct topic *t = arg;

	if (!t->q.flushing)
		send_waiting(t);
}

static void on_recovered(void *arg)
{
	struct topic *t = arg;

	list_append(&t->q.waiting, &t->too_large);
	on_again(t);
}

/* A record that failed rests before the next try, and records that come meanwhile wait behind it. */
static void topic_put(struct quarantine *q)
{
	if (!timer_armed(from(q)->again))
		send_waiting(from(q));
}

static void on_flushed(void *arg)
{
	struct topic *t = arg;

	t->q.flushing = true;
	quarantine_flushed(&t->q);
}

static void topic_flush(struct quarantine *q, uint64_t budget_ms)
{
	kafka_producer_flush(from(q)->producer, budget_ms, on_flushed, from(q));
}

static void topic_free(struct quarantine *q)
{
	struct topic *t = from(q);

	kafka_producer_free(t->producer);
	timer_free(t->again);
	timer_free(t->silence);
	timer_free(t->mended);
	free(t);
}

static const struct quarantine_ops ops = { topic_put, topic_flush, topic_free };

/* A record that could be read must be possible to write: a consumer takes up to 100 MB. PROPERTIES has
 * room for MOST_PROPERTIES and is borrowed by TO. */
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
	struct kafka_producer_events events = { on_report, on_again, t };
	struct kafka_producer_opts o;

	if (producer_opts(opts, properties, &o, why) < 0)
		return why->code;
	return kafka_producer_open(&t->producer, l, &o, &events, why);
}

struct quarantine *quarantine_topic_new(struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	struct topic *t = calloc(1, sizeof(*t));

	if (t == NULL || timer_open(&t->again, l, on_again, t) < 0 || timer_open(&t->mended, l, on_recovered, t) < 0 ||
	        timer_open(&t->silence, l, on_silence, t) < 0) {
		why_set(why, E_NOMEM, "topic");
		goto fail;
	}
	list_init(&t->out);
	list_init(&t->too_large);
	t->q.ops = &ops;
	if (open_producer(t, l, opts, why) == 0)
		return &t->q;
fail:
	if (t != NULL)
		topic_free(&t->q);
	return NULL;
}
