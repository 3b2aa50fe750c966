/* SPDX-License-Identifier: Apache-2.0 */
/* thread_callbacks.c — a queue's callback signals a wakeup; interceptors set flags. (The other callbacks in
 * librdkafka's threads are those of sockets.c.) librdkafka calls on_queue_filled() with the queue locked, and
 * kafka_queue_unwatch() takes the same lock, so no call is under way after it. */
#include <stdlib.h>
#include <string.h>

#include "thread_callbacks.h"

enum { API_JOIN_GROUP = 11, API_LEAVE_GROUP = 13, API_SYNC_GROUP = 14, FIXED_VERSION = 0x020300ff };

struct destruction {
	rd_kafka_t *rk;
	int flags;
	void *owned;
};

static void on_queue_filled(rd_kafka_t *rk, void *wakeup)
{
	(void)rk;
	wakeup_signal(wakeup);
}

void kafka_queue_watch(rd_kafka_queue_t *q, struct wakeup *b)
{
	rd_kafka_queue_cb_event_enable(q, on_queue_filled, b);
	/* librdkafka calls back only when the queue was empty: without this signal events queued before would wait
	 * for ever. */
	wakeup_signal(b);
}

void kafka_queue_unwatch(rd_kafka_queue_t *q)
{
	rd_kafka_queue_cb_event_enable(q, NULL, NULL);
}

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int fd, const char *name, int32_t id, int16_t api,
        int16_t version, int32_t number, size_t size, void *group)
{
	(void)rk, (void)fd, (void)name, (void)id, (void)version, (void)number, (void)size;
	if (api == API_JOIN_GROUP) {
		atomic_store(&((struct kafka_group_flags *)group)->joining, true);
		atomic_store(&((struct kafka_group_flags *)group)->join_sent, true);
	}
	return 0;
}

static rd_kafka_resp_err_t on_response(rd_kafka_t *rk, int fd, const char *name, int32_t id, int16_t api,
        int16_t version, int32_t number, size_t size, int64_t rtt, rd_kafka_resp_err_t err, void *arg)
{
	struct kafka_group_flags *group = arg;

	(void)rk, (void)fd, (void)name, (void)id, (void)version, (void)number, (void)size, (void)rtt;
	if (api == API_SYNC_GROUP || (api == API_JOIN_GROUP && err != 0))
		atomic_store(&group->joining, false);
	if (api == API_LEAVE_GROUP)
		atomic_store(&group->left, true);
	return 0;
}

static rd_kafka_resp_err_t on_client_new(
        rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *group, char *said, size_t cap)
{
	(void)conf, (void)said, (void)cap;
	rd_kafka_interceptor_add_on_request_sent(rk, "group", on_request_sent, group);
	rd_kafka_interceptor_add_on_response_received(rk, "group", on_response, group);
	return 0;
}

struct kafka_group_flags *kafka_group_flags_new(rd_kafka_conf_t *conf)
{
	struct kafka_group_flags *group = calloc(1, sizeof(*group));

	if (group != NULL)
		rd_kafka_conf_interceptor_add_on_new(conf, "group", on_client_new, group);
	return group;
}

bool kafka_client_must_leak(rd_kafka_t *rk, const struct kafka_group_flags *group)
{
	static const char sticky[] = "cooperative-sticky";
	char strategies[256] = "";
	size_t cap = sizeof(strategies);

	if (rd_kafka_version() >= FIXED_VERSION || group == NULL || !atomic_load(&group->join_sent) ||
	        group->had_assignment)
		return false;
	return rd_kafka_conf_get(rd_kafka_conf(rk), "partition.assignment.strategy", strategies, &cap) !=
	               RD_KAFKA_CONF_OK ||
	       strstr(strategies, sticky) != NULL;
}

void kafka_client_leak(rd_kafka_t *rk, struct kafka_group_flags *group)
{
	static struct leaked {
		struct leaked *next;
		rd_kafka_t *rk;
		struct kafka_group_flags *group;
	} * leaked; /* reachable, so that leak checkers do not report them */
	struct leaked *k = malloc(sizeof(*k));

	if (k == NULL)
		return;
	*k = (struct leaked){ leaked, rk, group };
	leaked = k;
}

static void destroy_client(void *arg)
{
	struct destruction *g = arg;

	rd_kafka_destroy_flags(g->rk, g->flags);
	free(g->owned);
}

void kafka_client_destroy_later(rd_kafka_t *rk, int flags, void *owned, struct loop *l)
{
	struct destruction here = { rk, flags, owned }, *g = malloc(sizeof(*g));

	if (g != NULL) {
		*g = here;
		if (work_start_alone(l, destroy_client, free, g) == 0)
			return;
	}
	free(g);
	destroy_client(&here);
}
