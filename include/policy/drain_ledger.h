/* SPDX-License-Identifier: Apache-2.0 */
/* The drain's ledger: each record that was read is counted in exactly one place. */
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
	uint64_t spans; /* in those records that are batches */
};

/* Counted since the drain started. read is the sum of all places at every moment. */
struct drain_ledger {
	struct drain_count read;
	struct drain_count place[DRAIN_PLACES_N];
	struct drain_count handed_on;   /* read but not processed; the partition's new reader reads them again */
	struct drain_count late;        /* of delivered: the partition had been revoked, its new reader repeats them */
	struct drain_count unconfirmed; /* of quarantined: answered 2xx and never confirmed stored */
	uint64_t lost_to_retention;     /* records that the broker deleted before they were read */
};

/* A record with SPANS was read: counts it in flight. */
void drain_ledger_read(struct drain_ledger *l, uint64_t spans);
/* Moves a record with SPANS from in flight to TO. */
void drain_ledger_move(struct drain_ledger *l, enum drain_place to, uint64_t spans);
/* A record with SPANS, which was just moved to DRAIN_QUARANTINED, was given up because it was never confirmed. */
void drain_ledger_unconfirmed(struct drain_ledger *l, uint64_t spans);
/* Takes a record with SPANS out of in flight and out of read: the partition's new reader has it. */
void drain_ledger_hand_on(struct drain_ledger *l, uint64_t spans);

/* NULL when read is the sum of the places, else a sentence that says what is wrong. */
const char *drain_ledger_check(const struct drain_ledger *l);

/* Appends the JSON object of GET /ledger. */
void drain_ledger_json(struct buf *to, const struct drain_ledger *l);

#endif
