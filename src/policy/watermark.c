/* SPDX-License-Identifier: Apache-2.0 */
/* watermark.c — a ring of the records read, and the contiguous prefix of them that is done.
 *
 *      tickets   head                     tail
 *                 │                         │
 *   … ████████████░░░░██░░████████░░░░██░░░░│        █ done   ░ under way
 *                 └ next = the offset of the last █ before head, plus one
 *
 * Offsets have gaps (compaction, transaction markers), so next is computed from that entry's offset, not by counting. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/watermark.h"

enum { FIRST_CAP = 64 };

void watermark_reset(struct watermark *w, uint64_t generation)
{
	/* Tickets are never reused, so an old ticket cannot identify a new entry. */
	w->head = w->tail;
	w->next = -1;
	w->generation = generation;
	w->closed = false;
}

void watermark_close(struct watermark *w)
{
	w->closed = true;
}

static int grow_ring(struct watermark *w)
{
	size_t cap = w->cap == 0 ? FIRST_CAP : w->cap * 2;
	int64_t *offsets = malloc(cap * sizeof(*offsets));
	uint8_t *done = malloc(cap);

	if (offsets == NULL || done == NULL) {
		free(offsets);
		free(done);
		return E_NOMEM;
	}
	for (uint64_t t = w->head; t != w->tail; t++) {
		offsets[t & (cap - 1)] = w->offsets[t & (w->cap - 1)];
		done[t & (cap - 1)] = w->done[t & (w->cap - 1)];
	}
	free(w->offsets);
	free(w->done);
	w->offsets = offsets;
	w->done = done;
	w->cap = cap;
	return 0;
}

int watermark_add(struct watermark *w, int64_t offset, uint64_t *ticket)
{
	if (watermark_span(w) == w->cap && grow_ring(w) < 0)
		return E_NOMEM;
	*ticket = w->tail++;
	w->offsets[*ticket & (w->cap - 1)] = offset;
	w->done[*ticket & (w->cap - 1)] = false;
	return 0;
}

enum watermark_move watermark_done(struct watermark *w, uint64_t generation, uint64_t ticket)
{
	uint64_t before = w->head;

	if (w->closed || generation != w->generation)
		return WATERMARK_LATE;
	assert(ticket >= w->head && ticket < w->tail);
	w->done[ticket & (w->cap - 1)] = true;
	while (w->head != w->tail && w->done[w->head & (w->cap - 1)]) {
		w->next = w->offsets[w->head & (w->cap - 1)] + 1;
		w->head++;
	}
	return w->head == before ? WATERMARK_STAYS : WATERMARK_MOVED;
}

int64_t watermark_oldest(const struct watermark *w)
{
	return w->head == w->tail ? -1 : w->offsets[w->head & (w->cap - 1)];
}

void watermark_free(struct watermark *w)
{
	free(w->offsets);
	free(w->done);
	*w = (struct watermark){ 0 };
}
