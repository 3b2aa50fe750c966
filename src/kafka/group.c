/* SPDX-License-Identifier: Apache-2.0 */
/* group.c — the consumer as a member of its group: who has which partition, and from where to
 * where it has been read.
 *
 *   SETTLED ──partitions given──► ASKING ──stored offsets, then bounds if the owner wants them──► tell the
 *              owner, assign ──► SETTLED; without an answer that the owner needs: asked again after 1 s
 *   SETTLED ──partitions taken──► tell the owner ──► GIVING ──committed, or 3 s──► unassign, SETTLED
 *                                        └──lost: nothing may be committed──► unassign, SETTLED
 *
 * librdkafka waits for assign or unassign before it goes on, so the control queue rests in ASKING and
 * GIVING; the answers come by a queue of their own. The stored offsets are asked for by ourselves,
 * because only so can be seen that the broker has thrown away what follows them: librdkafka would
 * silently begin at the oldest record there is.
 *
 * Only step() moves c->group. kafka_commit.c commits what has been read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consumer_internal.h"
#include "offsets.h"
#include "wake.h"

enum { ASK_MS = 10000, ASK_AGAIN_MS = 1000, GIVE_MS = 3000 };

static void step(struct kafka_consumer *c);

struct kafka_part *kafka_part_find(struct kafka_consumer *c, int32_t id)
{
	return id >= 0 && id < c->nparts && c->parts[id].generation > 0 ? &c->parts[id] : NULL;
}

static struct kafka_part *part_make(struct kafka_consumer *c, int32_t id)
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

/* Its records go to our own queue, which can rest while the control queue is served. */
static void redirect(struct kafka_consumer *c, int32_t id)
{
	rd_kafka_queue_t *q = rd_kafka_queue_get_partition(c->rk, c->topic, id);

	if (q == NULL)
		return;
	rd_kafka_queue_forward(q, c->records);
	rd_kafka_queue_destroy(q);
}

static bool is_cooperative(struct kafka_consumer *c)
{
	const char *protocol = rd_kafka_rebalance_protocol(c->rk);

	return protocol != NULL && protocol[0] == 'C';
}

/* Takes ERROR, which may be none. */
static void say(struct kafka_consumer *c, rd_kafka_error_t *error)
{
	if (error == NULL)
		return;
	log_error("%s: %s", c->log.who, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
}

static void assign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts)
{
	if (is_cooperative(c))
		say(c, rd_kafka_incremental_assign(c->rk, parts));
	else
		rd_kafka_assign(c->rk, parts);
}

static void unassign(struct kafka_consumer *c, const rd_kafka_topic_partition_list_t *parts)
{
	if (is_cooperative(c) && parts != NULL)
		say(c, rd_kafka_incremental_unassign(c->rk, parts));
	else
		rd_kafka_assign(c->rk, NULL);
}

static void settle(struct kafka_consumer *c)
{
	timer_stop(c->answer);
	c->group = GROUP_SETTLED;
	if (c->rebalance != NULL)
		rd_kafka_event_destroy(c->rebalance);
	c->rebalance = NULL;
	if (c->given != NULL)
		rd_kafka_topic_partition_list_destroy(c->given);
	c->given = NULL;
	wakeup_signal(c->wakeup); /* the control queue has rested */
}

static rd_kafka_topic_partition_list_t *rebalanced(struct kafka_consumer *c)
{
	return rd_kafka_event_topic_partition_list(c->rebalance);
}

static void ask(struct kafka_consumer *c)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(c->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_ListConsumerGroupOffsets_t *request =
	        rd_kafka_ListConsumerGroupOffsets_new(c->offsets_of, rebalanced(c));
	char said[128];

	rd_kafka_AdminOptions_set_request_timeout(options, ASK_MS, said, sizeof(said));
	rd_kafka_ListConsumerGroupOffsets(c->rk, &request, 1, options, c->replies);
	rd_kafka_ListConsumerGroupOffsets_destroy(request);
	rd_kafka_AdminOptions_destroy(options);
	c->asks_again = false;
	c->group = GROUP_ASKING;
}

