/* SPDX-License-Identifier: Apache-2.0 */
/* answers_process.c — agent and drain as whole processes before a collector with a queue and a store: it refuses, swallows,
 * answers late and wrong, loses spans behind its 202, is restarted and hides its counters, by the dice, while deliveries
 * are confirmed or not. By their ledgers' pages every span is in one place, and in the end all good ones are stored;
 * exactly the records that are no batches are in quarantine.
 *
 *   campaign/answers_process [--seed N] [--count N] [--jobs N] [--only N] [--of agent|drain] */
#include <config.h>

#include <signal.h>

#include "agent_process.h"
#include "batchmake.h"
#include "campaign.h"
#include "drain_process.h"
#include "tap.h"
#include "wait.h"

enum { SHORT_COUNT = 8, STEPS = 12, RECORDS = 60, SPANS = 5, LONGEST_MS = 700, PATIENCE_S = 150, HANGS_S = 400 };

enum { SUM_SPANS, SUM_REFUSED, SUM_UNANSWERED, SUM_LOST, SUM_QUARANTINED };

/* ---- what the collector does ---- */

struct weather {
	struct stub_collector *stub;
	uint64_t *dice;
	struct trial *trial;
};

static uint64_t roll(struct weather *w, uint64_t sides)
{
	return campaign_roll(w->dice, sides);
}

static void answer_wrongly(struct weather *w)
{
	static const int statuses[] = { 301, 401, 403, 404, 405, 407, 408, 425, 429, 500, 501, 502, 503, 504, 599 };

	stub_collector_script(w->stub, statuses[roll(w, ARRAY_LEN(statuses))], 1 + (int)roll(w, 20), -1);
}

static void swallow(struct weather *w)
{
	stub_collector_swallow(w->stub, 1 + (int)roll(w, 6));
}

static void deny(struct weather *w)
{
	stub_collector_deny(w->stub, roll(w, 2) == 0 ? 500 : 504, 1 + (int)roll(w, 6));
}

static void store_away(struct weather *w)
{
	stub_store_set_mode(stub_collector_store(w->stub), STUB_STORE_AWAY);
}

static void flood(struct weather *w)
{
	stub_store_burst(stub_collector_store(w->stub), 3000);
}

static void restart(struct weather *w)
{
	struct why why;

	if (stub_collector_restart(w->stub, &why) < 0)
		trial_wrong(w->trial, "the collector does not start again: %s", why.text);
}

static void hide_counters(struct weather *w)
{
	static const enum stub_metrics_mode modes[] = { STUB_METRICS_OFF, STUB_METRICS_404, STUB_METRICS_500 };
	struct why why;

	if (stub_collector_metrics(w->stub, modes[roll(w, ARRAY_LEN(modes))], &why) < 0)
		trial_wrong(w->trial, "the page: %s", why.text);
}

static void be_well(struct weather *w)
{
	struct why why;

	stub_collector_script(w->stub, 500, 0, -1);
	stub_collector_swallow(w->stub, 0);
	stub_collector_deny(w->stub, 500, 0);
	stub_store_set_mode(stub_collector_store(w->stub), STUB_STORE_WORKS);
	if (stub_collector_metrics(w->stub, STUB_METRICS_SERVED, &why) < 0)
		trial_wrong(w->trial, "the page: %s", why.text);
}

/* Only counters tell what is lost behind a 202: without them it is lost. */
static void change(struct weather *w, struct loop *l, bool confirmed)
{
	static void (*const events[])(struct weather * w) = { answer_wrongly, answer_wrongly, swallow, deny, be_well,
		/* while deliveries are confirmed: */
		store_away, flood, restart, hide_counters, be_well };
	enum { ALWAYS = 5 };

	events[roll(w, confirmed ? ARRAY_LEN(events) : ALWAYS)](w);
	wait_ms(l, (unsigned)roll(w, LONGEST_MS));
}

static void sum_up(struct weather *w)
{
	const struct stub_counts *c = stub_collector_counts(w->stub);
	const struct stub_store_counts *s = stub_store_counts(stub_collector_store(w->stub));

	w->trial->sums[SUM_REFUSED] += c->scripted;
	w->trial->sums[SUM_UNANSWERED] += c->unanswered;
	w->trial->sums[SUM_LOST] += s->dropped + s->failed;
}

/* With a queue and its counters, or without: then a 2xx is all there is to know. */
static struct stub_store_opts store_of(bool confirmed)
{
	return confirmed ? (struct stub_store_opts){ .capacity = 2000, .workers = 50, .spans_per_second = 20000 }
	                 : (struct stub_store_opts){ 0 };
}

/* So that there are many. */
static const char small_posts[] = "--collector.max-batch-spans=10";

/* ---- the agent ---- */

static void judge_agent(struct trial *t, struct agent_process *s)
{
	const struct ledger *l;

	if (!agent_process_all_stored(s))
		trial_wrong(t, "not every span is stored");
	if (!agent_process_is_empty(s))
		trial_wrong(t, "the ledger holds spans back");
	l = agent_process_ledger(s);
	if (l->place[LEDGER_DELIVERED].spans != t->sums[SUM_SPANS] || l->place[LEDGER_QUARANTINED].spans > 0)
		trial_wrong(t, "%" PRIu64 " of %" PRIu64 " spans are called delivered, %" PRIu64 " are quarantined",
		        l->place[LEDGER_DELIVERED].spans, t->sums[SUM_SPANS], l->place[LEDGER_QUARANTINED].spans);
	if (agent_process_stop(s) != 0)
		trial_wrong(t, "the agent does not end well");
}

