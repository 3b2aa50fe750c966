/* SPDX-License-Identifier: Apache-2.0 */
/* member.c — static group membership (KIP-345) with an id that each consumer generates. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "conf.h"
#include "consumer_internal.h"

enum { POLL_MS = 20 };

/* The id is unique to this consumer and shared by its successive handles: a broker that has come back then
 * recognises a rejoining member at once, instead of waiting for its old session to time out. */
void kafka_member_name(struct kafka_consumer *c)
{
	static unsigned count;
	char host[65] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(c->instance, sizeof(c->instance), "spanspool-%s-%d-%" PRIu64 "-%u", host, (int)getpid(),
	        clock_wall_ms(), count++);
}

/* A static member leaves its group only when its session times out, so that a restart keeps its partitions.
 * librdkafka follows that rule, which is right for an id set by the operator. A generated id never comes back, so
 * its member must unsubscribe first: then librdkafka sends LeaveGroup. */
bool kafka_member_must_unsubscribe(struct kafka_consumer *c)
{
	char text[sizeof(c->instance)], *member;
	bool in_group;

	if (c->log.fault.cause != KAFKA_CAUSE_NONE ||
	        strcmp(kafka_conf_text(c->conf, "group.instance.id", text, sizeof(text)), c->instance) != 0)
		return false;
	member = rd_kafka_memberid(c->rk);
	in_group = member != NULL && member[0] != '\0';
	if (member != NULL)
		rd_kafka_mem_free(c->rk, member);
	return in_group;
}

void kafka_member_unsubscribe(struct kafka_consumer *c)
{
	rd_kafka_unsubscribe(c->rk);
}

/* No event reports the LeaveGroup response, so the flag is polled every POLL_MS. */
bool kafka_member_has_left(struct kafka_consumer *c)
{
	if (c->group_flags == NULL || atomic_load(&c->group_flags->left))
		return true;
	if (c->group == GROUP_IDLE && !timer_armed(c->group_timer))
		timer_start(c->group_timer, POLL_MS);
	return false;
}
