/* SPDX-License-Identifier: Apache-2.0 */
/* Converts an emitZipkinBatch message to Jaeger batches, one for each process in it, by the rules of jaeger-agent. */
#ifndef ZIPKIN_H
#define ZIPKIN_H

#include "span/transcode.h"

/* The service name of spans in which no annotation names a service. */
#define ZIPKIN_UNNAMED "unknown-service-name"

struct zipkin_batch {
	struct buf bytes; /* a jaeger.Batch in TBinaryProtocol */
	uint32_t spans;
};

/* A struct of zeros is valid and empty. */
struct zipkin_batches {
	size_t batch_struct_size; /* set by the caller, for batch_cost */
	struct zipkin_batch *at;
	size_t n;
	uint64_t size;    /* sum of batch_cost of them */
	uint32_t unnamed; /* spans without a service name anywhere; they are in the batch of ZIPKIN_UNNAMED */
};

/* Converts DATAGRAM, for which transcode_datagram set facts.zipkin, and sets OUT, which must be empty; the caller frees
 * it, also after an error. TAGS are added to each Process. The memory in use is at most some times MOST.
 * 0; E_MALFORMED; E_TOO_LARGE: the size of the batches would be more than MOST; E_NOMEM. */
int zipkin_convert(
        struct zipkin_batches *out, struct slice datagram, const struct transcode_tags *tags, size_t most) MUST_USE;

void zipkin_batches_free(struct zipkin_batches *b);

#endif
