/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_kill.c — SIGKILL under traffic, again and again, with Kafka up and away. What is lost is
 * counted span by span, and must be within the exposure and what the sockets held. The exposure is
 * counted three times: on a machine that is busy with other tests a commit may come late, which the
 * agent says in its log; a batch that is not handed over at all is far outside. */
#include <signal.h>

#include "testkit/ports.h"
#include "agent_process.h"
#include "tap.h"

enum { RATE = 5000, EXPOSURE_MS = 100, LATE = 3, KILLS = 6, AFTER = 2500, SPANS = 3500 };

/* Spans that wait unread, rounded up by counting a datagram as small as it can be. */
static uint64_t unread(const struct agent_process *s)
{
	uint64_t cost = ports_datagram_cost(2000);
	uint64_t bytes = ports_unread(s->compact) + ports_unread(s->binary);

	return cost == 0 ? 0 : (bytes + cost - 1) / cost * 10;
}

struct killing {
	struct agent_process *stage;
	uint64_t at;      /* number */
	uint64_t allowed; /* so far */
};

/* Nothing is sent between the look at the sockets and the death. */
static void kill_now(void *arg, uint64_t next)
{
	struct killing *k = arg;

	if (k->at == 0 || next < k->at)
		return;
	k->at = 0;
	k->allowed += unread(k->stage) + RATE * EXPOSURE_MS * LATE / 1000;
	agent_process_kill(k->stage);
}

static void what_a_sigkill_costs(bool kafka_up)
{
	struct killing k = { 0 };
	struct agent_process s;
	struct tally_count c;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	s.each_burst = kill_now;
	s.each_arg = &k;
	k.stage = &s;
	if (!kafka_up)
		kafka_mock_down(s.rig.kafka);
	ok(agent_process_start(&s, NULL), "the agent serves, Kafka is %s", kafka_up ? "up" : "away");
	for (int i = 0; i < KILLS; i++) {
		k.at = s.next + AFTER;
		agent_process_send(&s, SPANS, RATE);
		if (!agent_process_start(&s, NULL))
			ok(0, "it starts again after SIGKILL %d", i + 1);
	}
	kafka_mock_up(s.rig.kafka);
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	c = tally_total(s.tally);
	ok(c.missing <= k.allowed, "%d kills cost %" PRIu64 " spans of %" PRIu64 ", %" PRIu64 " allowed", KILLS,
	        c.missing, c.sent, k.allowed);
	is_int(tally_strays(s.tally), 0, "nothing arrived that was not sent");
	is_int(agent_process_ledger(&s)->unclean_stops, KILLS, "the ledger knows of every unclean stop");
	ok(s.ledger.place[LEDGER_UNCERTAIN].spans <= k.allowed, "and calls %" PRIu64 " spans uncertain",
	        s.ledger.place[LEDGER_UNCERTAIN].spans);
	ok(s.ledger.place[LEDGER_DELIVERED].spans <= c.stored,
	        "what it calls delivered, %" PRIu64 ", is in the topic: %" PRIu64,
	        s.ledger.place[LEDGER_DELIVERED].spans, c.stored);
	diag("refused while it was down: %" PRIu64 ", twice in the topic: %" PRIu64, s.refused, c.duplicates);
	agent_process_end(&s);
}

int main(void)
{
	what_a_sigkill_costs(false);
	what_a_sigkill_costs(true);
	return tap_done();
}
