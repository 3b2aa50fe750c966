/* SPDX-License-Identifier: Apache-2.0 */
/* Decides whether a refused record is bad, or the destination refuses everything; and watches for stalled delivery. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "base/base.h"

/* A refusal of a record that was sent alone is confirmed when another record, offered after it, passed on the same
 * partition and the first record was then refused again. A record is bad when EVIDENCE_ROUNDS of its refusals are
 * confirmed. A partition or a destination that refuses everything confirms none, so it makes no record bad. */
enum {
	EVIDENCE_PARTITIONS = 1024, /* size of the hash table; of two partitions in one slot the later one is kept */
	EVIDENCE_ROUNDS = 2,        /* confirmed refusals of a bad record */
	EVIDENCE_PLACES = 64,       /* places of the backlog from which probes are read in rotation */
};

struct evidence {
	struct {
		uint32_t partition;
		uint64_t offered_us; /* when the newest record that passed there was offered; 0: none */
	} passed[EVIDENCE_PARTITIONS];
};

/* A record that was offered at OFFERED_US was delivered to PARTITION. */
void evidence_passed(struct evidence *e, uint32_t partition, uint64_t offered_us);

/* True when a record that was offered after REFUSED_US passed on PARTITION. */
bool evidence_confirms(const struct evidence *e, uint32_t partition, uint64_t refused_us);

/* True when a record is bad that was now refused ALONE, after CONFIRMED confirmed refusals. DESTINATION_TAKES: the
 * circuit is closed; while it is not, no record is called bad. */
bool evidence_proves_bad(bool destination_takes, bool alone, unsigned confirmed);

/* How long a record rests after its REFUSALS-th refusal (1 is the first): 1 s, doubling up to 30 s. */
uint64_t evidence_rest_us(unsigned refusals);

/* What a round of probes tries while everything is refused; three rounds have one of each. */
enum evidence_probe {
	EVIDENCE_PROBE_OLDEST,    /* the oldest waiting record */
	EVIDENCE_PROBE_ELSEWHERE, /* a record from another place of the backlog */
	EVIDENCE_PROBE_RESTING,   /* a record that was refused and rests in memory */
};

enum evidence_probe evidence_probe_of(uint64_t round);

/* The place in the backlog, in 256ths of its length, from which the probe of ROUND is read: one of EVIDENCE_PLACES places,
 * evenly spread, each in rotation, for EVIDENCE_PROBE_ELSEWHERE; else 0, the oldest record. */
unsigned evidence_probe_place(uint64_t round);

/* The watchdog: detects that spans wait and none is delivered, from these two facts alone. */
enum { WATCHDOG_S = 30 };

struct watchdog {
	uint64_t delivered; /* the counter of delivered batches at the last call */
	uint64_t since_us;  /* monotonic; when it grew last, or when nothing waited; 0: never called */
};

/* Returns the seconds since the last delivery if spans have waited for WATCHDOG_S or longer since then, else 0. */
uint64_t watchdog_observe(struct watchdog *w, uint64_t now, uint64_t delivered, bool waits);

#endif
