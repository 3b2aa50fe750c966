/* SPDX-License-Identifier: Apache-2.0 */
/* test_dispatcher_evidence.c — which reports of a sink speak against a batch: refusals of the batch alone, and no batch
 * that was only given back. */
#include "fakeclock.h"
#include "agent/dispatcher.h"
#include "tap.h"

static struct {
	struct dispatcher *dispatcher;
	struct sink sink;
	struct health health;
	enum sink_outcome reported;
	struct agent_batch *subject, *other;
} t;

static enum sink_answer take(struct sink *s, struct batch *b)
{
	(void)s;
	batch_ref(b);
	return SINK_TOOK;
}

static void purge(struct sink *s, bool wire)
{
	(void)s, (void)wire;
}

static void on_report(struct batch_owner *o, struct agent_batch *b, enum sink_outcome outcome, const char *detail)
{
	(void)o, (void)detail;
	if (b == t.subject)
		t.reported = outcome;
}

static void open_gate(void)
{
	static const struct sink_ops ops = { .offer = take, .purge = purge };
	static const struct dispatcher_opts opts = { .window_bytes = 1 << 20, .sink_name = "sink" };
	static struct batch_owner owner = { .report = on_report };

	memset(&t, 0, sizeof(t));
	t.sink.ops = &ops;
	t.sink.by_evidence = true;
	t.subject = agent_batch_new(100);
	t.other = agent_batch_new(100);
	if (t.subject == NULL || t.other == NULL || dispatcher_open(&t.dispatcher, &opts, &t.health) < 0)
		exit(99);
	dispatcher_set_sink(t.dispatcher, &t.sink);
	t.subject->owner = t.other->owner = &owner;
}

static void close_gate(void)
{
	dispatcher_free(t.dispatcher);
	agent_batch_unref(&t.subject);
	agent_batch_unref(&t.other);
}

/* B is offered, after any rest, and reported so. */
static void offer(struct agent_batch *b, enum sink_outcome outcome)
{
	fakeclock_ahead_us += 60 * US_PER_S;
	if (dispatcher_offer(t.dispatcher, b) != SINK_TOOK) {
		ok(0, "the dispatcher offers");
		return;
	}
	t.sink.events.done(t.sink.events.arg, &b->batch, &(struct sink_report){ .outcome = outcome, .detail = "" });
	agent_batch_unref(&(struct agent_batch *){ b });
}

/* The subject fares so, and after it another batch passes where it did not. */
static void try(enum sink_outcome outcome)
{
	offer(t.subject, outcome);
	offer(t.other, SINK_DELIVERED);
}

static void three_refusals_while_others_pass_condemn(void)
{
	open_gate();
	try(SINK_POISON);
	try(SINK_POISON);
	is_int(t.reported, SINK_NOT_SENT, "refused twice, it is to be sent again");
	try(SINK_POISON);
	is_int(t.reported, SINK_POISON, "refused a third time, it is bad");
	close_gate();
}

static void a_batch_that_was_given_back_was_not_refused(void)
{
	open_gate();
	for (int i = 0; i < 10; i++)
		try(SINK_NOT_SENT);
	try(SINK_POISON);
	is_int(t.reported, SINK_NOT_SENT, "given back ten times and refused once: sent again");
	try(SINK_MAYBE_SENT);
	try(SINK_POISON);
	is_int(t.reported, SINK_NOT_SENT, "refused twice");
	try(SINK_POISON);
	is_int(t.reported, SINK_POISON, "refused three times");
	close_gate();
}

static void a_refusal_that_nothing_contradicts_is_no_evidence(void)
{
	open_gate();
	for (int i = 0; i < 10; i++)
		offer(t.subject, SINK_POISON);
	is_int(t.reported, SINK_NOT_SENT, "refused ten times, and nothing else passed");
	close_gate();
}

int main(void)
{
	three_refusals_while_others_pass_condemn();
	a_batch_that_was_given_back_was_not_refused();
	a_refusal_that_nothing_contradicts_is_no_evidence();
	return tap_done();
}
