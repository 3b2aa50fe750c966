/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_consumer.c — one member reads: everything, from the right place, with pauses and gaps. */
#include "kafka_group_fix.h"
#include "tap_together.h"

static bool a_is_at_all_ends(void *arg)
{
	struct group *g = arg;

	return g->a.ends >= PARTITIONS;
}

static bool a_has_no_lag(void *arg)
{
	struct group *g = arg;

	for (int32_t p = 0; p < PARTITIONS; p++)
		if (kafka_consumer_lag(g->a.c, p) != 0)
			return false;
	return true;
}

static void a_member_reads_everything_once(void)
{
	struct group *g = group_start();

	group_produce(g, 250);
	member_join(g, &g->a);
	is_int(kafka_consumer_lag(g->a.c, 0), -1, "the lag is unknown before there is an assignment");
	ok(wait_until(g->loop, a_is_at_all_ends, g, SECONDS), "it comes to the end of each partition");
	ok(group_saw_all(g) && group_saw_twice(g) == 0, "after every record, once");
	is_int(g->a.stored[0], KAFKA_OFFSET_BEGINNING, "it began at the beginning: nothing was stored");
	is_int(g->a.end_at[0], 250, "the end is where the next record will be");
	is_int(g->a.headers, 1000, "headers can be read");
	ok(wait_until(g->loop, a_has_no_lag, g, SECONDS), "there is no lag");
	g->a.keeps = true;
	group_produce_sized(g, 5, 0);
	g->want = 1020;
	ok(wait_until(g->loop, group_a_has_records, g, SECONDS), "later records come too");
	is_int(g->a.null_values, 20, "a null value is a null slice");
	is_int(kafka_consumer_lag(g->a.c, 0), 5, "the lag counts what is not stored");
	group_stop(g);
}

static bool b_has_records(void *arg)
{
	struct group *g = arg;

	return g->b.records >= g->want;
}

static void the_next_member_begins_at_what_was_stored(void)
{
	struct group *g = group_start();
	bool right = true;

	group_produce(g, 100);
	g->a.keeps = true;
	member_join(g, &g->a);
	g->want = 400;
	ok(wait_until(g->loop, group_a_has_records, g, SECONDS), "the first member reads all");
	for (int32_t p = 0; p < 3; p++)
		kafka_consumer_store(g->a.c, p, g->a.generation[p], 10 * (p + 1));
	ok(member_leave(&g->a), "it stores some, and leaves at once");
	is_int(g->a.revoked, PARTITIONS, "it was told that its partitions go");
	is_int(g->a.lost, 0, "but not as lost");
	is_int(group_committed(g, 1), 20, "what it stored is committed");
	is_int(group_committed(g, 3), 0, "where it stored nothing, the offset at which it began");
	member_join(g, &g->b);
	g->want = 400 - 60;
	ok(wait_until(g->loop, group_b_has_all, g, SECONDS), "the next member");
	is_int(g->b.stored[2], 30, "is told what was stored");
	ok(wait_until(g->loop, b_has_records, g, SECONDS), "and reads the rest");
	wait_ms(g->loop, 300);
	is_int(g->b.records, 340, "and no more");
	for (int p = 0; p < PARTITIONS; p++)
		right = right && g->b.first[p] == (p < 3 ? 10 * (p + 1) : 0);
	ok(right, "from there on");
	group_stop(g);
}

static bool zero_is_committed(void *arg)
{
	return group_committed(arg, 0) == 7;
}

static void what_is_stored_is_committed_while_it_runs(void)
{
	struct group *g = group_start();

	group_produce(g, 10);
	g->a.keeps = true;
	member_join(g, &g->a);
	g->want = 40;
	wait_until(g->loop, group_a_has_records, g, SECONDS);
	kafka_consumer_store(g->a.c, 0, g->a.generation[0], 7);
	ok(wait_until(g->loop, zero_is_committed, g, SECONDS), "within a second or so");
	group_stop(g);
}

static void a_pause_holds_and_the_member_stays(void)
{
	struct group *g = group_start();

	group_produce(g, 100);
	g->a.pause_after = 10;
	member_join(g, &g->a);
	g->want = 10;
	wait_until(g->loop, group_a_has_records, g, SECONDS);
	wait_ms(g->loop, 6000); /* longer than max.poll.interval.ms */
	is_int(g->a.records, 10, "not one more record while paused");
	is_int(g->a.revoked, 0, "its partitions are its own, beyond the poll interval");
	kafka_consumer_resume(g->a.c);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "then the rest comes");
	is_int(group_saw_twice(g), 0, "each once");
	group_stop(g);
}

static const struct kafka_property earliest = { "auto.offset.reset", "earliest", false },
                                   latest = { "auto.offset.reset", "latest", false };

static bool saw_gap(void *arg)
{
	const struct group *g = arg;

	for (int p = 0; p < PARTITIONS; p++)
		if (g->a.gap_to[p] == 0)
			return false;
	return true;
}

