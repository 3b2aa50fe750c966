/* SPDX-License-Identifier: Apache-2.0 */
/* dispatcher.c — offers batches to the sink while the circuit allows it, and tracks the sink's reports.
 *
 * An epoch is the time between two changes of the circuit's state. The batches that the sink has are on two lists:
 * "current", offered in this epoch, oldest first, whose head is what the circuit watches; and "earlier", offered before,
 * which may be stuck with a broker that is gone and say nothing about the destination now.
 *
 * A batch that the destination gave back rests: it is not offered again before its retry_us. As a probe it may be
 * offered earlier, once the circuit's shortest pause has passed since it came back. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "policy/evidence.h"
#include "agent/dispatcher.h"

struct dispatcher {
	struct dispatcher_opts opts;
	struct health *health;
	struct sink *sink;
	struct circuit circuit;
	struct evidence evidence;
	char refusal_text[160]; /* the destination's words on its last refusal; "": none since the circuit closed */
	struct pace_load load;
	uint64_t ramp;           /* bytes of backlog that the sink may have at once; see pace_ramp */
	uint64_t ramp_delivered; /* backlog bytes delivered since the ramp last grew */
	struct list current;     /* batches with the sink, offered in this epoch; a reference to each */
	struct list earlier;     /* batches with the sink, offered in earlier epochs; a reference to each */
	uint64_t current_count;  /* batches in current */
	uint32_t epoch;
	struct dispatcher_stats stats;
	uint64_t health_posted_us; /* monotonic; when post_waiting posted last */
	bool stopping;             /* dispatcher_flush was called: nothing more is offered */
};

enum { HEALTH_POST_EVERY_US = US_PER_S / 4 };

static void on_done(void *arg, struct batch *batch, const struct sink_report *report);

int dispatcher_open(struct dispatcher **out, const struct dispatcher_opts *opts, struct health *health)
{
	struct dispatcher *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return E_NOMEM;
	d->opts = *opts;
	d->health = health;
	d->load.window = opts->window_bytes;
	d->load.backlog_most = pace_backlog_most(opts->window_bytes, opts->stored);
	d->ramp = d->load.backlog_most;
	list_init(&d->current);
	list_init(&d->earlier);
	circuit_init(&d->circuit, clock_mono_us());
	health_post(health, opts->sink_name, HEALTH_OK, "nothing was offered yet");
	*out = d;
	return 0;
}

void dispatcher_set_sink(struct dispatcher *d, struct sink *s)
{
	d->sink = s;
	s->events.done = on_done;
	s->events.arg = d;
}

/* Posts why spans wait. A destination that is away is HEALTH_WARN, for the agent spools until it is back. A wrong
 * configuration, or a destination that keeps refusing every record, is HEALTH_DOWN: an operator must act. */
static void post_waiting(struct dispatcher *d, uint64_t now)
{
	bool misconfigured = false, refuses = d->circuit.cause == CIRCUIT_ALL_REFUSED;
	const char *reason = d->sink->waiting_reason == NULL ? NULL : d->sink->waiting_reason(d->sink, &misconfigured);
	enum health_level level = misconfigured || circuit_needs_operator(&d->circuit) ? HEALTH_DOWN : HEALTH_WARN;

	d->health_posted_us = now;
	if (reason != NULL && !(refuses && d->refusal_text[0] != '\0'))
		health_post(d->health, d->opts.sink_name, level, "spans wait in the spool: %s", reason);
	else
		health_post(d->health, d->opts.sink_name, level,
		        "nothing is delivered (%s%s%s): spans wait in the spool", circuit_reason(&d->circuit),
		        refuses && d->refusal_text[0] != '\0' ? ": " : "", refuses ? d->refusal_text : "");
}

static void begin_epoch(struct dispatcher *d)
{
	list_append(&d->earlier, &d->current);
	d->current_count = 0;
	d->epoch++;
}

