/* SPDX-License-Identifier: Apache-2.0 */
/* gen.h — random emitBatch datagrams, the same in both protocols, with what must come of them. */
#ifndef GEN_H
#define GEN_H

#include "base/buf.h"

enum { GEN_DEPTH = 80 };

struct gen {
	uint64_t state;     /* of the random numbers; set it before the first gen_batch */
	struct buf compact; /* the same datagram in both protocols */
	struct buf binary;
	struct buf expected; /* the bare TBinary Batch that must come of either */
	uint32_t spans;      /* in the last span list */
	bool broken;         /* a required field was left out: both must be refused */
	bool plain;          /* nothing is in it that Thrift's C library reads otherwise or dies of */
	bool tidy;           /* make it as a real client would: set before gen_batch */
	/* private */
	bool in_batch; /* what is written belongs to EXPECTED */
	uint16_t last[GEN_DEPTH];
	unsigned depth;
};

/* Makes the next datagram in place of the last. */
void gen_batch(struct gen *g);
void gen_free(struct gen *g);

uint64_t gen_random(struct gen *g);

/* True once in N. */
bool gen_once_in(struct gen *g, unsigned n);

/* The seed in the environment's SEED, else one by the clock; it is printed. */
uint64_t gen_seed(void);

#endif
