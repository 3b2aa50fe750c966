/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h — the oracle: every batch is numbered, and what became of it is kept in memory that
 * outlives the process under test. When all is delivered, it is held against the ledger. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "agent/agent_batch.h"
#include "policy/ledger.h"

enum { EVIDENCE_NUMBERS = 1 << 16, EVIDENCE_TEXT = 200 };

struct evidence_fate {
	uint8_t arrived; /* times */
	bool safe;       /* the program called it durable or delivered */
	bool kept;       /* it is in the quarantine */
};

/* Behind the last note that is sure to be in the mapped slot. */
struct evidence_noted {
	uint64_t fed, marked;
};

struct evidence {
	uint32_t seed;
	uint32_t size_most;                /* of a batch */
	bool poisons;                      /* some batches can be delivered to no sink */
	uint64_t fed;                      /* numbers handed over so far */
	uint64_t marked;                   /* taken by the sink with the mark of a duplicate */
	struct evidence_noted now, before; /* before the last turn of the loop, and the one before */
	bool torn;                         /* the last note is half of one */
	struct evidence_noted unnoted;     /* over all deaths: what may be in no ledger */
	uint64_t kills, opened, refusals;
	bool set_aside_allowed;     /* a start was given nothing: segments may be in quarantine, whole */
	uint64_t again;             /* arrivals beyond the first */
	uint64_t unmarked_again;    /* of those, without the mark */
	uint64_t strays;            /* arrived as they were not sent */
	uint64_t queued_most;       /* bytes in the flight, the most seen */
	struct ledger ledger;       /* as last seen */
	char broken[EVIDENCE_TEXT]; /* the first promise that was seen broken while it ran */
	struct evidence_fate of[EVIDENCE_NUMBERS];
};

/* In memory shared with all processes forked from here on; ends the program without memory. */
struct evidence *evidence_new(void);
void evidence_reset(struct evidence *e, uint64_t seed, uint32_t size_most);

/* The next number as a batch, NULL without memory or numbers. It is not counted as fed. */
struct agent_batch *evidence_make(const struct evidence *e);
uint32_t evidence_spans(uint64_t number);
/* No sink can deliver it. */
bool evidence_is_poison(const struct evidence *e, uint64_t number);
uint64_t evidence_number(const struct batch *b);

/* B reached the far end. */
void evidence_arrived(struct evidence *e, const struct batch *b);
/* A turn of the loop begins: all that was fed before the last one is in the note. */
void evidence_turn(struct evidence *e);
/* The process was killed. */
void evidence_killed(struct evidence *e);
void evidence_broken(struct evidence *e, const char *fmt, ...) PRINTF(2, 3);

/* Looks into DIR/quarantine, then compares. "" when all is as promised, else the first that is not.
 * DROPPED: the limits were such that batches had to be dropped. */
const char *evidence_verdict(struct evidence *e, const char *dir, bool dropped);
/* Batches that the ledger calls dropped. */
uint64_t evidence_dropped(const struct evidence *e);
/* Batches that never arrived and are not kept. */
uint64_t evidence_missing(const struct evidence *e);

#endif
