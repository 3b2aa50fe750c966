/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h — the IDL's structs as tables, used by both readers, and the field offsets that they collect. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include "base/base.h"

/* For functions of the two hot loops, which the compiler would not inline by itself. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Type codes of TBinaryProtocol. */
enum {
	T_STOP = 0,
	T_BOOL = 2,
	T_BYTE = 3,
	T_DOUBLE = 4,
	T_I16 = 6,
	T_I32 = 8,
	T_I64 = 10,
	T_STRING = 11,
	T_STRUCT = 12,
	T_MAP = 13,
	T_SET = 14,
	T_LIST = 15,
};

enum {
	SCHEMA_IDS = 16,     /* known ids are below this */
	FIELD_HEADER = 3,    /* bytes of a field's type and id in TBinary */
	LIST_HEADER = 5,     /* element type and count */
	MAP_HEADER = 6,      /* two types and count */
	SCHEMA_IS_PLAIN = 0, /* kinds of schema.kind: no field offsets are recorded */
	SCHEMA_IS_BATCH,
	SCHEMA_IS_PROCESS,
};

struct schema {
	uint8_t type[SCHEMA_IDS];            /* by id; T_STOP: no such field */
	uint16_t required;                   /* a bit for each id */
	uint8_t kind;                        /* SCHEMA_IS_… */
	const struct schema *of[SCHEMA_IDS]; /* schema of a struct field, or of a list's structs */
	const char *name;
	const char *field[SCHEMA_IDS]; /* names of the required fields */
};

extern const struct schema schema_batch;

/* A span of emitZipkinBatch and what it holds. None of their fields is required. */
extern const struct schema schema_zipkin_span;
extern const struct schema schema_zipkin_annotation;
extern const struct schema schema_zipkin_binary_annotation;
extern const struct schema schema_zipkin_endpoint;

/* True when S has a field ID of wire type TYPE. A known id with another type is an unknown field: Jaeger's decoders
 * skip it. */
static inline bool schema_knows(const struct schema *s, uint16_t id, uint8_t type)
{
	return id < SCHEMA_IDS && s->type[id & (SCHEMA_IDS - 1)] == type;
}

/* A range of a TBinary Batch, as offsets from its start. */
struct byte_range {
	size_t from;
	size_t to;
};

/* Ranges of fields, with their headers. Of duplicate fields the last, which readers use. */
struct field_offsets {
	struct byte_range process;
	struct byte_range service; /* in that Process */
	struct byte_range tags;    /* within that Process; FROM is 0 when it has none */
	struct byte_range spans;
	struct byte_range number; /* seqNo; TO is 0 when the Batch has none */
	struct byte_range stats;  /* likewise */
};

/* Records that the known field ID of S is at WHERE. */
void field_offsets_record(struct field_offsets *m, const struct schema *s, uint16_t id, struct byte_range where);

#endif
