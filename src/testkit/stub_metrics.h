/* SPDX-License-Identifier: Apache-2.0 */
/* stub_metrics.h — a stub collector's counters as the metrics page of a real one prints them. Pure. */
#ifndef STUB_METRICS_H
#define STUB_METRICS_H

#include "base/buf.h"
#include "testkit/stub_collector.h"

/* Appends the page of a collector whose counters are C. */
void stub_metrics_page(struct buf *to, enum stub_page form, const struct stub_store_counts *c);

#endif
