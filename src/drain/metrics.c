/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c — the drain's metrics: its ledger, its figures, its lag by partition, and its requests to collectors. */
#include <inttypes.h>
#include <stdio.h>

#include "drain_internal.h"
#include "telemetry/metrics.h"

static const char prefix[] = "spanspool_";

#define L struct drain_ledger
static const struct metric_row ledger_rows[] = {
	METRIC_COUNTER(L, place[DRAIN_DELIVERED].records, "drain_records_total", "outcome=\"delivered\"",
	        "Records by what became of them"),
	METRIC_COUNTER(L, place[DRAIN_QUARANTINED].records, "drain_records_total", "outcome=\"quarantined\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_SKIPPED_EMPTY].records, "drain_records_total", "outcome=\"skipped_empty\"", NULL),
	METRIC_COUNTER(L, handed_on.records, "drain_records_total", "outcome=\"handed_on\"", NULL),
	METRIC_COUNTER(L, lost_to_retention, "drain_records_total", "outcome=\"lost_to_retention\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_DELIVERED].spans, "drain_spans_total", "outcome=\"delivered\"",
	        "Spans by what became of their record"),
	METRIC_COUNTER(L, place[DRAIN_QUARANTINED].spans, "drain_spans_total", "outcome=\"quarantined\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_SKIPPED_EMPTY].spans, "drain_spans_total", "outcome=\"skipped_empty\"", NULL),
	METRIC_COUNTER(L, handed_on.spans, "drain_spans_total", "outcome=\"handed_on\"", NULL),
	METRIC_COUNTER(L, unconfirmed.records, "drain_unconfirmed_records_total", NULL,
	        "Of the records quarantined: answered 2xx, and never confirmed stored"),
	METRIC_COUNTER(L, unconfirmed.spans, "drain_unconfirmed_spans_total", NULL, "Spans of these"),
	METRIC_COUNTER(L, late.records, "drain_late_records_total", NULL,
	        "Records delivered after their partition was taken away: delivered twice"),
	METRIC_GAUGE(L, place[DRAIN_IN_FLIGHT].records, "drain_in_flight_records", NULL, "Records read and not done"),
	METRIC_GAUGE(L, place[DRAIN_IN_FLIGHT].spans, "drain_in_flight_spans", NULL, "Spans of these"),
	METRIC_END,
};
#undef L

#define D struct drain_stats
static const struct metric_row drain_rows[] = {
	METRIC_COUNTER(D, taken, "drain_read_records_total", NULL, "Records read"),
	METRIC_COUNTER(D, transcoded, "drain_transcoded_records_total", NULL, "Records that were in compact protocol"),
	METRIC_GAUGE(D, bytes, "drain_in_flight_bytes", NULL, "Bytes of records in memory"),
	METRIC_GAUGE(D, waiting, "drain_waiting_records", NULL, "Records in memory that no collector has room for"),
	METRIC_GAUGE(
	        D, in_quarantine, "drain_quarantine_waiting_records", NULL, "Records on their way into quarantine"),
	METRIC_GAUGE(D, partitions, "drain_partitions", NULL, "Partitions that are ours"),
	{ "drain_oldest_incomplete_age_seconds", NULL, "Since the oldest record that is not done was read",
	        METRIC_GAUGE, METRIC_FIELD(D, oldest_age_us), 1e-6 },
	METRIC_END,
};
#undef D

#define P struct exporter_stats
static const struct metric_row exporter_rows[] = {
	METRIC_GAUGE(P, in_flight, "drain_http_in_flight", NULL, "Requests without an answer"),
	METRIC_COUNTER(P, retries, "drain_http_retries_total", NULL, "Requests that were tries again"),
	METRIC_COUNTER(P, sent_again, "drain_sent_again_spans_total", NULL,
	        "Spans sent once more although they may have arrived"),
	METRIC_COUNTER(P, splits, "drain_http_splits_total", NULL, "Requests halved because they were too large"),
	METRIC_END,
};
#undef P

struct lag_page {
	struct buf *to;
	const char *name, *help;
	double (*of)(const struct drain_lag *lag);
};

static double lag_records(const struct drain_lag *lag)
{
	return lag->records < 0 ? -1 : (double)lag->records;
}

static double lag_seconds(const struct drain_lag *lag)
{
	return (double)lag->behind_ms / 1000;
}

static double ahead_records(const struct drain_lag *lag)
{
	return (double)lag->ahead;
}

static void add_lag(void *arg, const struct drain_lag *lag)
{
	struct lag_page *page = arg;
	char labels[32];

	snprintf(labels, sizeof(labels), "partition=\"%" PRId32 "\"", lag->partition);
	if (page->of(lag) >= 0)
		metrics_sample(page->to, prefix, page->name, labels, page->help, METRIC_GAUGE, page->of(lag));
	page->help = NULL;
}

void drain_way_metrics(const struct drain_ledger *l, struct exporter *e, struct buf *to)
{
	metrics_render(to, prefix, ledger_rows, l);
	metrics_render(to, prefix, exporter_rows, exporter_stats(e));
}

void drain_metrics(struct drain *d, struct buf *to)
{
	struct lag_page pages[] = {
		{ to, "drain_lag_records", "Records between what is done and the end", lag_records },
		{ to, "drain_lag_seconds", "Age of the oldest record that is not done", lag_seconds },
		{ to, "drain_ahead_records", "Records read beyond the oldest that is not done", ahead_records },
	};
	struct drain_stats stats;

	drain_stats(d, &stats);
	drain_way_metrics(&d->ledger, d->exporter, to);
	metrics_render(to, prefix, drain_rows, &stats);
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		drain_each_lag(d, add_lag, &pages[i]);
}
