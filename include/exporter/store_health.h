/* SPDX-License-Identifier: Apache-2.0 */
/* The health part "store": whether the store behind a collector can be seen. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "exporter/confirmer.h"
#include "telemetry/health.h"

/* Posts SENTENCE of a confirmer as part "store": OK when the counters can be read, WARN when they cannot and a 2xx
 * counts as delivered, DOWN when nothing is sent without them (collector.confirm=require). */
void store_health_post(struct health *h, enum confirmer_state state, const char *sentence);

#endif
