/* SPDX-License-Identifier: Apache-2.0 */
/* member.c — a static member of its group (KIP-345), with an id of this consumer's own. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf.h"
#include "consumer_internal.h"

enum { LOOK_MS = 20 };

/* Unique for each consumer, the same for each handle of it: a broker that has come back then knows at once
 * that a member which joins anew is the one it still waits for, and does not wait for its session to end. */
void kafka_member_name(struct kafka_consumer *c)
{
	static unsigned count;
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(c->instance, sizeof(c->instance), "spanspool-%s-%d-%" PRIu64 "-%u", host, (int)getpid(),
	        clock_wall_ms(), count++);
}

/* A static member that ends leaves its group only when its session is over, so that a restart keeps its
 * partitions; librdkafka keeps that rule, which is right for an id that the operator has given. With an id of
 * our own nobody takes its place: so it unsubscribes first, for which librdkafka does leave. */
bool kafka_member_must_give_up(struct kafka_consumer *c)
{
	char text[sizeof(c->instance)], *member;
	bool in_group;

	if (c->log.trouble.cause != KAFKA_CAUSE_NONE ||
	        strcmp(kafka_conf_text(c->conf, "group.instance.id", text, sizeof(text)), c->instance) != 0)
		return false;
	member = rd_kafka_memberid(c->rk);
	in_group = member != NULL && member[0] != '\0';
	if (member != NULL)
		rd_kafka_mem_free(c->rk, member);
	return in_group;
}

void kafka_member_give_up(struct kafka_consumer *c)
{
	rd_kafka_unsubscribe(c->rk);
}

/* No event tells, so it is looked for again soon. */
bool kafka_member_has_left(struct kafka_consumer *c)
{
	if (c->seen == NULL || atomic_load(&c->seen->left))
		return true;
	if (c->group == GROUP_SETTLED && !timer_armed(c->answer))
		timer_start(c->answer, LOOK_MS);
	return false;
}
