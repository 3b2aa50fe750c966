/* test_kafka_consumer.c — members of a group against a mock cluster in another process. Records are
 * numbered by partition and offset; the judge of what was committed is librdkafka alone. */
#include <inttypes.h>

#include "kafka_consumer_priv.h"
#include "mockproc.h"
#include "tap.h"
#include "until.h"

enum { PARTITIONS = 4, SECONDS = 20, OFFSETS = 20000 };

struct member {
	struct fix *fix;
	struct kafka_consumer *c;
	uint64_t generation[PARTITIONS]; /* 0 while not ours */
	int64_t stored[PARTITIONS];      /* as assigned() said */
	int64_t begin;                   /* what assigned() answers when it is not 0 */
	int64_t store_at_revoke;         /* stored by revoked() when it is not 0 */
	int assigned, revoked, lost, ends;
	int64_t end_at[PARTITIONS];
	int records;
	int pause_after; /* records */
	bool keeps;      /* does not store */
	bool hoards;     /* does not release */
	struct kafka_message hoard[64];
	int hoarded;
	bool closed;
	int64_t gap_from, gap_to;
	int headers, null_values;
	int64_t first[PARTITIONS]; /* first offset seen since it was assigned */
};

struct fix {
	struct mockproc broker;
	struct loop *loop;
	struct member a, b;
	rd_kafka_t *producer;
	int64_t produced[PARTITIONS];
	int seen[PARTITIONS][OFFSETS]; /* by either member */
	int want;
};

/* A short session, though longer than the 3 s the mock takes to form a group, and a broker that is
 * asked often: the mock does not cut a fetch short. */
static const struct kafka_property quick[] = {
	{ "session.timeout.ms", "4000" },
	{ "heartbeat.interval.ms", "200" },
	{ "fetch.wait.max.ms", "20" },
	{ "max.poll.interval.ms", "5000" },
	{ "partition.assignment.strategy", "cooperative-sticky" },
};

static void on_header(void *arg, const char *name, struct slice value)
{
	struct member *m = arg;

	m->headers += strcmp(name, "spanspool-id") == 0 && slice_is(value, "host/1/1");
}

static void on_message(void *arg, const struct kafka_message *msg)
{
	struct member *m = arg;
	struct kafka_message copy = *msg;

	if (m->first[msg->partition] < 0)
		m->first[msg->partition] = msg->offset;
	m->fix->seen[msg->partition][msg->offset]++;
	m->null_values += msg->value.at == NULL;
	kafka_message_headers(msg, on_header, m);
	if (!m->keeps)
		kafka_consumer_store(m->c, msg->partition, msg->generation, msg->offset + 1);
	if (++m->records == m->pause_after)
		kafka_consumer_pause(m->c);
	if (m->hoards && m->hoarded < (int)ARRAY_LEN(m->hoard))
		m->hoard[m->hoarded++] = copy;
	else
		kafka_consumer_release(m->c, &copy);
}

static int64_t on_assigned(void *arg, int32_t partition, uint64_t generation, int64_t stored)
{
	struct member *m = arg;

	m->assigned++;
	m->generation[partition] = generation;
	m->stored[partition] = stored;
	m->first[partition] = -1;
	return m->begin != 0 ? m->begin : stored;
}

static void on_revoked(void *arg, int32_t partition, bool lost)
{
	struct member *m = arg;

	m->revoked++;
	m->lost += lost;
	if (m->store_at_revoke != 0)
		kafka_consumer_store(m->c, partition, m->generation[partition], m->store_at_revoke);
	m->generation[partition] = 0;
}

static void on_end(void *arg, int32_t partition, int64_t offset)
{
	struct member *m = arg;

	m->ends++;
	m->end_at[partition] = offset;
}

static void on_gap(void *arg, int32_t partition, int64_t from, int64_t to)
{
	struct member *m = arg;

	(void)partition;
	m->gap_from = from;
	m->gap_to = to;
}

static void on_closed(void *arg)
{
	((struct member *)arg)->closed = true;
}

