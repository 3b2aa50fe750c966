/* SPDX-License-Identifier: Apache-2.0 */
/* binary_reader.h — reads and validates TBinaryProtocol in place. */
#ifndef BINARY_H
#define BINARY_H

#include "base/err.h"
#include "schema.h"
#include "base/slice.h"

struct binary_reader {
	const uint8_t *start;
	const uint8_t *in;             /* next byte */
	const uint8_t *end;            /* one past the last byte */
	uint8_t *fix_bools;            /* writable copy of START, in which invalid bools become 0; or NULL */
	bool odd_bool;                 /* a bool was neither 0 nor 1; readers take it for false */
	struct field_offsets *offsets; /* set by binary_batch(), relative to START; or NULL */
	struct why *why;               /* receives the error; may be NULL */
};

void binary_begin(struct binary_reader *w, struct slice bytes);

/* Reads one Batch struct at IN, validated against its schema, and moves IN behind it. 0 or E_MALFORMED. */
int binary_batch(struct binary_reader *w) MUST_USE;

/* Reads one list of zipkincore.Span at IN in the same way. */
int binary_zipkin_spans(struct binary_reader *w) MUST_USE;

/* Skips one value of TYPE that has no schema. */
int binary_unknown(struct binary_reader *w, uint8_t type) MUST_USE;

/* Reads a field's header; TYPE is T_STOP at the end of a struct. */
int binary_field(struct binary_reader *w, uint8_t *type, uint16_t *id) MUST_USE;

/* Reads a string or binary value. */
int binary_text(struct binary_reader *w, struct slice *text) MUST_USE;

int binary_32(struct binary_reader *w, uint32_t *v) MUST_USE;

uint32_t binary_get_32(const uint8_t *at);
uint64_t binary_get_64(const uint8_t *at);

#endif