/* What the group has stored, or NULL: then librdkafka shall ask for itself. */
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
	return p->offset >= 0 ? p->offset : c->fresh;
}

/* Returns where to begin, by the owner's will. */
static int64_t take(struct kafka_consumer *c, int32_t id, int64_t stored)
{
	struct kafka_part *p = part_make(c, id);
	int64_t begin;

	if (p == NULL) {
		/* Its records will be passed over, and nothing committed: the next member gets them. */
		log_error("%s: partition %d: %s", c->log.who, id, err_text(E_NOMEM));
		return stored;
	}
	redirect(c, id);
	p->generation++;
	p->ours = true;
	p->leaving = false;
	p->stored = OFFSET_NONE;
	p->committed = stored >= 0 ? stored : OFFSET_NONE;
	begin = c->events.assigned(c->events.arg, id, p->generation, stored);
	p = kafka_part_find(c, id);
	p->begin = p->next = begin >= 0 ? begin : OFFSET_NONE;
	return begin;
}

/* Each partition of c->given has its stored offset: it begins where the owner says. */
static void begin_given(struct kafka_consumer *c)
{
	for (int i = 0; i < c->given->cnt; i++)
		c->given->elems[i].offset = take(c, c->given->elems[i].partition, c->given->elems[i].offset);
	assign(c, c->given);
	rd_kafka_resume_partitions(c->rk, c->given); /* those that were skipped before */
	log_info("%s: %d partitions of %s were assigned", c->log.who, c->given->cnt, c->topic);
	settle(c);
}

static void ask_again(struct kafka_consumer *c, const char *what)
{
	log_warn("%s: offsets of %s are not known yet: %s", c->log.who, c->topic, what);
	c->asks_again = true;
	timer_start(c->answer, ASK_AGAIN_MS);
}

/* The points are in the order of ask_bounds. */
static void take_bounds(struct kafka_consumer *c, const struct kafka_offsets *o, int32_t id)
{
	struct kafka_part *p = part_make(c, id);

	if (p == NULL)
		return; /* take() says so */
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
	wakeup_signal(c->wakeup); /* EMPTYING waits for it */
	if (c->group != GROUP_ASKING || c->given == NULL)
		return;
	if (what != NULL) {
		ask_again(c, what);
		return;
	}
	for (int i = 0; i < c->given->cnt; i++)
		take_bounds(c, o, c->given->elems[i].partition);
	begin_given(c);
}

static void ask_bounds(struct kafka_consumer *c)
{
	const int64_t at[] = { KAFKA_OFFSET_BEGINNING, KAFKA_OFFSET_END, c->opts.times_ms[0], c->opts.times_ms[1] };

	if (kafka_offsets_ask(&c->bounds, c->loop, c->rk, c->given, at, ARRAY_LEN(at), on_bounds, c) < 0)
		ask_again(c, err_text(E_NOMEM));
}

static void on_offsets(struct kafka_consumer *c, rd_kafka_event_t *reply)
{
	const rd_kafka_topic_partition_list_t *stored = offsets_in(reply);

	if (c->group != GROUP_ASKING)
		return;
	if (stored == NULL && c->opts.asks_bounds) {
		ask_again(c, rd_kafka_event_error_string(reply));
		return;
	}
	if (stored == NULL)
		log_warn("%s: stored offsets are not known yet: %s", c->log.who, rd_kafka_event_error_string(reply));
	if (c->given != NULL)
		rd_kafka_topic_partition_list_destroy(c->given);
	c->given = rd_kafka_topic_partition_list_copy(rebalanced(c));
	for (int i = 0; i < c->given->cnt; i++)
		c->given->elems[i].offset = stored_in(c, stored, c->given->elems[i].partition);
	if (c->opts.asks_bounds)
		ask_bounds(c);
	else
		begin_given(c);
}

