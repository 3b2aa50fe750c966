/* SPDX-License-Identifier: Apache-2.0 */
/* A batch in the agent's pipeline: the batch, the part of the pipeline that owns it, and the state of its delivery. */
#ifndef AGENT_BATCH_H
#define AGENT_BATCH_H

#include "agent/sink.h"
#include "base/list.h"

enum batch_place {
	PLACE_AGING,        /* fresh: with the sink, or waiting to be handed over to the spooler */
	PLACE_QUEUED,       /* in the spooler's queue, or being written by the commit cycle under way */
	PLACE_QUEUED_DONE,  /* reported delivered while the commit cycle was writing it */
	PLACE_QUEUED_MAYBE, /* reported SINK_MAYBE_SENT while the commit cycle was writing it */
	PLACE_REFUSED,      /* queued for the quarantine (refused.h) */
	PLACE_SPOOLED,      /* durable in the spool, at batch.position */
};

struct agent_batch;

/* The part of the pipeline that owns a batch: the flight while the batch is in memory only, the backlog once it has a
 * position in the spool. */
struct batch_owner {
	/* The sink reported on B, or can never take it; then the call comes from inside dispatcher_offer. OUTCOME is
	 * SINK_NOT_SENT while evidence is missing that a refused batch is bad. The owner keeps the reference that it had
	 * when it offered B. */
	void (*report)(struct batch_owner *o, struct agent_batch *b, enum sink_outcome outcome, const char *detail);
	/* B is durable at b->batch.position. The spooler's reference goes to the callee. */
	void (*stored)(struct batch_owner *o, struct agent_batch *b);
	/* B could not be stored. The spooler's reference goes to the callee, who may put it back. */
	void (*unstored)(struct batch_owner *o, struct agent_batch *b);
	/* The ledger has moved B, a refused batch, to quarantined or to a cause of loss. The reference of refused_put goes
	 * to the callee. May be called from inside refused_put and refused_drop_newest. */
	void (*resolved)(struct batch_owner *o, struct agent_batch *b);
	/* B, a refused batch with a position, could not be quarantined: its record stays in the spool. The reference of
	 * refused_put goes to the callee. Called from inside refused_stop_retries only. */
	void (*returned)(struct batch_owner *o, struct agent_batch *b);
};

struct agent_batch {
	struct batch batch; /* first: one allocation and one reference count for both */
	struct batch_owner *owner;
	struct list link;          /* in a list of its owner, or of the spooler */
	struct list out;           /* in the dispatcher's list, while with_sink */
	uint64_t read_us;          /* monotonic time of reception from the socket; 0: read from the spool */
	uint64_t offered_us;       /* monotonic time of the last offer that the sink accepted; 0: never */
	uint64_t refused_alone_us; /* monotonic time when it was last refused alone in its request; 0: never */
	uint64_t refused_us;       /* monotonic time of the last refusal */
	uint64_t retry_us;         /* monotonic time before which it is not offered again; 0: none */
	uint32_t refused_by;       /* partition of the refusal at refused_alone_us */
	uint32_t refusals;         /* in a row */
	uint32_t confirmed;        /* refusals after which another record passed on that partition (policy/evidence) */
	uint32_t epoch;            /* epoch of the dispatcher when it was offered */
	enum batch_place place;
	bool with_sink; /* offered to the sink and not reported yet */
	bool backlog;   /* read back from the spool */
	bool zipkin;    /* of an emitZipkinBatch message; not known any more of a batch read back from the spool */
};

static inline struct agent_batch *agent_batch_of(struct batch *b)
{
	return container_of(b, struct agent_batch, batch);
}

static inline uint64_t agent_batch_cost(uint64_t size)
{
	return batch_cost(sizeof(struct agent_batch), size);
}

/* All fields 0 but those that batch_new_within sets. NULL without memory. */
struct agent_batch *agent_batch_new(uint32_t size);
/* Prepares B, which batch_new_within made for an agent_batch. */
struct agent_batch *agent_batch_init(struct batch *b);
static inline struct agent_batch *agent_batch_ref(struct agent_batch *b)
{
	batch_ref(&b->batch);
	return b;
}
/* Drops a reference and sets *B to NULL. */
static inline void agent_batch_unref(struct agent_batch **b)
{
	struct batch *was = *b == NULL ? NULL : &(*b)->batch;

	*b = NULL;
	batch_unref(&was);
}

#endif
