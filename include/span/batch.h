/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: one jaeger.Batch in TBinaryProtocol with its id and its state in the agent's pipeline. */
#ifndef BATCH_H
#define BATCH_H

#include "base/err.h"
#include "base/list.h"
#include "base/slice.h"

/* Its bytes never change. Reference-counted; only the loop thread changes the count. A worker thread may read a
 * batch to which the loop keeps a reference meanwhile. */
struct batch {
	struct list link;     /* in a list of its current owner */
	struct list out;      /* in the dispatcher's list, while with_sink */
	uint64_t boot;        /* host, boot and sequence are the batch's permanent id */
	uint64_t sequence;    /* from 1, within a boot */
	uint64_t read_us;     /* monotonic time of reception from the socket; 0: read from the spool */
	uint64_t received_ms; /* wall clock, milliseconds since 1970 */
	uint64_t position;    /* in the spool; 0: not there */
	uint64_t offered_us;  /* monotonic time of the last offer that the sink accepted; 0: never */
	uint32_t spans;
	uint32_t size; /* length of bytes[] */
	uint32_t cost; /* bytes of memory, with the allocator's overhead: batch_cost(size) */
	uint32_t refs;
	uint32_t
	        epoch; /* epoch of the dispatcher when it was offered; the epoch counts changes of the circuit's state */
	uint32_t partition;        /* partition of the last report; 0 where the destination has none */
	uint32_t refused_by;       /* partition that last refused it alone in its request, */
	uint64_t refused_alone_us; /* and the monotonic time of that; 0: never */
	uint64_t refused_us;       /* monotonic time of the last refusal */
	uint64_t retry_us;         /* monotonic time before which it is not offered again; 0: none */
	uint32_t refusals;         /* in a row */
	uint32_t confirmed;        /* refusals after which another record passed on that partition (policy/evidence) */
	uint8_t place;             /* enum batch_place of agent/: the part of the pipeline that owns it */
	bool maybe_dup;            /* may have been delivered before */
	bool with_sink;            /* offered to the sink and not reported yet */
	bool backlog;              /* read back from the spool */
	uint8_t bytes[];
};

/* Bytes of memory of a batch of SIZE bytes; increases with SIZE. */
uint64_t batch_cost(uint64_t size);

/* Creates a batch with one reference and all fields 0 but size and cost; the caller fills in bytes[]. NULL without
 * memory. */
struct batch *batch_new(uint32_t size);
struct batch *batch_ref(struct batch *b);
/* Drops a reference and sets *B to NULL. */
void batch_unref(struct batch **b);

static inline struct slice batch_slice(const struct batch *b)
{
	return slice_of(b->bytes, b->size);
}

#endif
