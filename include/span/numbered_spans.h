/* SPDX-License-Identifier: Apache-2.0 */
/* Numbered test spans, encoded once and patched in place: datagrams that a receiver can count. */
#ifndef NUMBERED_SPANS_H
#define NUMBERED_SPANS_H

#include "base/slice.h"
#include "base/err.h"

/* A span's trace id says which it is: high half = the run, low half = NUMBERED_MARK + its number,
 * which is below 2^61. The mark keeps the width of the varint, and tells these spans from others. */
#define NUMBERED_MARK (UINT64_C(1) << 61)

static inline uint64_t numbered_spans_trace_low(uint64_t number)
{
	return NUMBERED_MARK | number;
}

/* False for a trace id that is not ours. */
static inline bool numbered_spans_number(uint64_t trace_low, uint64_t *number)
{
	*number = trace_low & (NUMBERED_MARK - 1);
	return trace_low >> 61 == 1;
}

enum numbered_spans_protocol { NUMBERED_COMPACT, NUMBERED_BINARY };

struct numbered_spans_opts {
	enum numbered_spans_protocol protocol;
	const char *service;
	uint64_t run;
	uint32_t spans;   /* in a datagram, at least 1 */
	size_t max_bytes; /* of a datagram; 0 is 65000, what clients keep to */
};

/* A template; only reading it is needed to write datagrams. */
struct numbered_spans;

/* E_USAGE: no service or no spans. E_TOO_LARGE names the size. */
int numbered_spans_open(struct numbered_spans **out, const struct numbered_spans_opts *o, struct why *why) MUST_USE;
void numbered_spans_free(struct numbered_spans *n);

/* Every datagram of one template has this size. */
size_t numbered_spans_size(const struct numbered_spans *n);
uint32_t numbered_spans_count(const struct numbered_spans *n);

/* Writes numbered_spans_size() bytes to TO: an emitBatch (ONEWAY) with the spans FIRST, FIRST + 1, …,
 * which began at WALL_US, microseconds since 1970. Allocates nothing. */
void numbered_spans_write(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to);

/* The number of the first span of a datagram that numbered_spans_write made from N, of which the
 * beginning suffices. False when it is too short or not ours. */
bool numbered_spans_first(const struct numbered_spans *n, struct slice beginning, uint64_t *first);

#endif
