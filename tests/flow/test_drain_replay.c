/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_replay.c — --from, --until, --exit-at-end and --dry-run: what is read, what is sent, whose
 * offsets move, and how it ends. */
#include <stdio.h>

#include "drain_process.h"
#include "must.h"
#include "wait.h"
#include "tap_together.h"

static struct drain_process b;

static bool has_ended(struct drain_process *x)
{
	return !child_running(x->drain);
}

/* The status with which the drain that was started ends by itself; -1: it does not. */
static int end_status(void)
{
	return drain_process_until(&b, has_ended) ? child_status(b.drain) : -1;
}

/* 100 records, delivered and committed by a live drain that has stopped. */
static void open_with_hundred_delivered(int partitions)
{
	drain_process_open(&b, partitions);
	drain_process_produce(&b, 100, 3);
	if (!drain_process_start(&b, NULL) || !drain_process_until(&b, drain_process_all_done) ||
	        drain_process_stop(&b) != 0)
		bail_out("the live drain does not deliver");
	is_int(drain_process_committed(&b), 100, "a live drain has delivered 100 records");
}

static void a_replay_sends_everything_again_and_moves_no_offset(void)
{
	open_with_hundred_delivered(4);
	drain_process_produce(&b, 50, 3);
	(void)drain_process_start(&b, "--from=beginning", "--exit-at-end", NULL);
	is_int(end_status(), 0, "a replay from the beginning ends by itself, with 0");
	is_int(drain_process_missing(&b), 0, "every record was delivered");
	is_int(drain_process_duplicates(&b), 100, "those that had been delivered before, again");
	is_int(drain_process_committed(&b), 100, "the live drain's offsets have not moved");
	is_int(drain_process_said(&b, "no offset of group tracing-app moves"), 1, "a line says so");
	is_int(drain_process_said(&b, ": 150 records read, 150 delivered with "), 1, "and what was done");
	drain_process_close(&b);
}

static void a_group_in_a_file_is_the_live_drains(void)
{
	char path[300], option[320];
	FILE *f;

	open_with_hundred_delivered(1);
	snprintf(path, sizeof(path), "%s/drain.yaml", b.rig.directory);
	snprintf(option, sizeof(option), "--config-file=%s", path);
	f = fopen(path, "w");
	if (f == NULL || fputs("kafka.consumer.group-id: tracing-app\n", f) < 0 || fclose(f) != 0)
		bail_out("no file");
	(void)drain_process_start(&b, option, "--from=0:90", "--exit-at-end", NULL);
	is_int(end_status(), 0, "a replay with the live drain's file");
	is_int(drain_process_duplicates(&b), 10, "reads what it was told");
	is_int(drain_process_committed(&b), 100, "and moves no offset");
	drain_process_close(&b);
}

static void a_group_on_the_command_line_is_taken(void)
{
	open_with_hundred_delivered(1);
	(void)drain_process_start(&b, "--from=0:10", "--until=0:40", "--kafka.consumer.group-id=tracing-app", NULL);
	is_int(end_status(), 0, "a replay in a group that was named");
	is_int(drain_process_duplicates(&b), 30, "reads what it was told");
	is_int(drain_process_said(&b, "the offsets of that group move"), 1, "a line says whose offsets move");
	is_int(drain_process_committed(&b), 40, "and they do");
	drain_process_close(&b);
}

static void a_partition_that_is_not_named_is_not_read(void)
{
	open_with_hundred_delivered(4);
	(void)drain_process_start(&b, "--from=1:0,2:3", "--until=1:5,2:7", NULL);
	is_int(end_status(), 0, "two ranges of two partitions of four");
	is_int(drain_process_duplicates(&b), 9, "are read, and nothing else");
	drain_process_close(&b);
}

static void a_live_drain_may_have_an_end(void)
{
	open_with_hundred_delivered(4);
	drain_process_produce(&b, 60, 3);
	(void)drain_process_start(&b, "--exit-at-end", NULL);
	is_int(end_status(), 0, "a drain from what is stored to the end ends by itself");
	is_int(drain_process_missing(&b), 0, "the rest is delivered");
	is_int(drain_process_duplicates(&b), 0, "once");
	is_int(drain_process_committed(&b), 160, "and committed");
	(void)drain_process_start(&b, "--exit-at-end", NULL);
	is_int(end_status(), 0, "with nothing to do it ends at once");
	is_int(drain_process_duplicates(&b), 0, "and sends nothing");
	drain_process_close(&b);
}

static void up_to_what_a_live_drain_has_delivered(void)
{
	open_with_hundred_delivered(1);
	drain_process_produce(&b, 60, 3);
	(void)drain_process_start(&b, "--from=beginning", "--until=stored", NULL);
	is_int(end_status(), 0, "a replay of what the live drain has delivered");
	is_int(drain_process_duplicates(&b), 100, "sends that again");
	is_int(drain_process_missing(&b), 60, "and not what that drain has still to do");
	drain_process_close(&b);
}

static bool has_hundred_in_flight(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.in_flight == 100;
}

static void the_end_is_that_of_the_start(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 100, 3);
	stub_collector_hang(b.rig.stub, true);
	ok(drain_process_start(&b, "--from=beginning", "--exit-at-end", NULL), "it serves");
	ok(drain_process_until(&b, has_hundred_in_flight), "100 records are in flight");
	drain_process_produce(&b, 50, 3);
	stub_collector_hang(b.rig.stub, false);
	is_int(end_status(), 0, "it ends although more have come");
	is_int(drain_process_missing(&b), 50, "which it has not read");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	drain_process_close(&b);
}

