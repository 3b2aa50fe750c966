/* SPDX-License-Identifier: Apache-2.0 */
/* agent_pages.c — the agent's /metrics, /ledger and /status pages, and its health notes. */
#include <inttypes.h>
#include <math.h>

#include "agent.h"
#include "collector_status.h"
#include "exporter/metrics.h"
#include "kafka/fault_metrics.h"
#include "admin/ledger_page.h"

#define S struct pipeline_stats
static const struct metric_row rows[] = {
	METRIC_GAUGE(S, flight.bytes, "flight_bytes", NULL,
	        "Bytes of memory in batches that are neither delivered nor durable"),
	METRIC_COUNTER(S, flight.handed_over, "flight_handed_over_total", NULL, "Batches handed to the spool"),
	METRIC_COUNTER(S, flight.late, "flight_late_total", NULL, "Batches durable only after the exposure had ended"),
	METRIC_GAUGE(S, spooler.spool.bytes, "spool_bytes", NULL, "Bytes of all segments on disk"),
	METRIC_GAUGE(S, spooler.spool.segments, "spool_segments", NULL, "Segments on disk"),
	METRIC_GAUGE(S, spooler.spool.quarantine_bytes, "spool_quarantine_bytes", NULL, "Refused batches kept on disk"),
	METRIC_GAUGE(S, spooler.spool.free_bytes, "spool_free_bytes", NULL, "Free bytes of the spool's file system"),
	METRIC_GAUGE(S, spooler.spool.free_inodes, "spool_free_inodes", NULL,
	        "Free inodes of the spool's file system; 0 also where it does not count them"),
	METRIC_GAUGE(S, spooler.queued_bytes, "spool_queue_bytes", NULL,
	        "Bytes waiting for the next commit cycle of the spool"),
	METRIC_COUNTER(S, spooler.cycles, "spool_turns_total", NULL, "Turns of the spool"),
	METRIC_COUNTER(S, spooler.spool.commits, "spool_commits_total", NULL, "Commits of the spool"),
	METRIC_COUNTER(S, spooler.spool.failed_commits, "spool_failed_commits_total", NULL, "Commits that failed"),
	METRIC_COUNTER(S, quarantine_failures, "spool_quarantine_failures_total", NULL,
	        "Batches that the quarantine could not take yet"),
	{ "spool_commit_seconds", NULL, "How long a commit cycle takes, as the in-flight bound reckons with it",
	        METRIC_GAUGE, METRIC_FIELD(S, spooler.commit_us), 1e-6 },
	{ "oldest_age_seconds", NULL, "Age of the oldest span that is not delivered", METRIC_GAUGE,
	        METRIC_FIELD(S, oldest_age_us), 1e-6 },
	{ "spool_oldest_age_seconds", NULL, "Age of the oldest span in the spool", METRIC_GAUGE,
	        METRIC_FIELD(S, spool_oldest_age_us), 1e-6 },
	METRIC_COUNTER(S, backlog.read_batches, "backlog_read_batches_total", NULL, "Batches read back from the spool"),
	METRIC_COUNTER(S, backlog.delivered_batches, "backlog_delivered_batches_total", NULL,
	        "Batches delivered from the spool"),
	METRIC_COUNTER(
	        S, backlog.delivered_spans, "backlog_delivered_spans_total", NULL, "Spans delivered from the spool"),
	METRIC_GAUGE(S, backlog.ready_bytes, "backlog_ready_bytes", NULL, "Bytes read back and not offered yet"),
	METRIC_GAUGE(S, backlog.resting_bytes, "backlog_resting_bytes", NULL,
	        "Bytes that the destination refused, to be offered again later"),
	METRIC_GAUGE(
	        S, dispatcher.ramp_bytes, "backlog_window_bytes", NULL, "Bytes of backlog that may be with the sink"),
	METRIC_GAUGE(S, dispatcher.state[CIRCUIT_CLOSED], "circuit_state", "state=\"closed\"", "State of the circuit"),
	METRIC_GAUGE(S, dispatcher.state[CIRCUIT_OPEN], "circuit_state", "state=\"open\"", "State of the circuit"),
	METRIC_GAUGE(
	        S, dispatcher.state[CIRCUIT_HALF_OPEN], "circuit_state", "state=\"half_open\"", "State of the circuit"),
	METRIC_COUNTER(S, dispatcher.opened, "circuit_opened_total", NULL, "How often the circuit opened"),
	METRIC_COUNTER(S, dispatcher.offered, "sink_offered_batches_total", NULL, "Batches that the sink took"),
	METRIC_COUNTER(
	        S, dispatcher.delivered, "sink_delivered_batches_total", NULL, "Batches that the sink delivered"),
	METRIC_COUNTER(
	        S, dispatcher.given_back, "sink_given_back_batches_total", NULL, "Batches that the sink gave back"),
	METRIC_COUNTER(S, dispatcher.poison, "sink_poison_batches_total", NULL, "Batches that can never be delivered"),
	METRIC_GAUGE(S, dispatcher.out_batches, "sink_out_batches", NULL, "Batches with the sink"),
	METRIC_GAUGE(S, dispatcher.out_bytes, "sink_out_bytes", NULL, "Bytes with the sink"),
	METRIC_END,
};
#undef S

