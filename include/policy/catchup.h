/* SPDX-License-Identifier: Apache-2.0 */
/* Detects when a backlog that gathered while the sink was away has been delivered, and how long that took. */
#ifndef CATCHUP_H
#define CATCHUP_H

#include "base/base.h"

struct catchup {
	bool observed;
	bool behind; /* a backlog from an absence of the sink, or from before the first call, is not delivered yet */
	uint64_t since_us;  /* monotonic; the last call with AWAY, or the first call */
	uint64_t delivered; /* DELIVERED at that call */
};

/* To be called at intervals. AWAY: the circuit is not closed. WAITING: spans in the spool now. DELIVERED: a counter of
 * spans delivered from the spool.
 *
 *   away  waiting                          returns
 *   yes   any      the backlog is growing  false
 *   no    some     it is being delivered   false
 *   no    none     it is delivered         true at the first such call, and sets SPANS and TOOK_US;
 *                                          false when none of it was delivered since the sink came back
 *
 * Spans that wait while the sink is not away are no backlog: they never make it return true. */
bool catchup_observe(struct catchup *c, uint64_t now_us, bool away, uint64_t waiting, uint64_t delivered,
        uint64_t *spans, uint64_t *took_us);

#endif
