/* policy: which positions of the spool wait, are held or are done, from the cursor on. */
#ifndef MARKS_H
#define MARKS_H

#include "err.h"
#include "slice.h"

enum mark {
	MARK_WAITING, /* to be sent */
	MARK_HELD,    /* with the sink, or read and about to be */
	MARK_DONE,    /* delivered, quarantined or dropped: final */
	MARK_MAYBE,   /* to be sent, and may have arrived before */
};

struct marks_chunk;

/* Positions are dense. Memory follows the positions that differ from WAITING, not the backlog. */
struct marks {
	uint64_t cursor;  /* every position below is done */
	uint64_t end;     /* the first position not given out */
	uint64_t held_to; /* none at or above is HELD or MAYBE: may have been sent, or be soon */
	uint64_t version; /* counts changes, for whoever keeps a saved copy */
	struct marks_chunk **chunks; /* the first holds the cursor */
	size_t nchunks;
	size_t cap;
};

void marks_init(struct marks *m, uint64_t cursor, uint64_t end);
void marks_free(struct marks *m);

/* New positions up to END wait. */
void marks_extend(struct marks *m, uint64_t end);

enum mark marks_at(const struct marks *m, uint64_t position);

/* Memory for whatever becomes of positions [FIRST, END): marks_set cannot fail there until they are
 * done. They may lie behind the end. */
int marks_reserve(struct marks *m, uint64_t first, uint64_t end) MUST_USE;

/* SPANS counts for MARK_DONE only. A position that is done stays done. E_NOMEM changes nothing. */
int marks_set(struct marks *m, uint64_t position, enum mark mark, uint32_t spans) MUST_USE;

/* The first run of positions at or above FROM that wait, at most LIMIT long. False when there is none. */
bool marks_next(
        const struct marks *m, uint64_t from, uint64_t limit, uint64_t *first, uint64_t *end);

/* What is done above the cursor, in at most CAP bytes; what did not fit is summed in the last two. */
size_t marks_save(const struct marks *m, uint8_t *to, size_t cap, uint64_t *left_spans,
        uint64_t *left_batches);

/* Takes in what marks_save wrote. E_CORRUPT, E_NOMEM: what was understood before that stays. */
int marks_load(struct marks *m, struct slice saved) MUST_USE;

#endif
