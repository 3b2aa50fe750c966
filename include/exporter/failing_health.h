/* SPDX-License-Identifier: Apache-2.0 */
/* The health part "batches": whether some fail each time while the collector takes others. */
#ifndef FAILING_HEALTH_H
#define FAILING_HEALTH_H

#include "exporter/exporter.h"
#include "telemetry/health.h"

/* Posts F as part "batches": OK when none fails (after a first WARN or DOWN), WARN when some do, DOWN when they fill the
 * memory. NAME names the one that has failed longest; KEPT says where they are, FULL what then stands still. */
void failing_health_post(
        struct health *h, const struct exporter_failing *f, const char *name, const char *kept, const char *full);

#endif
