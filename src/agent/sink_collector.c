/* SPDX-License-Identifier: Apache-2.0 */
/* sink_collector.c — a batch becomes a POST: its bytes are the body, id and marks are HTTP headers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sink_id.h"
#include "agent/sinks.h"
#include "exporter/store_health.h"

struct sink_collector {
	struct sink sink;
	struct sink_id id;
	struct sink_events events;
	struct exporter *exporter;
	struct health *health;
	struct list offers; /* that the exporter has */
	bool was_away;      /* at the last change */
};

/* A batch that the exporter has, and the bytes that the exporter's item borrows. */
struct offer {
	struct list link; /* of offers */
	struct batch *batch;
	char id[SINK_ID_TEXT];
	char received[20];
};

static struct sink_collector *from(struct sink *s)
{
	return container_of(s, struct sink_collector, sink);
}

/* Gives the batch to the caller, with the reference. */
static struct batch *end_offer(struct offer *o)
{
	struct batch *b = o->batch;

	list_remove(&o->link);
	free(o);
	return b;
}

static enum sink_outcome outcome_of(const struct exporter_report *report)
{
	switch (report->outcome) {
	case EXPORTER_DELIVERED:
		return SINK_DELIVERED;
	case EXPORTER_NOT_SENT:
		return SINK_NOT_SENT;
	case EXPORTER_MAYBE_SENT:
		return SINK_MAYBE_SENT;
	case EXPORTER_REFUSED:
		break;
	}
	if (report->cause == exporter_unconfirmed)
		return SINK_UNCONFIRMED;
	return report->too_large ? SINK_TOO_LARGE : SINK_POISON;
}

static void on_done(void *arg, const struct exporter_report *report)
{
	struct sink_collector *c = arg;
	struct batch *b = end_offer(report->token);
	enum sink_outcome outcome = outcome_of(report);
	char detail[256] = "";

	if (sink_refused(outcome) && report->status == 0)
		snprintf(detail, sizeof(detail), "%s: %s", report->cause, report->detail);
	else if (sink_refused(outcome))
		snprintf(detail, sizeof(detail), "%s, HTTP status %d: %s", report->cause, report->status,
		        report->detail);
	c->events.done(c->events.arg, b, outcome, detail);
	batch_unref(&b);
}

static void on_room(void *arg)
{
	struct sink_collector *c = arg;

	c->events.room(c->events.arg);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct sink_collector *c = arg;

	c->events.sent_again(c->events.arg, spans, first);
}

static void on_answered(void *arg)
{
	struct sink_collector *c = arg;

	c->events.answered(c->events.arg);
}

/* The intake has seen to all but what is harmful to collectors only. */
static bool is_fit(struct sink *s, const struct batch *b, struct inspect_facts *facts)
{
	const char *cause;
	struct why why;

	if (exporter_check(batch_slice(b), facts, &cause, &why) == 0)
		return true;
	snprintf(s->refusal, sizeof(s->refusal), "%s: %.200s", cause, why.text);
	return false;
}

static enum sink_answer answer_of(int rc)
{
	return rc == E_DOWN ? SINK_DOWN : SINK_FULL;
}

static enum sink_answer offer(struct sink *s, struct batch *b)
{
	struct sink_collector *c = from(s);
	struct exporter_item item = { .value = batch_slice(b),
		.facts = { .spans = b->spans },
		.produced_ms = b->received_ms,
		.maybe_dup = b->maybe_dup };
	struct offer *o;
	int rc = exporter_room(c->exporter, &item);

	if (rc < 0)
		return answer_of(rc);
	if (!is_fit(s, b, &item.facts))
		return SINK_CANNOT;
	o = malloc(sizeof(*o));
	if (o == NULL)
		return SINK_FULL;
	o->batch = batch_ref(b);
	list_push(&c->offers, &o->link);
	item.id = slice_of(o->id, sink_id_text(&c->id, b, o->id));
	item.received = slice_of(o->received, sink_decimal(b->received_ms, o->received));
	item.token = o;
	rc = exporter_send(c->exporter, &item);
	if (rc == 0)
		return SINK_TOOK;
	b = end_offer(o);
	batch_unref(&b);
	return answer_of(rc);
}

/* The board tells of states in which nothing is delivered; all others are the log's. */
static void on_changed(void *arg, enum exporter_state state, const char *sentence)
{
	struct sink_collector *c = arg;

	if (state == EXPORTER_DEGRADED)
		log_warn("collector: the others take its share of the spans: %s", sentence);
	else if (state != EXPORTER_SENDING && c->was_away)
		log_warn("collector: spans wait in the spool: %s", sentence);
	c->was_away = state == EXPORTER_WAITING || state == EXPORTER_BLOCKED;
}

static void on_sight(void *arg, enum confirmer_sight sight, const char *sentence)
{
	struct sink_collector *c = arg;

	store_health_post(c->health, sight, sentence);
}

static const char *trouble(struct sink *s, bool *misconfigured)
{
	const struct exporter *p = from(s)->exporter;
	enum exporter_state state = exporter_state(p);

	*misconfigured = state == EXPORTER_BLOCKED;
	return state == EXPORTER_WAITING || state == EXPORTER_BLOCKED ? exporter_trouble(p) : NULL;
}

/* A request ends by its own time-out. */
static void purge(struct sink *s, bool wire)
{
	(void)wire;
	exporter_purge(from(s)->exporter);
}

static void flush(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	exporter_flush(from(s)->exporter, budget_ms, flushed, arg);
}

/* An end that does not wait for the exporter leaves offers with it. */
static void free_sink(struct sink *s)
{
	struct sink_collector *c = from(s);

	exporter_free(c->exporter);
	while (!list_empty(&c->offers)) {
		struct batch *b = end_offer(list_first(&c->offers, struct offer, link));

		batch_unref(&b);
	}
	free(c);
}

static const struct sink_ops ops = { offer, purge, flush, free_sink };

int sink_collector_open(struct sink **out, struct loop *l, const struct exporter_opts *opts, const struct sink_id *id,
        const struct sink_events *events, struct health *health, struct why *why)
{
	struct sink_collector *c = calloc(1, sizeof(*c));
	struct exporter_events own = {
		.done = on_done,
		.room = on_room,
		.sent_again = on_sent_again,
		.answered = on_answered,
		.changed = on_changed,
		.sight = on_sight,
		.arg = c,
	};
	struct exporter_opts o = *opts;

	if (c == NULL)
		return why_set(why, E_NOMEM, "collector");
	list_init(&c->offers);
	c->sink.ops = &ops;
	c->sink.refused_as = SINK_POISON;
	c->sink.trouble = trouble;
	c->id = *id;
	c->events = *events;
	c->health = health;
	o.bare = !id->headers;
	if (exporter_open(&c->exporter, l, &o, &own, why) < 0) {
		free(c);
		return why->code;
	}
	*out = &c->sink;
	return 0;
}

struct exporter *sink_collector_exporter(struct sink *s)
{
	return from(s)->exporter;
}
