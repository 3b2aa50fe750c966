/* drain_pages.c — what the drain says of itself: metrics, ledger, status. */
#include <inttypes.h>
#include <stdio.h>

#include "drainer.h"
#include "kafka_pages.h"

static const char prefix[] = "spanspool_";

#define L struct drain_ledger
static const struct metric_row ledger_rows[] = {
	METRIC_COUNTER(L, place[DRAIN_DELIVERED].records, "drain_records_total",
	        "outcome=\"delivered\"", "Records by what became of them"),
	METRIC_COUNTER(L, place[DRAIN_QUARANTINED].records, "drain_records_total",
	        "outcome=\"quarantined\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_SKIPPED_EMPTY].records, "drain_records_total",
	        "outcome=\"skipped_empty\"", NULL),
	METRIC_COUNTER(L, handed_on.records, "drain_records_total", "outcome=\"handed_on\"", NULL),
	METRIC_COUNTER(
	        L, lost_to_retention, "drain_records_total", "outcome=\"lost_to_retention\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_DELIVERED].spans, "drain_spans_total",
	        "outcome=\"delivered\"", "Spans by what became of their record"),
	METRIC_COUNTER(L, place[DRAIN_QUARANTINED].spans, "drain_spans_total",
	        "outcome=\"quarantined\"", NULL),
	METRIC_COUNTER(L, place[DRAIN_SKIPPED_EMPTY].spans, "drain_spans_total",
	        "outcome=\"skipped_empty\"", NULL),
	METRIC_COUNTER(L, handed_on.spans, "drain_spans_total", "outcome=\"handed_on\"", NULL),
	METRIC_COUNTER(L, unconfirmed.records, "drain_unconfirmed_records_total", NULL,
	        "Of the records quarantined: answered 2xx, and never confirmed stored"),
	METRIC_COUNTER(
	        L, unconfirmed.spans, "drain_unconfirmed_spans_total", NULL, "Spans of these"),
	METRIC_COUNTER(L, late.records, "drain_late_records_total", NULL,
	        "Records delivered after their partition was taken away: delivered twice"),
	METRIC_GAUGE(L, place[DRAIN_IN_FLIGHT].records, "drain_in_flight_records", NULL,
	        "Records read and not done"),
	METRIC_GAUGE(
	        L, place[DRAIN_IN_FLIGHT].spans, "drain_in_flight_spans", NULL, "Spans of these"),
	METRIC_END
};
#undef L

#define D struct drain_stats
static const struct metric_row drain_rows[] = { METRIC_COUNTER(D, taken, "drain_read_records_total",
	                                                NULL, "Records read"),
	METRIC_COUNTER(D, transcoded, "drain_transcoded_records_total", NULL,
	        "Records that were in compact protocol"),
	METRIC_GAUGE(D, bytes, "drain_in_flight_bytes", NULL, "Bytes of records in memory"),
	METRIC_GAUGE(D, waiting, "drain_waiting_records", NULL,
	        "Records in memory that no collector has room for"),
	METRIC_GAUGE(D, in_quarantine, "drain_quarantine_waiting_records", NULL,
	        "Records on their way into quarantine"),
	METRIC_GAUGE(D, partitions, "drain_partitions", NULL, "Partitions that are ours"),
	{ "drain_oldest_incomplete_age_seconds", NULL,
	        "Since the oldest record that is not done was read", METRIC_GAUGE,
	        METRIC_FIELD(D, oldest_age_us), 1e-6 },
	METRIC_END };
#undef D

#define P struct exporter_stats
static const struct metric_row exporter_rows[] = {
	METRIC_GAUGE(P, in_flight, "drain_http_in_flight", NULL, "Requests without an answer"),
	METRIC_COUNTER(
	        P, retries, "drain_http_retries_total", NULL, "Requests that were tries again"),
	METRIC_COUNTER(P, sent_again, "drain_sent_again_spans_total", NULL,
	        "Spans sent once more although they may have arrived"),
	METRIC_COUNTER(P, splits, "drain_http_splits_total", NULL,
	        "Requests halved because they were too large"),
	METRIC_END
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
		metrics_sample(page->to, prefix, page->name, labels, page->help, METRIC_GAUGE,
		        page->of(lag));
	page->help = NULL;
}