/* The owner is told while the partition is still ours, so that it can store its last offset. */
static void tell_revoked(struct kafka_consumer *c, int32_t id, bool lost)
{
	struct kafka_part *p = kafka_part_find(c, id);

	if (p == NULL || !p->ours)
		return;
	p->ours = !lost;
	if (p->leaving)
		return;
	p->leaving = true;
	c->events.revoked(c->events.arg, id, lost);
}

/* What the member is called by its coordinator, "" when it is none; true when that differs from SEEN, which it takes
 * the place of. */
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

/* A cooperative member that stood still while its group was being formed anew joins again with the partitions that it
 * had, although its session ended and others have had them meanwhile. librdkafka does not call them lost then, but
 * the member has another id: its offsets may be older than those that others have committed. */
static void on_taken(struct kafka_consumer *c)
{
	rd_kafka_topic_partition_list_t *list = rebalanced(c);
	bool changed = is_cooperative(c) && member_changed(c, c->member);
	bool lost = rd_kafka_assignment_lost(c->rk) || changed;

	for (int i = 0; i < list->cnt; i++)
		tell_revoked(c, list->elems[i].partition, lost);
	log_info("%s: %d partitions of %s were %s", c->log.who, list->cnt, c->topic, lost ? "lost" : "revoked");
	c->group = GROUP_GIVING;
	timer_start(c->answer, GIVE_MS);
	step(c);
}

static void on_rebalance(struct kafka_consumer *c, rd_kafka_event_t *event)
{
	c->rebalance = event;
	switch (rd_kafka_event_error(event)) {
	case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
		if (c->seen != NULL)
			c->seen->assigned = true;
		(void)member_changed(c, c->member);
		if (c->state == CONSUMER_RUNNING && rebalanced(c)->cnt > 0) {
			ask(c);
			return;
		}
		assign(c, rebalanced(c));
		break;
	case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
		on_taken(c);
		return;
	default:
		kafka_log_trouble(&c->log, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		unassign(c, NULL);
		break;
	}
	settle(c);
}

/* What is to be given is as safe as it can be made. */
static bool is_given(struct kafka_consumer *c)
{
	if (!timer_armed(c->answer))
		return true;
	if (!c->committing && kafka_commit_due(c))
		kafka_commit_begin(c);
	return !c->committing;
}

/* In ASKING c->answer runs only after an answer of no use. */
static bool may_ask_again(struct kafka_consumer *c)
{
	return c->group == GROUP_ASKING && c->asks_again && !timer_armed(c->answer);
}

static void step(struct kafka_consumer *c)
{
	if (may_ask_again(c))
		ask(c);
	if (c->group != GROUP_GIVING || !is_given(c))
		return;
	for (int i = 0; i < rebalanced(c)->cnt; i++) {
		struct kafka_part *p = kafka_part_find(c, rebalanced(c)->elems[i].partition);

		if (p != NULL)
			p->ours = false;
	}
	unassign(c, rebalanced(c));
	settle(c);
}

static void on_error(struct kafka_consumer *c, rd_kafka_event_t *event)
{
	if (rd_kafka_event_error_is_fatal(event)) {
		c->failed = true;
		kafka_log_fatal(&c->log, c->rk);
	} else {
		kafka_log_trouble(&c->log, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
	}
}

/* Takes EVENT. */
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
		kafka_log_said(&c->log, event);
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
	while (c->group == GROUP_SETTLED && !c->failed && (event = rd_kafka_queue_poll(c->control, 0)) != NULL)
		on_event(c, event);
}

void kafka_group_abandon(struct kafka_consumer *c)
{
	for (int32_t id = 0; id < c->nparts; id++)
		tell_revoked(c, id, true);
	c->committing = false;
	settle(c);
}
