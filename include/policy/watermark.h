/* SPDX-License-Identifier: Apache-2.0 */
/* What of one partition may be committed, whatever order the answers come in. */
#ifndef WATERMARK_H
#define WATERMARK_H

#include "base/err.h"

/* Offsets in the order they were read, holes and all, each done or not. All zero is a valid empty
 * one. A ticket names an entry; it goes stale when the watermark is reset for a new generation. */
struct watermark {
	int64_t *offsets;    /* a ring of cap */
	uint8_t *done;       /* beside it */
	size_t cap;          /* a power of two, or 0 */
	uint64_t head;       /* ticket of the oldest entry that is not done */
	uint64_t tail;       /* ticket of the next entry */
	int64_t next;        /* the first offset not done: what may be committed; -1 nothing yet */
	uint64_t generation; /* of the assignment */
	bool closed;         /* the partition is not ours: nothing may be committed */
};

/* Forgets all entries: the partition is ours anew. */
void watermark_reset(struct watermark *w, uint64_t generation);
/* The partition is ours no more. */
void watermark_close(struct watermark *w);

/* OFFSET was read. E_NOMEM. */
int watermark_add(struct watermark *w, int64_t offset, uint64_t *ticket) MUST_USE;

enum watermark_move {
	WATERMARK_STAYS, /* something older is not done */
	WATERMARK_MOVED, /* next went up */
	WATERMARK_LATE,  /* of an assignment that is over: delivered, but never to be committed */
};

/* The entry is done: delivered, kept in quarantine, or empty. */
enum watermark_move watermark_done(struct watermark *w, uint64_t generation, uint64_t ticket);

/* Entries from the oldest one not done to the newest read. */
static inline uint64_t watermark_span(const struct watermark *w)
{
	return w->tail - w->head;
}

/* The offset of the oldest entry not done; -1 when all are. */
int64_t watermark_oldest(const struct watermark *w);

void watermark_free(struct watermark *w);

#endif
