/* SPDX-License-Identifier: Apache-2.0 */
/* assignment.c — the table of partitions that were ever assigned to this consumer, and the calls that tell librdkafka
 * which of them it reads now. An eager group replaces the whole assignment; a cooperative one adds and removes
 * partitions. */
#include <stdlib.h>

#include "consumer_internal.h"

struct kafka_part *kafka_part_find(struct kafka_consumer *c, int32_t id)
{
	return id >= 0 && id < c->nparts && c->parts[id].generation > 0 ? &c->parts[id] : NULL;
}

struct kafka_part *kafka_part_make(struct kafka_consumer *c, int32_t id)
{
	struct kafka_part *more;

	if (id < c->nparts)
		return &c->parts[id];
	more = realloc(c->parts, ((size_t)id + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	for (; c->nparts <= id; c->nparts++)
		more[c->nparts] = (struct kafka_part){ 0 };
	c->parts = more;
	return &c->parts[id];
}

void kafka_part_redirect(struct kafka_consumer *c, int32_t id)
{
	rd_kafka_queue_t *q = rd_kafka_queue_get_partition(c->rk, c->topic, id);

	if (q == NULL)
		return;
	rd_kafka_queue_forward(q, c->records);
	rd_kafka_queue_destroy(q);
}

bool kafka_is_cooperative(struct kafka_consumer *c)
{
	const char *protocol = rd_kafka_rebalance_protocol(c->rk);

	return protocol != NULL && protocol[0] == 'C';
}

/* Logs and frees ERROR, which may be NULL. */
static void log_error_of(struct kafka_consumer *c, rd_kafka_error_t *error)
{
	if (error == NULL)
		return;
	log_error("%s: %s", c->log.who, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
}

void kafka_assign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts)
{
	if (kafka_is_cooperative(c))
		log_error_of(c, rd_kafka_incremental_assign(c->rk, parts));
	else
		rd_kafka_assign(c->rk, parts);
}

void kafka_unassign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts)
{
	if (kafka_is_cooperative(c) && parts != NULL)
		log_error_of(c, rd_kafka_incremental_unassign(c->rk, parts));
	else
		rd_kafka_assign(c->rk, NULL);
}
