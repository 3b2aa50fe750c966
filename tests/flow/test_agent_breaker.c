/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_breaker.c — the circuit of an agent without Kafka: it follows what the exporter knows of the collector, one
 * that accepts connections and answers nothing included, and its probes do not get stuck on batches that fail. */
#include <stdio.h>
#include <stdlib.h>

#include "testkit/numbered_spans.h"
#include "agent_process.h"
#include "tap.h"
#include "wait.h"

enum { BAD_BATCHES = 9 /* more than a circuit that decides itself has out as probes */, SPANS = 10 };

static bool is_closed(void *arg)
{
	return agent_process_metric(arg, "spanspool_circuit_state{state=\"closed\"}") == 1;
}

static bool is_not_closed(void *arg)
{
	return !is_closed(arg);
}

static bool ready_page_has(struct agent_process *s, const char *text)
{
	struct buf page = { 0 };
	bool has = agent_process_page(s, "/health/ready", &page) > 0 && strstr(buf_cstr(&page), text) != NULL;

	buf_free(&page);
	return has;
}

static void a_silent_collector_opens_the_circuit(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_is_empty(&s), "the collector answers");
	ok(is_closed(&s), "the circuit is closed");
	stub_collector_hang(s.rig.stub, true);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_until(&s, is_not_closed, &s), "a collector that answers nothing opens it");
	ok(ready_page_has(&s, "has not answered for"), "the health page says why");
	is_int((int64_t)agent_process_metric(&s, "spanspool_circuit_opened_total"), 1, "it has opened once");
	agent_process_send(&s, 100 * SPANS, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 101 * SPANS), "all spans are in the spool");
	ok(agent_process_metric(&s, "spanspool_sink_out_batches") < 20, "few batches are out as probes");
	stub_collector_hang(s.rig.stub, false);
	ok(agent_process_until(&s, is_closed, &s), "answers close it");
	ok(agent_process_all_stored(&s) && agent_process_is_empty(&s), "every span is delivered");
	is_int((int64_t)tally_total(s.tally).duplicates, 0, "none twice: late answers count");
	agent_process_end(&s);
}

/* Sends one batch of a service of its own. Its numbers are not those of the tally. */
static void send_bad(struct agent_process *s, unsigned i)
{
	char service[16];
	struct numbered_spans_opts o = { .service = service, .run = s->run + 1, .spans = SPANS };
	struct numbered_spans *n;
	struct why why;
	uint8_t datagram[8192];

	snprintf(service, sizeof(service), "bad-%u", i);
	if (numbered_spans_open(&n, &o, &why) < 0 || numbered_spans_size(n) > sizeof(datagram))
		abort();
	numbered_spans_write(n, (uint64_t)i * SPANS + 1, 0, datagram);
	agent_process_send_raw(s, s->compact, datagram, numbered_spans_size(n));
	numbered_spans_free(n);
}

static void probes_that_fail_do_not_hide_the_others(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_DIRECT);
	s.patience = 120;
	stub_collector_down(s.rig.stub);
	ok(agent_process_start(&s, NULL), "the agent serves without a collector");
	for (unsigned i = 0; i < BAD_BATCHES; i++)
		send_bad(&s, i);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, (uint64_t)BAD_BATCHES * SPANS),
	        "the oldest records of the spool are batches that the collector will answer 500");
	agent_process_send(&s, 100, 0);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, (uint64_t)BAD_BATCHES * SPANS + 100), "good ones come behind");
	stub_collector_fail_services(s.rig.stub, "bad-");
	ok(stub_collector_up(s.rig.stub, &(struct why){ 0 }) == 0, "the collector is back");
	ok(agent_process_all_stored(&s), "the good ones are stored, with nothing fresh to probe with");
	ok(agent_process_until(&s, is_closed, &s), "and the circuit is closed");
	ok(agent_process_holds(&s, LEDGER_DELIVERED, 100), "they are delivered");
	is_int((int64_t)s.ledger.place[LEDGER_QUARANTINED].spans, 0, "and no batch is called bad that soon");
	stub_collector_fail_services(s.rig.stub, "");
	ok(agent_process_is_empty(&s), "the others are delivered once they are taken");
	agent_process_end(&s);
}

int main(void)
{
	a_silent_collector_opens_the_circuit();
	probes_that_fail_do_not_hide_the_others();
	return tap_done();
}
