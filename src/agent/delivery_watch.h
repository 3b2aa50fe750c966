/* SPDX-License-Identifier: Apache-2.0 */
/* delivery_watch.h — how fast the spool empties, and whether anything is delivered at all. */
#ifndef DELIVERY_WATCH_H
#define DELIVERY_WATCH_H

#include "policy/circuit.h"
#include "policy/evidence.h"
#include "policy/ledger.h"
#include "policy/rate.h"
#include "telemetry/health.h"

/* All zero is the valid initial value. */
struct delivery_watch {
	struct rate refilled;       /* spans delivered from the spool */
	struct rate in_spool;       /* spans that wait there */
	enum circuit_state circuit; /* the circuit's state while both rates were measured; a change resets them */
	struct watchdog watchdog;
	bool stall_reported;
};

/* Called some times a second. FROM_SPOOL spans were delivered from the spool since the start, IN_SPOOL wait there. */
void delivery_watch_measure(
        struct delivery_watch *w, enum circuit_state circuit, uint64_t from_spool, uint64_t in_spool);

/* Posts the health part "delivery": a warning when batches wait and none was delivered for WATCHDOG_S. DELIVERED counts
 * batches since the start. Only the ledger and this count are used, so that the part is right whatever the circuit, the
 * sink or the spooler believe. */
void delivery_watch_post(
        struct delivery_watch *w, struct health *health, const struct ledger *ledger, uint64_t delivered);

#endif
