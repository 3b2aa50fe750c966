/* SPDX-License-Identifier: Apache-2.0 */
/* refused.h — batches that the sink refuses for good: dropped, or kept in the quarantine. */
#ifndef REFUSED_H
#define REFUSED_H

#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "agent/sink.h"
#include "spool/spool.h"

struct refused_opts {
	bool drop;             /* instead of keeping them */
	struct spool *spool;   /* whose quarantine/ keeps them; it must stay open until refused_is_empty */
	const char *directory; /* of the spool */
	struct ledger *ledger;
};

struct refused_events {
	/* B has its place in the ledger: quarantined, or dropped. The reference goes to the callee. Also from inside
	 * refused_put and refused_drop_newest. */
	void (*resolved)(void *arg, struct batch *b);
	/* B was read from the spool and could not be kept in the quarantine: it waits in the spool again. The
	 * reference goes to the callee. Only from inside refused_end. */
	void (*returned)(void *arg, struct batch *b);
	void *arg;
};

struct refused_stats {
	uint64_t bytes;    /* of memory, in batches on their way into the quarantine */
	uint64_t failures; /* tries to keep one that failed */
};

struct refused;

int refused_open(struct refused **out, struct loop *l, const struct refused_opts *opts,
        const struct refused_events *events, struct health *health, struct why *why) MUST_USE;

/* Takes B, which the sink refused with OUTCOME. A batch with a position leaves LEDGER_IN_SPOOL for it, one without
 * leaves LEDGER_IN_FLIGHT, as soon as it is durable in the quarantine. E_NOMEM takes nothing. */
int refused_put(struct refused *r, struct batch *b, enum sink_outcome outcome, const char *detail) MUST_USE;

/* While the quarantine cannot be written: drops the newest batch that is in memory only, to CAUSE. False: there is none,
 * or nothing is wrong with the quarantine. */
bool refused_drop_newest(struct refused *r, enum ledger_place cause);

/* Ends all tries but one that is under way, whose outcome still comes. For the end of a stop. */
void refused_end(struct refused *r);

/* No batch is on its way. */
bool refused_is_empty(const struct refused *r);
const struct refused_stats *refused_stats(struct refused *r);
void refused_free(struct refused *r);

#endif
