/* SPDX-License-Identifier: Apache-2.0 */
/* drain_pages.c — the drain's /metrics, /ledger and /status pages. */
#include <inttypes.h>
#include <stdio.h>

#include "drainer.h"
#include "collector_status.h"
#include "exporter/metrics.h"
#include "kafka/fault_metrics.h"

static const char prefix[] = "spanspool_";

static void add_limits(struct buf *to, const struct drainer_settings *set)
{
	metrics_sample(to, prefix, "drain_in_flight_limit_bytes", NULL,
	        "Most bytes of records in memory: drain.max-bytes", METRIC_GAUGE, (double)set->max_bytes);
	metrics_sample(to, prefix, "drain_http_in_flight_limit", NULL,
	        "Most requests without an answer: drain.max-in-flight", METRIC_GAUGE, (double)set->max_in_flight);
}

const struct drain_ledger *drainer_ledger_of(const struct drainer *d)
{
	return d->directory != NULL ? from_directory_ledger(d->directory) : drain_ledger(d->drain);
}

struct exporter *drainer_exporter(const struct drainer *d)
{
	return d->directory != NULL ? from_directory_exporter(d->directory) : drain_exporter(d->drain);
}

void drainer_metrics(void *arg, struct buf *to)
{
	struct drainer *d = arg;
	struct exporter *e = drainer_exporter(d);
	const struct exporter_stats *exporter = exporter_stats(e);

	if (d->directory != NULL)
		drain_way_metrics(drainer_ledger_of(d), e, to);
	else
		drain_metrics(d->drain, to);
	collector_metrics(e, "drain_http_requests_total", to);
	metrics_render_histogram(to, prefix, "drain_http_seconds", NULL, "Time until the answer", &exporter->took);
	if (d->drain != NULL)
		kafka_fault_metrics(to, drain_kafka_fault(d->drain));
	add_limits(to, &d->set);
}

void drainer_ledger(void *arg, struct buf *to)
{
	struct drainer *d = arg;

	drain_ledger_json(to, drainer_ledger_of(d));
}

static void add_partition(void *arg, const struct drain_lag *lag)
{
	struct status *page = arg;
	char name[32];

	snprintf(name, sizeof(name), "partition %" PRId32, lag->partition);
	if (lag->records < 0)
		status_text(page, name, "not known yet");
	else
		status_text(page, name, "%" PRId64 " records to go, %" PRIu64 " s behind", lag->records,
		        lag->behind_ms / 1000);
}

static void add_kafka(struct drainer *d, struct status *page)
{
	status_text(page, "kafka", "%s, topic %s, group %s", d->set.brokers, d->set.topic, d->set.group);
	drain_each_lag(d->drain, add_partition, page);
}

static void add_records(const struct drain_ledger *l, struct status *page)
{
	status_section(page, "Records");
	status_count(page, "read", l->read.records);
	status_count(page, "delivered", l->place[DRAIN_DELIVERED].records);
	status_count(page, "in quarantine", l->place[DRAIN_QUARANTINED].records);
	status_count(page, "unconfirmed, in quarantine", l->unconfirmed.records);
	status_count(page, "in flight", l->place[DRAIN_IN_FLIGHT].records);
	status_count(page, "empty", l->place[DRAIN_SKIPPED_EMPTY].records);
	status_count(page, "lost to retention", l->lost_to_retention);
}

void drainer_status(void *arg, struct status *page)
{
	struct drainer *d = arg;
	struct exporter *e = drainer_exporter(d);
	struct drain_stats stats = { 0 };

	status_section(page, "Way in");
	if (d->drain != NULL) {
		drain_stats(d->drain, &stats);
		add_kafka(d, page);
	}
	if (d->directory != NULL)
		status_text(page, "quarantine", "%s", d->set.quarantine);
	status_section(page, "Way out");
	collector_status(e, page);
	status_count(page, "requests without an answer", exporter_stats(e)->in_flight);
	if (d->drain != NULL) {
		status_duration(page, "oldest record not done", stats.oldest_age_us);
		status_text(page, "quarantine", "%s", d->set.quarantine);
	}
	add_records(drainer_ledger_of(d), page);
	if (d->drain != NULL)
		status_bytes(page, "in memory", stats.bytes);
}

const struct history_series drainer_series[] = {
	{ "records lost to retention a minute", 60, true },
	{ "records put into quarantine a minute", 60, true },
	{ "spans read a second", 1, false },
	{ "spans delivered a second", 1, false },
	{ "records to go", 0, false },
	{ "seconds behind", 0, false },
};
_Static_assert(ARRAY_LEN(drainer_series) == HISTORY_SERIES, "a table that is full needs no end");

/* ARG is the sum over the partitions so far: records to go, and the largest age in seconds. */
static void add_lag(void *arg, const struct drain_lag *lag)
{
	double *sum = arg;

	if (lag->records > 0)
		sum[0] += (double)lag->records;
	if ((double)lag->behind_ms / 1000 > sum[1])
		sum[1] = (double)lag->behind_ms / 1000;
}

void drainer_sample(void *arg, double values[HISTORY_SERIES])
{
	struct drainer *d = arg;
	const struct drain_ledger *l = drainer_ledger_of(d);

	values[0] = (double)l->lost_to_retention;
	values[1] = (double)l->place[DRAIN_QUARANTINED].records;
	values[2] = (double)l->read.spans;
	values[3] = (double)l->place[DRAIN_DELIVERED].spans;
	values[4] = values[5] = 0;
	if (d->drain != NULL)
		drain_each_lag(d->drain, add_lag, &values[4]);
}

void drainer_note_health(void *arg)
{
	struct drainer *d = arg;
	uint64_t spans = drainer_ledger_of(d)->place[DRAIN_DELIVERED].spans;
	struct buf names = { 0 };

	collector_names(&d->set.collector, &names);
	health_note(&d->health, "collector", "%s to %s, %" PRIu64 " spans since the start",
	        spans == 0 ? "nothing delivered yet" : "delivering", buf_cstr(&names), spans);
	buf_free(&names);
}
