/* SPDX-License-Identifier: Apache-2.0 */
/* sink_collector.c — a batch becomes an item of the exporter, which POSTs it with its id and marks as HTTP headers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sink_id.h"
#include "agent/sinks.h"
#include "exporter/failing_health.h"
#include "exporter/store_health.h"

struct sink_collector {
	struct sink sink;
	struct sink_id id;
	struct ledger *ledger;
	struct exporter *exporter;
	struct health *health;
	struct list offers; /* struct offer of each batch that the exporter has */
	bool was_failing;   /* health part "batches" was posted */
	bool was_waiting;   /* the exporter's last state was EXPORTER_WAITING or EXPORTER_BLOCKED */
};

/* A batch that the exporter has, and the header texts that the exporter's item borrows. */
struct offer {
	struct list link; /* of offers */
	struct batch *batch;
	char id[SINK_ID_TEXT];
	char received[20];
};

static struct sink_collector *to_collector(struct sink *s)
{
	return container_of(s, struct sink_collector, sink);
}

/* Frees O and returns its batch. */
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
	c->sink.events.done(c->sink.events.arg, b,
	        &(struct sink_report){ .outcome = outcome, .losses = report->losses, .detail = detail });
}

static void on_room(void *arg)
{
	struct sink_collector *c = arg;

	c->sink.events.room(c->sink.events.room_arg);
}

static void on_sent_again(void *arg, uint32_t spans, bool first)
{
	struct sink_collector *c = arg;

	ledger_sent_again(c->ledger, (struct ledger_count){ spans, first });
}

/* Checks B for content that the intake accepts but that harms a collector. False: s->refusal says why. */
static bool is_acceptable(struct sink *s, const struct batch *b, struct inspect_facts *facts)
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

static enum sink_answer offer_batch(struct sink *s, struct batch *b)
{
	struct sink_collector *c = to_collector(s);
	struct exporter_item item = { .value = batch_slice(b),
		.facts = { .spans = b->spans },
		.produced_ms = b->received_ms,
		.maybe_dup = b->maybe_dup,
		.losses = b->losses };
	struct offer *o;
	int rc = exporter_room(c->exporter, &item);

	if (rc < 0)
		return answer_of(rc);
	if (!is_acceptable(s, b, &item.facts))
		return SINK_CANNOT;
	o = malloc(sizeof(*o));
	if (o == NULL)
		return SINK_FULL;
	o->batch = b;
	list_push(&c->offers, &o->link);
	item.id = slice_of(o->id, sink_id_text(&c->id, b, o->id));
	item.received = slice_of(o->received, sink_decimal(b->received_ms, o->received));
	item.token = o;
	rc = exporter_send(c->exporter, &item);
	if (rc == 0)
		return SINK_TOOK;
	end_offer(o);
	return answer_of(rc);
}

/* Logs the exporter's changes of state. The health board is the dispatcher's: it posts while nothing is delivered. */
static void on_changed(void *arg, enum exporter_state state, const char *sentence)
{
	struct sink_collector *c = arg;

	if (state == EXPORTER_DEGRADED)
		log_warn("collector: the others take its share of the spans: %s", sentence);
	else if (state != EXPORTER_SENDING && c->was_waiting)
		log_warn("collector: spans wait in the spool: %s", sentence);
	c->was_waiting = state == EXPORTER_WAITING || state == EXPORTER_BLOCKED;
}

static void on_confirmer(void *arg, enum confirmer_state state, const char *sentence)
{
	struct sink_collector *c = arg;

	store_health_post(c->health, state, sentence);
}

/* Why the circuit is not closed while the exporter sends: circuit_state_of. */
static const char silence[] =
        "the collector has not answered for two seconds and more, or its counters do not show that "
        "spans are stored; see whether it and its storage hang";

static const char *waiting_reason(struct sink *s, bool *misconfigured)
{
	const struct exporter *p = to_collector(s)->exporter;
	enum exporter_state state = exporter_state(p);

	*misconfigured = state == EXPORTER_BLOCKED;
	if (state == EXPORTER_WAITING || state == EXPORTER_BLOCKED)
		return exporter_fault(p);
	return silence;
}

static enum circuit_state circuit_state(const struct sink *s)
{
	const struct exporter *e = container_of(s, struct sink_collector, sink)->exporter;
	enum exporter_state state = exporter_state(e);

	return circuit_state_of(
	        state == EXPORTER_SENDING || state == EXPORTER_DEGRADED, exporter_silence_us(e), exporter_probes(e));
}

static void purge_sink(struct sink *s, bool wire)
{
	(void)wire; /* never set, for this sink has a "state": requests on the wire end by their own time-out */
	exporter_purge(to_collector(s)->exporter);
}

static void flush_sink(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	exporter_flush(to_collector(s)->exporter, budget_ms, flushed, arg);
}

/* Offers are left when the agent ends without waiting for the exporter. */
static void free_sink(struct sink *s)
{
	struct sink_collector *c = to_collector(s);

	exporter_free(c->exporter);
	while (!list_empty(&c->offers))
		end_offer(list_first(&c->offers, struct offer, link));
	free(c);
}

static const struct sink_ops ops = { offer_batch, purge_sink, flush_sink, free_sink };

int sink_collector_open(struct sink **out, struct loop *l, const struct exporter_opts *opts, const struct sink_id *id,
        struct ledger *ledger, struct health *health, struct why *why)
{
	struct sink_collector *c = calloc(1, sizeof(*c));
	struct exporter_events own = {
		.done = on_done,
		.room = on_room,
		.sent_again = on_sent_again,
		.changed = on_changed,
		.confirmer = on_confirmer,
		.arg = c,
	};
	struct exporter_opts o = *opts;

	if (c == NULL)
		return why_set(why, E_NOMEM, "collector");
	list_init(&c->offers);
	c->sink.ops = &ops;
	c->sink.refused_as = SINK_POISON;
	c->sink.waiting_reason = waiting_reason;
	c->sink.state = circuit_state;
	c->id = *id;
	c->ledger = ledger;
	c->health = health;
	o.bare = !id->headers;
	if (exporter_open(&c->exporter, l, &o, &own, why) < 0) {
		free(c);
		return why->code;
	}
	*out = &c->sink;
	return 0;
}

void sink_collector_tick(struct sink *s)
{
	struct sink_collector *c = to_collector(s);
	const struct offer *oldest;
	struct exporter_failing f;
	char id[SINK_ID_TEXT + 1] = "";

	exporter_failing(c->exporter, &f);
	oldest = f.token;
	if (oldest != NULL)
		id[sink_id_text(&c->id, oldest->batch, id)] = '\0';
	c->was_failing |= failing_level(&f.load) != FAILING_NONE;
	if (c->was_failing)
		failing_health_post(c->health, &f, id,
		        "they stay in the spool and are tried again by turns; look at the collector's log",
		        "they stay in the spool, and fresh ones wait there too; look at the collector's log");
}

struct exporter *sink_collector_exporter(struct sink *s)
{
	return to_collector(s)->exporter;
}
