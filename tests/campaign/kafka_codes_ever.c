/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_codes_ever.c — a broker that is up and answers with one code for ever.
 *
 * To everything: the agent must open its circuit, ask seldom, keep every span, set none aside, tell it on
 * /health/ready, and deliver all by itself once the broker takes records. A code that librdkafka takes for
 * delivered ends it at once. By the leader of one partition: what was meant for it arrives on others. */
#include "base/clock.h"
#include "kafka_codes.h"
#include "tap.h"

enum {
	ROUNDS = 4,        /* times that the circuit opens before the broker heals */
	ASKS = 25,         /* offers a second, at most, while everything is refused */
	WATCHED_S = 8,     /* of what librdkafka retries by itself: then a probe stays out, and no
	                    * round ends */
	AHEAD = 50,        /* answers in store at each look */
	HEAL_SECONDS = 90, /* the longest rest of a record, twice, and a busy machine */
};

struct ever {
	struct round round; /* first: is_over takes it */
	int code;
	double opened, offered; /* at the beginning */
	uint64_t since_us;
};

static bool is_known(void *arg)
{
	struct ever *e = arg;
	struct agent_process *s = e->round.s;

	double rounds = agent_process_metric(s, "spanspool_circuit_opened_total") - e->opened;

	kafka_mock_fail_produce(s->rig.kafka, e->code, AHEAD);
	agent_process_ledger(s);
	if (is_over(&e->round) || rounds >= ROUNDS)
		return true;
	return rounds > 0 && clock_mono_us() - e->since_us >= WATCHED_S * US_PER_S;
}

static bool is_over_meanwhile(void *arg)
{
	struct ever *e = arg;
	struct agent_process *s = e->round.s;

	kafka_mock_fail_broker(s->rig.kafka, 2, e->code, 8);
	agent_process_ledger(s);
	return is_over(&e->round);
}

static void judge(struct ever *e, const char *name)
{
	struct agent_process *s = e->round.s;
	double seconds = (double)(clock_mono_us() - e->since_us) / US_PER_S;
	double offers = agent_process_metric(s, "spanspool_sink_offered_batches_total") - e->offered;

	ok(offers <= SPANS + ASKS * seconds, "%s: %.0f offers in %.1f s", name, offers, seconds);
	is_int(agent_process_ledger(s)->place[LEDGER_QUARANTINED].spans, 0,
	        "nothing is set aside while nothing passes");
	ok(agent_process_metric(s, "spanspool_circuit_state{state=\"closed\"}") < 1, "the circuit is not closed");
}

static void begin(struct ever *e, struct agent_process *s, int code, unsigned spans)
{
	*e = (struct ever){ .round = { s, s->next - 1 + spans },
		.code = code,
		.opened = agent_process_metric(s, "spanspool_circuit_opened_total"),
		.offered = agent_process_metric(s, "spanspool_sink_offered_batches_total"),
		.since_us = clock_mono_us() };
	s->patience = HEAL_SECONDS;
}

void refused_for_ever(int code, const char *name)
{
	struct agent_process s;
	struct ever e;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "%s for ever: an agent serves", name);
	begin(&e, &s, code, SPANS);
	kafka_mock_fail_produce(s.rig.kafka, code, AHEAD);
	agent_process_send(&s, SPANS, 0);
	ok(agent_process_until(&s, is_known, &e), "%s: it is noticed", name);
	if (is_over(&e.round))
		diag("%s is as good as delivered", name);
	else
		judge(&e, name);
	kafka_mock_fail_produce(s.rig.kafka, 0, 0);
	ok(agent_process_until(&s, is_over, &e.round), "%s no more: all is delivered", name);
	agent_process_end(&s);
}

void one_partition_for_ever(int code, const char *name)
{
	struct agent_process s;
	struct ever e;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	for (int p = 0; p < AGENT_PROCESS_PARTITIONS; p++)
		kafka_mock_lead(s.rig.kafka, AGENT_PROCESS_TOPIC, p, p == 0 ? 2 : 1);
	ok(agent_process_start(&s, NULL), "%s of one partition: an agent serves", name);
	begin(&e, &s, code, 10 * SPANS);
	kafka_mock_fail_broker(s.rig.kafka, 2, code, 8);
	agent_process_send(&s, 10 * SPANS, 1000);
	ok(agent_process_until(&s, is_over_meanwhile, &e), "%s: all is delivered, on other partitions", name);
	is_int(agent_process_ledger(&s)->place[LEDGER_QUARANTINED].spans, 0, "and nothing is set aside");
	agent_process_end(&s);
}
