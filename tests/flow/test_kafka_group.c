/* SPDX-License-Identifier: Apache-2.0 */
/* test_kafka_group.c — members come, go and die; nothing is lost, and nothing comes twice that need
 * not. */
#include "kafka_group_fix.h"
#include "tap_together.h"

/* The group has an offset of each of A's partitions, as A's commits were answered. */
static bool a_has_begun(void *arg)
{
	struct group *g = arg;

	for (int p = 0; p < PARTITIONS; p++)
		if (p >= g->a.c->nparts || g->a.c->parts[p].committed < 0)
			return false;
	return true;
}

/* A has all and has committed where it began, then B joins; records come all the time. Now and then the mock calls its group complete
 * before B is in; then it refuses what A commits as it gives, as no real broker does, and B cannot
 * begin there. Once more, then. */
static struct group *start_shared(int64_t store_at_revoke)
{
	struct group *g;

	for (int tries = 0;; tries++) {
		g = group_start();
		g->a.store_at_revoke = store_at_revoke;
		g->a.keeps = g->b.keeps = store_at_revoke != 0;
		group_produce(g, 50);
		member_join(g, &g->a);
		wait_until(g->loop, a_has_begun, g, SECONDS);
		memcpy(g->a.began_as, g->a.generation, sizeof(g->a.began_as));
		member_join(g, &g->b);
		for (int i = 0; i < 400 && !group_is_shared(g); i++) {
			group_produce(g, 1);
			wait_ms(g->loop, 20);
		}
		if (g->a.c->refused_commits == 0 || tries == 4)
			return g;
		group_stop(g);
	}
}

static void members_share_and_nothing_is_lost_or_twice(void)
{
	struct group *g = start_shared(0);

	ok(group_is_shared(g), "two members have two partitions each");
	ok(g->a.revoked == 2 && g->a.lost == 0, "two were given away, in good order");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "together they read everything");
	is_int(group_saw_twice(g), 0, "and nothing twice");
	ok(member_leave(&g->b), "one leaves");
	ok(wait_until(g->loop, group_a_has_all, g, SECONDS), "the other gets its partitions");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "and reads everything");
	is_int(group_saw_twice(g), 0, "still nothing twice");
	group_stop(g);
}

static void a_store_at_the_last_moment_counts_and_a_later_one_does_not(void)
{
	struct group *g = start_shared(42);
	const uint64_t *old = g->a.began_as;
	int gone = -1;

	ok(group_is_shared(g), "a second member takes two partitions");
	for (int p = 0; p < PARTITIONS; p++)
		gone = g->a.generation[p] == 0 ? p : gone;
	is_int(g->b.stored[gone], 42, "what was stored while it was revoked is where the other begins");
	kafka_consumer_store(g->a.c, gone, old[gone], 99);
	wait_ms(g->loop, 1500);
	is_int(group_committed(g, gone), 42, "what is stored after that is passed over");
	member_leave(&g->b);
	ok(wait_until(g->loop, group_a_has_all, g, SECONDS), "the partition comes back");
	is_int(g->a.generation[gone], old[gone] + 1, "as a new generation");
	kafka_consumer_store(g->a.c, gone, old[gone], 99);
	wait_ms(g->loop, 1500);
	is_int(group_committed(g, gone), 42, "the old one still has no say");
	kafka_consumer_store(g->a.c, gone, old[gone] + 1, 50);
	g->a.store_at_revoke = 0;
	member_leave(&g->a);
	is_int(group_committed(g, gone), 50, "the new one has");
	group_stop(g);
}

static void a_partition_revoked_while_paused_is_not_handed_out(void)
{
	struct group *g = group_start();

	group_produce(g, 100);
	g->a.pause_after = 1;
	member_join(g, &g->a);
	g->want = 1;
	wait_until(g->loop, group_a_has_records, g, SECONDS);
	wait_ms(g->loop, 1500); /* committed by now */
	member_join(g, &g->b);
	ok(wait_until(g->loop, group_is_shared, g, SECONDS), "a paused member gives partitions away");
	wait_ms(g->loop, 300);
	kafka_consumer_resume(g->a.c);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "together they read everything");
	ok(group_saw_twice(g) == 0, "what had been fetched of those given away is not handed out");
	group_stop(g);
}

