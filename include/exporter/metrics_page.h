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

/* The parsed part of a page. Owned by the caller; it borrows no bytes and allocates nothing. */
struct metrics_page {
	char line[METRICS_PAGE_LINE]; /* the incomplete last line */
	size_t len;
	bool too_long;     /* that line does not fit and is skipped; no line that is used is that long */
	bool jaeger, otel; /* which collector's series were seen */
	bool otel_other;   /* a series of an OpenTelemetry Collector that does not count spans */
	uint64_t started;  /* hash of process_start_time_seconds; 0 not seen */
	uint64_t instance; /* hash of the service instance of target_info; 0 not seen */
	struct confirm_counters sums;
	struct metrics_page_exporter exporters[METRICS_PAGE_EXPORTERS];
	size_t nexporters;
	bool too_many; /* more exporters than that */
};

void metrics_page_begin(struct metrics_page *p);
/* Parses the next bytes of the page. */
void metrics_page_feed(struct metrics_page *p, struct slice bytes);
/* Ends the page and sets COUNTERS. 0; E_MALFORMED with a sentence that says what the page lacks; E_TOO_LARGE: more
 * exporters than METRICS_PAGE_EXPORTERS.
 *
 * Jaeger 1.x: received, dropped and rejected spans, those saved per service, and the queue's capacity.
 * Jaeger 2.x and the OpenTelemetry Collector: spans accepted by all receivers, and sent by the exporter that
 * has sent the fewest, since each exporter of a pipeline gets all of its spans. An exporter that has not yet counted
 * anything is not on the page. A collector that has counted nothing has no such series: all counters are 0 then. */
int metrics_page_end(struct metrics_page *p, struct confirm_counters *counters, struct why *why) MUST_USE;

#endif
