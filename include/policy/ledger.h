/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's ledger: each datagram, batch and span is counted in exactly one place. */
#ifndef LEDGER_H
#define LEDGER_H

#include "base/base.h"

/* The places of a batch and its spans, as an X-macro: X(enum constant, key in JSON). */
#define LEDGER_PLACES(X)                                                                                               \
	X(LEDGER_DELIVERED, "delivered")                                                                               \
	X(LEDGER_IN_FLIGHT, "in_flight")                                                                               \
	X(LEDGER_IN_SPOOL, "in_spool")                                                                                 \
	X(LEDGER_QUARANTINED, "quarantined")                                                                           \
	X(LEDGER_UNCERTAIN, "uncertain")                                                                               \
	X(LEDGER_SPOOL_FULL, "spool_full")                                                                             \
	X(LEDGER_MAX_AGE, "max_age")                                                                                   \
	X(LEDGER_DISK_ERROR, "disk_error")                                                                             \
	X(LEDGER_TOO_LARGE, "too_large")                                                                               \
	X(LEDGER_REFUSED, "refused")

enum ledger_place {
#define X(name, key) name,
	LEDGER_PLACES(X)
#undef X
	        LEDGER_PLACES_N,
	LEDGER_DROPPED_FIRST = LEDGER_SPOOL_FULL, /* this place and all after it are causes of loss */
	LEDGER_CAUSES_N = LEDGER_PLACES_N - LEDGER_DROPPED_FIRST,
};

#define LEDGER_OUTCOMES(X)                                                                                             \
	X(LEDGER_ACCEPTED, "accepted")                                                                                 \
	X(LEDGER_MALFORMED, "malformed")                                                                               \
	X(LEDGER_OVERSIZE, "oversize")                                                                                 \
	X(LEDGER_UNKNOWN_METHOD, "unknown_method")                                                                     \
	X(LEDGER_QUEUE_FULL, "queue_full")

enum ledger_outcome {
#define X(name, key) name,
	LEDGER_OUTCOMES(X)
#undef X
	        LEDGER_OUTCOMES_N,
};

struct ledger_count {
	uint64_t spans;
	uint64_t batches;
};

/* When spans were lost to a cause for the first and for the last time, in milliseconds since 1970. 0: never, or by an
 * older version, which did not record it. */
struct ledger_when {
	uint64_t first_ms;
	uint64_t last_ms;
};

struct ledger {
	uint64_t boots;
	uint64_t unclean_stops;
	uint64_t received;                   /* datagrams read from the sockets */
	uint64_t kernel_dropped;             /* datagrams that the kernel dropped because a socket buffer was full */
	uint64_t outcome[LEDGER_OUTCOMES_N]; /* of the datagrams received */
	struct ledger_count accepted;
	struct ledger_count place[LEDGER_PLACES_N];
	struct ledger_count maybe_duplicate;      /* sent again although they may have arrived */
	struct ledger_when lost[LEDGER_CAUSES_N]; /* index: place - LEDGER_DROPPED_FIRST */
	/* Of quarantined and dropped: a collector answered 2xx but its counters never showed that it stored them. */
	struct ledger_count unconfirmed;
};

extern const char *const ledger_place_names[LEDGER_PLACES_N];
extern const char *const ledger_outcome_names[LEDGER_OUTCOMES_N];

/* Counts one datagram with its outcome. */
void ledger_datagram(struct ledger *l, enum ledger_outcome o);

/* Counts new BATCHES with SPANS as accepted, at PLACE. */
void ledger_enter(struct ledger *l, enum ledger_place place, uint64_t spans, uint64_t batches);

/* Moves SPANS and BATCHES from FROM to TO, which must not be a cause of loss. Where FROM has fewer, the difference is
 * counted as accepted first, and logged. */
void ledger_move(struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans, uint64_t batches);

/* WHAT is sent again although it may have arrived. */
void ledger_sent_again(struct ledger *l, struct ledger_count what);

/* Moves WHAT from FROM to CAUSE, a cause of loss. NOW_MS is the wall clock. */
void ledger_drop(
        struct ledger *l, enum ledger_place from, enum ledger_place cause, struct ledger_count what, uint64_t now_ms);

/* WHAT, which was just moved to LEDGER_QUARANTINED or dropped, was given up because it was never confirmed. */
void ledger_unconfirmed(struct ledger *l, struct ledger_count what);

/* Moves WHAT from quarantined to in_spool. When the ledger has less than that quarantined, WHAT comes from another spool
 * and is counted as accepted. UNCONFIRMED: WHAT was quarantined because it was never confirmed. */
void ledger_requeue(struct ledger *l, struct ledger_count what, bool unconfirmed);

/* For a ledger read from disk: computes received, accepted and the bound of unconfirmed anew from their parts. Returns
 * NULL when they were right, else a sentence with the first identity that did not hold. */
const char *ledger_repair(struct ledger *l);

/* NULL when all identities hold, else a sentence with the first that does not. */
const char *ledger_check(const struct ledger *l);

#endif