static void run_agent(struct trial *t, bool confirmed)
{
	const struct stub_store_opts store = store_of(confirmed);
	uint64_t dice = t->seed;
	struct agent_process s;
	struct weather w = { .dice = &dice, .trial = t };

	agent_process_open_storing(&s, AGENT_PROCESS_DIRECT, &store);
	s.patience = PATIENCE_S;
	w.stub = s.rig.stub;
	if (!agent_process_start(
	            &s, small_posts, confirmed ? "--collector.confirm=require" : "--collector.confirm=off", NULL))
		trial_wrong(t, "the agent does not serve");
	for (int i = 0; i < STEPS && t->wrong[0] == '\0'; i++) {
		agent_process_send(&s, (uint64_t)RECORDS * SPANS, 5000);
		t->sums[SUM_SPANS] += (uint64_t)RECORDS * SPANS;
		agent_process_ledger(&s);
		change(&w, s.loop, confirmed);
	}
	be_well(&w);
	judge_agent(t, &s);
	sum_up(&w);
	if (s.fault[0] != '\0')
		trial_wrong(t, "%s", s.fault);
	agent_process_close(&s);
}

/* ---- the drain ---- */

/* Seven ways in which a record is no batch that a collector takes. */
static void make_bad(unsigned kind, struct buf *to)
{
	batchmake(to, kind == 4 ? "\xff\xfe" : "svc", 1, 0, 2);
	switch (kind) {
	case 0: /* truncated */
		to->len /= 2;
		break;
	case 1: /* no type of Thrift */
		to->at[0] = 110;
		break;
	case 2: /* the process is a list */
		to->at[0] = 15;
		break;
	case 3: /* no process */
		buf_clear(to);
		buf_add(to, "", 1);
		break;
	case 5: /* a second batch behind it */
		batchmake(to, "svc", 2, 0, 1);
		break;
	case 6:
		buf_clear(to);
		buf_text(to, "this is no batch");
		break;
	default: /* a service name that is not UTF-8 */
		break;
	}
}

static struct drain_process basin; /* too large for the stack */

static void produce_bad(struct trial *t, struct weather *w)
{
	struct buf value = { 0 };

	make_bad((unsigned)roll(w, 7), &value);
	drain_process_produce_raw(&basin, buf_slice(&value), slice_of(NULL, 0), NULL, 0);
	t->sums[SUM_QUARANTINED]++;
	buf_free(&value);
}

static void judge_drain(struct trial *t)
{
	if (!drain_process_until(&basin, drain_process_all_seen))
		trial_wrong(t, "%u of %u records are missing", drain_process_missing(&basin), basin.produced);
	if (!drain_process_until(&basin, drain_process_all_done))
		trial_wrong(t, "records stay in flight");
	drain_process_ledger(&basin);
	if (basin.records.delivered != basin.produced || basin.records.quarantined != (int64_t)t->sums[SUM_QUARANTINED])
		trial_wrong(t,
		        "%" PRId64 " of %u records are called delivered, %" PRId64 " of %" PRIu64 " bad quarantined",
		        basin.records.delivered, basin.produced, basin.records.quarantined, t->sums[SUM_QUARANTINED]);
	if (drain_process_stop(&basin) != 0)
		trial_wrong(t, "the drain does not end well");
	if (drain_process_committed(&basin) != (int64_t)basin.sent)
		trial_wrong(t, "%" PRId64 " of %u offsets are committed", drain_process_committed(&basin), basin.sent);
}

static void run_drain(struct trial *t, bool confirmed)
{
	const struct stub_store_opts store = store_of(confirmed);
	uint64_t dice = t->seed;
	struct weather w = { .dice = &dice, .trial = t };

	drain_process_open_storing(&basin, 4, &store);
	w.stub = basin.rig.stub;
	if (!drain_process_start(&basin, small_posts, "--kafka.property=fetch.wait.max.ms=20",
	            confirmed ? "--collector.confirm=require" : "--collector.confirm=off", NULL))
		trial_wrong(t, "the drain does not serve");
	for (int i = 0; i < STEPS && t->wrong[0] == '\0'; i++) {
		drain_process_produce(&basin, RECORDS, SPANS);
		t->sums[SUM_SPANS] += (uint64_t)RECORDS * SPANS;
		produce_bad(t, &w);
		drain_process_ledger(&basin);
		change(&w, basin.loop, confirmed);
	}
	be_well(&w);
	judge_drain(t);
	sum_up(&w);
	drain_process_close(&basin);
}

/* ---- */

static void run(struct trial *t, void *arg)
{
	const char *of = arg;
	bool agent = t->number % 2 == 0;

	if (of[0] != '\0')
		agent = strcmp(of, "agent") == 0;
	(agent ? run_agent : run_drain)(t, t->number / 2 % 3 != 0);
}

int main(int argc, char **argv)
{
	struct campaign c = {
		.name = "answers_process",
		.own = "of",
		.word = "",
		.jobs = 4, /* they wait most of the time */
		.hangs_s = HANGS_S,
		.sums = { "spans", "POSTs refused", "taken and not answered", "spans lost behind a 202, others' too",
		        "records that are no batches" },
	};

	signal(SIGPIPE, SIG_IGN);
	campaign_options(&c, SHORT_COUNT, argc, argv);
	campaign_hush(&c);
	ok(campaign_run(&c, c.count, run, (void *)c.word), "agent and drain before a moody collector: %s", c.said);
	return tap_done();
}
