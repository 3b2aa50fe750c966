/* SPDX-License-Identifier: Apache-2.0 */
/* offsets.c — one ListOffsets request to each leader for each point, in a thread that touches only its request and
 * RK. The semaphore `finished` hands the request back. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "offsets.h"

enum { POINTS_MOST = 4, REQUEST_MS = 5000 };

struct kafka_offsets {
	rd_kafka_t *rk;
	rd_kafka_topic_partition_list_t *at[POINTS_MOST];
	size_t n;
	atomic_bool dropped; /* by kafka_offsets_drop(): the thread sends no further request */
	sem_t finished;      /* posted when the thread has made its last call */
	const char *what;
	void (*done)(void *arg, struct kafka_offsets *o, const char *what);
	void *arg;
};

static void free_request(struct kafka_offsets *o)
{
	for (size_t i = 0; i < o->n; i++)
		rd_kafka_topic_partition_list_destroy(o->at[i]);
	sem_destroy(&o->finished);
	free(o);
}

static const char *error_in(const rd_kafka_topic_partition_list_t *list)
{
	for (int i = 0; i < list->cnt; i++)
		if (list->elems[i].err != 0)
			return rd_kafka_err2str(list->elems[i].err);
	return NULL;
}

static void send_requests(void *arg)
{
	struct kafka_offsets *o = arg;

	for (size_t i = 0; o->what == NULL && i < o->n && !atomic_load(&o->dropped); i++) {
		rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(o->rk, o->at[i], REQUEST_MS);

		o->what = err != 0 ? rd_kafka_err2str(err) : error_in(o->at[i]);
	}
	sem_post(&o->finished);
}

static void on_finished(void *arg)
{
	struct kafka_offsets *o = arg;

	if (!atomic_load(&o->dropped))
		o->done(o->arg, o, o->what);
	free_request(o);
}

int kafka_offsets_request(struct kafka_offsets **out, struct loop *l, rd_kafka_t *rk,
        const rd_kafka_topic_partition_list_t *parts, const int64_t *at, size_t n,
        void (*done)(void *arg, struct kafka_offsets *o, const char *what), void *arg)
{
	struct kafka_offsets *o = calloc(1, sizeof(*o));
	int rc;

	if (o == NULL)
		return E_NOMEM;
	sem_init(&o->finished, 0, 0);
	o->rk = rk;
	o->done = done;
	o->arg = arg;
	for (; o->n < n && o->n < POINTS_MOST; o->n++) {
		o->at[o->n] = rd_kafka_topic_partition_list_copy(parts);
		for (int i = 0; i < parts->cnt; i++)
			o->at[o->n]->elems[i].offset = at[o->n];
	}
	rc = work_start_alone(l, send_requests, on_finished, o);
	if (rc < 0) {
		free_request(o);
		return rc;
	}
	*out = o;
	return 0;
}

int64_t kafka_offsets_at(const struct kafka_offsets *o, size_t i, int32_t id)
{
	const rd_kafka_topic_partition_list_t *list = o->at[i];

	for (int k = 0; k < list->cnt; k++)
		if (list->elems[k].partition == id)
			return list->elems[k].offset;
	return -1;
}

void kafka_offsets_drop(struct kafka_offsets *o)
{
	if (o == NULL)
		return;
	atomic_store(&o->dropped, true);
	while (sem_wait(&o->finished) < 0)
		;
}
