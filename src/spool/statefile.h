/* SPDX-License-Identifier: Apache-2.0 */
/* statefile.h — the file "state": four slots of one state each (private).
 *
 *   slot 0, 1   mapped, written by spool_live only, never synced: they survive SIGKILL
 *   slot 2, 3   written and synced by the spool's worker: they survive a power cut
 *
 * Of each pair the older slot is overwritten in place, in blocks that were allocated when the file was made. After
 * a torn write the other slot is intact, and a full disk prevents no write. */
#ifndef STATEFILE_H
#define STATEFILE_H

#include "format.h"

enum { SLOTS = 4, SLOTS_LIVE = 2 };

struct statefile {
	int fd;
	struct spool_id live_id; /* written by every spool_live; set before the first one */
	uint8_t *live;           /* the two mapped slots; only spool_live uses live and live_next */
	unsigned live_next;
	unsigned sync_next; /* 2 or 3 */
};

/* Content of one slot. */
struct slot {
	int rc;     /* of format_state_decode: state and id are valid when it is 0 */
	bool blank; /* never written */
	struct spool_state state;
	struct spool_id id;
};

/* Opens the state file in the spool's directory AT for writing, made if it is missing, and extends it to SLOTS
 * slots. */
int statefile_open(struct statefile *f, int at, struct why *why) MUST_USE;
/* Opens the file read-only, for statefile_read. E_MISSING: it does not exist. */
int statefile_open_readonly(struct statefile *f, int at) MUST_USE;
/* Reads and decodes slot I. */
void statefile_read(const struct statefile *f, unsigned i, struct slot *to);
/* Selects the slots that are written next: of each pair the damaged or the older one. */
void statefile_select_next(struct statefile *f, const struct slot slots[SLOTS]);
/* Writes slot I and syncs it. */
int statefile_write_slot(
        const struct statefile *f, unsigned i, const struct spool_state *s, const struct spool_id *id) MUST_USE;
/* Writes the older of slots 2 and 3 and syncs it. After a failure the next call writes the same slot again, never
 * the intact one. */
int statefile_sync(struct statefile *f, const struct spool_state *s, const struct spool_id *id) MUST_USE;
/* Writes S to slots 0 and 1 in turn through the memory map: it survives SIGKILL, and is not synced. */
void statefile_live(struct statefile *f, const struct spool_state *s);
void statefile_close(struct statefile *f);

#endif
