/* SPDX-License-Identifier: Apache-2.0 */
/* Which positions of the spool wait, are held or are done, from the cursor on. */
#ifndef POSITIONS_H
#define POSITIONS_H

#include "base/err.h"
#include "base/slice.h"

enum position_status {
	POSITION_WAITING,    /* to be sent */
	POSITION_IN_FLIGHT,  /* with the sink, or read and about to be */
	POSITION_DONE,       /* delivered, quarantined or dropped: final */
	POSITION_MAYBE_SENT, /* to be sent, and may have arrived before */
};

struct positions_range;

/* Positions are dense. Memory and the work of a call follow the disorder: the chunks of positions that are
 * not all waiting and not all done. Neither the backlog counts nor what is done above the cursor. */
struct positions {
	uint64_t cursor;                   /* every position below is done */
	uint64_t end;                      /* the first position not given out */
	uint64_t held_to;                  /* none at or above is HELD or MAYBE: may have been sent, or be soon */
	uint64_t version;                  /* counts changes, for whoever keeps a saved copy */
	uint64_t done_spans, done_batches; /* of what is done above the cursor */
	struct positions_range *ranges;    /* by position */
	size_t nranges, cap;
	uint64_t *steps; /* not NULL: counts each range and each word of marks that is looked at */
};

void positions_init(struct positions *m, uint64_t cursor, uint64_t end);
void positions_free(struct positions *m);

/* New positions up to END wait. */
void positions_extend(struct positions *m, uint64_t end);

enum position_status positions_at(const struct positions *m, uint64_t position);

/* Memory for whatever becomes of positions [FIRST, END): positions_set cannot fail there until they are
 * done. They may lie behind the end. */
int positions_reserve(struct positions *m, uint64_t first, uint64_t end) MUST_USE;

/* SPANS counts for POSITION_DONE only. A position that is done stays done. E_NOMEM changes nothing. */
int positions_set(struct positions *m, uint64_t position, enum position_status mark, uint32_t spans) MUST_USE;

/* The first run of positions at or above FROM that wait, at most LIMIT long. False when there is none. */
bool positions_next(const struct positions *m, uint64_t from, uint64_t limit, uint64_t *first, uint64_t *end);

/* What is done above the cursor, in at most CAP bytes, as far as the first few chunks in disorder; what is
 * not written is summed in the last two. */
size_t positions_save(struct positions *m, uint8_t *to, size_t cap, uint64_t *left_spans, uint64_t *left_batches);

/* Takes in what positions_save wrote. E_CORRUPT, E_NOMEM: what was understood before that stays. */
int positions_load(struct positions *m, struct slice saved) MUST_USE;

#endif
