/* SPDX-License-Identifier: Apache-2.0 */
/* The flight: all batches that are neither delivered nor durable in the spool. */
#ifndef FLIGHT_H
#define FLIGHT_H

#include "agent/dispatcher.h"
#include "agent/spooler.h"

struct flight_opts {
	uint64_t max_bytes;     /* most memory of batches that are neither delivered nor durable */
	uint64_t largest_bytes; /* memory of the largest batch that may come; the flight is full when less is free */
	uint64_t exposure_us;   /* how long a batch may be in memory only; 0: it is stored before it is offered */
	bool drop_oldest;       /* a full spool drops its oldest records, not the new batches */
};

struct flight_stats {
	uint64_t bytes;                               /* of memory: batch.cost */
	uint64_t batches, handed_over, dropped, late; /* late: durable only after exposure_us */
	uint64_t late_us;                             /* age at which the last late batch became durable */
	uint64_t oldest_us;                           /* read_us of the oldest PLACE_AGING batch; 0: there is none */
};

struct flight;

int flight_open(struct flight **out, struct loop *l, const struct flight_opts *opts, struct ledger *ledger) MUST_USE;
struct backlog;
struct refused;
void flight_connect(
        struct flight *f, struct dispatcher *d, struct spooler *s, struct refused *r, struct backlog *stored);

/* New values of the options of these names. */
void flight_set_limits(struct flight *f, bool drop_oldest, uint64_t largest_bytes);

/* Takes B, fresh from the intake, gives it its id (boot and sequence) and enters it in the ledger. */
void flight_add(struct flight *f, struct agent_batch *b);
/* False: the intake should pause and ask again once a turn of the loop, for no event says when there is room.
 * flight_add takes a batch all the same, and may drop the newest. */
bool flight_has_room(const struct flight *f);

/* A cycle is over and the spool cannot store, because of error RC. */
void flight_write_failed(struct flight *f, int rc);

/* Drops the newest batches while the flight is full and the spool cannot store. To be called a few times a second. */
void flight_shed(struct flight *f);
/* Hands the batches that are due over to the spooler. */
void flight_tick(struct flight *f);
/* While the spool cannot store, offers the queued batches to the sink again. To be called a few times a second. */
void flight_offer_queued(struct flight *f);
/* Hands all PLACE_AGING batches over to the spooler now, also those that the sink has. */
void flight_hand_over_all(struct flight *f);

/* Drops all batches that the spool did not store, each into the ledger with its cause. For the end of a stop. */
void flight_drop_all(struct flight *f);

const struct flight_stats *flight_stats(struct flight *f);
void flight_free(struct flight *f);

#endif
