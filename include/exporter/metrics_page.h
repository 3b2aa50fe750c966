/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a collector's metrics page, in Prometheus' text format, for the counters that confirm
 * deliveries. */
#ifndef EXPORTER_METRICS_PAGE_H
#define EXPORTER_METRICS_PAGE_H

#include "policy/confirm.h"
#include "base/err.h"
#include "base/slice.h"

enum { METRICS_PAGE_LINE = 4096, METRICS_PAGE_EXPORTERS = 8 };

/* The spans of one exporter of an OpenTelemetry Collector. */
struct metrics_page_exporter {
	uint64_t name; /* a hash of its name */
	uint64_t sent, failed;
};

/* A page as far as it came in. The owner keeps it, and nothing else: it borrows no bytes. */
struct metrics_page {
	char line[METRICS_PAGE_LINE]; /* the line that has not come in whole */
	size_t len;
	bool too_long;     /* that line does not fit; it is passed over, and it is none of those that count */
	bool jaeger, otel; /* which collector's names were seen */
	bool otel_other;   /* an OpenTelemetry Collector's, although none that counts spans */
	uint64_t started;  /* hash of process_start_time_seconds; 0 not seen */
	uint64_t instance; /* hash of the service instance of target_info; 0 not seen */
	struct confirm_counters sums;
	struct metrics_page_exporter exporters[METRICS_PAGE_EXPORTERS];
	size_t nexporters;
	bool too_many; /* more exporters than that */
};

void metrics_page_begin(struct metrics_page *p);
/* The next bytes of the page. */
void metrics_page_feed(struct metrics_page *p, struct slice bytes);
/* The page is whole. 0 and the counters; E_MALFORMED with a sentence on what the page lacks.
 *
 * Jaeger 1.x: received, dropped and rejected spans, those saved per service, and the queue's capacity.
 * Jaeger 2.x and the OpenTelemetry Collector: spans accepted by all receivers, and sent by the exporter that
 * is furthest behind, since each exporter of a pipeline gets all of its spans. An exporter that has not yet
 * counted anything is not known. A collector that has counted nothing has no such names: all are 0 then. */
int metrics_page_end(struct metrics_page *p, struct confirm_counters *counters, struct why *why) MUST_USE;

#endif
