/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_direct.c — the agent without Kafka, straight to a collector that is up, away and back. */
#include <stdio.h>
#include <stdlib.h>

#include "testkit/numbered_spans.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"

static void is_whole(struct agent_process *s, const char *name)
{
	ok(agent_process_all_stored(s), "%s: every span is stored", name);
	is_int(tally_strays(s->tally), 0, "and no other");
}

static void all_that_is_sent_reaches_the_collector(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 3003, 5000);
	is_whole(&s, "collector up");
	is_int(tally_total(s.tally).duplicates, 0, "none is stored twice");
	ok(agent_process_is_empty(&s), "the ledger holds none back");
	is_int(agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans, 3003, "and says 3,003 delivered");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

static void while_the_collector_is_away_spans_wait_on_disk(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, NULL), "the agent serves without a collector");
	agent_process_send(&s, 2000, 5000);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 2000), "2,000 spans are in the spool");
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0, "the collector is back");
	is_whole(&s, "collector back");
	is_int(tally_total(s.tally).duplicates, 0, "none twice, for none had ever left");
	ok(agent_process_is_empty(&s), "the spool is empty");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

static void a_collector_that_comes_and_goes_loses_nothing(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	for (int i = 0; i < 3; i++) {
		agent_process_send(&s, 1000, 5000);
		stub_collector_down(s.rig.stub);
		agent_process_send(&s, 500, 5000);
		ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0, "the collector is back");
	}
	is_whole(&s, "in the end");
	ok(agent_process_is_empty(&s), "nothing is left in the agent");
	ok(tally_total(s.tally).duplicates <= agent_process_ledger(&s)->maybe_duplicate.spans,
	        "%" PRIu64 " are stored twice, and the ledger warned of %" PRIu64, tally_total(s.tally).duplicates,
	        s.ledger.maybe_duplicate.spans);
	agent_process_end(&s);
}

/* Whether a connection is cut after the batch is in, or a proxy in between answers for the collector. */
static void what_may_be_stored_is_sent_again_with_its_mark(int denied_with)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	if (denied_with != 0)
		stub_collector_deny(s.rig.stub, denied_with, 3);
	else
		stub_collector_swallow(s.rig.stub, 3);
	agent_process_send(&s, 500, 0);
	is_whole(&s, "stored without a word");
	ok(agent_process_is_empty(&s), "and delivered in the end");
	ok(tally_total(s.tally).duplicates >= 10, "some are stored twice");
	is_int((int64_t)agent_process_ledger(&s)->maybe_duplicate.spans, (int64_t)tally_total(s.tally).duplicates,
	        "the ledger says how many");
	is_int((int64_t)s.ledger.maybe_duplicate.batches, (int64_t)s.taken_marked,
	        "and each of these batches had its mark");
	agent_process_end(&s);
}

static void a_kill_with_a_spool_and_a_restart(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 1000, 5000);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 1000), "1,000 spans are in the spool");
	agent_process_kill(&s);
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0, "the collector is back");
	ok(agent_process_start(&s, NULL), "the agent starts again after SIGKILL");
	is_whole(&s, "after the restart");
	is_int(tally_total(s.tally).duplicates, 0, "none twice");
	agent_process_end(&s);
}

static void what_the_collector_refuses_goes_to_quarantine(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 10, 0);
	is_whole(&s, "the first batch");
	ok(agent_process_is_empty(&s), "it has left the agent");
	stub_collector_script(s.rig.stub, 400, 2, -1);
	agent_process_send(&s, 10, 0);
	wait_ms(s.loop, 500);
	ok(tally_total(s.tally).missing == 10, "a batch answered 400 waits for a witness");
	agent_process_send(&s, 100, 0);
	ok(agent_process_is_empty(&s), "those behind it leave the agent");
	diag("quarantined: %" PRIu64, agent_process_ledger(&s)->place[LEDGER_QUARANTINED].spans);
	is_int((int64_t)tally_total(s.tally).missing, (int64_t)s.ledger.place[LEDGER_QUARANTINED].spans,
	        "what is missing is what the ledger calls quarantined");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

/* A service name that is not UTF-8 wedges a collector: it is kept from it. */
static void what_would_harm_the_collector_goes_to_quarantine(void)
{
	struct numbered_spans_opts o = { .service = "\xff\xfe", .run = 1, .spans = 10 };
	struct numbered_spans *n;
	struct agent_process s;
	struct why why;
	uint8_t datagram[8192];

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	if (numbered_spans_open(&n, &o, &why) < 0 || numbered_spans_size(n) > sizeof(datagram))
		abort();
	numbered_spans_write(n, 1, 0, datagram);
	agent_process_send_raw(&s, s.compact, datagram, numbered_spans_size(n));
	numbered_spans_free(n);
	agent_process_send(&s, 100, 0);
	ok(agent_process_holds(&s, LEDGER_QUARANTINED, 10), "its 10 spans are in quarantine");
	is_whole(&s, "the others");
	ok(agent_process_is_empty(&s), "nothing is left in the agent");
	is_int(agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans, 100, "100 are delivered");
	agent_process_end(&s);
}

static void a_busy_collector_is_waited_for(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	stub_collector_script(s.rig.stub, 503, 5, -1);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 500, 5000);
	is_whole(&s, "after five times 503");
	ok(agent_process_is_empty(&s), "nothing is left in the agent");
	is_int(agent_process_ledger(&s)->place[LEDGER_QUARANTINED].spans, 0, "and nothing in quarantine");
	agent_process_end(&s);
}

