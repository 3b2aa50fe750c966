/* SPDX-License-Identifier: Apache-2.0 */
/* fakesink.c — takes, delivers, and reports a look later.
 *
 *   taken ──a look──► there ──a look──► reported delivered
 *     └─ by its mood: given back, in doubt whether it is there or not, or nothing happens */
#include "campaign.h"
#include "fakesink.h"
#include "fault.h"

enum { LOOK_MS = 1 };

static struct fakesink *from(struct sink *s)
{
	return container_of(s, struct fakesink, sink);
}

/* A kill may come before it arrives, or right behind. */
static void arrive(struct fakesink *s, struct held *h)
{
	enum fault_verdict verdict = fault_judge(FAULT_SEND, -1, NULL);

	evidence_arrived(s->evidence, h->batch);
	h->there = true;
	if (verdict != FAULT_GO)
		fault_die();
}

static void give(struct fakesink *s, struct held *h, enum sink_outcome outcome)
{
	struct batch *b = h->batch;

	h->batch = NULL;
	if (outcome == SINK_DELIVERED)
		s->evidence->of[evidence_number(b)].safe = true;
	s->sink.events.done(s->sink.events.arg, b,
	        &(struct sink_report){
	                .outcome = outcome, .detail = outcome == SINK_POISON ? "the sink will never take it" : "" });
}

static void move_on(struct fakesink *s, struct held *h)
{
	if (evidence_is_poison(s->evidence, evidence_number(h->batch))) {
		give(s, h, SINK_POISON);
		return;
	}
	switch (s->mood) {
	case MOOD_SILENT:
		return;
	case MOOD_REFUSING:
	case MOOD_GIVING_BACK:
		give(s, h, h->there ? SINK_MAYBE_SENT : SINK_NOT_SENT);
		return;
	case MOOD_DOUBTFUL:
		if (!h->there && campaign_roll(&s->random, 2) == 0)
			arrive(s, h);
		give(s, h, SINK_MAYBE_SENT);
		return;
	default:
		if (h->there)
			give(s, h, SINK_DELIVERED);
		else
			arrive(s, h);
	}
}

static void look(void *arg)
{
	struct fakesink *s = arg;

	timer_start(s->timer, LOOK_MS);
	for (size_t i = s->first; i < s->end; i++) {
		struct held *h = &s->held[i % FAKESINK_HELD];

		if (h->batch != NULL && campaign_roll(&s->random, 3) != 0)
			move_on(s, h);
	}
	while (s->first < s->end && s->held[s->first % FAKESINK_HELD].batch == NULL)
		s->first++;
}

static enum sink_answer offer(struct sink *sink, struct batch *b)
{
	struct fakesink *s = from(sink);

	if (s->mood == MOOD_REFUSING)
		return SINK_DOWN;
	if (s->mood == MOOD_FULL || s->end - s->first == FAKESINK_HELD)
		return SINK_FULL;
	s->held[s->end++ % FAKESINK_HELD] = (struct held){ .batch = b };
	s->evidence->marked += b->maybe_dup;
	return SINK_TOOK;
}

/* What may be there stays out: a report comes when the mood allows. */
static void purge(struct sink *sink, bool wire)
{
	struct fakesink *s = from(sink);

	for (size_t i = s->first; i < s->end; i++) {
		struct held *h = &s->held[i % FAKESINK_HELD];

		if (h->batch == NULL)
			continue;
		if (wire)
			give(s, h, h->there ? SINK_MAYBE_SENT : SINK_NOT_SENT);
		else if (!h->there && campaign_roll(&s->random, 4) != 0)
			give(s, h, SINK_NOT_SENT);
	}
}

static void flush(struct sink *sink, uint64_t budget_ms, void (*flushed)(void *arg), void *arg)
{
	struct fakesink *s = from(sink);

	(void)budget_ms;
	for (size_t i = s->first; i < s->end; i++) {
		struct held *h = &s->held[i % FAKESINK_HELD];

		if (h->batch != NULL)
			give(s, h, h->there ? SINK_MAYBE_SENT : SINK_NOT_SENT);
	}
	flushed(arg);
}

static void free_sink(struct sink *sink)
{
	(void)sink;
}

static const struct sink_ops ops = { offer, purge, flush, free_sink };

int fakesink_open(struct fakesink *s, struct loop *l, struct evidence *e, uint64_t seed)
{
	s->sink.ops = &ops;
	s->evidence = e;
	s->random = seed;
	if (timer_open(&s->timer, l, look, s) < 0)
		return E_NOMEM;
	timer_start(s->timer, LOOK_MS);
	return 0;
}

void fakesink_close(struct fakesink *s)
{
	timer_free(s->timer);
	s->timer = NULL;
}