static void join_with(struct fix *f, struct member *m, const struct kafka_property *more)
{
	struct kafka_consumer_events events = { .message = on_message,
		.assigned = on_assigned,
		.revoked = on_revoked,
		.at_end = on_end,
		.lost_to_retention = on_gap,
		.arg = m };
	struct kafka_property all[ARRAY_LEN(quick) + 1];
	struct kafka_consumer_opts opts = { .brokers = f->broker.brokers,
		.topic = "spans",
		.group = "g",
		.properties = all,
		.nproperties = ARRAY_LEN(quick) + (more != NULL) };
	struct why why;

	memcpy(all, quick, sizeof(quick));
	if (more != NULL)
		all[ARRAY_LEN(quick)] = *more;
	m->fix = f;
	m->closed = false;
	if (kafka_consumer_open(&m->c, f->loop, &opts, &events, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
}

static void join(struct fix *f, struct member *m)
{
	join_with(f, m, NULL);
}

static struct fix *start(void)
{
	struct fix *f = calloc(1, sizeof(*f));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct why why;
	char said[200];

	mockproc_start(&f->broker, 1);
	mockproc_say(&f->broker, "topic spans %d", PARTITIONS);
	if (loop_open(&f->loop, &why) < 0)
		exit(99);
	rd_kafka_conf_set(conf, "bootstrap.servers", f->broker.brokers, said, sizeof(said));
	f->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, said, sizeof(said));
	return f;
}

static bool is_closed(void *arg)
{
	return ((struct member *)arg)->closed;
}

static bool leave(struct member *m)
{
	bool in_time;

	kafka_consumer_close(m->c, on_closed, m);
	in_time = until_true(m->fix->loop, is_closed, m, SECONDS);
	kafka_consumer_free(m->c);
	m->c = NULL;
	return in_time;
}

static void stop(struct fix *f)
{
	if (f->a.c != NULL)
		leave(&f->a);
	if (f->b.c != NULL)
		leave(&f->b);
	rd_kafka_destroy(f->producer);
	loop_free(f->loop);
	mockproc_stop(&f->broker);
	free(f);
}

/* N records to each partition, all with a header, of SIZE bytes that no codec makes smaller. */
static void produce_sized(struct fix *f, int n, size_t size)
{
	static char value[100000];

	for (size_t i = 0; i < size; i++)
		value[i] = (char)rand();
	for (int i = 0; i < n * PARTITIONS; i++) {
		rd_kafka_producev(f->producer, RD_KAFKA_V_TOPIC("spans"),
		        RD_KAFKA_V_PARTITION(i % PARTITIONS),
		        RD_KAFKA_V_VALUE(size == 0 ? NULL : value, size),
		        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		        RD_KAFKA_V_HEADER("spanspool-id", "host/1/1", 8), RD_KAFKA_V_END);
		f->produced[i % PARTITIONS]++;
	}
	rd_kafka_flush(f->producer, 20000);
}

static void produce(struct fix *f, int n)
{
	produce_sized(f, n, 100);
}

/* What the group has committed for PARTITION; -1 nothing. */
static int64_t committed(struct fix *f, int32_t partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char said[200];
	rd_kafka_t *rk;
	int64_t offset;

	rd_kafka_conf_set(conf, "bootstrap.servers", f->broker.brokers, said, sizeof(said));
	rd_kafka_conf_set(conf, "group.id", "g", said, sizeof(said));
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	rd_kafka_topic_partition_list_add(list, "spans", partition);
	rd_kafka_committed(rk, list, 10000);
	offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return offset < 0 ? -1 : offset;
}

static int owned(const struct member *m)
{
	int n = 0;

	for (int p = 0; p < PARTITIONS; p++)
		n += m->generation[p] != 0;
	return n;
}

static bool a_has_all(void *arg)
{
	return owned(&((struct fix *)arg)->a) == PARTITIONS;
}

static bool b_has_all(void *arg)
{
	return owned(&((struct fix *)arg)->b) == PARTITIONS;
}

static bool both_have_two(void *arg)
{
	struct fix *f = arg;

	return owned(&f->a) == 2 && owned(&f->b) == 2;
}

static bool seen_all(void *arg)
{
	struct fix *f = arg;

	for (int p = 0; p < PARTITIONS; p++)
		for (int64_t o = 0; o < f->produced[p]; o++)
			if (f->seen[p][o] == 0)
				return false;
	return true;
}

static int seen_twice(const struct fix *f)
{
	int n = 0;

	for (int p = 0; p < PARTITIONS; p++)
		for (int64_t o = 0; o < f->produced[p]; o++)
			n += f->seen[p][o] > 1;
	return n;
}

static bool a_has_records(void *arg)
{
	struct fix *f = arg;

	return f->a.records >= f->want;
}

static bool a_is_at_all_ends(void *arg)
{
	struct fix *f = arg;

	return f->a.ends >= PARTITIONS;
}

static bool a_has_no_lag(void *arg)
{
	struct fix *f = arg;

	for (int32_t p = 0; p < PARTITIONS; p++)
		if (kafka_consumer_lag(f->a.c, p) != 0)
			return false;
	return true;
}

static void a_member_reads_everything_once(void)
{
	struct fix *f = start();

	produce(f, 250);
	join(f, &f->a);
	is_int(kafka_consumer_lag(f->a.c, 0), -1,
	        "the lag is unknown before there is an assignment");
	ok(until_true(f->loop, a_is_at_all_ends, f, SECONDS),
	        "it comes to the end of each partition");
	ok(seen_all(f) && seen_twice(f) == 0, "after every record, once");
	is_int(f->a.stored[0], KAFKA_OFFSET_BEGINNING,
	        "it began at the beginning: nothing was stored");
	is_int(f->a.end_at[0], 250, "the end is where the next record will be");
	is_int(f->a.headers, 1000, "headers can be read");
	ok(until_true(f->loop, a_has_no_lag, f, SECONDS), "there is no lag");
	f->a.keeps = true;
	produce_sized(f, 5, 0);
	f->want = 1020;
	ok(until_true(f->loop, a_has_records, f, SECONDS), "later records come too");
	is_int(f->a.null_values, 20, "a null value is a null slice");
	is_int(kafka_consumer_lag(f->a.c, 0), 5, "the lag counts what is not stored");
	stop(f);
}

static void the_next_member_begins_at_what_was_stored(void)
{
	struct fix *f = start();
	bool right = true;

	produce(f, 100);
	f->a.keeps = true;
	join(f, &f->a);
	f->want = 400;
	ok(until_true(f->loop, a_has_records, f, SECONDS), "the first member reads all");
	for (int32_t p = 0; p < 3; p++)
		kafka_consumer_store(f->a.c, p, f->a.generation[p], 10 * (p + 1));
	ok(leave(&f->a), "it stores some, and leaves at once");
	is_int(f->a.revoked, PARTITIONS, "it was told that its partitions go");
	is_int(f->a.lost, 0, "but not as lost");
	is_int(committed(f, 1), 20, "what it stored is committed");
	is_int(committed(f, 3), -1, "where it stored nothing, nothing is");
	join(f, &f->b);
	f->want = 400 - 60;
	ok(until_true(f->loop, b_has_all, f, SECONDS), "the next member");
	is_int(f->b.stored[2], 30, "is told what was stored");
	until_passed(f->loop, 500);
	is_int(f->b.records, 340, "and reads the rest");
	for (int p = 0; p < PARTITIONS; p++)
		right = right && f->b.first[p] == (p < 3 ? 10 * (p + 1) : 0);
	ok(right, "from there on");
	stop(f);
}

static bool zero_is_committed(void *arg)
{
	return committed(arg, 0) == 7;
}

static void what_is_stored_is_committed_while_it_runs(void)
{
	struct fix *f = start();

	produce(f, 10);
	f->a.keeps = true;
	join(f, &f->a);
	f->want = 40;
	until_true(f->loop, a_has_records, f, SECONDS);
	kafka_consumer_store(f->a.c, 0, f->a.generation[0], 7);
	ok(until_true(f->loop, zero_is_committed, f, SECONDS), "within a second or so");
	stop(f);
}

static void members_share_and_nothing_is_lost_or_twice(void)
{
	struct fix *f = start();

	produce(f, 50);
	join(f, &f->a);
	until_true(f->loop, a_has_all, f, SECONDS);
	join(f, &f->b);
	for (int i = 0; i < 400 && !both_have_two(f); i++) {
		produce(f, 1);
		until_passed(f->loop, 20);
	}
	ok(both_have_two(f), "two members have two partitions each");
	ok(f->a.revoked == 2 && f->a.lost == 0, "two were given away, in good order");
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "together they read everything");
	is_int(seen_twice(f), 0, "and nothing twice");
	ok(leave(&f->b), "one leaves");
	ok(until_true(f->loop, a_has_all, f, SECONDS), "the other gets its partitions");
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "and reads everything");
	is_int(seen_twice(f), 0, "still nothing twice");
	stop(f);
}

