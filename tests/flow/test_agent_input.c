/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_input.c — what comes in by UDP: either protocol on either port, and every datagram of
 * the corpus, counted by its cause. */
#include "corpus.h"
#include "agent_process.h"
#include "tap.h"

enum { MAX_PACKET = 65000 };

/* Outcomes of the datagrams that the agent has received since BEFORE. */
static void since(struct agent_process *s, const struct ledger *before, uint64_t *outcome)
{
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		outcome[i] = s->ledger.outcome[i] - before->outcome[i];
}

struct received {
	struct agent_process *stage;
	uint64_t want;
};

static bool has_received(void *arg)
{
	struct received *r = arg;

	return agent_process_ledger(r->stage)->received >= r->want;
}

static bool send_and_wait(struct agent_process *s, uint16_t port, struct slice datagram)
{
	struct received r = { s, s->ledger.received + 1 };

	agent_process_send_raw(s, port, datagram.at, datagram.len);
	return agent_process_until(s, has_received, &r);
}

static void either_protocol_comes_in_at_either_port(void)
{
	struct agent_process s;
	uint16_t port;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	port = s.compact;
	s.compact = s.binary;
	s.binary = port;
	agent_process_send(&s, 1000, 10000);
	ok(agent_process_accepted(&s, 1000), "1,000 spans are accepted through the other's port");
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	is_int(tally_total(s.tally).missing, 0, "the topic misses none");
	agent_process_end(&s);
}

/* Is what the ledger counted for this case one of the outcomes that are right? */
static bool is_right(const struct corpus_case *c, const uint64_t *outcome)
{
	bool accepted = outcome[LEDGER_ACCEPTED] == 1, malformed = outcome[LEDGER_MALFORMED] == 1;
	bool unknown = outcome[LEDGER_UNKNOWN_METHOD] == 1, oversize = outcome[LEDGER_OVERSIZE] == 1;

	if (accepted + malformed + unknown + oversize != 1)
		return false;
	if (c->datagram.len > MAX_PACKET)
		return oversize && c->oversize;
	switch (c->verdict) {
	case CORPUS_ACCEPT:
		return accepted;
	case CORPUS_REJECT:
		return (malformed && c->malformed) || (unknown && c->unknown_method);
	case CORPUS_EITHER:
		return true;
	}
	return false;
}

static void every_datagram_of_the_corpus_is_counted_by_its_cause(void)
{
	struct corpus all;
	struct agent_process s;

	corpus_load(&all);
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_ledger(&s);
	for (size_t i = 0; i < all.count; i++) {
		const struct corpus_case *c = &all.at[i];
		struct ledger before = s.ledger;
		uint64_t outcome[LEDGER_OUTCOMES_N], spans;
		bool came;

		if (c->prefixes)
			continue;
		came = send_and_wait(&s, s.compact, buf_slice(&c->datagram));
		since(&s, &before, outcome);
		spans = s.ledger.accepted.spans - before.accepted.spans;
		ok(came && is_right(c, outcome), "%s", c->name);
		if (outcome[LEDGER_ACCEPTED] == 1 && c->spans >= 0 && !c->zipkin)
			is_int((int64_t)spans, c->spans, "its spans are counted");
	}
	ok(agent_process_is_empty(&s), "all that was accepted leaves the agent");
	is_int(agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans, (int64_t)s.ledger.accepted.spans,
	        "and is delivered");
	is_int(agent_process_stop(&s), 0, "the agent has survived it all");
	agent_process_end(&s);
	corpus_free(&all);
}

static void every_prefix_of_a_datagram_is_malformed(void)
{
	struct corpus all;
	struct agent_process s;
	const struct corpus_case *c;
	struct received r;

	corpus_load(&all);
	c = corpus_find(&all, "prefixes-compact");
	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	for (size_t len = 0; len < c->datagram.len; len++)
		agent_process_send_raw(&s, s.compact, c->datagram.at, len);
	r = (struct received){ &s, c->datagram.len };
	ok(agent_process_until(&s, has_received, &r), "%zu prefixes are received, the empty one too", c->datagram.len);
	is_int((int64_t)s.ledger.outcome[LEDGER_ACCEPTED], 0, "none is accepted");
	is_int((int64_t)s.ledger.outcome[LEDGER_MALFORMED], (int64_t)c->datagram.len, "all are malformed");
	is_int(agent_process_stop(&s), 0, "the agent has survived it");
	agent_process_end(&s);
	corpus_free(&all);
}

int main(void)
{
	either_protocol_comes_in_at_either_port();
	every_datagram_of_the_corpus_is_counted_by_its_cause();
	every_prefix_of_a_datagram_is_malformed();
	return tap_done();
}
