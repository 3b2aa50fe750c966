/* SPDX-License-Identifier: Apache-2.0 */
/* statefile.h — the file "state": four slots beside the segments (private).
 *
 *   slot 0, 1   mapped, written by spool_live alone, never synced: they survive SIGKILL
 *   slot 2, 3   written and synced by the spool's worker: they survive a power cut
 *
 * Of each pair the older is overwritten, in place, in blocks that were allocated when the file was
 * made: a torn write leaves the other one, a full disk stops neither.
 */
#ifndef STATEFILE_H
#define STATEFILE_H

#include "format.h"

enum { SLOTS = 4, SLOTS_LIVE = 2 };

struct statefile {
	int fd;
	struct spool_id live_origin; /* goes into every note of spool_live; set before the first one */
	uint8_t *live;               /* the two mapped slots; this and live_next belong to spool_live */
	unsigned live_next;
	unsigned sync_next; /* 2 or 3 */
};

/* What one slot holds. rc is of format_state_decode. */
struct slot {
	int rc;
	bool blank; /* never written */
	struct spool_state state;
	struct spool_id origin;
};

/* Opens or makes the file. A short one is filled up again. */
int statefile_open(struct statefile *f, int at, struct why *why) MUST_USE;
/* Opens it for statefile_read alone. E_MISSING: there is none. */
int statefile_look(struct statefile *f, int at) MUST_USE;
void statefile_read(const struct statefile *f, unsigned i, struct slot *to);
/* The next writes go to the older, or broken, slot of each pair. */
void statefile_aim(struct statefile *f, const struct slot slots[SLOTS]);
/* Into slot I, synced. */
int statefile_put(
        const struct statefile *f, unsigned i, const struct spool_state *s, const struct spool_id *origin) MUST_USE;
/* Into the older synced slot. After a failure that slot is written again, never the good one. */
int statefile_sync(struct statefile *f, const struct spool_state *s, const struct spool_id *origin) MUST_USE;
void statefile_live(struct statefile *f, const struct spool_state *s);
void statefile_close(struct statefile *f);

#endif
