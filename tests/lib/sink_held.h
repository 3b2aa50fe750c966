/* SPDX-License-Identifier: Apache-2.0 */
/* sink_held.h — the batches that a fake sink took and has not reported on. Each fake decides when it reports on which,
 * and how. */
#ifndef SINK_HELD_H
#define SINK_HELD_H

#include <stdlib.h>

#include "agent/sink.h"
#include "base/list.h"

struct sink_held {
	struct list link;
	struct batch *batch;
	uint64_t offered_us; /* by the fake's clock */
	uint32_t partition;  /* that the batch was sent to */
	bool on_wire;        /* the destination may have it */
	bool due;            /* is to be reported on */
};

/* Adds B, which the dispatcher keeps until its report, at the end of HELD. NULL without memory. */
static inline struct sink_held *sink_held_take(struct list *held, struct batch *b)
{
	struct sink_held *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->batch = b;
	list_push(held, &h->link);
	return h;
}

/* Reports on H and frees it. The report may bring a purge, which frees others of the list: whoever walks the list
 * begins anew. */
static inline void sink_held_report(struct sink_held *h, const struct sink_events *e, enum sink_outcome outcome)
{
	struct sink_report report = { .outcome = outcome, .partition = h->partition, .detail = "" };
	struct batch *b = h->batch;

	list_remove(&h->link);
	free(h);
	e->done(e->arg, b, &report);
}

/* The first of HELD that is due, or NULL. */
static inline struct sink_held *sink_held_first_due(const struct list *held)
{
	list_each (node, held) {
		struct sink_held *h = container_of(node, struct sink_held, link);

		if (h->due)
			return h;
	}
	return NULL;
}

#endif
