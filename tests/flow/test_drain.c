/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain.c — the drain as a process: everything arrives, is committed, and is accounted for. */
#include "drain_process.h"
#include "batchmake.h"
#include "tap.h"
#include "wait.h"

enum { SYNC_FAILURES = 500, REBALANCE_IN_PROGRESS = 27 };

static struct drain_process b;

static void all_records_are_delivered_and_committed(int partitions)
{
	drain_process_open(&b, partitions);
	drain_process_produce(&b, 2000, 10);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it has done with all it read");
	is_int(drain_process_missing(&b), 0, "nothing is missing");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	is_int(b.records.delivered, 2000, "2,000 records are delivered");
	is_int(b.spans.delivered, 20000, "20,000 spans are");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 2000, "all offsets are committed");
	drain_process_close(&b);
}

/* librdkafka logs each answer that it rejects, and repeats such a request only after 500 ms. */
static void the_first_offsets_are_asked_for_once(void)
{
	drain_process_open(&b, 64);
	drain_process_produce(&b, 640, 1);
	ok(drain_process_start(&b, "--log-level=debug", "--kafka.property=debug=topic", NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it has done with all it read");
	ok(drain_process_said(&b, "querying for logical offset BEGINNING") > 0, "librdkafka asked for first offsets");
	is_int(drain_process_said(&b, "outdated offset response"), 0, "and took every answer");
	drain_process_close(&b);
}

static bool has_taken_two(struct drain_process *x)
{
	return x->taken >= 2;
}

static void id_and_mark_of_a_record_are_handed_on(void)
{
	struct kafka_header headers[] = {
		{ "spanspool-id", slice_text("h/1/7") },
		{ "spanspool-received", slice_text("1700000000000") },
		{ "spanspool-maybe-dup", slice_text("1") },
	};
	struct kafka_header bad[] = {
		{ "spanspool-id", slice_text("h/1/8\r\nX-Evil: 1") },
		{ "spanspool-received", slice_text("yesterday") },
	};
	struct buf value = { 0 };

	batchmake(&value, "svc", DRAIN_PROCESS_RECORDS, 1, 3);
	drain_process_open(&b, 1);
	drain_process_produce_raw(&b, buf_slice(&value), slice_of(NULL, 0), headers, ARRAY_LEN(headers));
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done) && b.taken == 1, "the record is delivered");
	is_text(b.taken_id, "h/1/7", "with its id");
	is_text(b.taken_received, "1700000000000", "the time it was received");
	is_int((int64_t)b.taken_marked, 1, "and its mark");
	drain_process_produce_raw(&b, buf_slice(&value), slice_of(NULL, 0), bad, ARRAY_LEN(bad));
	ok(drain_process_until(&b, has_taken_two), "headers that would break a request");
	is_text(b.taken_id, "", "are left out: the id");
	is_text(b.taken_received, "", "the time");
	is_int((int64_t)b.taken_marked, 1, "there is no mark");
	stub_collector_swallow(b.rig.stub, 1);
	drain_process_produce(&b, 1, 3);
	ok(drain_process_until(&b, drain_process_all_done) && b.taken == 4, "a repeat of the drain's own");
	is_int((int64_t)b.taken_marked, 2, "is marked");
	ok(drain_process_get(&b, "/metrics") == 200 &&
	                strstr(buf_cstr(&b.page), "spanspool_drain_sent_again_spans_total 3\n"),
	        "and counted");
	drain_process_close(&b);
	buf_free(&value);
}

static void what_comes_later_is_delivered_too(void)
{
	drain_process_open(&b, 4);
	ok(drain_process_start(&b, NULL), "it serves before there is anything");
	for (int i = 0; i < 5; i++) {
		drain_process_produce(&b, 100, 3);
		ok(drain_process_until(&b, drain_process_all_seen), "%u records have arrived", b.produced);
	}
	ok(drain_process_until(&b, drain_process_all_done), "all are done");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	is_int(drain_process_said(&b, "drain: spanspool 0."), 1, "a start names the version");
	is_int(drain_process_said(&b, "drain: reading topic " DRAIN_PROCESS_TOPIC), 1, "what is read");
	is_int(drain_process_said(&b, "drain: sending to http://127.0.0.1:"), 1, "where it goes");
	is_int(drain_process_said(&b, "drain: admin pages at 127.0.0.1:"), 1, "and the admin pages");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_said(&b, ": 500 records read, 500 delivered with "), 1, "a stop says what was done");
	is_int(drain_process_committed(&b), 500, "all offsets are committed");
	drain_process_close(&b);
}

