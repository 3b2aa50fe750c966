/* SPDX-License-Identifier: Apache-2.0 */
/* kafka_group_fix.c — what the tests of the consumer share. */
#include "kafka_group_fix.h"

/* A short session, though longer than the 3 s the mock takes to form a group, and a broker that is
 * asked often: the mock does not cut a fetch short. */
static const struct kafka_property quick[] = {
	{ "session.timeout.ms", "4000", false },
	{ "heartbeat.interval.ms", "200", false },
	{ "fetch.wait.max.ms", "20", false },
	{ "max.poll.interval.ms", "5000", false },
	{ "partition.assignment.strategy", "cooperative-sticky", false },
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
	m->group->seen[msg->partition][msg->offset]++;
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

	m->gap_from[partition] = from;
	m->gap_to[partition] = to;
}

static void on_closed(void *arg)
{
	((struct member *)arg)->closed = true;
}

void member_join_with(struct group *g, struct member *m, const struct kafka_property *more)
{
	struct kafka_consumer_events events = { .message = on_message,
		.assigned = on_assigned,
		.revoked = on_revoked,
		.at_end = on_end,
		.lost_to_retention = on_gap,
		.arg = m };
	struct kafka_property all[ARRAY_LEN(quick) + 3];
	size_t n = ARRAY_LEN(quick);
	struct kafka_consumer_opts opts = { .brokers = g->broker.brokers,
		.topic = "spans",
		.group = "g",
		.properties = all,
		.commits_nothing = m->commits_nothing,
		.queue_bytes = m->queue_bytes };
	struct why why;

	memcpy(all, quick, sizeof(quick));
	if (more != NULL)
		all[n++] = *more;
	if (m->patient) {
		all[n++] = (struct kafka_property){ "max.poll.interval.ms", "12000", false };
		all[n++] = (struct kafka_property){ "session.timeout.ms", "12000", false };
	}
	opts.nproperties = n;
	m->group = g;
	m->closed = false;
	if (kafka_consumer_open(&m->c, g->loop, &opts, &events, &why) < 0) {
		diag("%s", why.text);
		exit(99);
	}
}

void member_join(struct group *g, struct member *m)
{
	member_join_with(g, m, NULL);
}

struct group *group_start(void)
{
	struct group *g = calloc(1, sizeof(*g));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct why why;
	char said[200];

	mockproc_start(&g->broker, 1);
	mockproc_say(&g->broker, "topic spans %d", PARTITIONS);
	if (loop_open(&g->loop, &why) < 0)
		exit(99);
	rd_kafka_conf_set(conf, "bootstrap.servers", g->broker.brokers, said, sizeof(said));
	g->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, said, sizeof(said));
	return g;
}

static bool is_closed(void *arg)
{
	return ((struct member *)arg)->closed;
}

bool member_leave(struct member *m)
{
	bool in_time;

	kafka_consumer_close(m->c, on_closed, m);
	in_time = wait_until(m->group->loop, is_closed, m, SECONDS);
	kafka_consumer_free(m->c);
	m->c = NULL;
	return in_time;
}

void group_stop(struct group *g)
{
	if (g->a.c != NULL)
		member_leave(&g->a);
	if (g->b.c != NULL)
		member_leave(&g->b);
	rd_kafka_destroy(g->producer);
	loop_free(g->loop);
	mockproc_stop(&g->broker);
	free(g);
}

void group_produce_sized(struct group *g, int n, size_t size)
{
	static char value[100000];

	for (size_t i = 0; i < size; i++)
		value[i] = (char)rand();
	for (int i = 0; i < n * PARTITIONS; i++) {
		rd_kafka_producev(g->producer, RD_KAFKA_V_TOPIC("spans"), RD_KAFKA_V_PARTITION(i % PARTITIONS),
		        RD_KAFKA_V_VALUE(size == 0 ? NULL : value, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		        RD_KAFKA_V_HEADER("spanspool-id", "host/1/1", 8), RD_KAFKA_V_END);
		g->produced[i % PARTITIONS]++;
	}
	rd_kafka_flush(g->producer, 20000);
}

void group_produce(struct group *g, int n)
{
	group_produce_sized(g, n, 100);
}

int64_t group_committed(struct group *g, int32_t partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char said[200];
	rd_kafka_t *rk;
	int64_t offset;

	rd_kafka_conf_set(conf, "bootstrap.servers", g->broker.brokers, said, sizeof(said));
	rd_kafka_conf_set(conf, "group.id", "g", said, sizeof(said));
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, said, sizeof(said));
	rd_kafka_topic_partition_list_add(list, "spans", partition);
	rd_kafka_committed(rk, list, 10000);
	offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_destroy(rk);
	return offset < 0 ? -1 : offset;
}

int member_owns(const struct member *m)
{
	int n = 0;

	for (int p = 0; p < PARTITIONS; p++)
		n += m->generation[p] != 0;
	return n;
}

bool group_a_has_all(void *arg)
{
	return member_owns(&((struct group *)arg)->a) == PARTITIONS;
}

bool group_b_has_all(void *arg)
{
	return member_owns(&((struct group *)arg)->b) == PARTITIONS;
}

bool group_is_shared(void *arg)
{
	struct group *g = arg;

	return member_owns(&g->a) == 2 && member_owns(&g->b) == 2;
}

bool group_saw_all(void *arg)
{
	struct group *g = arg;

	for (int p = 0; p < PARTITIONS; p++)
		for (int64_t o = 0; o < g->produced[p]; o++)
			if (g->seen[p][o] == 0)
				return false;
	return true;
}

int group_saw_twice(const struct group *g)
{
	int n = 0;

	for (int p = 0; p < PARTITIONS; p++)
		for (int64_t o = 0; o < g->produced[p]; o++)
			n += g->seen[p][o] > 1;
	return n;
}

bool group_a_has_records(void *arg)
{
	struct group *g = arg;

	return g->a.records >= g->want;
}