static void add_limits(struct buf *to, const struct drainer_settings *set)
{
	metrics_sample(to, prefix, "drain_in_flight_limit_bytes", NULL,
	        "Most bytes of records in memory: drain.max-bytes", METRIC_GAUGE,
	        (double)set->max_bytes);
	metrics_sample(to, prefix, "drain_http_in_flight_limit", NULL,
	        "Most requests without an answer: drain.max-in-flight", METRIC_GAUGE,
	        (double)set->max_in_flight);
}

void drainer_metrics(void *arg, struct buf *to)
{
	struct drainer *d = arg;
	struct lag_page pages[] = {
		{ to, "drain_lag_records", "Records between what is done and the end",
		        lag_records },
		{ to, "drain_lag_seconds", "Age of the oldest record that is not done",
		        lag_seconds },
		{ to, "drain_ahead_records", "Records read beyond the oldest that is not done",
		        ahead_records },
	};
	struct drain_stats stats;

	drain_stats(d->drain, &stats);
	metrics_render(to, prefix, ledger_rows, drain_ledger(d->drain));
	metrics_render(to, prefix, drain_rows, &stats);
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		drain_each_lag(d->drain, add_lag, &pages[i]);
	metrics_render(to, prefix, exporter_rows, exporter_stats(drain_exporter(d->drain)));
	collector_metrics(drain_exporter(d->drain), "drain_http_requests_total", to);
	metrics_render_histogram(to, prefix, "drain_http_seconds", NULL, "Time until the answer",
	        &exporter_stats(drain_exporter(d->drain))->took);
	kafka_trouble_metrics(to, drain_kafka_trouble(d->drain));
	add_limits(to, &d->set);
}

void drainer_ledger(void *arg, struct buf *to)
{
	struct drainer *d = arg;

	drain_ledger_json(to, drain_ledger(d->drain));
}

static void add_partition(void *arg, const struct drain_lag *lag)
{
	struct status *page = arg;
	char name[32];

	snprintf(name, sizeof(name), "partition %" PRId32, lag->partition);
	if (lag->records < 0)
		status_text(page, name, "not known yet");
	else
		status_text(page, name, "%" PRId64 " records to go, %" PRIu64 " s behind",
		        lag->records, lag->behind_ms / 1000);
}

void drainer_status(void *arg, struct status *page)
{
	struct drainer *d = arg;
	const struct drain_ledger *l = drain_ledger(d->drain);
	struct drain_stats stats;

	drain_stats(d->drain, &stats);
	status_section(page, "Way in");
	status_text(page, "kafka", "%s, topic %s, group %s", d->set.brokers, d->set.topic,
	        d->set.group);
	drain_each_lag(d->drain, add_partition, page);
	status_section(page, "Way out");
	collector_status(drain_exporter(d->drain), page);
	status_count(page, "requests without an answer",
	        exporter_stats(drain_exporter(d->drain))->in_flight);
	status_duration(page, "oldest record not done", stats.oldest_age_us);
	status_text(page, "quarantine", "%s", d->set.quarantine);
	status_section(page, "Records");
	status_count(page, "read", l->read.records);
	status_count(page, "delivered", l->place[DRAIN_DELIVERED].records);
	status_count(page, "in quarantine", l->place[DRAIN_QUARANTINED].records);
	status_count(page, "unconfirmed, in quarantine", l->unconfirmed.records);
	status_count(page, "in flight", l->place[DRAIN_IN_FLIGHT].records);
	status_count(page, "empty", l->place[DRAIN_SKIPPED_EMPTY].records);
	status_count(page, "lost to retention", l->lost_to_retention);
	status_bytes(page, "in memory", stats.bytes);
}

void drainer_note_health(void *arg)
{
	struct drainer *d = arg;
	uint64_t spans = drain_ledger(d->drain)->place[DRAIN_DELIVERED].spans;
	struct buf names = { 0 };

	collector_names(&d->set.collector, &names);
	health_note(&d->health, "collector", "%s to %s, %" PRIu64 " spans since the start",
	        spans == 0 ? "nothing delivered yet" : "delivering", buf_cstr(&names), spans);
	buf_free(&names);
}
