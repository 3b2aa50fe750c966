/* SPDX-License-Identifier: Apache-2.0 */
/* The delivery status of each position of the spool, from the cursor on. */
#ifndef POSITIONS_H
#define POSITIONS_H

#include "base/err.h"
#include "base/slice.h"

enum position_status {
	POSITION_WAITING,    /* to be read and sent */
	POSITION_IN_FLIGHT,  /* the sink has it, or it was read and will be offered */
	POSITION_DONE,       /* delivered, quarantined or dropped; final */
	POSITION_MAYBE_SENT, /* to be read and sent again; it may have arrived before */
};

struct positions_range;

/* Positions are dense: each new batch gets the next one. Memory and the work of a call grow only with the number of
 * chunks (positions_internal.h) in which positions differ: neither with the backlog, which all waits, nor with the
 * positions above the cursor that are done in whole chunks. */
struct positions {
	uint64_t cursor;                   /* every position below is done */
	uint64_t end;                      /* the first position that has no batch yet */
	uint64_t in_doubt_end;             /* every position that is IN_FLIGHT or MAYBE_SENT is below this */
	uint64_t version;                  /* counts changes, so that the owner of a saved copy knows when it is old */
	uint64_t done_spans, done_batches; /* in the positions above the cursor that are done */
	struct positions_range *ranges;    /* sorted by position */
	size_t nranges, cap;
	uint64_t *steps; /* for tests; not NULL: counts each range and each word of a chunk that a call visits */
};

void positions_init(struct positions *m, uint64_t cursor, uint64_t end);
void positions_free(struct positions *m);

/* Raises the end to END; the new positions wait. */
void positions_extend(struct positions *m, uint64_t end);

enum position_status positions_at(const struct positions *m, uint64_t position);

/* Allocates what positions_set needs for positions [FIRST, END), so that it cannot fail there until they are done. They
 * may lie behind the end. */
int positions_reserve(struct positions *m, uint64_t first, uint64_t end) MUST_USE;

/* SPANS is used for POSITION_DONE only. A position that is done stays done. E_NOMEM: nothing is changed. */
int positions_set(struct positions *m, uint64_t position, enum position_status status, uint32_t spans) MUST_USE;

/* Sets [FIRST, END) to the first run of waiting positions (WAITING or MAYBE_SENT) at or above FROM, of at most LIMIT
 * positions. False: there is none. */
bool positions_next(const struct positions *m, uint64_t from, uint64_t limit, uint64_t *first, uint64_t *end);

/* Writes the positions above the cursor that are done into TO, as runs, in at most CAP bytes and from a bounded number of
 * chunks; returns the bytes written. LEFT_SPANS and LEFT_BATCHES: in positions that are done but were not written. */
size_t positions_save(struct positions *m, uint8_t *to, size_t cap, uint64_t *left_spans, uint64_t *left_batches);

/* Applies what positions_save wrote. E_CORRUPT, E_NOMEM: the runs before the error stay applied. */
int positions_load(struct positions *m, struct slice saved) MUST_USE;

#endif
