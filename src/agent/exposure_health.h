/* SPDX-License-Identifier: Apache-2.0 */
/* exposure_health.h — posts whether spans are delivered or durable within spool.exposure (part "exposure"). */
#ifndef EXPOSURE_HEALTH_H
#define EXPOSURE_HEALTH_H

#include "agent/flight.h"
#include "policy/exposure.h"
#include "telemetry/health.h"

struct exposure_health {
	struct exposure_watch watch;
	uint64_t exposure_us;
	uint64_t late; /* flight_stats.late at the last call */
};

/* To be called when the timer for exposure_health_post is started. With an exposure of 0 there is no part "exposure". */
void exposure_health_begin(struct exposure_health *e, struct health *health, uint64_t exposure_us);
/* To be called every EXPOSURE_EVERY_MS. */
void exposure_health_post(
        struct exposure_health *e, struct health *health, struct flight *flight, const struct spooler *spooler);

#endif
