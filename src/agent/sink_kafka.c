/* SPDX-License-Identifier: Apache-2.0 */
/* sink_kafka.c — a batch becomes a Kafka record: its bytes are the value, its id and marks are headers. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "sink_id.h"
#include "agent/sinks.h"

struct sink_kafka {
	struct sink sink;
	struct sink_id id;
	struct kafka_producer *producer;
};

static struct sink_kafka *to_kafka(struct sink *s)
{
	return container_of(s, struct sink_kafka, sink);
}

static void on_report(void *arg, void *token, enum kafka_outcome outcome, const char *detail)
{
	static const enum sink_outcome outcomes[] = {
		[KAFKA_PERSISTED] = SINK_DELIVERED,
		[KAFKA_NOT_PERSISTED] = SINK_NOT_SENT,
		[KAFKA_POSSIBLY_PERSISTED] = SINK_MAYBE_SENT,
		[KAFKA_TOO_LARGE] = SINK_TOO_LARGE,
		[KAFKA_REFUSED] = SINK_POISON,
	};
	struct sink_kafka *k = arg;
	struct batch *b = token;

	k->sink.events.done(k->sink.events.arg, b,
	        &(struct sink_report){ .outcome = outcomes[outcome],
	                .partition = kafka_producer_reported_by(k->producer),
	                .detail = detail });
}

static enum sink_answer answer_to(int rc)
{
	switch (rc) {
	case 0:
		return SINK_TOOK;
	case E_FULL:
		return SINK_FULL;
	case E_TOO_LARGE:
		return SINK_CANNOT;
	}
	return SINK_DOWN;
}

static enum sink_answer offer_batch(struct sink *s, struct batch *b)
{
	struct sink_kafka *k = to_kafka(s);
	char id[SINK_ID_TEXT], received[20];
	struct kafka_header headers[3];
	struct kafka_record r = { .value = batch_slice(b), .timestamp_ms = (int64_t)b->received_ms };
	enum sink_answer answer;

	if (k->id.headers) {
		r.headers = headers;
		headers[r.nheaders++] =
		        (struct kafka_header){ "spanspool-id", slice_of(id, sink_id_text(&k->id, b, id)) };
		headers[r.nheaders++] = (struct kafka_header){ "spanspool-received",
			slice_of(received, sink_decimal(b->received_ms, received)) };
		if (b->maybe_dup)
			headers[r.nheaders++] = (struct kafka_header){ "spanspool-maybe-dup", slice_text("1") };
	}
	answer = answer_to(kafka_producer_send(k->producer, &r, b));
	if (answer == SINK_CANNOT)
		snprintf(s->refusal, sizeof(s->refusal), "%u bytes are more than the producer may ever send", b->size);
	return answer;
}

static void purge_sink(struct sink *s, bool wire)
{
	if (!wire) {
		kafka_producer_purge(to_kafka(s)->producer);
		return;
	}
	log_info("kafka: what was sent has no answer and is taken back, it may come twice; new "
	         "connections are made");
	kafka_producer_reset_connections(to_kafka(s)->producer);
}

static void flush_sink(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	kafka_producer_flush(to_kafka(s)->producer, budget_ms, flushed, arg);
}

static void free_sink(struct sink *s)
{
	kafka_producer_free(to_kafka(s)->producer);
	free(to_kafka(s));
}

static const char *waiting_reason(struct sink *s, bool *misconfigured)
{
	const struct kafka_fault *t = kafka_producer_fault(to_kafka(s)->producer);

	*misconfigured = t->misconfigured;
	return t->cause == KAFKA_CAUSE_NONE ? NULL : t->sentence;
}

static const struct sink_ops ops = { offer_batch, purge_sink, flush_sink, free_sink };

int sink_kafka_open(struct sink **out, struct loop *l, const struct kafka_producer_opts *opts, const struct sink_id *id,
        struct why *why)
{
	struct sink_kafka *k = calloc(1, sizeof(*k));
	struct kafka_producer_events own = { .report = on_report, .arg = k };

	if (k == NULL)
		return why_set(why, E_NOMEM, "kafka");
	k->sink.ops = &ops;
	k->sink.refused_as = SINK_TOO_LARGE;
	k->sink.waiting_reason = waiting_reason;
	k->sink.by_evidence = true;
	k->id = *id;
	if (kafka_producer_open(&k->producer, l, opts, &own, why) < 0) {
		free(k);
		return why->code;
	}
	*out = &k->sink;
	return 0;
}

const struct kafka_producer_stats *sink_kafka_stats(struct sink *s)
{
	return kafka_producer_stats(to_kafka(s)->producer);
}

const struct kafka_fault *sink_kafka_fault(struct sink *s)
{
	return kafka_producer_fault(to_kafka(s)->producer);
}
