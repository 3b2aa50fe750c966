/* SPDX-License-Identifier: Apache-2.0 */
/* Validates, reads, joins and splits a Batch in TBinaryProtocol. */
#ifndef INSPECT_H
#define INSPECT_H

#include "base/buf.h"

struct inspect_span {
	uint64_t trace_high;
	uint64_t trace_low;
	uint64_t span_id;
	struct slice operation;
};

struct inspect_facts {
	uint32_t spans;
	struct slice service; /* borrowed from the value */
	struct slice process; /* the Process with its field header; borrowed from VALUE */
	struct slice list;    /* the elements of the span list, without the list's header; borrowed */
	size_t used;          /* length of the struct; readers ignore bytes after it */
};

/* Checks everything in VALUE that Jaeger's decoders require. EACH, unless NULL, is called for each span, in order.
 * 0, or E_MALFORMED with a sentence in WHY (which may be NULL). */
int inspect_batch(struct slice value, struct inspect_facts *facts,
        void (*each)(void *arg, const struct inspect_span *span), void *arg, struct why *why) MUST_USE;

/* To join Batches of one Process without re-encoding, concatenate FACTS.process of one, the list header that
 * inspect_join_list() writes for COUNT spans in all, FACTS.list of each, and the byte INSPECT_JOIN_END. */
enum { INSPECT_JOIN_LIST = 8, INSPECT_JOIN_END = 0 };
void inspect_join_list(uint8_t to[INSPECT_JOIN_LIST], uint32_t count);

/* True when VALUE begins like a Batch in compact protocol; inspect_from_compact() converts it. */
bool inspect_is_compact(struct slice value);

/* Converts a Batch in compact protocol to TBinaryProtocol, appended to OUT. 0, E_MALFORMED, E_NOMEM. */
int inspect_from_compact(struct slice value, struct buf *out) MUST_USE;

/* Appends to OUT a Batch with the Process of VALUE and up to COUNT of its spans, from number FIRST on. Other fields
 * (seqNo, stats, unknown ones) go into the part with FIRST == 0. Of a duplicate Process or span list the last is
 * used, as readers do. 0, E_MALFORMED, E_NOMEM. */
int inspect_cut(struct slice value, uint32_t first, uint32_t count, struct buf *out) MUST_USE;

#endif
