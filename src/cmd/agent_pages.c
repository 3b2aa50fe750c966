/* SPDX-License-Identifier: Apache-2.0 */
/* agent_pages.c — the agent's /metrics, /ledger and /status pages, and its health notes. */
#include <inttypes.h>
#include <math.h>

#include "agent.h"
#include "agent/metrics.h"
#include "collector_status.h"
#include "exporter/metrics.h"
#include "kafka/fault_metrics.h"
#include "admin/ledger_page.h"

static void add_jaeger_metrics(const struct agent *a, const struct pipeline_stats *s, struct buf *to)
{
	struct sampling_stats sampling;
	struct jaeger_sources sources = {
		.intake = a->intake == NULL ? NULL : intake_stats(a->intake),
		.dispatcher = &s->dispatcher,
		.ledger = pipeline_ledger(a->pipeline),
		.at_start = &a->at_start,
	};

	if (a->sampling != NULL) {
		sampling_stats(a->sampling, &sampling);
		sources.sampling = &sampling;
	}
	jaeger_metrics(to, &sources);
}

void agent_metrics(void *arg, struct buf *to)
{
	struct agent *a = arg;
	struct pipeline_stats s;

	if (a->intake != NULL) {
		intake_count_drops(a->intake);
		intake_metrics(to, intake_stats(a->intake));
	}
	pipeline_stats(a->pipeline, &s);
	ledger_metrics(to, pipeline_ledger(a->pipeline));
	pipeline_metrics(to, &s);
	agent_limit_metrics(to, &a->set);
	if (a->sampling != NULL)
		sampling_metrics(a->sampling, to);
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
	add_jaeger_metrics(a, &s, to);
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

const struct history_series agent_series[] = {
	{ "spans lost a minute", 60, true },
	{ "datagrams the kernel dropped a minute", 60, true },
	{ "spans accepted a second", 1, false },
	{ "spans delivered a second", 1, false },
	{ "spans waiting in the spool", 0, false },
	{ "oldest span, seconds", 0, false },
};
_Static_assert(ARRAY_LEN(agent_series) == HISTORY_SERIES, "a table that is full needs no end");

void agent_sample(void *arg, double values[HISTORY_SERIES])
{
	struct agent *a = arg;
	const struct ledger *l = pipeline_ledger(a->pipeline);
	struct pipeline_stats s;
	uint64_t lost = 0;

	if (a->intake != NULL)
		intake_count_drops(a->intake);
	pipeline_stats(a->pipeline, &s);
	for (int place = LEDGER_DROPPED_FIRST; place < LEDGER_PLACES_N; place++)
		lost += l->place[place].spans;
	values[0] = (double)lost;
	values[1] = (double)l->kernel_dropped;
	values[2] = (double)l->accepted.spans;
	values[3] = (double)l->place[LEDGER_DELIVERED].spans;
	values[4] = (double)l->place[LEDGER_IN_SPOOL].spans;
	values[5] = (double)s.oldest_age_us / 1e6;
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
