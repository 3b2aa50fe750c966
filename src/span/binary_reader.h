/* SPDX-License-Identifier: Apache-2.0 */
/* binary_reader.h — TBinaryProtocol walked and checked in place. */
#ifndef BINARY_H
#define BINARY_H

#include "base/err.h"
#include "schema.h"
#include "base/slice.h"

struct binary_reader {
	const uint8_t *start;
	const uint8_t *in;           /* next byte */
	const uint8_t *end;          /* behind the last */
	uint8_t *mend;               /* the byte at START, where bools may be put right; or NULL */
	bool odd_bool;               /* one was seen that is neither 0 nor 1, which readers take for false */
	struct field_offsets *marks; /* of the Batch that begins at START */
	struct why *why;             /* what is wrong; may be NULL */
};

void binary_begin(struct binary_reader *w, struct slice bytes);

/* One Batch struct, checked against its schema; IN then stands behind it. 0 or E_MALFORMED. */
int binary_batch(struct binary_reader *w) MUST_USE;

/* One value of TYPE that nobody knows. */
int binary_unknown(struct binary_reader *w, uint8_t type) MUST_USE;

/* A field's header; TYPE is T_STOP at the end of a struct. */
int binary_field(struct binary_reader *w, uint8_t *type, uint16_t *id) MUST_USE;

/* A text or its like. */
int binary_text(struct binary_reader *w, struct slice *text) MUST_USE;

int binary_32(struct binary_reader *w, uint32_t *v) MUST_USE;

uint32_t binary_get_32(const uint8_t *at);
uint64_t binary_get_64(const uint8_t *at);

#endif
