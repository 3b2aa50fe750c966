/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of the store behind a collector, as part "store" of the health. */
#ifndef STORE_HEALTH_H
#define STORE_HEALTH_H

#include "exporter/confirmer.h"
#include "telemetry/health.h"

/* Posts SENTENCE of a confirmer as part "store". Without a sight "delivered" means less, which an operator must
 * know; with confirm=require nothing is sent then. */
void store_health_post(struct health *h, enum confirmer_sight sight, const char *sentence);

#endif
