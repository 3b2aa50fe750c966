/* SPDX-License-Identifier: Apache-2.0 */
/* group.c — rebalances: assigned and revoked partitions, and the offset at which each begins.
 *
 *   IDLE ──partitions assigned──► ASSIGNING ──committed offsets, then bounds if opts.asks_bounds──►
 *              events.assigned, rd_kafka_assign ──► IDLE
 *              a request fails and the owner needs its answer: repeated after 1 s
 *   IDLE ──partitions revoked──► events.revoked ──► REVOKING ──committed, or 3 s──► unassign ──► IDLE
 *              lost: nothing may be committed, so unassign at once
 *   any ──kafka_group_abandon()──► IDLE, when the handle is closed
 *
 * librdkafka waits for assign or unassign before it goes on, so the control queue is not read in ASSIGNING and
 * REVOKING; the answers come on c->replies. This file requests the committed offsets itself, because only then can
 * it see that the broker has deleted the records after them: librdkafka would silently begin at the oldest record.
 *
 * commit.c commits the offsets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consumer_internal.h"
#include "offsets.h"
#include "thread_callbacks.h"

enum { REQUEST_MS = 10000, RETRY_MS = 1000, REVOKE_MS = 3000 };

static void step(struct kafka_consumer *c);

static void finish_rebalance(struct kafka_consumer *c)
{
	timer_stop(c->group_timer);
	c->group = GROUP_IDLE;
	if (c->rebalance != NULL)
		rd_kafka_event_destroy(c->rebalance);
	c->rebalance = NULL;
	if (c->assigned != NULL)
		rd_kafka_topic_partition_list_destroy(c->assigned);
	c->assigned = NULL;
	wakeup_signal(c->wakeup); /* read the control queue, which was not read during the rebalance */
}

static rd_kafka_topic_partition_list_t *rebalanced(struct kafka_consumer *c)
{
	return rd_kafka_event_topic_partition_list(c->rebalance);
}

static void request_committed(struct kafka_consumer *c)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(c->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_ListConsumerGroupOffsets_t *request =
	        rd_kafka_ListConsumerGroupOffsets_new(c->offsets_of, rebalanced(c));
	char said[128];

	rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_MS, said, sizeof(said));
	rd_kafka_ListConsumerGroupOffsets(c->rk, &request, 1, options, c->replies);
	rd_kafka_ListConsumerGroupOffsets_destroy(request);
	rd_kafka_AdminOptions_destroy(options);
	c->must_retry = false;
	c->group = GROUP_ASSIGNING;
}

/* The group's committed offsets in REPLY; NULL on an error. */
static const rd_kafka_topic_partition_list_t *offsets_in(rd_kafka_event_t *reply)
{
	const rd_kafka_ListConsumerGroupOffsets_result_t *result;
	const rd_kafka_group_result_t **groups;
	size_t n;

	if (rd_kafka_event_error(reply) != 0)
		return NULL;
	result = rd_kafka_event_ListConsumerGroupOffsets_result(reply);
	groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &n);
	if (n != 1 || rd_kafka_group_result_error(groups[0]) != NULL)
		return NULL;
	return rd_kafka_group_result_partitions(groups[0]);
}

static int64_t stored_in(const struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *all, int32_t id)
{
	rd_kafka_topic_partition_t *p = NULL;

	if (all != NULL)
		p = rd_kafka_topic_partition_list_find((rd_kafka_topic_partition_list_t *)(uintptr_t)all, c->topic, id);
	if (p == NULL || p->err != 0)
		return KAFKA_OFFSET_STORED;
	return p->offset >= 0 ? p->offset : c->initial_offset;
}

/* The offset at which the owner begins partition P; STORED is what its group has committed. What the owner had done when
 * it lost P is not read again, although it could not be committed then. A group that had committed an offset of P and
 * has none any more has forgotten P, as it does when the topic is deleted: then the offset from before means nothing. */
static int64_t offset_to_begin(const struct kafka_part *p, int64_t stored)
{
	bool none_yet = stored != KAFKA_OFFSET_STORED && p->committed == OFFSET_NONE;

	if (p->lost && p->stored > stored && (stored >= 0 || none_yet))
		return p->stored;
	return stored;
}

/* Starts the assignment of partition ID with events.assigned; returns the offset to begin at. */
static int64_t begin_partition(struct kafka_consumer *c, int32_t id, int64_t stored)
{
	struct kafka_part *p = kafka_part_make(c, id);
	int64_t begin, done;

	if (p == NULL) {
		/* on_record() drops its records and none is committed: the next member reads them. */
		log_error("%s: partition %d: %s", c->log.who, id, err_text(E_NOMEM));
		return stored;
	}
	kafka_part_redirect(c, id);
	done = offset_to_begin(p, stored);
	p->generation++;
	p->assigned = true;
	p->revoking = p->lost = false;
	p->broker = -1;
	p->stored = done != stored ? done : OFFSET_NONE;
	p->committed = stored >= 0 ? stored : OFFSET_NONE;
	begin = c->events.assigned(c->events.arg, id, p->generation, done);
	p = kafka_part_find(c, id);
	p->begin = p->next = begin >= 0 ? begin : OFFSET_NONE;
	return begin;
}

