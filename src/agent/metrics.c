/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c — the metrics of the agent's parts and limits. */
#include <math.h>

#include "agent/metrics.h"
#include "telemetry/metrics.h"

#define S struct pipeline_stats
static const struct metric_row pipeline_rows[] = {
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
	METRIC_COUNTER(struct intake_stats, port[INTAKE_COMPACT].bytes, "intake_bytes_total", "port=\"jaeger-compact\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, port[INTAKE_BINARY].bytes, "intake_bytes_total", "port=\"jaeger-binary\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, port[INTAKE_ZIPKIN].bytes, "intake_bytes_total", "port=\"zipkin-compact\"",
	        "Bytes of datagrams read"),
	METRIC_COUNTER(struct intake_stats, pauses, "intake_held_back_total", NULL,
	        "Times that reading paused because the flight was full"),
	METRIC_GAUGE(struct intake_stats, paused, "intake_paused", NULL,
	        "1 while the UDP ports are not read because the flight is full"),
	METRIC_COUNTER(struct intake_stats, unnamed_spans, "intake_unnamed_spans_total", NULL,
	        "Zipkin spans in which no annotation names a service"),
	METRIC_COUNTER(struct intake_stats, clients.unfollowed, "client_stats_unfollowed_batches_total", NULL,
	        "Numbered batches of clients beyond those whose losses are followed"),
	METRIC_END,
};

/* Adds a configured limit as a gauge, so that alerts can compare usage with it. 0, no limit, is shown as +Inf. */
static void add_limit(struct buf *to, const char *name, const char *help, uint64_t bytes)
{
	metrics_sample(to, "spanspool_", name, NULL, help, METRIC_GAUGE, bytes == 0 ? INFINITY : (double)bytes);
}

void agent_limit_metrics(struct buf *to, const struct agent_settings *set)
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

void pipeline_metrics(struct buf *to, const struct pipeline_stats *s)
{
	metrics_render(to, "spanspool_", pipeline_rows, s);
}

void intake_metrics(struct buf *to, const struct intake_stats *s)
{
	metrics_render(to, "spanspool_", intake_rows, s);
}
