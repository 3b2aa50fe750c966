/* SPDX-License-Identifier: Apache-2.0 */
/* The batches that are in memory and nowhere else yet. */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "agent/dispatcher.h"
#include "agent/spooler.h"

/* Where a batch stands (batch.place). */
enum batch_place {
	PLACE_AGING,        /* fresh: with the sink, or waiting to be handed over to the spool */
	PLACE_QUEUED,       /* in the spooler's queue or under its pen */
	PLACE_QUEUED_DONE,  /* delivered while it was being written */
	PLACE_QUEUED_MAYBE, /* given back in doubt while it was being written */
	PLACE_REFUSED,      /* on its way into the quarantine (refused.h) */
	PLACE_SPOOLED,      /* durable, at b->position */
};

struct flight_opts {
	uint64_t max_bytes;     /* of memory, in batches that are neither delivered nor durable */
	uint64_t largest_bytes; /* of memory, that one batch may take: so much is kept free for the next */
	uint64_t exposure_us;
	bool drop_oldest; /* a full spool makes room by what is oldest in it, not by what is new */
};

struct flight_stats {
	uint64_t bytes;                               /* of memory: batch.cost */
	uint64_t batches, handed_over, dropped, late; /* late: durable after the exposure had ended */
	uint64_t oldest_us;                           /* when the oldest was read; 0 none */
};

struct flight;

int flight_open(struct flight **out, struct loop *l, const struct flight_opts *opts, struct ledger *ledger) MUST_USE;
struct refused;
void flight_use(struct flight *f, struct dispatcher *g, struct spooler *k, struct refused *r);

/* Takes B, fresh from the intake, and enters it in the ledger. */
void flight_add(struct flight *f, struct batch *b);
/* False: whoever can hold back should, and ask again once a turn of the loop, since nothing tells when
 * the answer changes. flight_add still takes, and may have to drop. */
bool flight_has_room(const struct flight *f);

/* What the dispatcher reports of a batch that is not in the spool. */
void flight_report(struct flight *f, struct batch *b, enum sink_outcome outcome, const char *detail);
/* What the spooler tells: durable now; not so; could not store. */
void flight_stored(struct flight *f, struct batch *b);
void flight_unstored(struct flight *f, struct batch *b);
void flight_troubled(struct flight *f, int rc);
/* A batch that was refused is in the quarantine, or dropped: takes it. */
void flight_resolved(struct flight *f, struct batch *b);

/* Drops the newest while the flight is full and the disk does not take them. Now and then is enough. */
void flight_shed(struct flight *f);
/* Hands over what is due. */
void flight_tick(struct flight *f);
/* While the disk does not take what is queued, the sink is asked again. Now and then is enough. */
void flight_offer_queued(struct flight *f);
/* Hands over everything that is not with the sink, now. */
void flight_hand_over_all(struct flight *f);

/* Gives up what the spool did not take, each into the ledger with its cause. For the end of a stop. */
void flight_drop_all(struct flight *f);

const struct flight_stats *flight_stats(struct flight *f);
void flight_free(struct flight *f);

#endif