/* The circuit's state has changed: begins an epoch, posts health, and purges the sink when it is open. */
static void on_circuit_change(struct dispatcher *d)
{
	begin_epoch(d);
	switch (d->circuit.state) {
	case CIRCUIT_OPEN:
		post_waiting(d, clock_mono_us());
		d->sink->ops->purge(d->sink, false);
		break;
	case CIRCUIT_HALF_OPEN:
		break;
	case CIRCUIT_CLOSED:
		d->stats.reconnects++;
		d->refusal_text[0] = '\0';
		health_post(d->health, d->opts.sink_name, HEALTH_OK, "delivering");
		d->ramp = min_u64(PACE_RAMP_FIRST, d->load.backlog_most);
		d->ramp_delivered = 0;
		break;
	}
}

bool dispatcher_is_resting(const struct dispatcher *d, const struct agent_batch *b)
{
	uint64_t now = clock_mono_us();

	if (b->refusals == 0)
		return false;
	/* The pause counts from the moment B came back, which may be later than the moment the circuit opened. */
	return now < (d->circuit.state == CIRCUIT_CLOSED ? b->retry_us : b->refused_us + d->circuit.pause_least);
}

static bool may_send(const struct dispatcher *d, const struct agent_batch *b, uint64_t now)
{
	if (d->stopping || !circuit_may_send(&d->circuit, now, d->current_count) || dispatcher_is_resting(d, b))
		return false;
	/* Half open with a backlog: a fresh batch is a probe only while no other probe is out, and only when the circuit
	 * allows it. Beside a probe that is out it would find out nothing more. */
	if (!b->backlog && d->load.backlog_waits && d->circuit.state == CIRCUIT_HALF_OPEN &&
	        (d->current_count > 0 || !circuit_may_probe_fresh(&d->circuit, now)))
		return false;
	return b->backlog ? pace_may_send_backlog(&d->load, d->ramp) : pace_may_send_fresh(&d->load);
}

enum sink_answer dispatcher_offer(struct dispatcher *d, struct agent_batch *b)
{
	uint64_t now = clock_mono_us();
	enum sink_answer answer;

	if (!may_send(d, b, now))
		return d->circuit.state == CIRCUIT_OPEN ? SINK_DOWN : SINK_FULL;
	answer = d->sink->ops->offer(d->sink, &b->batch);
	if (answer == SINK_DOWN && d->sink->state == NULL && circuit_offer_refused(&d->circuit, now))
		on_circuit_change(d);
	if (answer == SINK_CANNOT)
		b->owner->report(b->owner, b, d->sink->refused_as, d->sink->refusal);
	if (answer != SINK_TOOK)
		return answer;
	b->with_sink = true;
	b->offered_us = now;
	b->epoch = d->epoch;
	list_push(&d->current, &agent_batch_ref(b)->out);
	d->current_count++;
	*(b->backlog ? &d->load.backlog : &d->load.fresh) += b->batch.cost;
	d->stats.offered++;
	return SINK_TOOK;
}

static void grow_ramp(struct dispatcher *d, const struct agent_batch *b)
{
	uint64_t bigger;

	if (!b->backlog)
		return;
	d->ramp_delivered += b->batch.cost;
	bigger = pace_ramp(d->ramp, d->ramp_delivered, d->load.backlog_most);
	if (bigger != d->ramp)
		d->ramp_delivered = 0;
	d->ramp = bigger;
}

/* B was refused although it was sent alone. Its previous refusal is confirmed if another batch, offered after it, has
 * passed on the same partition. */
static void note_evidence(struct dispatcher *d, struct agent_batch *b, uint32_t partition, uint64_t now)
{
	b->confirmed += b->refused_alone_us != 0 && evidence_confirms(&d->evidence, b->refused_by, b->refused_alone_us);
	b->refused_by = partition;
	b->refused_alone_us = now;
}

/* The destination gave B back: B rests until retry_us. */
static void note_given_back(struct dispatcher *d, struct agent_batch *b, const char *detail, uint64_t now)
{
	b->refusals++;
	b->refused_us = now;
	b->retry_us = now + evidence_rest_us(b->refusals);
	if (detail[0] != '\0')
		snprintf(d->refusal_text, sizeof(d->refusal_text), "%s", detail);
}

