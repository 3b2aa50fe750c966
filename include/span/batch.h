/* SPDX-License-Identifier: Apache-2.0 */
/* The unit of travel, one jaeger.Batch in TBinaryProtocol with its identity. */
#ifndef BATCH_H
#define BATCH_H

#include "base/err.h"
#include "base/list.h"
#include "base/slice.h"

/* Made once, its bytes never change. Counted; only the loop's thread counts. A worker thread
 * borrows a batch while the loop holds a reference for it. */
struct batch {
	struct list link;     /* of whoever holds it now */
	struct list out;      /* of the dispatcher, while it is with the sink */
	uint64_t boot;        /* with the host and the sequence: the id that stays the same */
	uint64_t sequence;    /* counts up from 1 within a boot */
	uint64_t read_us;     /* monotonic moment it was read from the socket, 0 from the spool */
	uint64_t received_ms; /* wall clock, milliseconds since 1970 */
	uint64_t position;    /* in the spool; 0 while it is not there */
	uint64_t offered_us;  /* monotonic moment the sink took it last, 0 never */
	uint32_t spans;
	uint32_t size; /* bytes of its content */
	uint32_t cost; /* bytes of memory that it takes, the allocator's share included */
	uint32_t refs;
	uint32_t epoch;            /* the dispatcher's, when it was offered: counts changes of the circuit's state */
	uint32_t partition;        /* of the destination, where it was reported last; 0: it has none */
	uint32_t refused_by;       /* the partition that refused it last, when it was sent alone, */
	uint64_t refused_alone_us; /* and the monotonic moment; 0: none did */
	uint64_t refused_us;       /* monotonic moment it was given back last */
	uint64_t retry_us;         /* monotonic moment before which it is not offered again; 0 none */
	uint32_t refusals;         /* in a row */
	uint32_t confirmed;        /* of them: another record passed afterwards where this one was refused */
	uint8_t place;             /* enum batch_place of flow, where it stands */
	bool maybe_dup;            /* may have been delivered before */
	bool with_sink;            /* offered and not reported */
	bool backlog;              /* read back from the spool */
	uint8_t bytes[];
};

/* The cost of a batch of SIZE bytes, which grows with the size. */
uint64_t batch_cost(uint64_t size);

/* A batch of SIZE bytes to be filled by the caller, one reference, all else 0. NULL without memory. */
struct batch *batch_new(uint32_t size);
struct batch *batch_ref(struct batch *b);
/* Empties the caller's variable. */
void batch_unref(struct batch **b);

static inline struct slice batch_slice(const struct batch *b)
{
	return slice_of(b->bytes, b->size);
}

#endif