static void a_store_at_the_last_moment_counts_and_a_later_one_does_not(void)
{
	struct fix *f = start();
	uint64_t old[PARTITIONS];
	int gone = -1;

	produce(f, 100);
	f->a.keeps = f->b.keeps = true;
	join(f, &f->a);
	f->want = 400;
	until_true(f->loop, a_has_records, f, SECONDS);
	memcpy(old, f->a.generation, sizeof(old));
	f->a.store_at_revoke = 42;
	join(f, &f->b);
	ok(until_true(f->loop, both_have_two, f, SECONDS), "a second member takes two partitions");
	for (int p = 0; p < PARTITIONS; p++)
		gone = f->a.generation[p] == 0 ? p : gone;
	is_int(f->b.stored[gone], 42,
	        "what was stored while it was revoked is where the other begins");
	kafka_consumer_store(f->a.c, gone, old[gone], 99);
	until_passed(f->loop, 1500);
	is_int(committed(f, gone), 42, "what is stored after that is passed over");
	leave(&f->b);
	ok(until_true(f->loop, a_has_all, f, SECONDS), "the partition comes back");
	is_int(f->a.generation[gone], old[gone] + 1, "as a new generation");
	kafka_consumer_store(f->a.c, gone, old[gone], 99);
	until_passed(f->loop, 1500);
	is_int(committed(f, gone), 42, "the old one still has no say");
	kafka_consumer_store(f->a.c, gone, old[gone] + 1, 50);
	f->a.store_at_revoke = 0;
	leave(&f->a);
	is_int(committed(f, gone), 50, "the new one has");
	stop(f);
}