static bool has_delivered_forty(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.delivered >= 40;
}

static bool has_lost(struct drain_process *x)
{
	return drain_process_said(x, "were lost") > 0;
}

/* Its group has stored nothing, so only the drain itself knows how far it is. */
static void a_replay_whose_partition_is_lost_goes_on_where_it_was(void)
{
	uint32_t twice = 0;

	drain_process_open(&b, 1);
	drain_process_produce(&b, 400, 1); /* more than leave while its session lasts */
	ok(drain_process_start(&b, "--from=beginning", "--exit-at-end", "--drain.max-spans-per-second=25",
	           "--collector.max-batch-spans=1", "--collector.confirm=off",
	           "--kafka.property=session.timeout.ms=3500", NULL),
	        "it serves");
	ok(drain_process_until(&b, has_delivered_forty), "some are delivered");
	kafka_mock_down(b.rig.kafka);
	ok(drain_process_until(&b, has_lost), "its partition is lost, the broker being away");
	kafka_mock_up(b.rig.kafka);
	is_int(end_status(), 0, "it ends all the same");
	is_int(drain_process_missing(&b), 0, "with every record delivered");
	for (uint32_t i = 1; i <= 30; i++)
		twice += b.seen[i] > 1;
	is_int(twice, 0, "and what was done before was not sent again");
	drain_process_close(&b);
}

static void an_early_end_of_a_replay_is_a_failure(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 10, 3);
	stub_collector_down(b.rig.stub);
	ok(drain_process_start(&b, "--from=beginning", "--exit-at-end", NULL), "it serves");
	is_int(drain_process_stop(&b), 1, "SIGTERM before the end: exit status 1");
	is_int(drain_process_said(&b, "before all records up to --until were done"), 1, "with a line");
	drain_process_close(&b);
}

static void a_dry_run_counts_and_does_nothing(void)
{
	open_with_hundred_delivered(4);
	drain_process_produce(&b, 50, 3);
	drain_process_produce_raw(&b, slice_text("no batch"), slice_of(NULL, 0), NULL, 0);
	drain_process_produce_raw(&b, slice_of(NULL, 0), slice_of(NULL, 0), NULL, 0);
	(void)drain_process_start(&b, "--dry-run", "--json", NULL);
	is_int(end_status(), 0, "a dry run ends by itself");
	is_int(drain_process_said(&b, "store"), 0, "it says nothing of a collector, which gets nothing");
	is_int(drain_process_missing(&b), 50, "and has sent nothing");
	is_int(drain_process_duplicates(&b), 0, "at all");
	is_int(drain_process_committed(&b), 100, "it has committed nothing");
	is_int(drain_process_said(&b, "{\"records\":52,\"spans\":150,"), 1,
	        "it has counted what the live drain has yet to do");
	is_int(drain_process_said(&b, "{\"service\":\"svc\",\"records\":50,\"spans\":150}"), 1, "by service");
	is_int(drain_process_said(&b, "\"no_batch\":{\"records\":1,"), 1, "one is no batch");
	is_int(drain_process_said(&b, "\"empty\":{\"records\":1,"), 1, "one is empty");
	is_int(drain_process_said(&b, "\"times\":[{\"from\":\"20"), 1, "and by time");
	(void)drain_process_start(&b, "--dry-run", "--from=beginning", NULL);
	is_int(end_status(), 0, "one from the beginning");
	ok(drain_process_said(&b, "ALL ") == 1 && drain_process_said(&b, "svc ") == 1, "prints a table");
	is_int(drain_process_committed(&b), 100, "and has committed nothing either");
	drain_process_close(&b);
}

static void what_makes_no_sense_is_refused(void)
{
	static const struct {
		const char *a, *b, *said;
	} rows[] = {
		{ "--from=end", "--exit-at-end", "--from=end reads only records to come" },
		{ "--from=end", "--dry-run", "--from=end reads only records to come" },
		{ "--until=beginning", "--log-level=info", "nothing is before the beginning" },
		{ "--from=soon", "--exit-at-end", "--from: \"soon\" is not beginning, end" },
		{ "--json", "--from=beginning", "--json prints what --dry-run counted" },
	};

	drain_process_open(&b, 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int before = drain_process_said(&b, rows[i].said);

		ok(!drain_process_start(&b, rows[i].a, rows[i].b, NULL), "%s %s", rows[i].a, rows[i].b);
		is_int(end_status(), 2, "is refused");
		is_int(drain_process_said(&b, rows[i].said), before + 1, "with the reason");
	}
	drain_process_close(&b);
}

int main(void)
{
	struct tap_case cases[] = {
		TAP_CASE(a_replay_sends_everything_again_and_moves_no_offset),
		TAP_CASE(a_group_in_a_file_is_the_live_drains),
		TAP_CASE(a_group_on_the_command_line_is_taken),
		TAP_CASE(a_partition_that_is_not_named_is_not_read),
		TAP_CASE(a_live_drain_may_have_an_end),
		TAP_CASE(up_to_what_a_live_drain_has_delivered),
		TAP_CASE(the_end_is_that_of_the_start),
		TAP_CASE(a_replay_whose_partition_is_lost_goes_on_where_it_was),
		TAP_CASE(an_early_end_of_a_replay_is_a_failure),
		TAP_CASE(a_dry_run_counts_and_does_nothing),
		TAP_CASE(what_makes_no_sense_is_refused),
	};

	tap_together(cases, ARRAY_LEN(cases));
	return tap_done();
}
