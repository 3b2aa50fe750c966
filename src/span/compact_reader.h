/* SPDX-License-Identifier: Apache-2.0 */
/* compact_reader.h — a Batch in compact protocol, copied into TBinaryProtocol. */
#ifndef COMPACT_H
#define COMPACT_H

#include "schema.h"

struct compact_reader {
	const uint8_t *in;           /* next byte to read */
	const uint8_t *end;          /* behind the last */
	uint8_t *out;                /* next byte to write */
	uint8_t *batch;              /* where the Batch begins in the output */
	struct field_offsets *marks; /* of that Batch */
};

/* All of them move P. What is written stays within TRANSCODE_GROWTH times what there is to read. */

/* One Batch struct, checked against its schema. 0 or E_MALFORMED. */
int compact_batch(struct compact_reader *p) MUST_USE;

/* One value of the compact type code TYPE that nobody knows, as a field of the arguments. */
int compact_unknown(struct compact_reader *p, uint8_t type) MUST_USE;

/* A field's header: the type code, 0 at the end of a struct, and its id, which is LAST before.
 * Nothing is written. */
int compact_field(struct compact_reader *p, uint8_t *type, uint16_t *last) MUST_USE;

/* A number of the envelope. */
int compact_varint(struct compact_reader *p, uint64_t *v) MUST_USE;

#endif
