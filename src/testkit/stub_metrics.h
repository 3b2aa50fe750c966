/* SPDX-License-Identifier: Apache-2.0 */
/* stub_metrics.h — prints a stub collector's counters like the metrics page of a real one. Pure. */
#ifndef STUB_METRICS_H
#define STUB_METRICS_H

#include "base/buf.h"
#include "testkit/stub_collector.h"

/* Appends the page with the counters C. */
void stub_metrics_page(struct buf *to, enum stub_page form, const struct stub_store_counts *c);

#endif