static void a_pause_holds_and_the_member_stays(void)
{
	struct fix *f = start();

	produce(f, 100);
	f->a.pause_after = 10;
	join(f, &f->a);
	f->want = 10;
	until_true(f->loop, a_has_records, f, SECONDS);
	until_passed(f->loop, 6000); /* longer than max.poll.interval.ms */
	is_int(f->a.records, 10, "not one more record while paused");
	is_int(f->a.revoked, 0, "its partitions are its own, beyond the poll interval");
	kafka_consumer_resume(f->a.c);
	ok(until_true(f->loop, seen_all, f, SECONDS), "then the rest comes");
	is_int(seen_twice(f), 0, "each once");
	stop(f);
}

static void a_partition_revoked_while_paused_is_not_handed_out(void)
{
	struct fix *f = start();

	produce(f, 100);
	f->a.pause_after = 1;
	join(f, &f->a);
	f->want = 1;
	until_true(f->loop, a_has_records, f, SECONDS);
	join(f, &f->b);
	ok(until_true(f->loop, both_have_two, f, SECONDS), "a paused member gives partitions away");
	until_passed(f->loop, 300);
	kafka_consumer_resume(f->a.c);
	ok(until_true(f->loop, seen_all, f, SECONDS), "together they read everything");
	ok(seen_twice(f) == 0, "what had been fetched of those given away is not handed out");
	stop(f);
}

static bool saw_gap(void *arg)
{
	return ((struct fix *)arg)->a.gap_to > 0;
}

static void what_the_broker_threw_away_is_told(void)
{
	struct fix *f = start();

	produce(f, 10);
	f->a.keeps = true;
	join(f, &f->a);
	f->want = 40;
	until_true(f->loop, a_has_records, f, SECONDS);
	kafka_consumer_store(f->a.c, 2, f->a.generation[2], 4);
	leave(&f->a);
	produce_sized(f, 120, 90000); /* the mock keeps 5 MB of a partition */
	memset(&f->a, 0, sizeof(f->a));
	join(f, &f->a);
	ok(until_true(f->loop, saw_gap, f, SECONDS),
	        "records between the stored offset and the oldest are gone");
	is_int(f->a.gap_from, 4, "from the stored offset on");
	is_int(f->a.gap_to, f->a.first[2], "up to the first that came");
	ok(f->a.gap_to > 10, "which is a later one: %" PRId64, f->a.gap_to);
	stop(f);
}

static void an_owner_may_begin_elsewhere(void)
{
	struct fix *f = start();

	produce(f, 100);
	f->a.begin = 60;
	join(f, &f->a);
	ok(until_true(f->loop, a_is_at_all_ends, f, SECONDS), "a member that begins at 60");
	is_int(f->a.records, 160, "reads 40 of each partition");
	leave(&f->a);
	memset(&f->a, 0, sizeof(f->a));
	f->a.begin = KAFKA_OFFSET_BEGINNING;
	join(f, &f->a);
	ok(until_true(f->loop, a_is_at_all_ends, f, SECONDS), "one that begins at the beginning");
	is_int(f->a.stored[0], 100, "although 100 is stored");
	is_int(f->a.records, 400, "reads all");
	is_int(f->a.gap_to, 0, "and misses nothing");
	stop(f);
}

static void a_broker_that_goes_and_comes_is_read_on(void)
{
	struct fix *f = start();

	produce(f, 50);
	join(f, &f->a);
	until_true(f->loop, seen_all, f, SECONDS);
	mockproc_say(&f->broker, "down");
	until_passed(f->loop, 500);
	mockproc_say(&f->broker, "up");
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "everything is read");
	is_int(seen_twice(f), 0, "once");
	stop(f);
}

