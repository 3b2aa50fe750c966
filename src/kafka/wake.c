/* SPDX-License-Identifier: Apache-2.0 */
/* wake.c — the only place where threads of librdkafka touch us: by a wakeup, and by two flags.
 * librdkafka calls on_filled with the queue locked, which is why forgetting is safe: it takes the same
 * lock. */
#include <stdlib.h>
#include <string.h>

#include "wake.h"

enum { API_JOIN_GROUP = 11, API_LEAVE_GROUP = 13, API_SYNC_GROUP = 14, MENDED_VERSION = 0x020300ff };

struct destruction {
	rd_kafka_t *rk;
	int flags;
	void *legacy;
};

static void on_filled(rd_kafka_t *rk, void *wakeup)
{
	(void)rk;
	wakeup_signal(wakeup);
}

void kafka_wake_watch(rd_kafka_queue_t *q, struct wakeup *b)
{
	rd_kafka_queue_cb_event_enable(q, on_filled, b);
	/* It tells of a queue that was empty: what came before this line would keep it silent for ever. */
	wakeup_signal(b);
}

void kafka_wake_forget(rd_kafka_queue_t *q)
{
	rd_kafka_queue_cb_event_enable(q, NULL, NULL);
}

static rd_kafka_resp_err_t on_sent(rd_kafka_t *rk, int fd, const char *name, int32_t id, int16_t api, int16_t version,
        int32_t number, size_t size, void *group)
{
	(void)rk, (void)fd, (void)name, (void)id, (void)version, (void)number, (void)size;
	if (api == API_JOIN_GROUP) {
		atomic_store(&((struct kafka_wake_group *)group)->joining, true);
		atomic_store(&((struct kafka_wake_group *)group)->asked, true);
	}
	return 0;
}

static rd_kafka_resp_err_t on_answered(rd_kafka_t *rk, int fd, const char *name, int32_t id, int16_t api,
        int16_t version, int32_t number, size_t size, int64_t rtt, rd_kafka_resp_err_t err, void *arg)
{
	struct kafka_wake_group *group = arg;

	(void)rk, (void)fd, (void)name, (void)id, (void)version, (void)number, (void)size, (void)rtt;
	if (api == API_SYNC_GROUP || (api == API_JOIN_GROUP && err != 0))
		atomic_store(&group->joining, false);
	if (api == API_LEAVE_GROUP)
		atomic_store(&group->left, true);
	return 0;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *group, char *said, size_t cap)
{
	(void)conf, (void)said, (void)cap;
	rd_kafka_interceptor_add_on_request_sent(rk, "group", on_sent, group);
	rd_kafka_interceptor_add_on_response_received(rk, "group", on_answered, group);
	return 0;
}

struct kafka_wake_group *kafka_wake_group(rd_kafka_conf_t *conf)
{
	struct kafka_wake_group *group = calloc(1, sizeof(*group));

	if (group != NULL)
		rd_kafka_conf_interceptor_add_on_new(conf, "group", on_new, group);
	return group;
}

bool kafka_wake_must_keep(rd_kafka_t *rk, const struct kafka_wake_group *group)
{
	static const char sticky[] = "cooperative-sticky";
	char strategies[256] = "";
	size_t cap = sizeof(strategies);

	if (rd_kafka_version() >= MENDED_VERSION || group == NULL || !atomic_load(&group->asked) || group->assigned)
		return false;
	return rd_kafka_conf_get(rd_kafka_conf(rk), "partition.assignment.strategy", strategies, &cap) !=
	               RD_KAFKA_CONF_OK ||
	       strstr(strategies, sticky) != NULL;
}

void kafka_wake_keep(rd_kafka_t *rk, struct kafka_wake_group *group)
{
	static struct kept {
		struct kept *next;
		rd_kafka_t *rk;
		struct kafka_wake_group *group;
	} * kept; /* so that a search for leaks finds them */
	struct kept *k = malloc(sizeof(*k));

	if (k == NULL)
		return;
	*k = (struct kept){ kept, rk, group };
	kept = k;
}

static void destroy(void *arg)
{
	struct destruction *g = arg;

	rd_kafka_destroy_flags(g->rk, g->flags);
	free(g->legacy);
}

void kafka_wake_destroy_later(rd_kafka_t *rk, int flags, void *legacy, struct loop *l)
{
	struct destruction here = { rk, flags, legacy }, *g = malloc(sizeof(*g));

	if (g != NULL) {
		*g = here;
		if (work_start_alone(l, destroy, free, g) == 0)
			return;
	}
	free(g);
	destroy(&here);
}
