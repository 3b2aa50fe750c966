/* SPDX-License-Identifier: Apache-2.0 */
/* record.c — the way of one record.
 *
 *   message ──► no value ───────────────────────────────────────────────► finished, skipped_empty
 *       ├─────► a batch ──► drain.waiting ──► exporter ──delivered─────────► finished, delivered
 *       │                                        └── refused ─┐
 *       └─────► anything else ───────────────────────────────┴► quarantine ► finished, quarantined
 *
 * A record that is finished moves the watermark of its partition, and only the watermark is stored for a commit. A
 * record of a partition that was taken away in the meantime moves nothing. */
#include <stdlib.h>

#include "drain_internal.h"

enum { RECORD_COST = 1024 }; /* bytes that a record takes beside its value */

static void record_free(struct record *r)
{
	struct drain *d = r->drain;

	list_remove(&r->link);
	list_remove(&r->waits);
	d->stats.bytes -= r->message.value.len + RECORD_COST + r->value.own.cap;
	kafka_consumer_release(d->consumer, &r->message);
	drain_value_free(&r->value);
	quarantine_job_free(r->job);
	pool_give(&d->spare_records, r);
}

static void finish(struct record *r, enum drain_place place)
{
	struct drain *d = r->drain;

	if (drain_record_done(r) == WATERMARK_LATE && place == DRAIN_DELIVERED) {
		d->ledger.late.records++;
		d->ledger.late.spans += r->spans;
	}
	drain_ledger_move(&d->ledger, place, r->spans);
	record_free(r);
}

void record_hand_on(struct record *r)
{
	drain_ledger_hand_on(&r->drain->ledger, r->spans);
	record_free(r);
}

void drain_pause_or_resume(struct drain *d)
{
	bool full = d->stopping || d->blocked > 0 || !list_empty(&d->waiting) || d->stats.bytes >= d->opts.max_bytes;

	/* Reading resumes only when the exporter's queue has shrunk to three quarters, so that it does not flap. */
	if (!full && d->stats.paused && exporter_stats(d->exporter)->bytes > d->opts.exporter.max_bytes * 3 / 4)
		full = true;
	if (full == d->stats.paused)
		return;
	d->stats.paused = full;
	if (full)
		kafka_consumer_pause(d->consumer);
	else
		kafka_consumer_resume(d->consumer);
}

/* A dry run counts R, and commits nothing. */
static void count(struct record *r, struct slice service, bool bad)
{
	struct drain *d = r->drain;
	enum replay_value value = r->message.value.len == 0 ? REPLAY_EMPTY : bad ? REPLAY_BAD : REPLAY_BATCH;

	(void)drain_record_done(r);
	replay_counts_add(d->opts.counts, value, service, r->message.timestamp_ms, r->spans);
	record_hand_on(r);
}

static int post(struct record *r)
{
	struct drain *d = r->drain;
	struct exporter_item item = {
		.value = r->value.bytes,
		.facts = r->value.facts,
		.id = r->headers.id,
		.received = r->headers.received,
		.produced_ms = r->message.timestamp_ms > 0 ? (uint64_t)r->message.timestamp_ms : 0,
		.maybe_dup = r->headers.maybe_dup,
		.token = r,
	};
	int rc = exporter_send(d->exporter, &item);

	d->wants_room = rc < 0;
	if (rc == 0)
		list_remove(&r->waits);
	return rc;
}

static void post_waiting(struct drain *d)
{
	while (!list_empty(&d->waiting) && !d->stopping)
		if (post(list_first(&d->waiting, struct record, waits)) < 0)
			return;
}

void drain_post_waiting(struct drain *d)
{
	post_waiting(d);
	drain_pause_or_resume(d);
}

void drain_on_room(void *arg)
{
	drain_post_waiting(arg);
}

bool drain_has_more(void *arg)
{
	const struct drain *d = arg;

	return kafka_consumer_has_more(d->consumer);
}

