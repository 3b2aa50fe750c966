/* SPDX-License-Identifier: Apache-2.0 */
/* The watermark of one partition: the offset that may be committed while records are finished in any order. */
#ifndef WATERMARK_H
#define WATERMARK_H

#include "base/err.h"

/* A ring of entries, one for each record read, in the order of reading, each done or not; their offsets may have gaps.
 * A ticket identifies an entry; watermark_reset makes it invalid. All zero is the valid empty value. */
struct watermark {
	int64_t *offsets;    /* a ring of cap entries */
	uint8_t *done;       /* a ring of cap flags, with the same indices */
	size_t cap;          /* a power of two, or 0 */
	uint64_t head;       /* ticket of the oldest entry that is not done */
	uint64_t tail;       /* ticket of the next entry */
	int64_t next;        /* the offset that may be committed; -1: none yet */
	uint64_t generation; /* of the partition's assignment */
	bool closed;         /* the partition was revoked: nothing may be committed */
};

/* The partition was assigned, as GENERATION: removes all entries. */
void watermark_reset(struct watermark *w, uint64_t generation);
/* The partition was revoked. */
void watermark_close(struct watermark *w);

/* The record at OFFSET was read: adds an entry and sets TICKET. E_NOMEM. */
int watermark_add(struct watermark *w, int64_t offset, uint64_t *ticket) MUST_USE;

enum watermark_move {
	WATERMARK_STAYS, /* an older entry is not done */
	WATERMARK_MOVED, /* next increased */
	WATERMARK_LATE,  /* the entry's assignment is over: its offset must not be committed */
};

/* The entry of TICKET is done: its record is delivered, quarantined, or empty. */
enum watermark_move watermark_done(struct watermark *w, uint64_t generation, uint64_t ticket);

/* The number of entries from the oldest one not done to the newest. */
static inline uint64_t watermark_span(const struct watermark *w)
{
	return w->tail - w->head;
}

/* The offset of the oldest entry not done; -1 when all are. */
int64_t watermark_oldest(const struct watermark *w);

void watermark_free(struct watermark *w);

#endif
