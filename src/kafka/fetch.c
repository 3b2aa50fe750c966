/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c — keeps librdkafka fetching when its queue was full, and stops it for skipped partitions. */
#include "conf.h"
#include "consumer_internal.h"
#include "offsets.h"

static void on_woken(void *arg, struct kafka_offsets *o, const char *what)
{
	struct kafka_consumer *c = arg;

	(void)o, (void)what;
	c->fetch_wake = NULL;
	wakeup_signal(c->wakeup); /* CONSUMER_EMPTYING waits for this request */
}

static void wake_fetch(struct kafka_consumer *c)
{
	static const int64_t end = KAFKA_OFFSET_END;
	rd_kafka_topic_partition_list_t *ours = rd_kafka_topic_partition_list_new(c->nparts);

	for (int32_t id = 0; id < c->nparts; id++)
		if (c->parts[id].assigned)
			rd_kafka_topic_partition_list_add(ours, c->topic, id);
	if (ours->cnt > 0 && kafka_offsets_request(&c->fetch_wake, c->loop, c->rk, ours, &end, 1, on_woken, c) < 0)
		c->fetch_wake = NULL;
	rd_kafka_topic_partition_list_destroy(ours);
}

/* When librdkafka finds its queue full, its fetching thread sleeps for up to a second, however soon the queue is
 * emptied, which limits reading to one full queue a second. The thread wakes when it has a request to send to the
 * leader, so a ListOffsets request is sent each time a quarter of the queue was consumed. (librdkafka 2.2 has
 * fetch.queue.backoff.ms instead, which conf.c sets where it exists.) */
void kafka_fetch_consumed(struct kafka_consumer *c, size_t len)
{
	c->consumed_bytes += max_u64(len, KAFKA_QUEUE_RECORD_BYTES);
	if (c->consumed_bytes < c->queue_bytes / 4 || c->fetch_wake != NULL)
		return;
	c->consumed_bytes = 0;
	wake_fetch(c);
}

void kafka_consumer_skip(struct kafka_consumer *c, int32_t partition, uint64_t generation)
{
	struct kafka_part *p = kafka_part_find(c, partition);
	rd_kafka_topic_partition_list_t *list;

	if (p == NULL || !p->assigned || p->generation != generation)
		return;
	list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, c->topic, partition);
	rd_kafka_pause_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

const struct kafka_bounds *kafka_consumer_bounds(struct kafka_consumer *c, int32_t partition)
{
	return &kafka_part_find(c, partition)->bounds;
}