static void a_close_with_a_frozen_broker_comes_to_an_end(void)
{
	struct group *g = group_start();

	group_produce(g, 50);
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	mockproc_freeze(&g->broker);
	ok(member_leave(&g->a), "in its own time");
	ok(g->a.revoked == PARTITIONS, "and every partition was revoked once");
	group_stop(g);
}

static void a_member_that_dies_is_replaced(void)
{
	struct group *g = group_start();

	group_produce(g, 50);
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	wait_ms(g->loop, 1500); /* committed by now */
	kafka_consumer_free(g->a.c);
	g->a.c = NULL;
	member_join(g, &g->b);
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "the next reads on when the session is over");
	is_int(group_saw_twice(g), 0, "from what was committed");
	group_stop(g);
}

static bool a_lost_all(void *arg)
{
	return ((struct group *)arg)->a.lost == PARTITIONS;
}

static void a_fatal_error_makes_a_new_member(void)
{
	struct group *g = group_start();

	group_produce(g, 50);
	g->a.hoards = true;
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	rd_kafka_test_fatal_error(g->a.c->rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "planted");
	ok(wait_until(g->loop, a_lost_all, g, SECONDS), "its partitions are lost");
	wait_ms(g->loop, 300);
	is_int(g->a.c->state, CONSUMER_EMPTYING, "while the owner has messages their handle lives");
	g->a.hoards = false;
	while (g->a.hoarded > 0)
		kafka_consumer_release(g->a.c, &g->a.hoard[--g->a.hoarded]);
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "then a new member reads on");
	is_int(group_saw_twice(g), 0, "from what was stored, committed or not");
	ok(g->a.generation[0] == 2, "as a new generation");
	group_stop(g);
}

/* The mock waits for one session when the members of a group change; for the session of one that does not say
 * that it leaves it waits before that, which together is more than a test does. */
static void a_member_that_leaves_is_not_waited_for(void)
{
	struct group *g = group_start();

	g->a.patient = g->b.patient = true;
	group_produce(g, 50);
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	wait_ms(g->loop, 1500); /* committed by now */
	ok(member_leave(&g->a), "it leaves");
	member_join(g, &g->b);
	ok(wait_until(g->loop, group_b_has_all, g, SECONDS), "the next has its partitions");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "and reads on");
	is_int(group_saw_twice(g), 0, "nothing twice");
	group_stop(g);
}

static void instance_of(const struct member *m, char to[200])
{
	size_t cap = 200;

	to[0] = '\0';
	rd_kafka_conf_get(rd_kafka_conf(m->c->rk), "group.instance.id", to, &cap);
}

/* A broker that comes back waits for the session of each member it remembers, unless one with the same
 * instance joins. */
static void each_member_is_an_instance_of_its_own(void)
{
	const struct kafka_property own = { "group.instance.id", "mine", false };
	struct group *g = group_start();
	char a[200], other[200];

	member_join(g, &g->a);
	member_join_with(g, &g->b, &own);
	instance_of(&g->a, a);
	instance_of(&g->b, other);
	ok(strncmp(a, "spanspool-", 10) == 0, "a member has an instance: %s", a);
	is_text(other, "mine", "an operator's own stays");
	member_leave(&g->b);
	member_join(g, &g->b);
	instance_of(&g->b, other);
	ok(strcmp(a, other) != 0, "another has another");
	wait_until(g->loop, group_a_has_all, g, 1);
	rd_kafka_test_fatal_error(g->a.c->rk, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, "planted");
	for (int i = 0; i < 500 && (g->a.c->rk == NULL || g->a.c->failed); i++)
		wait_ms(g->loop, 10);
	wait_ms(g->loop, 500);
	instance_of(&g->a, other);
	is_text(other, a, "a new handle is the same instance");
	group_stop(g);
}

static void an_eager_group_works_too(void)
{
	struct group *g = group_start();
	const struct kafka_property eager = { "partition.assignment.strategy", "range", false };

	group_produce(g, 50);
	member_join_with(g, &g->a, &eager);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	wait_ms(g->loop, 1500); /* committed by now: the mock takes no commits during a join */
	member_join_with(g, &g->b, &eager);
	ok(wait_until(g->loop, group_is_shared, g, SECONDS), "two members with the strategy range share");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "together they read everything");
	is_int(group_saw_twice(g), 0, "and nothing twice");
	group_stop(g);
}

