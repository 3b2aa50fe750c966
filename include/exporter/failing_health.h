/* SPDX-License-Identifier: Apache-2.0 */
/* The health part "batches": whether some fail each time while the collector takes others. */
#ifndef FAILING_HEALTH_H
#define FAILING_HEALTH_H

#include "exporter/exporter.h"
#include "telemetry/health.h"

/* Posts the health part "batches" from F, the batches that fail each time: WARN when there are some, DOWN when they fill
 * the exporter's memory, OK when there are none any more; the part does not appear before the first WARN or DOWN. The
 * sentence names NAME, the batch that has failed longest, says with KEPT where the failing batches are stored, and with
 * FULL what stands still when the memory is full. */
void failing_health_post(
        struct health *h, const struct exporter_failing *f, const char *name, const char *kept, const char *full);

#endif
