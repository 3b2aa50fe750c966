/* pump.h — a Batch in compact protocol, pumped into TBinaryProtocol. */
#ifndef PUMP_H
#define PUMP_H

#include "shape.h"

struct pump {
	const uint8_t *in;       /* next byte to read */
	const uint8_t *end;      /* behind the last */
	uint8_t *out;            /* next byte to write */
	uint8_t *batch;          /* where the Batch begins in the output */
	struct landmarks *marks; /* of that Batch */
};

/* All of them move P. What is written stays within TRANSCODE_GROWTH times what there is to read. */

/* One Batch struct, checked against its shape. 0 or E_MALFORMED. */
int pump_batch(struct pump *p) MUST_USE;

/* One value of the compact type code TYPE that nobody knows, as a field of the arguments. */
int pump_unknown(struct pump *p, uint8_t type) MUST_USE;

/* A field's header: the type code, 0 at the end of a struct, and its id, which is LAST before.
 * Nothing is written. */
int pump_field(struct pump *p, uint8_t *type, uint16_t *last) MUST_USE;

/* A number of the envelope. */
int pump_varint(struct pump *p, uint64_t *v) MUST_USE;

#endif
