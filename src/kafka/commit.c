/* SPDX-License-Identifier: Apache-2.0 */
/* commit.c — commits the offsets that the owner has stored.
 *
 * Commits are asynchronous, one at a time, and none is sent while the member rejoins its group: the broker would
 * answer it after the join with ILLEGAL_GENERATION, and librdkafka would take that for the loss of every partition.
 *
 * A group that has no offset of a partition gets one as soon as the partition is read: the offset at which the reading
 * began. Until then a member that dies leaves nothing behind, and the next one would begin where auto.offset.reset says:
 * at the oldest record, although retention may have taken some since, or, with latest, beyond records that were never
 * read. */
#include "consumer_internal.h"

static bool needs_commit(const struct kafka_part *p)
{
	return p->assigned && p->stored != OFFSET_NONE && p->stored != p->committed;
}

bool kafka_commit_due(const struct kafka_consumer *c)
{
	if (c->opts.commits_nothing)
		return false;
	for (int32_t id = 0; id < c->nparts; id++)
		if (needs_commit(&c->parts[id]))
			return true;
	return false;
}

static bool is_joining(const struct kafka_consumer *c)
{
	return c->group_flags != NULL && atomic_load(&c->group_flags->joining);
}

void kafka_commit_begin(struct kafka_consumer *c)
{
	rd_kafka_topic_partition_list_t *list;

	if (c->rk == NULL || c->committing || is_joining(c) || !kafka_commit_due(c))
		return;
	list = rd_kafka_topic_partition_list_new(c->nparts);
	for (int32_t id = 0; id < c->nparts; id++)
		if (needs_commit(&c->parts[id]))
			rd_kafka_topic_partition_list_add(list, c->topic, id)->offset = c->parts[id].stored;
	c->committing = rd_kafka_commit_queue(c->rk, list, c->replies, NULL, NULL) == 0;
	rd_kafka_topic_partition_list_destroy(list);
}

void kafka_commit_first(struct kafka_consumer *c, struct kafka_part *p)
{
	if (p->committed != OFFSET_NONE || p->stored != OFFSET_NONE)
		return;
	p->stored = p->begin;
	kafka_commit_begin(c);
}

/* True when a partition has a stored offset and the group has none of it. */
static bool first_is_due(const struct kafka_consumer *c)
{
	for (int32_t id = 0; id < c->nparts; id++)
		if (needs_commit(&c->parts[id]) && c->parts[id].committed == OFFSET_NONE)
			return true;
	return false;
}

/* Errors of a rebalance are normal: the partition's next member reads the uncommitted records again. */
static bool is_expected(rd_kafka_resp_err_t err)
{
	return err == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || err == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
	       err == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
}

void kafka_commit_answered(struct kafka_consumer *c, rd_kafka_event_t *reply)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(reply);
	rd_kafka_resp_err_t err = rd_kafka_event_error(reply);
	bool all = true;

	c->committing = false;
	for (int i = 0; err == 0 && list != NULL && i < list->cnt; i++) {
		struct kafka_part *p = kafka_part_find(c, list->elems[i].partition);

		if (p != NULL && list->elems[i].err == 0)
			p->committed = list->elems[i].offset;
		all &= list->elems[i].err == 0;
	}
	if (err == 0) {
		if (all && first_is_due(c)) /* its partition was read while this commit was in flight */
			kafka_commit_begin(c);
		return;
	}
	c->refused_commits++;
	timer_stop(c->group_timer); /* GROUP_REVOKING: a second commit would be refused too */
	if (!is_expected(err))
		kafka_log_fault(&c->log, err, rd_kafka_err2str(err));
}