/* Looks at the value: 0 and it can be posted, or CAUSE and WHY say why not. */
static int inspect_value(struct record *r, struct slice *service, const char **cause, struct why *why)
{
	int rc = drain_value_read(&r->value, r->message.value, cause, why);

	r->drain->stats.bytes += r->value.own.cap;
	r->drain->stats.transcoded += r->value.transcoded;
	if (rc == 0)
		r->spans = r->value.facts.spans;
	*service = r->value.facts.service;
	kafka_message_headers(&r->message, drain_headers_take, &r->headers);
	r->headers.maybe_dup |= r->drain->opts.from_quarantine;
	return rc;
}

static struct record *record_new(struct drain *d, const struct kafka_message *m)
{
	struct record *r = pool_take(&d->spare_records, sizeof(*r));

	if (r == NULL)
		return NULL;
	*r = (struct record){ .drain = d, .message = *m };
	list_init(&r->waits);
	if (drain_track(r) < 0) {
		pool_give(&d->spare_records, r);
		return NULL;
	}
	list_push(&d->records, &r->link);
	d->stats.bytes += m->value.len + RECORD_COST;
	d->stats.taken++;
	return r;
}

/* Without memory record M can neither be delivered nor be kept as not done, so the watermark of its partition is closed:
 * nothing of it is committed until it is assigned again. */
static void stop_committing(struct drain *d, const struct kafka_message *m)
{
	struct kafka_message mine = *m;

	log_error("drain: out of memory at %s/%d/%lld: nothing is committed beyond it", d->opts.consumer.topic,
	        m->partition, (long long)m->offset);
	if (drain_partition(d, m->partition) != NULL)
		watermark_close(&drain_partition(d, m->partition)->watermark);
	kafka_consumer_release(d->consumer, &mine);
}

void drain_on_message(void *arg, const struct kafka_message *m)
{
	struct drain *d = arg;
	struct record *r;
	struct slice service = slice_of(NULL, 0);
	const char *cause;
	struct why why;
	int rc = 0;

	if (d->halted || drain_is_beyond(d, m->partition, m->offset)) {
		struct kafka_message beyond = *m;

		kafka_consumer_release(d->consumer, &beyond);
		return;
	}
	r = record_new(d, m);
	if (r == NULL) {
		stop_committing(d, m);
		return;
	}
	if (m->value.len > 0)
		rc = inspect_value(r, &service, &cause, &why);
	drain_ledger_read(&d->ledger, r->spans);
	if (d->opts.counts != NULL) {
		count(r, service, rc < 0);
		return;
	}
	if (m->value.len == 0)
		finish(r, DRAIN_SKIPPED_EMPTY);
	else if (rc < 0)
		drain_quarantine(r, cause, 0, why.text);
	else
		list_push(&d->waiting, &r->waits);
	if (!d->wants_room)
		post_waiting(d);
	drain_pause_or_resume(d);
}

void drain_on_done(void *arg, const struct exporter_report *report)
{
	struct drain *d = arg;
	struct record *r = report->token;
	struct drain_partition *part = drain_partition(d, r->message.partition);
	bool is_assigned = part->assigned && part->watermark.generation == r->message.generation;

	switch (report->outcome) {
	case EXPORTER_DELIVERED:
		finish(r, DRAIN_DELIVERED);
		break;
	case EXPORTER_REFUSED:
		if (is_assigned)
			drain_quarantine(r, report->cause, report->status, report->detail);
		else
			record_hand_on(r);
		break;
	case EXPORTER_NOT_SENT:
	case EXPORTER_MAYBE_SENT:
		record_hand_on(r);
		break;
	}
	drain_pause_or_resume(d);
}

/* The kinds of quarantine that the drain has keep an item, or try again. */
void drain_on_quarantined(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	struct drain *d = arg;
	struct record *r = quarantine_job_record(item);
	const char *cause = r->refused;
	uint64_t spans = r->spans;

	(void)outcome;
	finish(r, DRAIN_QUARANTINED);
	if (d->opts.refused != NULL)
		cause_counts_add(d->opts.refused, cause, spans);
	if (cause == exporter_unconfirmed)
		drain_ledger_unconfirmed(&d->ledger, spans);
	drain_pause_or_resume(d);
}
