/* SPDX-License-Identifier: Apache-2.0 */
/* gen_wire.h — how gen.c tells both encoders the same; for the two of them only. */
#ifndef GEN_WIRE_H
#define GEN_WIRE_H

#include "gen.h"

enum {
	BOOL = 2,
	BYTE = 3,
	DOUBLE = 4,
	I16 = 6,
	I32 = 8,
	I64 = 10,
	TEXT = 11,
	STRUCT = 12,
	MAP = 13,
	SET = 14,
	LIST = 15
};

extern const uint8_t compact_code[16];

unsigned below(struct gen *g, unsigned n);

/* A liberty that a real client does not take. */
bool liberty(struct gen *g, unsigned n);

void put_varint(struct gen *g, uint64_t v);

/* The low LEN bytes of V, the highest first, to both TBinary texts. */
void put_binary(struct gen *g, uint64_t v, unsigned len);

void put_number(struct gen *g, uint8_t type, int64_t v);
void put_text(struct gen *g, const uint8_t *at, unsigned len);

/* The byte of a bool in TBinary; one that is odd counts as false. */
void put_bool_byte(struct gen *g, bool v);

/* CODE is that of compact, in which a bool's value stands. */
void field_header(struct gen *g, uint8_t code, uint8_t type, uint16_t id);
void struct_begin(struct gen *g);
void struct_end(struct gen *g);
void list_header(struct gen *g, uint8_t type, unsigned n);

#endif
