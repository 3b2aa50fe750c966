/* shape.h — what the IDL says of each struct, as tables that both readers share, and the
 * landmarks of a Batch that they note while they pass. */
#ifndef SHAPE_H
#define SHAPE_H

#include "base/base.h"

/* For the steps of the two hot loops, which the compiler would leave as calls. */
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
	SHAPE_IDS = 16,     /* ids below this may be known */
	FIELD_HEADER = 3,   /* bytes of a field's type and id in TBinary */
	LIST_HEADER = 5,    /* element type and count */
	MAP_HEADER = 6,     /* two types and count */
	SHAPE_IS_PLAIN = 0, /* else: which fields are noted as landmarks */
	SHAPE_IS_BATCH,
	SHAPE_IS_PROCESS,
};

struct shape {
	uint8_t type[SHAPE_IDS];           /* by id; T_STOP: no such field */
	uint16_t required;                 /* a bit for each id */
	uint8_t kind;                      /* SHAPE_IS_… */
	const struct shape *of[SHAPE_IDS]; /* of a struct, or of a list's structs */
	const char *name;
	const char *field[SHAPE_IDS]; /* names of the required ones */
};

extern const struct shape shape_batch;

/* True where field ID with wire TYPE is one that S knows. A known id of another type is an unknown
 * field: Jaeger's decoders skip it. */
static inline bool shape_knows(const struct shape *s, uint16_t id, uint8_t type)
{
	return id < SHAPE_IDS && s->type[id & (SHAPE_IDS - 1)] == type;
}

/* A stretch of a TBinary Batch, as offsets from its start. */
struct stretch {
	size_t from;
	size_t to;
};

/* Of duplicates the last, which is the one that readers keep. Each with its field header. */
struct landmarks {
	struct stretch process;
	struct stretch service; /* in that Process */
	struct stretch tags;    /* in that Process; FROM is 0 where it has none */
	struct stretch spans;
};

/* A known field ID of S stands at WHERE. */
void landmarks_note(struct landmarks *m, const struct shape *s, uint16_t id, struct stretch where);

#endif
