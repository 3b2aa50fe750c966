/* SPDX-License-Identifier: Apache-2.0 */
/* The map behind positions.h, shared by its changes (positions.c) and its saved form (positions_save.c). */
#ifndef POSITIONS_IMPL_H
#define POSITIONS_IMPL_H

#include "policy/positions.h"

enum {
	CHUNK = 4096,  /* positions */
	PER_WORD = 32, /* marks in a word */
	WORDS = CHUNK / PER_WORD,
	MARKS = 4,
};

struct positions_chunk {
	uint64_t words[WORDS];
	uint32_t count[MARKS]; /* positions by their mark; those below the cursor are done */
	uint32_t spans[CHUNK]; /* of the positions that are done, 0 below the cursor */
};

struct positions_range {
	uint64_t first, end;           /* whole chunks */
	struct positions_chunk *chunk; /* NULL: all are done */
	uint64_t spans;                /* of those that are done, where there is no chunk */
};

static inline void count_step(const struct positions *m)
{
	if (m->steps != NULL)
		++*m->steps;
}

static inline enum position_status mark_in(const struct positions_chunk *c, uint64_t position)
{
	uint64_t at = position % CHUNK;

	return (enum position_status)(c->words[at / PER_WORD] >> (at % PER_WORD * 2) & 3);
}

/* How far one may step from POSITION without missing a change: a word where all are alike, or one. */
static inline uint64_t alike(const struct positions_chunk *c, uint64_t position)
{
	uint64_t word = c->words[position % CHUNK / PER_WORD];

	if (position % PER_WORD != 0 || word != (word & 3) * UINT64_C(0x5555555555555555))
		return 1;
	return PER_WORD;
}

/* Positions [FIRST, END) are whole chunks behind every range there is, and become done. */
int positions_append_done(struct positions *m, uint64_t first, uint64_t end, uint64_t spans) MUST_USE;

#endif
