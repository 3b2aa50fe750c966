/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of numbered test spans, encoded once and patched per datagram, so that a receiver can count them. */
#ifndef NUMBERED_SPANS_H
#define NUMBERED_SPANS_H

#include "base/slice.h"
#include "base/err.h"

/* A span's trace id identifies it: high half = the run, low half = NUMBERED_MARK + its number, which is below 2^61.
 * The mark keeps the varint's width constant and distinguishes these spans from others. */
#define NUMBERED_MARK (UINT64_C(1) << 61)

static inline uint64_t numbered_spans_trace_low(uint64_t number)
{
	return NUMBERED_MARK | number;
}

/* Sets *NUMBER; false when the trace id has no NUMBERED_MARK. */
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
	uint32_t spans;   /* per datagram, at least 1 */
	size_t max_bytes; /* per datagram; 0: 65000, the limit of Jaeger clients */
};

/* The template of a datagram; immutable, so threads may share it. */
struct numbered_spans;

/* E_USAGE: invalid service or number of spans. E_TOO_LARGE: WHY has the datagram's size. */
int numbered_spans_open(struct numbered_spans **out, const struct numbered_spans_opts *o, struct why *why) MUST_USE;
void numbered_spans_free(struct numbered_spans *n);

/* The size of every datagram of template N. */
size_t numbered_spans_size(const struct numbered_spans *n);
uint32_t numbered_spans_count(const struct numbered_spans *n);

/* Writes numbered_spans_size() bytes to TO: an emitBatch message (ONEWAY) with the spans FIRST, FIRST + 1, …, which
 * began at WALL_US, microseconds since 1970. Allocates nothing. */
void numbered_spans_write(const struct numbered_spans *n, uint64_t first, uint64_t wall_us, uint8_t *to);

/* Reads the number of the first span from the BEGINNING of a datagram written with N. False when it is too short or
 * not such a datagram. */
bool numbered_spans_first(const struct numbered_spans *n, struct slice beginning, uint64_t *first);

#endif
