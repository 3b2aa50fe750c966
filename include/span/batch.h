/* SPDX-License-Identifier: Apache-2.0 */
/* A batch: one jaeger.Batch in TBinaryProtocol with its id, its counts and its mark. */
#ifndef BATCH_H
#define BATCH_H

#include "base/err.h"
#include "base/slice.h"

/* Its bytes never change. Reference-counted; only the loop thread changes the count. A worker thread may read a
 * batch to which the loop keeps a reference meanwhile. */
struct batch {
	uint64_t boot;        /* host, boot and sequence are the batch's permanent id */
	uint64_t sequence;    /* from 1, within a boot */
	uint64_t received_ms; /* wall clock, milliseconds since 1970 */
	uint64_t position;    /* in the spool; 0: not there */
	uint32_t spans;
	uint32_t size; /* length of bytes[] */
	uint32_t cost; /* bytes of memory, with the allocator's overhead: batch_cost */
	uint32_t refs;
	uint32_t losses; /* requests with it that a flooded collector lost, see sink_report.losses */
	bool maybe_dup;  /* may have been delivered before */
	uint8_t *bytes;  /* in the same allocation */
};

/* A batch may be the first member of a struct of its owner, in one allocation with it and with the bytes.
 * BATCH_STRUCT_SIZE is the size of that struct; 0 for a batch alone. */

/* Bytes of memory of a batch of SIZE bytes; increases with SIZE. */
uint64_t batch_cost(size_t batch_struct_size, uint64_t size);
/* Creates a batch with one reference; all else of that struct is 0 but size, cost and bytes. The caller fills in
 * bytes[]. NULL without memory. */
struct batch *batch_new_within(size_t batch_struct_size, uint32_t size);
struct batch *batch_new(uint32_t size);
struct batch *batch_ref(struct batch *b);
/* Drops a reference and sets *B to NULL. */
void batch_unref(struct batch **b);

static inline struct slice batch_slice(const struct batch *b)
{
	return slice_of(b->bytes, b->size);
}

#endif
