/* SPDX-License-Identifier: Apache-2.0 */
/* The drain's ledger. Every record that was read is in one place. */
#ifndef DRAIN_LEDGER_H
#define DRAIN_LEDGER_H

#include "base/buf.h"

#define DRAIN_PLACES(X)                                                                                                \
	X(DRAIN_IN_FLIGHT, "in_flight")                                                                                \
	X(DRAIN_DELIVERED, "delivered")                                                                                \
	X(DRAIN_QUARANTINED, "quarantined")                                                                            \
	X(DRAIN_SKIPPED_EMPTY, "skipped_empty")

enum drain_place {
#define X(name, key) name,
	DRAIN_PLACES(X)
#undef X
	        DRAIN_PLACES_N,
};

struct drain_count {
	uint64_t records;
	uint64_t spans; /* of those records that are batches */
};

/* Since start. read = the sum of place, at every moment. */
struct drain_ledger {
	struct drain_count read;
	struct drain_count place[DRAIN_PLACES_N];
	struct drain_count handed_on;   /* read, and left untouched to whoever has the partition now */
	struct drain_count late;        /* of delivered: the partition was not ours any more, another will repeat it */
	struct drain_count unconfirmed; /* of quarantined: answered 2xx, and never confirmed stored */
	uint64_t lost_to_retention;     /* records that were gone before they were read */
};

/* A record with SPANS was read: it is in flight. */
void drain_ledger_read(struct drain_ledger *l, uint64_t spans);
/* One that was in flight is at TO. */
void drain_ledger_move(struct drain_ledger *l, enum drain_place to, uint64_t spans);
/* One with SPANS, which was just moved to DRAIN_QUARANTINED, was given up as unconfirmed. */
void drain_ledger_unconfirmed(struct drain_ledger *l, uint64_t spans);
/* One that was in flight is somebody else's: as if it had not been read. */
void drain_ledger_hand_on(struct drain_ledger *l, uint64_t spans);

/* NULL when the identity holds, else a sentence. */
const char *drain_ledger_check(const struct drain_ledger *l);

/* The object of GET /ledger. */
void drain_ledger_json(struct buf *to, const struct drain_ledger *l);

#endif
