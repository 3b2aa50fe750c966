/* SPDX-License-Identifier: Apache-2.0 */
/* refused.h — drops or quarantines the batches that the sink refuses for good. */
#ifndef REFUSED_H
#define REFUSED_H

#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "agent/agent_batch.h"
#include "spool/spool.h"

struct refused_opts {
	bool drop;             /* drop refused batches instead of writing them to quarantine/ */
	struct spool *spool;   /* of quarantine/; must stay open until refused_is_empty */
	const char *directory; /* of the spool */
	struct ledger *ledger;
};

struct refused_stats {
	uint64_t bytes;    /* memory of batches queued for the quarantine */
	uint64_t failures; /* failed attempts to write a batch to the quarantine */
};

struct refused;

int refused_open(struct refused **out, struct loop *l, const struct refused_opts *opts, struct health *health,
        struct why *why) MUST_USE;

/* Batches that are refused from now on are dropped, or not. */
void refused_set_drop(struct refused *r, bool drop);

/* Takes B, which the sink refused with OUTCOME, and queues it for the quarantine. Once B is durable there the ledger
 * moves it from LEDGER_IN_SPOOL (B has a position) or LEDGER_IN_FLIGHT to LEDGER_QUARANTINED. E_NOMEM: B is not taken. */
int refused_put(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, const char *detail) MUST_USE;

/* While the quarantine cannot be written: drops the newest queued batch that has no position in the spool, to CAUSE.
 * False: there is none, or the quarantine can be written. */
bool refused_drop_newest(struct refused *r, enum ledger_place cause);

/* Gives up all queued batches but one whose write is under way; that one's event still comes. For the end of a stop. */
void refused_stop_retries(struct refused *r);

/* True when no batch is queued for the quarantine or being written. */
bool refused_is_empty(const struct refused *r);
const struct refused_stats *refused_stats(struct refused *r);
void refused_free(struct refused *r);

#endif