static const struct metric_row intake_rows[] = {
	METRIC_COUNTER(struct intake_stats, bytes[INTAKE_COMPACT], "intake_bytes_total", "port=\"jaeger-compact\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, bytes[INTAKE_BINARY], "intake_bytes_total", "port=\"jaeger-binary\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, bytes[INTAKE_ZIPKIN], "intake_bytes_total", "port=\"zipkin-compact\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, pauses, "intake_held_back_total", NULL,
	        "Times that reading paused because the flight was full"),
	METRIC_GAUGE(struct intake_stats, paused, "intake_paused", NULL,
	        "1 while the UDP ports are not read because the flight is full"),
	METRIC_COUNTER(struct intake_stats, unnamed_spans, "intake_unnamed_spans_total", NULL,
	        "Zipkin spans in which no annotation names a service"),
	METRIC_END,
};

/* Adds a configured limit as a gauge, so that alerts can compare usage with it. 0, no limit, is shown as +Inf. */
static void add_limit(struct buf *to, const char *name, const char *help, uint64_t bytes)
{
	metrics_sample(to, "spanspool_", name, NULL, help, METRIC_GAUGE, bytes == 0 ? INFINITY : (double)bytes);
}

static void add_limits(struct buf *to, const struct agent_settings *set)
{
	add_limit(to, "spool_limit_bytes", "Most bytes that the spool may take: spool.max-bytes", set->max_bytes);
	metrics_sample(to, "spanspool_", "spool_free_limit_bytes", NULL,
	        "Bytes of the file system that are left to others: spool.min-free", METRIC_GAUGE,
	        (double)set->min_free);
	add_limit(to, "flight_limit_bytes", "Most bytes in memory: flight.max-bytes", set->flight_bytes);
	metrics_sample(to, "spanspool_", "spool_exposure_seconds", NULL,
	        "How long a span may be neither delivered nor durable: spool.exposure", METRIC_GAUGE,
	        (double)set->exposure_us / 1e6);
}