static void what_the_broker_threw_away_is_told(const struct kafka_property *reset)
{
	struct group *g = group_start();

	group_produce(g, 10);
	g->a.keeps = true;
	member_join(g, &g->a);
	g->want = 40;
	wait_until(g->loop, group_a_has_records, g, SECONDS);
	kafka_consumer_store(g->a.c, 2, g->a.generation[2], 4);
	member_leave(&g->a);
	group_produce_sized(g, 120, 90000); /* the mock keeps 5 MB of a partition */
	memset(&g->a, 0, sizeof(g->a));
	member_join_with(g, &g->a, reset);
	ok(wait_until(g->loop, saw_gap, g, SECONDS), "%s=%s: records between the stored offset and the oldest are gone",
	        reset->name, reset->value);
	is_int(g->a.gap_from[2], 4, "from the stored offset on");
	is_int(g->a.gap_from[1], 0, "or from where the member began that stored none");
	is_int(g->a.gap_to[2], g->a.first[2], "up to the first that came");
	ok(g->a.gap_to[2] > 10, "which is a later one: %" PRId64, g->a.gap_to[2]);
	group_stop(g);
}

static void an_owner_may_begin_elsewhere(void)
{
	struct group *g = group_start();

	group_produce(g, 100);
	g->a.begin = 60;
	member_join(g, &g->a);
	ok(wait_until(g->loop, a_is_at_all_ends, g, SECONDS), "a member that begins at 60");
	is_int(g->a.records, 160, "reads 40 of each partition");
	member_leave(&g->a);
	memset(&g->a, 0, sizeof(g->a));
	g->a.begin = KAFKA_OFFSET_BEGINNING;
	member_join(g, &g->a);
	ok(wait_until(g->loop, a_is_at_all_ends, g, SECONDS), "one that begins at the beginning");
	is_int(g->a.stored[0], 100, "although 100 is stored");
	is_int(g->a.records, 400, "reads all");
	for (int p = 0; p < PARTITIONS; p++)
		is_int(g->a.gap_to[p], 0, "and misses nothing");
	group_stop(g);
}

static void a_broker_that_goes_and_comes_is_read_on(void)
{
	struct group *g = group_start();

	group_produce(g, 50);
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	mockproc_say(&g->broker, "down");
	wait_ms(g->loop, 500);
	mockproc_say(&g->broker, "up");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "everything is read");
	is_int(group_saw_twice(g), 0, "once");
	group_stop(g);
}

static void a_new_group_may_begin_at_the_end(void)
{
	struct group *g = group_start();

	group_produce(g, 10);
	member_join_with(g, &g->a, &latest);
	ok(wait_until(g->loop, a_is_at_all_ends, g, SECONDS), "it comes to the end");
	is_int(g->a.stored[0], KAFKA_OFFSET_END, "where the property told it to begin");
	is_int(g->a.records, 0, "and has read nothing");
	group_stop(g);
}

/* librdkafka 2.0 fetches no more for a second when its queue was full, so that 60 fetches, each of which fills
 * it, would take a minute. */
static void a_full_queue_is_refilled_as_soon_as_it_is_emptied(void)
{
	struct group *g = group_start();

	for (int i = 0; i < 60; i++) /* a fetch brings at least a whole batch */
		group_produce_sized(g, 4, 4000);
	g->a.queue_bytes = 64 << 10;
	member_join(g, &g->a);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "60 times what the queue holds is read");
	is_int(group_saw_twice(g), 0, "and nothing twice");
	group_stop(g);
}

static void what_would_break_the_promise_is_refused(void)
{
	static const struct kafka_property wrong[] = { { "enable.auto.commit", "true", false },
		{ "auto.offset.reset", "error", false }, { "session.timeout.ms", "long", false },
		{ "no.such.thing", "1", false } };
	struct kafka_consumer_events events = { .arg = NULL };
	struct kafka_consumer *c;
	struct loop *loop;
	struct why why;

	if (loop_open(&loop, &why) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct kafka_consumer_opts opts = {
			.brokers = "127.0.0.1:1", .topic = "t", .group = "g", .properties = &wrong[i], .nproperties = 1
		};

		ok(kafka_consumer_open(&c, loop, &opts, &events, &why) == E_USAGE &&
		                strstr(why.text, wrong[i].name) != NULL,
		        "%s", why.text);
	}
	loop_free(loop);
}

static void what_the_broker_threw_away_is_told_with_earliest(void)
{
	what_the_broker_threw_away_is_told(&earliest);
}

static void what_the_broker_threw_away_is_told_with_latest(void)
{
	what_the_broker_threw_away_is_told(&latest);
}

int main(void)
{
	struct tap_case cases[] = {
		TAP_CASE(a_member_reads_everything_once),
		TAP_CASE(the_next_member_begins_at_what_was_stored),
		TAP_CASE(what_is_stored_is_committed_while_it_runs),
		TAP_CASE(a_pause_holds_and_the_member_stays),
		TAP_CASE(what_the_broker_threw_away_is_told_with_earliest),
		TAP_CASE(what_the_broker_threw_away_is_told_with_latest),
		TAP_CASE(an_owner_may_begin_elsewhere),
		TAP_CASE(a_broker_that_goes_and_comes_is_read_on),
		TAP_CASE(a_new_group_may_begin_at_the_end),
	};

	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	tap_together(cases, ARRAY_LEN(cases));
	a_full_queue_is_refilled_as_soon_as_it_is_emptied();
	what_would_break_the_promise_is_refused();
	return tap_done();
}
