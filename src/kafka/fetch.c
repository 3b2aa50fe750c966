/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c — keeps librdkafka fetching when its queue was full, and stops it for skipped partitions.
 *
 * When librdkafka finds its queue full, the fetching thread of a broker sleeps for up to a second, however soon the queue is
 * emptied, which limits reading to one full queue a second. The thread wakes when it has a request to send to its broker, so
 * a ListOffsets request is sent each time a quarter of the queue was consumed. (librdkafka 2.2 has fetch.queue.backoff.ms
 * instead, which conf.c sets where it exists.) */
#include "conf.h"
#include "consumer_internal.h"
#include "offsets.h"

static void wake_fetch(struct kafka_consumer *c);

static void on_woken(void *arg, struct kafka_offsets *o, const char *what)
{
	struct kafka_consumer *c = arg;

	(void)o, (void)what;
	c->fetch_wake = NULL;
	wakeup_signal(c->wakeup); /* CONSUMER_EMPTYING waits for this request */
	wake_fetch(c);
}

/* True when LIST has a partition whose records came from BROKER. */
static bool has_broker(const struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *list, int32_t broker)
{
	for (int i = 0; i < list->cnt; i++)
		if (c->parts[list->elems[i].partition].broker == broker)
			return true;
	return false;
}

/* One partition of each broker, and those whose broker is not known yet. */
static rd_kafka_topic_partition_list_t *partitions_to_ask(const struct kafka_consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	for (int32_t id = 0; id < c->nparts; id++) {
		const struct kafka_part *p = &c->parts[id];

		if (p->assigned && (p->broker < 0 || !has_broker(c, list, p->broker)))
			rd_kafka_topic_partition_list_add(list, c->topic, id);
	}
	return list;
}

/* What was consumed while a request was under way counts for the next one: the queue may be empty by its end, and then no
 * record comes to call for another. */
static void wake_fetch(struct kafka_consumer *c)
{
	static const int64_t end = KAFKA_OFFSET_END;
	rd_kafka_topic_partition_list_t *list;

	if (c->consumed_bytes < c->queue_bytes / 4 || c->fetch_wake != NULL || c->state != CONSUMER_RUNNING)
		return;
	c->consumed_bytes = 0;
	list = partitions_to_ask(c);
	if (list->cnt > 0 && kafka_offsets_request(&c->fetch_wake, c->loop, c->rk, list, &end, 1, on_woken, c) < 0)
		c->fetch_wake = NULL;
	rd_kafka_topic_partition_list_destroy(list);
}

void kafka_fetch_consumed(struct kafka_consumer *c, size_t len)
{
	c->consumed_bytes += max_u64(len, KAFKA_QUEUE_RECORD_BYTES);
	wake_fetch(c);
}

void kafka_consumer_skip(struct kafka_consumer *c, int32_t partition, uint64_t generation)
{
	struct kafka_part *p = kafka_part_find(c, partition);
	rd_kafka_topic_partition_list_t *list;

	if (p == NULL || !p->assigned || p->generation != generation)
		return;
	p->skipped = true;
	list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, c->topic, partition);
	rd_kafka_pause_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

const struct kafka_bounds *kafka_consumer_bounds(struct kafka_consumer *c, int32_t partition)
{
	return &kafka_part_find(c, partition)->bounds;
}