void agent_metrics(void *arg, struct buf *to)
{
	struct agent *a = arg;
	struct pipeline_stats s;

	if (a->intake != NULL) {
		intake_count_drops(a->intake);
		metrics_render(to, "spanspool_", intake_rows, intake_stats(a->intake));
	}
	pipeline_stats(a->pipeline, &s);
	ledger_metrics(to, pipeline_ledger(a->pipeline));
	metrics_render(to, "spanspool_", rows, &s);
	add_limits(to, &a->set);
	metrics_sample(to, "spanspool_", "refill_spans_per_second", NULL, "Spans delivered from the spool, of late",
	        METRIC_GAUGE, s.refill_per_s);
	metrics_sample(to, "spanspool_", "spool_time_to_empty_seconds", NULL,
	        "Until nothing waits in the spool, at the pace of late; +Inf while it does not "
	        "shrink",
	        METRIC_GAUGE, s.spool_empty_s);
	if (!a->to_kafka)
		collector_metrics(sink_collector_exporter(a->sink), "collector_requests_total", to);
	metrics_render_histogram(to, "spanspool_", a->to_kafka ? "kafka_ack_seconds" : "collector_ack_seconds", NULL,
	        "From the offer to the good report", &s.dispatcher.ack);
	if (a->to_kafka)
		kafka_fault_metrics(to, sink_kafka_fault(a->sink));
	metrics_render_histogram(to, "spanspool_", "fresh_delivery_seconds", NULL,
	        "From the socket to the good report, of batches that were not read back from the "
	        "spool",
	        &s.dispatcher.fresh);
}

void agent_ledger(void *arg, struct buf *to)
{
	struct agent *a = arg;

	if (a->intake != NULL)
		intake_count_drops(a->intake);
	ledger_json(to, pipeline_ledger(a->pipeline), a->set.host);
}

void agent_status(void *arg, struct status *page)
{
	struct agent *a = arg;
	struct pipeline_stats s;

	pipeline_stats(a->pipeline, &s);
	status_section(page, "Way out");
	if (a->to_kafka)
		status_text(page, "kafka", "%s, topic %s", a->set.brokers, a->set.topic);
	else
		collector_status(sink_collector_exporter(a->sink), page);
	status_text(page, "circuit", "%s",
	        s.dispatcher.state[CIRCUIT_CLOSED] ? "closed"
	        : s.dispatcher.state[CIRCUIT_OPEN] ? "open"
	                                           : "half open");
	status_count(page, "batches with the sink", s.dispatcher.out_batches);
	status_duration(page, "oldest span not delivered", s.oldest_age_us);
	status_section(page, "Spool");
	status_text(page, "directory", "%s", a->set.directory);
	status_count(page, "spans waiting", pipeline_ledger(a->pipeline)->place[LEDGER_IN_SPOOL].spans);
	status_bytes(page, "on disk", s.spooler.spool.bytes);
	status_count(page, "segments", s.spooler.spool.segments);
	status_bytes(page, "file system free", s.spooler.spool.free_bytes);
	status_duration(page, "oldest waiting", s.spool_oldest_age_us);
	status_count(page, "spans delivered from it per second", (uint64_t)s.refill_per_s);
	if (isfinite(s.spool_empty_s))
		status_duration(page, "empty in", (uint64_t)(s.spool_empty_s * US_PER_S));
	else
		status_text(page, "empty in", "never: it does not shrink");
	status_duration(page, "last turn", s.spooler.commit_us);
	status_section(page, "Memory");
	status_bytes(page, "in flight", s.flight.bytes);
	status_bytes(page, "read back", s.backlog.ready_bytes);
}

void agent_note_health(void *arg)
{
	struct agent *a = arg;
	const struct ledger *l = pipeline_ledger(a->pipeline);
	uint64_t spans = l->place[LEDGER_DELIVERED].spans - a->at_start.place[LEDGER_DELIVERED].spans;
	const char *verb = spans == 0 ? "nothing delivered yet" : "delivering";
	struct buf names = { 0 };

	collector_names(&a->set.collector, &names);
	if (a->to_kafka)
		health_note(&a->health, "kafka", "%s to topic %s at %s, %" PRIu64 " spans since the start", verb,
		        a->set.topic, a->set.brokers, spans);
	else
		health_note(&a->health, "collector", "%s to %s, %" PRIu64 " spans since the start", verb,
		        buf_cstr(&names), spans);
	buf_free(&names);
}
