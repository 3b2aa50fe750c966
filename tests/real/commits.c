/* SPDX-License-Identifier: Apache-2.0 */
/* commits.c — reads the coordinator's own log, __consumer_offsets, of which the test's cluster has one partition: each
 * commit that it accepted, in order, so that none between two looks is missed. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <librdkafka/rdkafka.h>

#include "commits.h"
#include "wire_reader.h"

static const char log_topic[] = "__consumer_offsets";

enum { ASK_MS = 20000, OFFSET_KEY = 1, GROUP_KEY = 2, PARTITIONS = 64 };

struct commits {
	const char *group, *topic;
	int64_t committed[PARTITIONS]; /* -1: none yet */
	uint64_t n, generations, back;
	int32_t generation;
};

static void on_offset(struct commits *c, struct reader *key, struct reader *value)
{
	char topic[NAME];
	int64_t partition, offset;

	read_text(key, topic);
	partition = read_int(key, 4);
	read_int(value, 2); /* version; the offset follows in all of them */
	offset = read_int(value, 8);
	if (key->bad || value->bad || strcmp(topic, c->topic) != 0 || partition < 0 || partition >= PARTITIONS)
		return;
	c->n++;
	if (offset < c->committed[partition]) {
		c->back++;
		fprintf(stderr,
		        "topics: generation %d commits %" PRId64 " of partition %" PRId64 " after %" PRId64 "\n",
		        c->generation, offset, partition, c->committed[partition]);
	}
	c->committed[partition] = offset;
}

static void on_group(struct commits *c, struct reader *value)
{
	char protocol_type[NAME];
	int32_t generation;

	read_int(value, 2); /* version */
	read_text(value, protocol_type);
	generation = (int32_t)read_int(value, 4);
	c->generations += generation != c->generation;
	c->generation = generation;
}

static void on_record(struct commits *c, const rd_kafka_message_t *m)
{
	struct reader key = { m->key, m->key_len, false }, value = { m->payload, m->len, false };
	int64_t version = read_int(&key, 2);
	char group[NAME];

	read_text(&key, group);
	if (key.bad || m->payload == NULL || strcmp(group, c->group) != 0)
		return;
	if (version <= OFFSET_KEY)
		on_offset(c, &key, &value);
	else if (version == GROUP_KEY)
		on_group(c, &value);
}

static int read_log(rd_kafka_t *rk, struct commits *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t low = 0, end = 0, at = 0;
	rd_kafka_resp_err_t e = rd_kafka_query_watermark_offsets(rk, log_topic, 0, &low, &end, ASK_MS);

	rd_kafka_topic_partition_list_add(list, log_topic, 0)->offset = low;
	if (e == 0)
		e = rd_kafka_assign(rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	while (e == 0 && at < end) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, ASK_MS);

		if (m == NULL)
			return -1;
		if (m->err == 0 || m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
			at = m->err == 0 ? m->offset + 1 : m->offset;
		else
			e = m->err;
		if (m->err == 0)
			on_record(c, m);
		rd_kafka_message_destroy(m);
	}
	return e == 0 ? 0 : -1;
}

int print_commits(rd_kafka_t *rk, const char *topic, const char *group)
{
	struct commits c = { .group = group, .topic = topic, .generation = -1 };

	for (int i = 0; i < PARTITIONS; i++)
		c.committed[i] = -1;
	if (read_log(rk, &c) < 0) {
		fprintf(stderr, "topics: %s cannot be read to its end\n", log_topic);
		return 1;
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", c.n, c.generations, c.back);
	return 0;
}
