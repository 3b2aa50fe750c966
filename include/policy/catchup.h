/* SPDX-License-Identifier: Apache-2.0 */
/* When a backlog that an absent sink left behind has been delivered, and how long that took. */
#ifndef CATCHUP_H
#define CATCHUP_H

#include "base/base.h"

struct catchup {
	bool looked;
	bool behind;        /* spans waited while the sink was away, or at the first look */
	uint64_t since_us;  /* of BEHIND: the last look at which the sink was away */
	uint64_t delivered; /* as DELIVERED was then */
};

/* One look in a while. AWAY: the circuit is not closed. WAITING: spans in the spool now. DELIVERED: a
 * counter of spans delivered from the spool.
 *
 *   away  waiting                          returns
 *   yes   any      the backlog is growing  false
 *   no    some     it is being delivered   false
 *   no    none     it is gone              true at the first such look, with SPANS and TOOK_US;
 *                                          false when the sink came back to an empty spool
 *
 * What waits while the sink is there all the time is no backlog: true never comes of it. */
bool catchup_look(struct catchup *c, uint64_t now_us, bool away, uint64_t waiting, uint64_t delivered, uint64_t *spans,
        uint64_t *took_us);

#endif