/* Returns the outcome that the owner gets. A refusal that needs evidence (BY_EVIDENCE) becomes SINK_NOT_SENT until
 * evidence_proves_bad. */
static enum sink_outcome decide_outcome(
        struct dispatcher *d, struct agent_batch *b, const struct sink_report *report, bool by_evidence, uint64_t now)
{
	bool sink_passes = d->circuit.state == CIRCUIT_CLOSED;
	enum sink_outcome outcome = report->outcome;

	if (outcome == SINK_DELIVERED)
		evidence_passed(&d->evidence, report->partition, b->offered_us);
	if (outcome == SINK_DELIVERED || (sink_refused(outcome) && !by_evidence))
		return outcome;
	/* A batch of an earlier epoch came back because of a purge, mostly: that is no refusal. */
	if (by_evidence || b->epoch == d->epoch)
		note_given_back(d, b, report->detail, now);
	if (by_evidence)
		note_evidence(d, b, report->partition, now);
	if (by_evidence && !evidence_proves_bad(sink_passes, true, b->confirmed))
		return SINK_NOT_SENT;
	return outcome;
}

static enum circuit_outcome circuit_outcome_of(enum sink_outcome outcome)
{
	if (outcome == SINK_DELIVERED)
		return CIRCUIT_PASSED;
	return sink_refused(outcome) ? CIRCUIT_ANSWERED : CIRCUIT_REFUSED;
}

static void remove_from_out(struct dispatcher *d, struct agent_batch *b)
{
	list_remove(&b->out);
	d->current_count -= b->epoch == d->epoch;
	b->with_sink = false;
	*(b->backlog ? &d->load.backlog : &d->load.fresh) -= b->batch.cost;
}

static void count_delivered(struct dispatcher_delivered *f, uint32_t spans)
{
	f->batches++;
	f->spans += spans;
	f->last_spans = spans;
}

static void count_report(struct dispatcher *d, const struct agent_batch *b, enum sink_outcome outcome, uint64_t now)
{
	if (outcome != SINK_DELIVERED) {
		d->stats.given_back += !sink_refused(outcome);
		d->stats.poison += sink_refused(outcome);
		return;
	}
	d->stats.delivered++;
	count_delivered(&d->stats.format[b->zipkin ? DISPATCHER_ZIPKIN : DISPATCHER_JAEGER], b->batch.spans);
	histogram_add(&d->stats.ack, now - b->offered_us);
	if (!b->backlog)
		histogram_add(&d->stats.fresh, now - b->read_us);
	grow_ramp(d, b);
}

static void on_done(void *arg, struct batch *batch, const struct sink_report *report)
{
	struct dispatcher *d = arg;
	struct agent_batch *b = agent_batch_of(batch);
	uint64_t now = clock_mono_us();
	bool by_evidence = d->sink->by_evidence && sink_refused(report->outcome);
	/* A batch of an earlier epoch that comes back is no failure of this one; a refusal that needs evidence is. */
	bool counts = b->epoch == d->epoch || by_evidence;
	enum sink_outcome outcome;
	enum circuit_outcome seen;

	remove_from_out(d, b);
	b->batch.losses = report->losses;
	outcome = decide_outcome(d, b, report, by_evidence, now);
	seen = circuit_outcome_of(outcome);
	count_report(d, b, outcome, now);
	b->owner->report(b->owner, b, outcome, report->detail);
	if (d->sink->state == NULL && (counts || seen != CIRCUIT_REFUSED) && circuit_report(&d->circuit, now, seen))
		on_circuit_change(d);
	agent_batch_unref(&b);
}

void dispatcher_set_backlog(struct dispatcher *d, bool waits)
{
	d->load.backlog_waits = waits;
}

static uint64_t oldest_offer_in(const struct list *out)
{
	return list_empty(out) ? 0 : list_first(out, struct agent_batch, out)->offered_us;
}

