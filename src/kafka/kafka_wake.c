/* kafka_wake.c — the only place where a thread of librdkafka touches us, and where we wait for its
 * threads. librdkafka calls on_filled with the queue locked, which is why forgetting is safe: it
 * takes the same lock. */
#include <stdlib.h>

#include "kafka_wake.h"

struct grave {
	rd_kafka_t *rk;
	int flags;
};

static void on_filled(rd_kafka_t *rk, void *bell)
{
	(void)rk;
	bell_ring(bell);
}

void kafka_wake_watch(rd_kafka_queue_t *q, struct bell *b)
{
	rd_kafka_queue_cb_event_enable(q, on_filled, b);
}

void kafka_wake_forget(rd_kafka_queue_t *q)
{
	rd_kafka_queue_cb_event_enable(q, NULL, NULL);
}

static void destroy(void *arg)
{
	struct grave *g = arg;

	rd_kafka_destroy_flags(g->rk, g->flags);
}

void kafka_wake_bury(rd_kafka_t *rk, int flags, struct loop *l)
{
	struct grave *g = malloc(sizeof(*g));

	if (g != NULL) {
		g->rk = rk;
		g->flags = flags;
		if (work_start(l, destroy, free, g) == 0)
			return;
	}
	free(g);
	rd_kafka_destroy_flags(rk, flags);
}