/* librdkafka keeps a partition paused over its next assignment. Only those that kafka_consumer_skip() paused are resumed:
 * rd_kafka_resume_partitions() makes librdkafka reject the answer to a ListOffsets request that is under way and repeat
 * the request after 500 ms. */
static void resume_skipped(struct kafka_consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	for (int i = 0; i < c->assigned->cnt; i++) {
		struct kafka_part *p = kafka_part_find(c, c->assigned->elems[i].partition);

		if (p == NULL || !p->skipped)
			continue;
		p->skipped = false;
		rd_kafka_topic_partition_list_add(list, c->topic, c->assigned->elems[i].partition);
	}
	if (list->cnt > 0)
		rd_kafka_resume_partitions(c->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

/* Begins each partition of c->assigned, whose elements have the committed offsets. */
static void begin_assigned(struct kafka_consumer *c)
{
	for (int i = 0; i < c->assigned->cnt; i++)
		c->assigned->elems[i].offset =
		        begin_partition(c, c->assigned->elems[i].partition, c->assigned->elems[i].offset);
	kafka_assign(c, c->assigned);
	resume_skipped(c);
	log_info("%s: %d partitions of %s were assigned", c->log.who, c->assigned->cnt, c->topic);
	finish_rebalance(c);
}

static void retry_later(struct kafka_consumer *c, const char *what)
{
	log_warn("%s: offsets of %s are not known yet: %s", c->log.who, c->topic, what);
	c->must_retry = true;
	timer_start(c->group_timer, RETRY_MS);
}

/* The points are in the order of request_bounds(). */
static void set_bounds(struct kafka_consumer *c, const struct kafka_offsets *o, int32_t id)
{
	struct kafka_part *p = kafka_part_make(c, id);

	if (p == NULL)
		return; /* begin_partition() logs the lack of memory */
	p->bounds.first = kafka_offsets_at(o, 0, id);
	p->bounds.end = kafka_offsets_at(o, 1, id);
	for (size_t i = 0; i < ARRAY_LEN(p->bounds.at_time); i++) {
		int64_t at = kafka_offsets_at(o, 2 + i, id);

		p->bounds.at_time[i] = at >= 0 ? at : p->bounds.end;
	}
}

static void on_bounds(void *arg, struct kafka_offsets *o, const char *what)
{
	struct kafka_consumer *c = arg;

	c->bounds = NULL;
	wakeup_signal(c->wakeup); /* CONSUMER_EMPTYING waits for this request */
	if (c->group != GROUP_ASSIGNING || c->assigned == NULL)
		return;
	if (what != NULL) {
		retry_later(c, what);
		return;
	}
	for (int i = 0; i < c->assigned->cnt; i++)
		set_bounds(c, o, c->assigned->elems[i].partition);
	begin_assigned(c);
}

static void request_bounds(struct kafka_consumer *c)
{
	const int64_t at[] = { KAFKA_OFFSET_BEGINNING, KAFKA_OFFSET_END, c->opts.times_ms[0], c->opts.times_ms[1] };

	if (kafka_offsets_request(&c->bounds, c->loop, c->rk, c->assigned, at, ARRAY_LEN(at), on_bounds, c) < 0)
		retry_later(c, err_text(E_NOMEM));
}

static void on_offsets(struct kafka_consumer *c, rd_kafka_event_t *reply)
{
	const rd_kafka_topic_partition_list_t *stored = offsets_in(reply);

	if (c->group != GROUP_ASSIGNING)
		return;
	if (stored == NULL && c->opts.asks_bounds) {
		retry_later(c, rd_kafka_event_error_string(reply));
		return;
	}
	if (stored == NULL)
		log_warn("%s: stored offsets are not known yet: %s", c->log.who, rd_kafka_event_error_string(reply));
	if (c->assigned != NULL)
		rd_kafka_topic_partition_list_destroy(c->assigned);
	c->assigned = rd_kafka_topic_partition_list_copy(rebalanced(c));
	for (int i = 0; i < c->assigned->cnt; i++)
		c->assigned->elems[i].offset = stored_in(c, stored, c->assigned->elems[i].partition);
	if (c->opts.asks_bounds)
		request_bounds(c);
	else
		begin_assigned(c);
}

/* Calls events.revoked while p->assigned is still true, so that the owner can store its last offset. */
static void report_revoked(struct kafka_consumer *c, int32_t id, bool lost)
{
	struct kafka_part *p = kafka_part_find(c, id);

	if (p == NULL || !p->assigned)
		return;
	p->assigned = !lost;
	p->lost |= lost;
	if (p->revoking)
		return;
	p->revoking = true;
	c->events.revoked(c->events.arg, id, lost);
}

/* Copies the current member id, "" outside of a group, to SEEN; true when SEEN was another one. */
static bool member_changed(struct kafka_consumer *c, char seen[KAFKA_MEMBER_ID])
{
	char *id = rd_kafka_memberid(c->rk);
	char now[KAFKA_MEMBER_ID];
	bool changed;

	snprintf(now, sizeof(now), "%s", id == NULL ? "" : id);
	if (id != NULL)
		rd_kafka_mem_free(c->rk, id);
	changed = strcmp(now, seen) != 0;
	memcpy(seen, now, sizeof(now));
	return changed;
}

/* A cooperative member that was stopped during a rebalance rejoins with its old partitions, although its session had
 * ended and other members have owned them meanwhile. librdkafka does not report them as lost, but the member id has
 * changed. Then the partitions count as lost: this member's offsets may be older than those committed by others. */
static void on_revoked(struct kafka_consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rebalanced(c);
	bool changed = kafka_is_cooperative(c) && member_changed(c, c->member);
	bool lost = rd_kafka_assignment_lost(c->rk) || changed;

	for (int i = 0; i < list->cnt; i++)
		report_revoked(c, list->elems[i].partition, lost);
	log_info("%s: %d partitions of %s were %s", c->log.who, list->cnt, c->topic, lost ? "lost" : "revoked");
	c->group = GROUP_REVOKING;
	timer_start(c->group_timer, REVOKE_MS);
	step(c);
}

static void on_rebalance(struct kafka_consumer *c, rd_kafka_event_t *event)
{
	c->rebalance = event;
	switch (rd_kafka_event_error(event)) {
	case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
		if (c->group_flags != NULL)
			c->group_flags->had_assignment = true;
		(void)member_changed(c, c->member);
		if (c->state == CONSUMER_RUNNING && rebalanced(c)->cnt > 0) {
			request_committed(c);
			return;
		}
		kafka_assign(c, rebalanced(c));
		break;
	case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
		on_revoked(c);
		return;
	default:
		kafka_log_fault(&c->log, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		kafka_unassign(c, NULL);
		break;
	}
	finish_rebalance(c);
}

/* True when the stored offsets are committed, or the deadline is over. */
static bool may_unassign(struct kafka_consumer *c)
{
	if (!timer_armed(c->group_timer))
		return true;
	if (!c->committing && kafka_commit_due(c))
		kafka_commit_begin(c);
	return !c->committing;
}

/* In GROUP_ASSIGNING group_timer runs only after a failed request. */
static bool may_retry(struct kafka_consumer *c)
{
	return c->group == GROUP_ASSIGNING && c->must_retry && !timer_armed(c->group_timer);
}

static void step(struct kafka_consumer *c)
{
	if (may_retry(c))
		request_committed(c);
	if (c->group != GROUP_REVOKING || !may_unassign(c))
		return;
	for (int i = 0; i < rebalanced(c)->cnt; i++) {
		struct kafka_part *p = kafka_part_find(c, rebalanced(c)->elems[i].partition);

		if (p != NULL)
			p->assigned = false;
	}
	kafka_unassign(c, rebalanced(c));
	finish_rebalance(c);
}

static void on_error(struct kafka_consumer *c, rd_kafka_event_t *event)
{
	if (rd_kafka_event_error_is_fatal(event)) {
		c->failed = true;
		kafka_log_fatal(&c->log, c->rk);
	} else {
		kafka_log_fault(&c->log, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
	}
}

/* Takes ownership of EVENT. */
static void on_event(struct kafka_consumer *c, rd_kafka_event_t *event)
{
	switch (rd_kafka_event_type(event)) {
	case RD_KAFKA_EVENT_REBALANCE:
		on_rebalance(c, event);
		return;
	case RD_KAFKA_EVENT_OFFSET_COMMIT:
		kafka_commit_answered(c, event);
		break;
	case RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT:
		on_offsets(c, event);
		break;
	case RD_KAFKA_EVENT_ERROR:
		on_error(c, event);
		break;
	case RD_KAFKA_EVENT_LOG:
		kafka_log_line(&c->log, event);
		break;
	}
	rd_kafka_event_destroy(event);
}

void kafka_group_serve(struct kafka_consumer *c)
{
	rd_kafka_event_t *event;

	while ((event = rd_kafka_queue_poll(c->replies, 0)) != NULL)
		on_event(c, event);
	step(c);
	while (c->group == GROUP_IDLE && !c->failed && (event = rd_kafka_queue_poll(c->control, 0)) != NULL)
		on_event(c, event);
}

void kafka_group_abandon(struct kafka_consumer *c)
{
	for (int32_t id = 0; id < c->nparts; id++)
		report_revoked(c, id, true);
	c->committing = false;
	finish_rebalance(c);
}
