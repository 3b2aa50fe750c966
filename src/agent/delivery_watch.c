/* SPDX-License-Identifier: Apache-2.0 */
/* delivery_watch.c — measures the rates of the spool's refill, and posts a delivery that stands still. */
#include "delivery_watch.h"

#include "base/clock.h"

void delivery_watch_measure(
        struct delivery_watch *w, enum circuit_state circuit, uint64_t from_spool, uint64_t in_spool)
{
	uint64_t now = clock_mono_us();

	if (circuit != w->circuit) {
		w->circuit = circuit;
		w->refilled = w->in_spool = (struct rate){ 0 };
	}
	rate_observe(&w->refilled, now, from_spool);
	rate_observe(&w->in_spool, now, in_spool);
}

void delivery_watch_post(
        struct delivery_watch *w, struct health *health, const struct ledger *ledger, uint64_t delivered)
{
	const struct ledger_count *place = ledger->place;
	bool waits = place[LEDGER_IN_FLIGHT].batches + place[LEDGER_IN_SPOOL].batches > 0;
	uint64_t s = watchdog_observe(&w->watchdog, clock_mono_us(), delivered, waits);

	if (s > 0)
		health_post(health, "delivery", HEALTH_WARN, "nothing was delivered for %llu s, and %llu spans wait",
		        (unsigned long long)s,
		        (unsigned long long)(place[LEDGER_IN_FLIGHT].spans + place[LEDGER_IN_SPOOL].spans));
	else if (w->stall_reported)
		health_post(health, "delivery", HEALTH_OK, "the waiting batches are being delivered");
	w->stall_reported |= s > 0;
}