static void a_skipped_partition_is_read_again_when_it_is_assigned_again(void)
{
	struct group *g = group_start();
	const struct kafka_property eager = { "partition.assignment.strategy", "range", false };

	group_produce(g, 50);
	member_join_with(g, &g->a, &eager);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	wait_ms(g->loop, 1500); /* committed by now */
	for (int32_t p = 0; p < PARTITIONS; p++)
		kafka_consumer_skip(g->a.c, p, g->a.generation[p]);
	group_produce(g, 5);
	wait_ms(g->loop, 500);
	is_int(g->a.records, 50 * PARTITIONS, "a skipped partition is not read on");
	member_join_with(g, &g->b, &eager);
	ok(wait_until(g->loop, group_is_shared, g, SECONDS), "a second member joins, and all is assigned anew");
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "then all partitions are read on");
	group_stop(g);
}

/* All partitions have the offset WANT in the group, as A's commits were answered. */
static bool a_has_committed(void *arg)
{
	struct group *g = arg;

	for (int p = 0; p < PARTITIONS; p++)
		if (p >= g->a.c->nparts || g->a.c->parts[p].committed != g->want)
			return false;
	return true;
}

static void a_group_without_an_offset_has_one_as_soon_as_it_reads(void)
{
	struct group *g = group_start();

	group_produce(g, 5);
	g->a.keeps = true;
	g->want = 0;
	member_join(g, &g->a);
	ok(wait_until(g->loop, a_has_committed, g, SECONDS),
	        "a member that stores nothing has committed the first offset");
	for (int p = 0; p < PARTITIONS; p++)
		is_int(group_committed(g, p), 0, "the group has it");
	group_stop(g);
}

/* With auto.offset.reset=latest the first offset is all that tells the next member what was not read. */
static void a_member_that_dies_before_the_first_record_passes_its_place_on(void)
{
	const struct kafka_property latest = { "auto.offset.reset", "latest", false };
	struct group *g = group_start();

	group_produce(g, 50);
	g->want = 50;
	member_join_with(g, &g->a, &latest);
	ok(wait_until(g->loop, a_has_committed, g, SECONDS), "a member that begins at the end has committed the end");
	kafka_consumer_free(g->a.c);
	g->a.c = NULL;
	for (int p = 0; p < PARTITIONS; p++)
		for (int o = 0; o < 50; o++)
			g->seen[p][o] = 1; /* before its time */
	group_produce(g, 10);
	member_join_with(g, &g->b, &latest);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "it dies, and the next reads what came after it");
	group_stop(g);
}

static void what_was_done_before_any_commit_is_not_read_again(void)
{
	struct group *g = group_start();

	g->a.commits_nothing = true; /* as one whose coordinator does not answer */
	group_produce(g, 50);
	member_join(g, &g->a);
	wait_until(g->loop, group_saw_all, g, SECONDS);
	rd_kafka_test_fatal_error(g->a.c->rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "planted");
	ok(wait_until(g->loop, a_lost_all, g, SECONDS), "partitions of which the group has no offset are lost");
	group_produce(g, 50);
	ok(wait_until(g->loop, group_saw_all, g, SECONDS), "they come back");
	is_int(group_saw_twice(g), 0, "and are read from where they had got to");
	group_stop(g);
}

int main(void)
{
	struct tap_case cases[] = {
		TAP_CASE(members_share_and_nothing_is_lost_or_twice),
		TAP_CASE(a_store_at_the_last_moment_counts_and_a_later_one_does_not),
		TAP_CASE(a_partition_revoked_while_paused_is_not_handed_out),
		TAP_CASE(a_close_with_a_frozen_broker_comes_to_an_end),
		TAP_CASE(a_member_that_dies_is_replaced),
		TAP_CASE(a_fatal_error_makes_a_new_member),
		TAP_CASE(a_member_that_leaves_is_not_waited_for),
		TAP_CASE(each_member_is_an_instance_of_its_own),
		TAP_CASE(an_eager_group_works_too),
		TAP_CASE(a_skipped_partition_is_read_again_when_it_is_assigned_again),
		TAP_CASE(a_group_without_an_offset_has_one_as_soon_as_it_reads),
		TAP_CASE(a_member_that_dies_before_the_first_record_passes_its_place_on),
		TAP_CASE(what_was_done_before_any_commit_is_not_read_again),
	};

	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	tap_together(cases, ARRAY_LEN(cases));
	return tap_done();
}
