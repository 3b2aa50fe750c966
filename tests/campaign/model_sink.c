/* SPDX-License-Identifier: Apache-2.0 */
/* model_sink.c — takes batches, and reports on them as its mood is: in time, never, in doubt, not at all. */
#include "model_sink.h"
#include "sim.h"
#include "sink_held.h"

struct model_sink model_sink;

/* It is there, and nobody here will ever know. */
static void arrive_unreported(const struct batch *b)
{
	model_sink.arrived(b);
	model_sink.unreported++;
}

static void give(struct sink_held *h, enum sink_outcome outcome)
{
	sink_held_report(h, &model_sink.sink.events, outcome);
}

static enum sink_answer offer(struct sink *s, struct batch *b)
{
	struct sink_held *h;

	(void)s;
	model_sink.offered(b);
	if (model_sink.mood == FULL)
		return SINK_FULL;
	if (model_sink.mood == DOWN)
		return SINK_DOWN;
	h = sink_held_take(&model_sink.held, b);
	h->offered_us = sim_mono_us;
	h->on_wire = model_roll(3) == 0;
	return SINK_TOOK;
}

static void purge(struct sink *s, bool wire)
{
	(void)s;
	list_each_safe (node, &model_sink.held) {
		struct sink_held *h = container_of(node, struct sink_held, link);

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
		struct sink_held *h = list_first(&model_sink.held, struct sink_held, link);

		if (h->on_wire && model_roll(2) == 0)
			arrive_unreported(h->batch);
		give(h, h->on_wire ? SINK_MAYBE_SENT : SINK_NOT_SENT);
	}
	flushed(arg);
}

static const struct sink_ops ops = { offer, purge, flush, NULL };

/* As by a sink that sent it alone, and was told no. */
static void refuse(struct sink_held *h)
{
	model_sink.refused(h->batch, h->partition);
	give(h, SINK_POISON);
}

static bool is_refused(const struct sink_held *h)
{
	return model_sink.is_bad(h->batch) || model_sink.mood == REFUSING ||
	       (model_sink.mood == ONE_REFUSING && h->partition == 0) || model_roll(400) == 0;
}

static void report_on(struct sink_held *h)
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

/* A report may bring a purge, which gives back others of the list. */
void model_sink_report(void)
{
	struct sink_held *h;

	if (model_sink.mood == SILENT)
		return;
	list_each (node, &model_sink.held)
		container_of(node, struct sink_held, link)->due = model_roll(3) > 0;
	while ((h = sink_held_first_due(&model_sink.held)) != NULL)
		report_on(h);
}

void model_sink_init(void (*arrived)(const struct batch *b))
{
	model_sink = (struct model_sink){ .sink.ops = &ops, .sink.by_evidence = true, .arrived = arrived };
	list_init(&model_sink.held);
}

void model_sink_begin(void)
{
	list_init(&model_sink.held);
}
