/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_fault.c — collectors that answer badly, drains that are killed, partitions that move. */
#include <signal.h>
#include <stdio.h>

#include "drain_process.h"
#include "testkit/ports.h"
#include "tap.h"
#include "wait.h"

static struct drain_process b;

static void a_collector_that_fails_is_tried_until_it_works(void)
{
	static const int statuses[] = { 500, 502, 503, 504, 429, 408 };

	drain_process_open(&b, 4);
	drain_process_produce(&b, 200, 5);
	stub_collector_script(b.rig.stub, 500, 8, -1);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_seen), "8 times 500, then everything arrives");
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		stub_collector_script(b.rig.stub, statuses[i], 4, -1);
		drain_process_produce(&b, 50, 5);
		ok(drain_process_until(&b, drain_process_all_seen), "4 times %d, then everything arrives", statuses[i]);
	}
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_duplicates(&b), 0, "nothing came twice");
	is_int(b.records.quarantined, 0, "nothing went to quarantine");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 500, "all offsets are committed");
	drain_process_close(&b);
}

static bool has_been_told(struct drain_process *x)
{
	return stub_collector_counts(x->rig.stub)->scripted > 0;
}

static bool is_waiting(struct drain_process *x)
{
	static const char name[] = "\nspanspool_drain_waiting_records ";
	const char *at;

	if (drain_process_get(x, "/metrics") != 200)
		return false;
	at = strstr(buf_cstr(&x->page), name);
	return at != NULL && at[sizeof(name) - 1] != '0';
}

static void a_collector_gets_the_patience_it_asks_for(void)
{
	uint64_t told;

	drain_process_open(&b, 1);
	drain_process_produce(&b, 1, 5);
	stub_collector_script(b.rig.stub, 429, 1, 2);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, has_been_told), "429, come again in 2 s");
	told = clock_mono_us();
	ok(drain_process_until(&b, drain_process_all_seen), "it comes again");
	/* The answer came a little before it was seen here. */
	ok(clock_mono_us() - told > 1900 * US_PER_MS, "and not earlier");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

static bool is_away(struct drain_process *x)
{
	return drain_process_said(x, "waiting for collector") > 0;
}

/* A drain in which the exporter's call "there is room" is lost each time. */
static void records_that_wait_go_on_whether_or_not_they_are_called(void)
{
	struct why why;

	drain_process_open(&b, 2);
	b.program = "tests/flow/deaf_drain";
	drain_process_produce(&b, 1, 5);
	stub_collector_down(b.rig.stub);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, is_away), "it says that the collector is away");
	drain_process_produce(&b, 300, 5);
	ok(drain_process_until(&b, is_waiting), "records wait for room");
	ok(stub_collector_up(b.rig.stub, &why) == 0, "the collector is back");
	ok(drain_process_until(&b, drain_process_all_seen), "everything arrives");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

static bool is_held(struct drain_process *x)
{
	return drain_process_said(x, "held until an operator mends it") > 0;
}

static void a_misconfiguration_empties_nothing_into_quarantine(int status)
{
	drain_process_open(&b, 4);
	drain_process_produce(&b, 400, 2);
	stub_collector_script(b.rig.stub, status, STUB_FOR_EVER, -1);
	ok(drain_process_start(&b, NULL), "%d for ever: it serves", status);
	ok(drain_process_until(&b, is_held), "it says that an operator must look");
	wait_ms(b.loop, 1500);
	drain_process_ledger(&b);
	is_int(b.records.quarantined, 0, "nothing went to quarantine");
	is_int(drain_process_get(&b, "/health/ready"), 503, "it is not ready");
	is_int(drain_process_committed(&b), 0, "nothing is committed");
	stub_collector_script(b.rig.stub, status, 0, -1);
	ok(drain_process_until(&b, drain_process_all_done), "mended, it goes on by itself");
	is_int(drain_process_missing(&b), 0, "nothing is missing");
	is_int(b.records.delivered, 400, "all is delivered");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

static bool has_new_answers(struct drain_process *x)
{
	static uint64_t before;
	uint64_t now = stub_collector_counts(x->rig.stub)->taken;

	if (now < before + 60)
		return false;
	before = now;
	return true;
}

/* The collector takes and answers late: each kill falls between POST and answer, answer and commit. */
static void a_killed_drain_loses_nothing(void)
{
	uint32_t duplicates;

	drain_process_open(&b, 4);
	drain_process_produce(&b, 3000, 3);
	stub_collector_delay(b.rig.stub, 20);
	for (int i = 0; i < 5; i++) {
		if (!drain_process_start(
		            &b, "--kafka.property=session.timeout.ms=3500", "--collector.max-batch-spans=3", NULL) ||
		        !drain_process_until(&b, has_new_answers))
			ok(0, "it starts and delivers after kill %d", i);
		drain_process_kill(&b);
	}
	stub_collector_delay(b.rig.stub, 0);
	duplicates = drain_process_duplicates(&b);
	ok(drain_process_start(&b, "--kafka.property=session.timeout.ms=3500", NULL), "started a last time");
	ok(drain_process_until(&b, drain_process_all_seen), "nothing is missing after five kills");
	ok(drain_process_until(&b, drain_process_none_in_flight), "all is done");
	diag("%u records came twice, %u of them before the last start", drain_process_duplicates(&b), duplicates);
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 3000, "all offsets are committed");
	drain_process_close(&b);
}

