/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger. Every datagram, batch and span is in one place, and the sums prove it. */
#ifndef LEDGER_H
#define LEDGER_H

#include "base/base.h"

/* Where a batch and its spans can be. One X-list: name of the place, its key in JSON. */
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
	LEDGER_DROPPED_FIRST = LEDGER_SPOOL_FULL, /* from here on: lost to a named cause */
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

/* When something was lost to a cause for the first and for the last time, in milliseconds since
 * 1970. 0: never, or an older version did not note it. */
struct ledger_when {
	uint64_t first_ms;
	uint64_t last_ms;
};

struct ledger {
	uint64_t boots;
	uint64_t unclean_stops;
	uint64_t received;                   /* datagrams read from the sockets */
	uint64_t kernel_dropped;             /* datagrams that the kernel counted and we never saw */
	uint64_t outcome[LEDGER_OUTCOMES_N]; /* of the datagrams received */
	struct ledger_count accepted;
	struct ledger_count place[LEDGER_PLACES_N];
	struct ledger_count maybe_duplicate;      /* sent again although it may have arrived */
	struct ledger_when lost[LEDGER_CAUSES_N]; /* by place - LEDGER_DROPPED_FIRST */
	/* Of quarantined and dropped: a collector answered 2xx, and its counters never showed them stored. */
	struct ledger_count unconfirmed;
};

extern const char *const ledger_place_names[LEDGER_PLACES_N];
extern const char *const ledger_outcome_names[LEDGER_OUTCOMES_N];

/* One datagram was read and came to this. */
void ledger_datagram(struct ledger *l, enum ledger_outcome o);

/* A new batch, just accepted, is at PLACE. */
void ledger_enter(struct ledger *l, enum ledger_place place, uint64_t spans, uint64_t batches);

/* What was at FROM is now at TO, which is none of the causes. Where FROM has less than that, the difference
 * is counted as accepted, and the log says so. */
void ledger_move(struct ledger *l, enum ledger_place from, enum ledger_place to, uint64_t spans, uint64_t batches);

/* A batch of SPANS goes out again although it may have arrived. */
void ledger_sent_again(struct ledger *l, struct ledger_count what);

/* What was at FROM is lost to CAUSE; it is NOW_MS by the wall clock. */
void ledger_drop(
        struct ledger *l, enum ledger_place from, enum ledger_place cause, struct ledger_count what, uint64_t now_ms);

/* WHAT, which was just moved to LEDGER_QUARANTINED or dropped, was given up as unconfirmed. */
void ledger_unconfirmed(struct ledger *l, struct ledger_count what);

/* WHAT leaves the quarantine for the spool. As far as the ledger has it quarantined it comes from there; a record
 * of another spool is new. UNCONFIRMED: it was quarantined as that. */
void ledger_requeue(struct ledger *l, struct ledger_count what, bool unconfirmed);

/* For a ledger from outside: the sums become those of what they sum up. NULL: they were; else the identity
 * that did not hold. */
const char *ledger_mend(struct ledger *l);

/* NULL when the identities hold, else the one that does not. */
const char *ledger_check(const struct ledger *l);

#endif
