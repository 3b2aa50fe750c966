/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the ledger as JSON and as metrics. */
#ifndef LEDGER_PAGE_H
#define LEDGER_PAGE_H

#include "base/buf.h"
#include "policy/ledger.h"

/* Appends the object of GET /ledger, "status --json" and "spool stat --json". Its "drops" have the first and last
 * time of each cause that occurred, null when an older version did not record it. */
void ledger_json(struct buf *to, const struct ledger *l, const char *host);

/* datagrams_total{outcome}, datagrams_kernel_dropped_total, spans_total and batches_total{outcome}
 * (accepted, delivered, quarantined, uncertain), spans_dropped_total and batches_dropped_total{cause},
 * maybe_duplicate_spans_total …, and the gauges flight_spans, flight_batches, spool_spans,
 * spool_batches, boots, unclean_stops; all with "spanspool_" before them. */
void ledger_metrics(struct buf *to, const struct ledger *l);

#endif