/* A few spans now and then, so that the collector is never seen idle and few are saved behind each: that they are
 * confirmed takes longer than the circuit waits for a report. */
static void a_trickle_is_no_outage(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 800, 100);
	ok(agent_process_metric(&s, "spanspool_collector_unconfirmed_spans") > 0,
	        "some spans are taken and not confirmed");
	ok(agent_process_is_empty(&s), "all are confirmed in the end");
	is_int((int64_t)agent_process_metric(&s, "spanspool_circuit_opened_total"), 0, "and the circuit never opened");
	is_whole(&s, "stored");
	is_int(tally_total(s.tally).duplicates, 0, "none twice");
	agent_process_end(&s);
}

static bool has_unconfirmed(void *arg)
{
	return agent_process_metric(arg, "spanspool_collector_unconfirmed_spans") > 0;
}

static bool is_away(void *arg)
{
	return agent_process_metric(arg, "spanspool_circuit_state{state=\"closed\"}") == 0;
}

/* Spans wait for a verdict that no page will ever give, and every POST fails: the next POST is what shows that the
 * collector is back. */
static void a_collector_that_comes_back_without_its_page_is_sent_to(void)
{
	struct stub_store_opts store = { .capacity = 2000 };
	struct agent_process s;
	struct why why;

	agent_process_open_storing(&s, AGENT_PROCESS_DIRECT, &store);
	ok(agent_process_start(&s, NULL), "the agent serves");
	stub_store_set_mode(stub_collector_store(s.rig.stub), STUB_STORE_HANGS);
	agent_process_send(&s, 200, 0);
	ok(agent_process_until(&s, has_unconfirmed, &s), "spans are taken, and its store hangs");
	stub_collector_down(s.rig.stub);
	agent_process_send(&s, 200, 0);
	ok(agent_process_until(&s, is_away, &s), "the collector is away");
	ok(stub_collector_metrics(s.rig.stub, STUB_METRICS_OFF, &why) == 0 &&
	                stub_collector_restart(s.rig.stub, &why) == 0,
	        "it is back, without a page");
	stub_store_set_mode(stub_collector_store(s.rig.stub), STUB_STORE_WORKS);
	is_whole(&s, "and has all");
	ok(agent_process_is_empty(&s), "nothing is left in the agent");
	agent_process_end(&s);
}

/* The exit status of a command in a shell, in which $S is the program and $D the stage's directory. */
static int shell(struct agent_process *s, const char *command)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line), "S=%s D=%s; %s", agent_process_program(), s->rig.directory, command);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Others fill the collector's queue faster than its store empties it, so its counters show losses behind each POST, and
 * the window is soon at its smallest. */
static void give_up(struct agent_process *s, const char *on_refused)
{
	ok(agent_process_start(s, "--collector.confirm-attempts=3", on_refused, NULL), "the agent serves");
	stub_store_others(stub_collector_store(s->rig.stub), 20000);
	agent_process_send(s, 10, 0);
}

static void what_is_never_confirmed_has_a_figure_of_its_own(void)
{
	struct stub_store_opts store = { .capacity = 50, .spans_per_second = 500 };
	struct agent_process s;

	agent_process_open_storing(&s, AGENT_PROCESS_DIRECT, &store);
	give_up(&s, "--spool.on-refused=quarantine");
	ok(agent_process_holds(&s, LEDGER_QUARANTINED, 10), "10 spans are given up, and in quarantine");
	is_int(s.ledger.unconfirmed.spans, 10, "as unconfirmed");
	is_int(s.ledger.unconfirmed.batches, 1, "in one batch");
	is_int((int64_t)agent_process_metric(&s, "spanspool_unconfirmed_spans_total"), 10, "a metric");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	is_int(shell(&s, "grep -q ' 10 spans given up as unconfirmed' $D/agent.log"), 0, "a line");
	is_int(shell(&s, "$S spool quarantine ls --spool.directory=$D/spool | grep -q '10 spans, "
	                 "unconfirmed: '"),
	        0, "and a file say so");
	give_up(&s, "--spool.on-refused=drop");
	ok(agent_process_holds(&s, LEDGER_REFUSED, 10), "by a next run 10 more are given up, and dropped");
	is_int(s.ledger.unconfirmed.spans, 20, "all 20 are unconfirmed");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	is_int(shell(&s, "$S spool quarantine retry --all --spool.directory=$D/spool"), 0,
	        "what is in quarantine is sent again");
	stub_store_others(stub_collector_store(s.rig.stub), 0);
	ok(agent_process_start(&s, NULL) && agent_process_holds(&s, LEDGER_DELIVERED, 10), "and delivered");
	is_int(s.ledger.unconfirmed.spans, 10, "those that were dropped stay unconfirmed");
	agent_process_end(&s);
}

int main(void)
{
	all_that_is_sent_reaches_the_collector();
	while_the_collector_is_away_spans_wait_on_disk();
	a_collector_that_comes_and_goes_loses_nothing();
	what_may_be_stored_is_sent_again_with_its_mark(0);
	what_may_be_stored_is_sent_again_with_its_mark(502);
	what_may_be_stored_is_sent_again_with_its_mark(504);
	a_kill_with_a_spool_and_a_restart();
	what_the_collector_refuses_goes_to_quarantine();
	what_would_harm_the_collector_goes_to_quarantine();
	a_busy_collector_is_waited_for();
	a_trickle_is_no_outage();
	a_collector_that_comes_back_without_its_page_is_sent_to();
	what_is_never_confirmed_has_a_figure_of_its_own();
	return tap_done();
}
