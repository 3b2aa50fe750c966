/* SPDX-License-Identifier: Apache-2.0 */
/* compact_reader.h — converts a Batch in compact protocol to TBinaryProtocol. */
#ifndef COMPACT_H
#define COMPACT_H

#include "schema.h"

struct compact_reader {
	const uint8_t *in;             /* next byte to read */
	const uint8_t *end;            /* one past the last byte */
	uint8_t *out;                  /* next byte to write */
	uint8_t *batch;                /* start of the Batch in the output */
	struct field_offsets *offsets; /* set by compact_batch(), relative to BATCH */
};

/* Each function advances P. The output is at most TRANSCODE_GROWTH times as long as the input. */

/* Converts one Batch struct, validated against its schema. 0 or E_MALFORMED. */
int compact_batch(struct compact_reader *p) MUST_USE;

/* Converts one list of zipkincore.Span. 0 or E_MALFORMED. */
int compact_zipkin_spans(struct compact_reader *p) MUST_USE;

/* Converts one value of the compact type code TYPE without a schema: a field of the message's arguments. */
int compact_unknown(struct compact_reader *p, uint8_t type) MUST_USE;

/* Reads a field's header: its type code, 0 at the end of a struct, and its id in *LAST, which has the id of the
 * field before on entry. Writes nothing. */
int compact_field(struct compact_reader *p, uint8_t *type, uint16_t *last) MUST_USE;

/* Reads a number of the message header. Writes nothing. */
int compact_varint(struct compact_reader *p, uint64_t *v) MUST_USE;

#endif
