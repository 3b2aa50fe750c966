/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks and ranges of struct positions, shared by positions.c and positions_save.c. */
#ifndef POSITIONS_INTERNAL_H
#define POSITIONS_INTERNAL_H

#include "policy/positions.h"

enum {
	CHUNK = 4096,  /* positions in a chunk, which begins at a multiple of this */
	PER_WORD = 32, /* positions in a word, two bits each */
	WORDS = CHUNK / PER_WORD,
	STATUSES = 4,
};

struct positions_chunk {
	uint64_t words[WORDS];
	uint32_t count[STATUSES]; /* positions by their status; those below the cursor are done */
	uint32_t spans[CHUNK];    /* in each position that is done; 0 below the cursor */
};

struct positions_range {
	uint64_t first, end;           /* multiples of CHUNK */
	struct positions_chunk *chunk; /* NULL: all positions of the range are done */
	uint64_t spans;                /* in all positions of the range, when chunk is NULL */
};

static inline void count_step(const struct positions *m)
{
	if (m->steps != NULL)
		++*m->steps;
}

static inline enum position_status status_in(const struct positions_chunk *c, uint64_t position)
{
	uint64_t at = position % CHUNK;

	return (enum position_status)(c->words[at / PER_WORD] >> (at % PER_WORD * 2) & 3);
}

/* The number of positions from POSITION on that certainly have its status: a whole word of them, or 1. */
static inline uint64_t equal_run(const struct positions_chunk *c, uint64_t position)
{
	uint64_t word = c->words[position % CHUNK / PER_WORD];

	if (position % PER_WORD != 0 || word != (word & 3) * UINT64_C(0x5555555555555555))
		return 1;
	return PER_WORD;
}

/* Appends a range of done positions. FIRST and END are multiples of CHUNK, and no range ends after FIRST. */
int positions_append_done(struct positions *m, uint64_t first, uint64_t end, uint64_t spans) MUST_USE;

#endif