/* Opens the circuit if it is half open, then purges. In the other order the report on the first purged probe would open
 * the circuit, and with it begin an epoch, while the others are still coming back. */
static void reclaim_batches(struct dispatcher *d, uint64_t now, bool wire)
{
	if (d->sink->state == NULL && circuit_abandon_probes(&d->circuit, now))
		on_circuit_change(d);
	d->sink->ops->purge(d->sink, wire);
}

/* True when the batches that the sink has leave no room for fresh ones, or for the backlog while it waits. */
static bool has_no_room(const struct dispatcher *d)
{
	return !pace_may_send_fresh(&d->load) || (d->load.backlog_waits && !pace_may_send_backlog(&d->load, d->ramp));
}

static uint64_t oldest_offer(const struct dispatcher *d)
{
	uint64_t earlier = oldest_offer_in(&d->earlier);

	return earlier != 0 ? earlier : oldest_offer_in(&d->current);
}

static void reclaim_overdue(struct dispatcher *d, uint64_t now)
{
	if (circuit_reclaims_earlier(&d->circuit, now, oldest_offer_in(&d->earlier)))
		reclaim_batches(d, now, true);
	if (circuit_reclaims_overdue(&d->circuit, now, oldest_offer(d), has_no_room(d))) {
		begin_epoch(d);
		d->sink->ops->purge(d->sink, true);
	}
}

void dispatcher_tick(struct dispatcher *d)
{
	uint64_t now = clock_mono_us();
	bool follows = d->sink->state != NULL;

	if (follows ? circuit_follow(&d->circuit, now, d->sink->state(d->sink))
	            : circuit_tick(&d->circuit, now, oldest_offer_in(&d->current)))
		on_circuit_change(d);
	if (d->circuit.state != CIRCUIT_CLOSED && now - d->health_posted_us >= HEALTH_POST_EVERY_US)
		post_waiting(d, now); /* the sink may know the reason by now */
	if (!follows)
		reclaim_overdue(d, now);
}

void dispatcher_reclaim(struct dispatcher *d)
{
	if (d->circuit.state != CIRCUIT_CLOSED)
		reclaim_batches(d, clock_mono_us(), false);
}

enum circuit_state dispatcher_state(const struct dispatcher *d)
{
	return d->circuit.state;
}

bool dispatcher_may_probe_any(const struct dispatcher *d)
{
	return circuit_may_probe_any(&d->circuit, clock_mono_us());
}

bool dispatcher_refuses_all(const struct dispatcher *d)
{
	return d->circuit.state != CIRCUIT_CLOSED && d->circuit.cause == CIRCUIT_ALL_REFUSED;
}

uint64_t dispatcher_backlog_bytes(const struct dispatcher *d)
{
	return d->load.backlog;
}

const struct dispatcher_stats *dispatcher_stats(struct dispatcher *d)
{
	d->stats.opened = d->circuit.opened;
	d->stats.out_bytes = d->load.fresh + d->load.backlog;
	d->stats.out_batches = d->stats.offered - d->stats.delivered - d->stats.given_back - d->stats.poison;
	d->stats.ramp_bytes = d->ramp;
	for (size_t i = 0; i < ARRAY_LEN(d->stats.state); i++)
		d->stats.state[i] = d->circuit.state == i;
	return &d->stats;
}

void dispatcher_flush(struct dispatcher *d, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	d->stopping = true;
	d->sink->ops->flush(d->sink, d->circuit.state == CIRCUIT_CLOSED ? budget_ms : 0, flushed, arg);
}

static void release_list(struct list *out)
{
	while (!list_empty(out)) {
		struct agent_batch *b = list_first(out, struct agent_batch, out);

		list_remove(&b->out);
		agent_batch_unref(&b);
	}
}

/* Batches are left when the sink was freed before it had reported on them. */
void dispatcher_free(struct dispatcher *d)
{
	if (d == NULL)
		return;
	release_list(&d->current);
	release_list(&d->earlier);
	free(d);
}
