/* walk.h — TBinaryProtocol walked and checked in place. */
#ifndef WALK_H
#define WALK_H

#include "base/err.h"
#include "shape.h"
#include "base/slice.h"

struct walk {
	const uint8_t *start;
	const uint8_t *in;  /* next byte */
	const uint8_t *end; /* behind the last */
	uint8_t *mend;      /* the byte at START, where bools may be put right; or NULL */
	bool odd_bool;      /* one was seen that is neither 0 nor 1, which readers take for false */
	struct landmarks *marks; /* of the Batch that begins at START */
	struct why *why;         /* what is wrong; may be NULL */
};

void walk_begin(struct walk *w, struct slice bytes);

/* One Batch struct, checked against its shape; IN then stands behind it. 0 or E_MALFORMED. */
int walk_batch(struct walk *w) MUST_USE;

/* One value of TYPE that nobody knows. */
int walk_unknown(struct walk *w, uint8_t type) MUST_USE;

/* A field's header; TYPE is T_STOP at the end of a struct. */
int walk_field(struct walk *w, uint8_t *type, uint16_t *id) MUST_USE;

/* A text or its like. */
int walk_text(struct walk *w, struct slice *text) MUST_USE;

int walk_32(struct walk *w, uint32_t *v) MUST_USE;

uint32_t walk_get_32(const uint8_t *at);
uint64_t walk_get_64(const uint8_t *at);

#endif