static void an_answer_that_is_lost_costs_a_duplicate_at_most(void)
{
	drain_process_open(&b, 4);
	drain_process_produce(&b, 300, 3);
	stub_collector_swallow(b.rig.stub, 4);
	ok(drain_process_start(&b, "--collector.max-batch-spans=3", NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_missing(&b), 0, "nothing is missing");
	is_int(drain_process_duplicates(&b), 4, "the four that got no answer came twice");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

static bool has_some_in_flight(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.in_flight >= 64;
}

static void a_frozen_collector_does_not_keep_a_stop_waiting(void)
{
	drain_process_open(&b, 4);
	drain_process_produce(&b, 200, 3);
	stub_collector_hang(b.rig.stub, true);
	ok(drain_process_start(&b, "--shutdown.timeout=500ms", NULL), "it serves");
	ok(drain_process_until(&b, has_some_in_flight), "requests hang");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	is_int(drain_process_committed(&b), 0, "nothing is committed that was not answered");
	drain_process_close(&b);
}

static bool is_stopping(struct drain_process *x)
{
	return drain_process_said(x, "drain: stopping") > 0;
}

static bool has_told_the_second(struct drain_process *x)
{
	return drain_process_said(x, "SIGTERM again, the stop is under way") > 0;
}

static void a_second_sigterm_changes_nothing_and_a_second_sigint_ends_it_at_once(void)
{
	drain_process_open(&b, 4);
	drain_process_produce(&b, 200, 3);
	stub_collector_hang(b.rig.stub, true);
	ok(drain_process_start(&b, "--shutdown.timeout=10m", NULL), "it serves");
	ok(drain_process_until(&b, has_some_in_flight), "requests hang");
	child_signal(b.drain, SIGTERM);
	ok(drain_process_until(&b, is_stopping), "it is stopping, and has ten minutes for it");
	child_signal(b.drain, SIGTERM);
	ok(drain_process_until(&b, has_told_the_second), "a second SIGTERM is told");
	child_signal(b.drain, SIGINT);
	is_int(child_wait(b.drain, 20000), 0, "SIGINT ends it");
	is_int(child_status(b.drain), 1, "with exit status 1");
	drain_process_close(&b);
}

static bool has_reloaded(struct drain_process *x)
{
	return drain_process_said(x, "drain: reload: the options were read again, none has changed") > 0;
}

static void sighup_reloads_and_one_sigint_stops_it(void)
{
	drain_process_open(&b, 4);
	drain_process_produce(&b, 200, 3);
	ok(drain_process_start(&b, NULL), "it serves");
	child_signal(b.drain, SIGHUP);
	ok(drain_process_until(&b, has_reloaded), "SIGHUP has the options read again");
	ok(drain_process_until(&b, drain_process_all_seen), "and it delivers on");
	child_signal(b.drain, SIGINT);
	is_int(child_wait(b.drain, 20000), 0, "SIGINT ends it");
	is_int(child_status(b.drain), 0, "with exit status 0");
	drain_process_close(&b);
}

static struct child *first;
static uint16_t first_admin;

static bool is_shared(struct drain_process *x)
{
	return drain_process_said(x, "were revoked") > 0;
}

static void swap(void)
{
	struct child *c = b.drain;
	uint16_t admin = b.admin;

	b.drain = first;
	b.admin = first_admin;
	first = c;
	first_admin = admin;
}

/* A second member takes over half of the partitions in the middle of a delivery. */
static void partitions_move_without_loss(void)
{
	drain_process_open(&b, 16);
	drain_process_produce(&b, 500, 3);
	ok(drain_process_start(&b, NULL), "the first serves");
	ok(drain_process_until(&b, drain_process_all_seen), "and delivers");
	stub_collector_delay(b.rig.stub, 5);
	first = NULL;
	swap();
	if (ports_free(PORTS_TCP, &b.admin) < 0)
		ok(0, "a second port");
	ok(drain_process_start(&b, NULL), "the second serves");
	drain_process_produce(&b, 2000, 3);
	for (int i = 0; i < 1000 && !is_shared(&b); i++) {
		drain_process_produce(&b, 10, 3);
		wait_ms(b.loop, 20);
	}
	ok(is_shared(&b), "partitions move while records flow");
	ok(drain_process_until(&b, drain_process_all_seen), "nothing is missing");
	ok(drain_process_until(&b, drain_process_none_in_flight), "the second is done");
	is_int(drain_process_stop(&b), 0, "the second stops");
	swap();
	drain_process_produce(&b, 200, 3);
	ok(drain_process_until(&b, drain_process_all_seen), "the first takes its partitions back");
	ok(drain_process_until(&b, drain_process_none_in_flight), "the first is done");
	is_int(drain_process_stop(&b), 0, "and stops");
	is_int(drain_process_committed(&b), b.produced, "all offsets are committed");
	/* What was answered since the last commit comes again, and how much that is depends on the speed of
	 * this machine: a figure, no promise. */
	diag("%u of %u records came twice", drain_process_duplicates(&b), b.produced);
	child_free(first);
	drain_process_close(&b);
}

/* The mock cluster keeps 5 MB of a partition, as the producer has compressed them: noise stays as large. */
static void fill_beyond_what_kafka_keeps(void)
{
	static uint8_t noise[90000];

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)rand();
	for (int i = 0; i < 80; i++)
		drain_process_produce_raw(&b, slice_of(noise, sizeof(noise)), slice_of(NULL, 0), NULL, 0);
}

static bool has_ended(struct drain_process *x)
{
	return !child_running(x->drain);
}

static bool has_eighty_lost_or_kept(struct drain_process *x)
{
	drain_process_ledger(x);
	return x->records.lost_to_retention > 0 && x->records.quarantined + x->records.lost_to_retention == 80;
}

static void records_that_kafka_has_deleted_are_told(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 10, 3);
	ok(drain_process_start(&b, NULL) && drain_process_until(&b, drain_process_all_done),
	        "ten records are delivered");
	is_int(drain_process_stop(&b), 0, "and committed");
	fill_beyond_what_kafka_keeps();
	(void)drain_process_start(&b, "--drain.on-retention-loss=stop", NULL);
	ok(drain_process_until(&b, has_ended), "some are gone: with stop it ends");
	is_int(child_status(b.drain), 1, "with exit status 1");
	is_int(drain_process_committed(&b), 10, "and commits nothing behind the gap");
	ok(drain_process_start(&b, NULL), "with continue");
	ok(drain_process_until(&b, has_eighty_lost_or_kept), "they are counted, and the rest goes its way");
	ok(drain_process_get(&b, "/health/ready") == 200 &&
	                strstr(buf_cstr(&b.page), "were gone before they were read") != NULL,
	        "health says so: %s", buf_cstr(&b.page));
	is_int(drain_process_stop(&b), 0, "it stops");
	is_int(drain_process_committed(&b), 90, "all offsets are committed");
	drain_process_close(&b);
}

int main(void)
{
	a_collector_that_fails_is_tried_until_it_works();
	records_that_wait_go_on_whether_or_not_they_are_called();
	a_collector_gets_the_patience_it_asks_for();
	a_misconfiguration_empties_nothing_into_quarantine(401);
	a_misconfiguration_empties_nothing_into_quarantine(404);
	a_misconfiguration_empties_nothing_into_quarantine(400);
	a_killed_drain_loses_nothing();
	an_answer_that_is_lost_costs_a_duplicate_at_most();
	a_frozen_collector_does_not_keep_a_stop_waiting();
	a_second_sigterm_changes_nothing_and_a_second_sigint_ends_it_at_once();
	sighup_reloads_and_one_sigint_stops_it();
	partitions_move_without_loss();
	records_that_kafka_has_deleted_are_told();
	return tap_done();
}
