/* SPDX-License-Identifier: Apache-2.0 */
/* collector_status.h — the collectors on the page /status. */
#ifndef COLLECTOR_STATUS_H
#define COLLECTOR_STATUS_H

#include "admin/status.h"
#include "exporter/exporter.h"

/* Adds lines to PAGE for each collector: its address or its failure, and the state of its delivery counters. */
void collector_status(const struct exporter *e, struct status *page);

#endif
