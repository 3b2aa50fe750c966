/* SPDX-License-Identifier: Apache-2.0 */
/* test_agent_kafka.c — the agent process before a mock cluster that is up, away and back. */
#include <signal.h>

#include "agent_process.h"
#include "tap.h"

static void has_delivered(struct agent_process *s, const char *name)
{
	struct tally_count c;
	uint64_t marked = 0;
	int records;

	ok(agent_process_is_empty(s), "%s: nothing is in flight or in the spool", name);
	records = agent_process_read_topic(s, &marked);
	ok(records > 0, "every record is a whole batch");
	c = tally_total(s->tally);
	is_int(c.missing, 0, "the topic misses none of the spans sent");
	is_int(c.duplicates, 0, "it has none of them twice");
	is_int(tally_strays(s->tally), 0, "and no other");
	is_int(marked, 0, "no record is marked as a possible duplicate");
	diag("%d records, %" PRIu64 " spans", records, c.stored);
}

static void all_that_is_sent_reaches_kafka(void)
{
	struct agent_process s;
	const struct ledger *l;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 5003, 10000);
	ok(agent_process_accepted(&s, 5003), "5,003 spans are accepted");
	has_delivered(&s, "Kafka up");
	l = agent_process_ledger(&s);
	is_int(l->place[LEDGER_DELIVERED].spans, 5003, "the ledger says 5,003 delivered");
	is_int(l->outcome[LEDGER_ACCEPTED], 501, "in 501 datagrams");
	is_int(l->received, 501, "which is all that were received");
	is_int(l->accepted.batches, 501, "and as many batches");
	is_int(l->boots, 1, "this is the first boot");
	is_int(l->unclean_stops, 0, "there was no unclean stop");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

static void while_kafka_is_away_spans_wait_on_disk(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	kafka_mock_down(s.rig.kafka);
	ok(agent_process_start(&s, NULL), "the agent serves without a broker");
	agent_process_send(&s, 3000, 6000);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 3000), "3,000 spans are in the spool");
	is_int(s.ledger.place[LEDGER_IN_FLIGHT].spans, 0, "none is in memory only");
	kafka_mock_up(s.rig.kafka);
	has_delivered(&s, "Kafka back");
	is_int(agent_process_ledger(&s)->place[LEDGER_DELIVERED].spans, 3000, "the ledger says the same");
	is_int(agent_process_stop(&s), 0, "SIGTERM ends it with 0");
	agent_process_end(&s);
}

/* librdkafka repeats a request whose answer was lost. A broker knows it by its sequence numbers and stores it once, the
 * mock stores it twice: each time that it goes down, what 100 ms of this traffic are may stand there twice, unmarked. */
enum { TIMES_DOWN = 3, EXPOSURE_SPANS = 500 };

static void kafka_going_under_traffic_loses_nothing(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, NULL), "the agent serves");
	for (int i = 0; i < TIMES_DOWN; i++) {
		agent_process_send(&s, 1000, 5000);
		kafka_mock_down(s.rig.kafka);
		agent_process_send(&s, 1000, 5000);
		kafka_mock_up(s.rig.kafka);
	}
	ok(agent_process_accepted(&s, 6000), "6,000 spans are accepted while the broker comes and goes");
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	is_int(tally_total(s.tally).missing, 0, "the topic misses none");
	is_int(tally_strays(s.tally), 0, "and has no other");
	ok(tally_total(s.tally).duplicates <=
	                agent_process_ledger(&s)->maybe_duplicate.spans + TIMES_DOWN * EXPOSURE_SPANS,
	        "it has %" PRIu64 " twice, and the ledger warned of %" PRIu64, tally_total(s.tally).duplicates,
	        s.ledger.maybe_duplicate.spans);
	agent_process_end(&s);
}

static void an_agent_killed_with_a_spool_resumes(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	kafka_mock_down(s.rig.kafka);
	ok(agent_process_start(&s, NULL), "the agent serves");
	agent_process_send(&s, 2000, 10000);
	ok(agent_process_holds(&s, LEDGER_IN_SPOOL, 2000), "2,000 spans are in the spool");
	agent_process_kill(&s);
	ok(agent_process_start(&s, NULL), "it starts again after SIGKILL");
	agent_process_ledger(&s);
	is_int(s.ledger.place[LEDGER_IN_SPOOL].spans, 2000, "they are still in the spool");
	is_int(s.ledger.accepted.spans, 2000, "and accepted");
	is_int(s.ledger.boots, 2, "this is the second boot");
	is_int(s.ledger.unclean_stops, 1, "after one unclean stop");
	agent_process_send(&s, 500, 10000);
	kafka_mock_up(s.rig.kafka);
	ok(agent_process_accepted(&s, 2500), "500 more are accepted");
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	is_int(tally_total(s.tally).missing, 0, "the topic misses none");
	is_int(tally_total(s.tally).duplicates, 0, "and has none twice, for none had ever left");
	agent_process_end(&s);
}

static void what_is_not_delivered_at_a_stop_is_in_the_spool(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	kafka_mock_down(s.rig.kafka);
	ok(agent_process_start(&s, "--shutdown.timeout=200ms", NULL), "the agent serves");
	agent_process_send(&s, 1000, 0);
	is_int(agent_process_stop(&s), 0, "SIGTERM at once ends it with 0");
	ok(agent_process_start(&s, NULL), "it starts again");
	agent_process_ledger(&s);
	is_int(s.ledger.accepted.spans, 1000, "it had read all that was sent");
	is_int(s.ledger.place[LEDGER_IN_SPOOL].spans, 1000, "and all is in the spool");
	is_int(s.ledger.unclean_stops, 0, "the stop was a clean one");
	kafka_mock_up(s.rig.kafka);
	has_delivered(&s, "Kafka back after the restart");
	agent_process_end(&s);
}

static void with_no_exposure_what_was_read_is_on_disk(void)
{
	struct agent_process s;

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	ok(agent_process_start(&s, "--spool.exposure=0", NULL), "the agent serves");
	agent_process_send(&s, 2000, 10000);
	ok(agent_process_accepted(&s, 2000), "2,000 spans are accepted");
	ok(agent_process_is_empty(&s), "and delivered");
	kafka_mock_down(s.rig.kafka);
	agent_process_send(&s, 2000, 10000);
	ok(agent_process_accepted(&s, 4000) && agent_process_holds(&s, LEDGER_IN_FLIGHT, 0), "2,000 more are durable");
	agent_process_kill(&s);
	ok(agent_process_start(&s, "--spool.exposure=0", NULL), "it starts again after SIGKILL");
	kafka_mock_up(s.rig.kafka);
	ok(agent_process_is_empty(&s), "all leave the agent");
	ok(agent_process_read_topic(&s, NULL) > 0, "every record is a whole batch");
	is_int(tally_total(s.tally).missing, 0, "the topic misses none");
	is_int(agent_process_ledger(&s)->place[LEDGER_UNCERTAIN].spans, 0, "and none was uncertain");
	agent_process_end(&s);
}

int main(void)
{
	all_that_is_sent_reaches_kafka();
	while_kafka_is_away_spans_wait_on_disk();
	kafka_going_under_traffic_loses_nothing();
	an_agent_killed_with_a_spool_resumes();
	what_is_not_delivered_at_a_stop_is_in_the_spool();
	with_no_exposure_what_was_read_is_on_disk();
	return tap_done();
}
