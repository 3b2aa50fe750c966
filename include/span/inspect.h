/* SPDX-License-Identifier: Apache-2.0 */
/* Looks into a bare Batch in TBinaryProtocol: is it one, what is in it, and cut it in parts. */
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
	struct slice process; /* the Process with its field header, borrowed from the value */
	struct slice list;    /* the elements of the span list, without the list's header; borrowed */
	size_t used;          /* bytes of the struct; what follows is not looked at by readers */
};

/* Walks VALUE and checks all that Jaeger's decoders require. EACH may be NULL; it is called for
 * each span, in order. 0, or E_MALFORMED with a sentence in WHY (which may be NULL). */
int inspect_batch(struct slice value, struct inspect_facts *facts,
        void (*each)(void *arg, const struct inspect_span *span), void *arg, struct why *why) MUST_USE;

/* Bytes before the spans of a Batch that is joined from others' spans: FACTS.process, then the header of the
 * span list. inspect_join_list writes that header to TO for COUNT spans; behind the last span follows
 * INSPECT_JOIN_END. The process and the spans of each Batch are used as they are. */
enum { INSPECT_JOIN_LIST = 8, INSPECT_JOIN_END = 0 };
void inspect_join_list(uint8_t to[INSPECT_JOIN_LIST], uint32_t count);

/* True for a Batch in compact protocol, which a drain may transcode. */
bool inspect_is_compact(struct slice value);

/* A bare compact Batch to TBinary, appended to OUT. 0, E_MALFORMED, E_NOMEM. */
int inspect_from_compact(struct slice value, struct buf *out) MUST_USE;

/* Appends to OUT a Batch with the same Process and the spans FIRST … FIRST+COUNT-1 of VALUE, as far
 * as there are; its other fields (seqNo, stats, unknown ones) go with the part that begins at span 0.
 * Of a Process or span list that comes twice only the last, which readers keep, goes anywhere.
 * 0, E_MALFORMED, E_NOMEM. */
int inspect_cut(struct slice value, uint32_t first, uint32_t count, struct buf *out) MUST_USE;

#endif