static bool is_waiting(struct drain_process *x)
{
	return drain_process_said(x, "waiting for collector") > 0;
}

static void a_collector_may_be_away(void)
{
	struct why why;

	drain_process_open(&b, 4);
	stub_collector_down(b.rig.stub);
	drain_process_produce(&b, 500, 10);
	ok(drain_process_start(&b, NULL), "it serves with the collector away");
	ok(drain_process_until(&b, is_waiting), "it says that it waits");
	wait_ms(b.loop, 1500);
	is_int(drain_process_said(&b, "waiting for collector"), 1, "once");
	is_int(drain_process_said(&b, "retrying offset"), 1, "and for which offset");
	is_int(drain_process_get(&b, "/health/ready"), 503, "it is not ready");
	is_int(drain_process_get(&b, "/health/live"), 200, "but alive");
	drain_process_ledger(&b);
	is_int(b.records.delivered, 0, "nothing is delivered");
	ok(b.records.in_flight > 0, "records are in flight");
	is_int(drain_process_committed(&b), 0, "nothing is committed");
	is_int(stub_collector_up(b.rig.stub, &why), 0, "the collector comes back");
	ok(drain_process_until(&b, drain_process_all_done), "all is done");
	is_int(drain_process_missing(&b), 0, "nothing is missing");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	is_int(drain_process_said(&b, "sending again"), 1, "it says that it sends again");
	is_int(drain_process_get(&b, "/health/ready"), 200, "it is ready");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 500, "all offsets are committed");
	drain_process_close(&b);
}

static void a_stop_commits_what_is_done_and_leaves_the_rest(void)
{
	drain_process_open(&b, 1);
	stub_collector_down(b.rig.stub);
	drain_process_produce(&b, 300, 2);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, is_waiting), "the collector is away");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0 all the same");
	is_int(drain_process_committed(&b), 0, "nothing is committed");
	drain_process_close(&b);
}

static bool has_lost(struct drain_process *x)
{
	return drain_process_said(x, "were lost") > 0;
}

static bool has_hundred_in_flight(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.in_flight == 100;
}

/* Kafka is away from before the delivery, so that nothing can be committed, and longer than a session
 * lasts. */
static void what_was_delivered_while_kafka_was_away_is_not_sent_again(void)
{
	drain_process_open(&b, 4);
	ok(drain_process_start(&b, "--kafka.property=session.timeout.ms=3500", NULL), "it serves");
	drain_process_produce(&b, 100, 3);
	ok(drain_process_until(&b, drain_process_all_done), "100 records are done");
	wait_ms(b.loop, 1500); /* the group must have stored an offset of each partition */
	stub_collector_hang(b.rig.stub, true);
	drain_process_produce(&b, 100, 3);
	ok(drain_process_until(&b, has_hundred_in_flight), "100 more are in flight");
	kafka_mock_down(b.rig.kafka);
	stub_collector_hang(b.rig.stub, false);
	ok(drain_process_until(&b, drain_process_all_seen), "and delivered with Kafka away");
	ok(drain_process_until(&b, has_lost), "the partitions are lost");
	kafka_mock_up(b.rig.kafka);
	drain_process_produce(&b, 100, 3);
	ok(drain_process_until(&b, drain_process_all_seen), "100 more are delivered");
	ok(drain_process_until(&b, drain_process_none_in_flight), "all are done");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 300, "all offsets are committed");
	drain_process_close(&b);
}

static bool a_member_has_joined(struct drain_process *x)
{
	return kafka_mock_sync_failures_left(x->rig.kafka) < SYNC_FAILURES;
}

/* librdkafka before 2.3.0 aborts when it destroys such a client. */
static void a_stop_before_the_first_assignment_is_a_stop(void)
{
	drain_process_open(&b, 1);
	kafka_mock_fail_sync(b.rig.kafka, REBALANCE_IN_PROGRESS, SYNC_FAILURES);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, a_member_has_joined), "it joins a group that assigns nothing");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_said(&b, "Assertion"), 0, "and nothing was asserted");
	drain_process_close(&b);
}

int main(void)
{
	a_stop_before_the_first_assignment_is_a_stop();
	all_records_are_delivered_and_committed(1);
	all_records_are_delivered_and_committed(16);
	the_first_offsets_are_asked_for_once();
	id_and_mark_of_a_record_are_handed_on();
	what_comes_later_is_delivered_too();
	a_collector_may_be_away();
	a_stop_commits_what_is_done_and_leaves_the_rest();
	what_was_delivered_while_kafka_was_away_is_not_sent_again();
	return tap_done();
}
