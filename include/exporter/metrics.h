/* SPDX-License-Identifier: Apache-2.0 */
/* The exporter's metrics, shared by agent and drain. */
#ifndef EXPORTER_METRICS_H
#define EXPORTER_METRICS_H

#include "exporter/exporter.h"

/* Appends the counter spanspool_NAME{code} of requests by HTTP status, and the metrics of confirmed delivery. */
void collector_metrics(struct exporter *e, const char *name, struct buf *to);

#endif
