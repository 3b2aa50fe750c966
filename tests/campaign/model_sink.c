/* SPDX-License-Identifier: Apache-2.0 */
/* model_sink.c — takes batches, and reports on them as its mood is: in time, never, in doubt, not at all. */
#include <stdlib.h>

#include "model_sink.h"
#include "sim.h"

struct model_sink model_sink;

struct holder {
	struct list link;
	struct batch *batch;
	uint64_t offered_us;
	uint32_t partition; /* that it was sent to */
	bool on_wire;
	bool due; /* is to be reported on */
};

/* It is there, and nobody here will ever know. */
static void arrive_unreported(const struct batch *b)
{
	model_sink.arrived(b);
	model_sink.unreported++;
}

static void give(struct holder *h, enum sink_outcome outcome)
{
	struct batch *b = h->batch;
	uint32_t partition = h->partition;

	list_remove(&h->link);
	free(h);
	model_sink.events.done(model_sink.events.arg, b,
	        &(struct sink_report){ .outcome = outcome, .partition = partition, .detail = "" });
	batch_unref(&b);
}

static enum sink_answer offer(struct sink *s, struct batch *b)
{
	struct holder *h;

	(void)s;
	model_sink.offered(b);
	if (model_sink.mood == FULL)
		return SINK_FULL;
	if (model_sink.mood == DOWN)
		return SINK_DOWN;
	h = calloc(1, sizeof(*h));
	h->batch = batch_ref(b);
	h->offered_us = sim_mono_us;
	h->on_wire = model_roll(3) == 0;
	list_push(&model_sink.held, &h->link);
	return SINK_TOOK;
}

static void purge(struct sink *s, bool wire)
{
	(void)s;
	list_each_safe (node, &model_sink.held) {
		struct holder *h = container_of(node, struct holder, link);

		if (!h->on_wire) {
			give(h, SINK_NOT_SENT);
		} else if (wire) {
			if (model_roll(2) == 0)
				arrive_unreported(h->batch);
			give(h, SINK_MAYBE_SENT);
		}
	}
}

static void flush(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	(void)s;
	(void)budget_ms;
	if (model_sink.mood == SILENT && model_roll(2) == 0)
		return; /* and never a word again */
	while (!list_empty(&model_sink.held)) {
		struct holder *h = list_first(&model_sink.held, struct holder, link);

		if (h->on_wire && model_roll(2) == 0)
			arrive_unreported(h->batch);
		give(h, h->on_wire ? SINK_MAYBE_SENT : SINK_NOT_SENT);
	}
	flushed(arg);
}

static const struct sink_ops ops = { offer, purge, flush, NULL };

/* As by a sink that sent it alone, and was told no. */
static void refuse(struct holder *h)
{
	model_sink.refused(h->batch, h->partition);
	give(h, SINK_POISON);
}

static bool is_refused(const struct holder *h)
{
	return model_sink.is_bad(h->batch) || model_sink.mood == REFUSING ||
	       (model_sink.mood == ONE_REFUSING && h->partition == 0) || model_roll(400) == 0;
}

static void report_on(struct holder *h)
{
	h->partition = model_roll(MODEL_PARTITIONS);
	if (model_sink.mood == GIVING_BACK) {
		give(h, SINK_NOT_SENT);
	} else if (model_sink.mood == DOUBTFUL) {
		if (model_roll(2) == 0)
			arrive_unreported(h->batch);
		give(h, SINK_MAYBE_SENT);
	} else if (is_refused(h)) {
		refuse(h);
	} else {
		model_sink.arrived(h->batch);
		model_sink.passed(h->partition, h->offered_us);
		give(h, SINK_DELIVERED);
	}
}

static struct holder *first_due(void)
{
	list_each (node, &model_sink.held) {
		struct holder *h = container_of(node, struct holder, link);

		if (h->due)
			return h;
	}
	return NULL;
}

/* A report may bring a purge, which gives back others of the list. */
void model_sink_report(void)
{
	struct holder *h;

	if (model_sink.mood == SILENT)
		return;
	list_each (node, &model_sink.held)
		container_of(node, struct holder, link)->due = model_roll(3) > 0;
	while ((h = first_due()) != NULL)
		report_on(h);
}

void model_sink_init(void (*arrived)(const struct batch *b))
{
	model_sink = (struct model_sink){ .sink.ops = &ops, .sink.by_evidence = true, .arrived = arrived };
	list_init(&model_sink.held);
}

void model_sink_begin(struct sink_events events)
{
	model_sink.events = events;
	list_init(&model_sink.held);
}