static void a_close_without_a_broker_comes_to_an_end(void)
{
	struct fix *f = start();

	produce(f, 50);
	join(f, &f->a);
	until_true(f->loop, seen_all, f, SECONDS);
	mockproc_say(&f->broker, "down");
	produce_sized(f, 0, 0);
	ok(leave(&f->a), "in its own time");
	ok(f->a.revoked == PARTITIONS, "and every partition was revoked once");
	stop(f);
}

static void a_member_that_dies_is_replaced(void)
{
	struct fix *f = start();

	produce(f, 50);
	join(f, &f->a);
	until_true(f->loop, seen_all, f, SECONDS);
	until_passed(f->loop, 1500); /* committed by now */
	kafka_consumer_free(f->a.c);
	f->a.c = NULL;
	join(f, &f->b);
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "the next reads on when the session is over");
	is_int(seen_twice(f), 0, "from what was committed");
	stop(f);
}

static bool a_lost_all(void *arg)
{
	return ((struct fix *)arg)->a.lost == PARTITIONS;
}

static void a_fatal_error_makes_a_new_member(void)
{
	struct fix *f = start();

	produce(f, 50);
	f->a.hoards = true;
	join(f, &f->a);
	until_true(f->loop, seen_all, f, SECONDS);
	until_passed(f->loop, 1500); /* committed by now */
	rd_kafka_test_fatal_error(f->a.c->rk, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, "planted");
	ok(until_true(f->loop, a_lost_all, f, SECONDS), "its partitions are lost");
	until_passed(f->loop, 300);
	is_int(f->a.c->state, CONSUMER_EMPTYING, "while the owner has messages their handle lives");
	f->a.hoards = false;
	while (f->a.hoarded > 0)
		kafka_consumer_release(f->a.c, &f->a.hoard[--f->a.hoarded]);
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "then a new member reads on");
	is_int(seen_twice(f), 0, "from what was committed");
	ok(f->a.generation[0] == 2, "as a new generation");
	stop(f);
}

static void an_eager_group_works_too(void)
{
	struct fix *f = start();
	const struct kafka_property eager = { "partition.assignment.strategy", "range" };

	produce(f, 50);
	join_with(f, &f->a, &eager);
	until_true(f->loop, seen_all, f, SECONDS);
	until_passed(f->loop, 1500); /* committed by now: the mock takes no commits during a join */
	join_with(f, &f->b, &eager);
	ok(until_true(f->loop, both_have_two, f, SECONDS),
	        "two members with the strategy range share");
	produce(f, 50);
	ok(until_true(f->loop, seen_all, f, SECONDS), "together they read everything");
	is_int(seen_twice(f), 0, "and nothing twice");
	stop(f);
}

static void what_would_break_the_promise_is_refused(void)
{
	static const struct kafka_property wrong[] = { { "enable.auto.commit", "true" },
		{ "session.timeout.ms", "long" }, { "no.such.thing", "1" } };
	struct kafka_consumer_events events = { .message = on_message };
	struct kafka_consumer *c;
	struct loop *loop;
	struct why why;

	if (loop_open(&loop, &why) < 0)
		exit(99);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct kafka_consumer_opts opts = { .brokers = "127.0.0.1:1",
			.topic = "t",
			.group = "g",
			.properties = &wrong[i],
			.nproperties = 1 };

		ok(kafka_consumer_open(&c, loop, &opts, &events, &why) == E_USAGE &&
		                strstr(why.text, wrong[i].name) != NULL,
		        "%s", why.text);
	}
	loop_free(loop);
}

int main(void)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORM_TEXT);
	signal(SIGPIPE, SIG_IGN);
	a_member_reads_everything_once();
	the_next_member_begins_at_what_was_stored();
	what_is_stored_is_committed_while_it_runs();
	members_share_and_nothing_is_lost_or_twice();
	a_store_at_the_last_moment_counts_and_a_later_one_does_not();
	a_pause_holds_and_the_member_stays();
	a_partition_revoked_while_paused_is_not_handed_out();
	what_the_broker_threw_away_is_told();
	an_owner_may_begin_elsewhere();
	a_broker_that_goes_and_comes_is_read_on();
	a_close_without_a_broker_comes_to_an_end();
	a_member_that_dies_is_replaced();
	a_fatal_error_makes_a_new_member();
	an_eager_group_works_too();
	what_would_break_the_promise_is_refused();
	return tap_done();
}
