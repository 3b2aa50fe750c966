/* record.c — the way of one record.
 *
 *   message ──► empty ───────────────────────────────────────────────► done, skipped
 *       └─────► a batch ──► WAITS ──room──► POSTED ──2xx──────────────► done, delivered
 *       │                                     ├── poison ─┐
 *       └─────► anything else ────────────────────────────┴► CONDEMNED ─kept─► done, quarantined
 *
 * "Done" moves the watermark of its partition, and only the watermark is stored for a commit. A record
 * of a partition that was taken away in the meantime moves nothing. */
#include <stdlib.h>

#include "drain_internal.h"

enum { RECORD_COST = 1024 }; /* bytes that a record takes beside its value */

static void record_free(struct record *r)
{
	struct drain *d = r->drain;

	list_remove(&r->link);
	list_remove(&r->waits);
	d->stats.bytes -= r->message.value.len + RECORD_COST + r->own.cap;
	kafka_consumer_release(d->consumer, &r->message);
	buf_free(&r->own);
	poison_free(r->poison);
	free(r);
}

static void settle(struct record *r, enum drain_place place)
{
	struct drain *d = r->drain;

	if (drain_done_with(r) == WATERMARK_LATE && place == DRAIN_DELIVERED) {
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

void drain_throttle(struct drain *d)
{
	const struct exporter_stats *s = exporter_stats(d->exporter);
	bool full = d->stopping || d->blocked > 0 || !list_empty(&d->waiting) ||
	            d->stats.bytes >= d->opts.max_bytes;

	/* A long queue at the exporter is let shrink before it is filled again. */
	if (d->stats.paused && s->bytes > d->opts.exporter.max_bytes * 3 / 4)
		full = true;
	if (full == d->stats.paused)
		return;
	d->stats.paused = full;
	if (full)
		kafka_consumer_pause(d->consumer);
	else
		kafka_consumer_resume(d->consumer);
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return true;
}

static bool is_decimal(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
	return true;
}

/* Anybody may write to the topic: what would not fit on a line of HTTP is not handed on. */
static void take_header(void *arg, const char *name, struct slice value)
{
	struct record *r = arg;

	if (strcmp(name, "spanspool-id") == 0 && value.len <= EXPORTER_ID_MAX &&
	        is_printable(value))
		r->id = value;
	else if (strcmp(name, "spanspool-received") == 0 && value.len <= 20 && is_decimal(value))
		r->received = value;
	else if (strcmp(name, "spanspool-maybe-dup") == 0)
		r->maybe_dup = slice_same(value, slice_text("1"));
}

/* A dry run counts R, and leaves it to others. */
static void count(struct record *r, struct slice service, bool bad)
{
	struct drain *d = r->drain;
	enum replay_value value = r->message.value.len == 0 ? REPLAY_EMPTY
	                          : bad                     ? REPLAY_BAD
	                                                    : REPLAY_BATCH;

	(void)drain_done_with(r);
	replay_counts_add(d->opts.counts, value, service, r->message.timestamp_ms, r->spans);
	record_hand_on(r);
}

static int post(struct record *r)
{
	struct drain *d = r->drain;
	struct exporter_item item = {
		.value = r->value,
		.facts = r->facts,
		.id = r->id,
		.received = r->received,
		.produced_ms = r->message.timestamp_ms > 0 ? (uint64_t)r->message.timestamp_ms : 0,
		.maybe_dup = r->maybe_dup,
		.token = r,
	};
	int rc = exporter_send(d->exporter, &item);

	d->wants_room = rc < 0;
	if (rc == 0) {
		r->place = RECORD_POSTED;
		list_remove(&r->waits);
	}
	return rc;
}

static void post_waiting(struct drain *d)
{
	while (!list_empty(&d->waiting) && !d->stopping)
		if (post(list_first(&d->waiting, struct record, waits)) < 0)
			return;
}

void drain_look(struct drain *d)
{
	post_waiting(d);
	drain_throttle(d);
}

void drain_on_room(void *arg)
{
	drain_look(arg);
}

/* A value in compact becomes TBinary, up to eight times as large, in memory of the record's own. */
static void unfold(struct record *r)
{
	int rc = inspect_from_compact(r->value, &r->own);

	buf_fit(&r->own);
	r->drain->stats.bytes += r->own.cap;
	if (rc < 0)
		return;
	r->value = buf_slice(&r->own);
	r->drain->stats.transcoded++;
}

/* Looks at the value: 0 and R->value can be posted, or CAUSE and WHY say why not. */
static int examine(struct record *r, struct slice *service, const char **cause, struct why *why)
{
	int rc;

	r->value = r->message.value;
	if (inspect_is_compact(r->value))
		unfold(r);
	rc = exporter_check(r->value, &r->facts, cause, why);
	if (rc == 0)
		r->spans = r->facts.spans;
	*service = r->facts.service;
	kafka_message_headers(&r->message, take_header, r);
	return rc;
}

static struct record *record_new(struct drain *d, const struct kafka_message *m)
{
	struct record *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->drain = d;
	r->message = *m;
	r->read_us = loop_now_us(d->loop);
	list_init(&r->waits);
	if (drain_begin_with(r) < 0) {
		free(r);
		return NULL;
	}
	list_push(&d->records, &r->link);
	d->stats.bytes += m->value.len + RECORD_COST;
	d->stats.taken++;
	return r;
}

/* Without memory for a record it can be neither delivered nor remembered as missing: nothing of its
 * partition may be committed from here on until it is assigned anew. */
static void forget(struct drain *d, const struct kafka_message *m)
{
	struct kafka_message mine = *m;

	log_error("drain: out of memory at %s/%d/%lld: nothing is committed beyond it",
	        d->opts.consumer.topic, m->partition, (long long)m->offset);
	if (drain_part(d, m->partition) != NULL)
		watermark_close(&drain_part(d, m->partition)->mark);
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
		forget(d, m);
		return;
	}
	if (m->value.len > 0)
		rc = examine(r, &service, &cause, &why);
	drain_ledger_read(&d->ledger, r->spans);
	if (d->opts.counts != NULL) {
		count(r, service, rc < 0);
		return;
	}
	if (m->value.len == 0)
		settle(r, DRAIN_SKIPPED_EMPTY);
	else if (rc < 0)
		drain_condemn(r, cause, 0, why.text);
	else
		list_push(&d->waiting, &r->waits);
	if (!d->wants_room)
		post_waiting(d);
	drain_throttle(d);
}

void drain_on_done(void *arg, const struct exporter_report *report)
{
	struct drain *d = arg;
	struct record *r = report->token;
	struct drain_part *part = drain_part(d, r->message.partition);
	bool ours = part->ours && part->mark.generation == r->message.generation;

	switch (report->outcome) {
	case EXPORTER_DELIVERED:
		settle(r, DRAIN_DELIVERED);
		break;
	case EXPORTER_REFUSED:
		r->unconfirmed = report->cause == exporter_unconfirmed;
		if (ours)
			drain_condemn(r, report->cause, report->status, report->detail);
		else
			record_hand_on(r);
		break;
	case EXPORTER_NOT_SENT:
	case EXPORTER_MAYBE_SENT:
		record_hand_on(r);
		break;
	}
	drain_throttle(d);
}

/* The kinds of quarantine that the drain has keep an item, or try again. */
void drain_on_quarantined(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	struct drain *d = arg;
	struct record *r = drain_acquit(item);
	bool unconfirmed = r->unconfirmed;
	uint64_t spans = r->spans;

	(void)outcome;
	settle(r, DRAIN_QUARANTINED);
	if (unconfirmed)
		drain_ledger_unconfirmed(&d->ledger, spans);
	drain_throttle(d);
}
