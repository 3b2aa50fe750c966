/* SPDX-License-Identifier: Apache-2.0 */
/* jaeger_metrics.c — the metrics of jaeger-agent 1.62 by their names, labels and types, so that its dashboards and alert
 * rules go on working. spanspool-metrics(7) says where a meaning differs. The label protocol="grpc" is always there,
 * whatever the spans go by, because queries select it. */
#include <config.h>

#include "agent/metrics.h"
#include "telemetry/metrics.h"

struct port_figures {
	uint64_t processed, dropped, read_errors, packet_size, queue_size, handler_errors;
};

#define S struct port_figures
static const struct metric_row port_rows[] = {
	METRIC_COUNTER(S, processed, "thrift_udp_server_packets_processed_total", NULL,
	        "Datagrams read from the socket and decoded"),
	METRIC_COUNTER(S, dropped, "thrift_udp_server_packets_dropped_total", NULL,
	        "Datagrams that the kernel dropped at a full socket buffer, or for which there was no memory"),
	METRIC_COUNTER(S, read_errors, "thrift_udp_server_read_errors_total", NULL, "Reads of the socket that failed"),
	METRIC_GAUGE(S, packet_size, "thrift_udp_server_packet_size", NULL, "Bytes of the last datagram"),
	METRIC_GAUGE(S, queue_size, "thrift_udp_server_queue_size", NULL, "Datagrams read and not decoded yet"),
	METRIC_COUNTER(S, handler_errors, "thrift_udp_t_processor_handler_errors_total", NULL,
	        "Datagrams that could not be decoded"),
	METRIC_END,
};
#undef S

struct format_figures {
	uint64_t batches, failed_batches, spans, failed_spans, last_spans;
};

#define S struct format_figures
static const struct metric_row format_rows[] = {
	METRIC_COUNTER(S, batches, "reporter_batches_submitted_total", NULL, "Batches delivered"),
	METRIC_COUNTER(S, failed_batches, "reporter_batches_failures_total", NULL, "Batches lost"),
	METRIC_COUNTER(S, spans, "reporter_spans_submitted_total", NULL, "Spans delivered"),
	METRIC_COUNTER(S, failed_spans, "reporter_spans_failures_total", NULL, "Spans lost"),
	METRIC_GAUGE(S, last_spans, "reporter_batch_size", NULL, "Spans in the batch delivered last"),
	METRIC_END,
};
#undef S

static const struct metric_row connection_rows[] = {
	METRIC_GAUGE(struct dispatcher_stats, state[CIRCUIT_CLOSED], "connection_status_collector_connected",
	        "protocol=\"grpc\"", "1 while the destination takes batches"),
	METRIC_COUNTER(struct dispatcher_stats, reconnects, "connection_status_collector_reconnects_total",
	        "protocol=\"grpc\"", "Times that the destination took batches again"),
	METRIC_END,
};

struct http_figures {
	struct sampling_stats sampling;
	uint64_t none; /* always 0: this cause of an error does not exist here */
};

#define S struct http_figures
#define ERRORS "http_server_errors_total"
#define PROXY "collector_proxy_total"
static const struct metric_row http_rows[] = {
	METRIC_COUNTER(S, none, PROXY, "endpoint=\"baggage\",protocol=\"grpc\",result=\"ok\"",
	        "Fetches of strategies from a collector, and requests for baggage restrictions"),
	METRIC_COUNTER(S, sampling.baggage, PROXY, "endpoint=\"baggage\",protocol=\"grpc\",result=\"err\"", NULL),
	METRIC_COUNTER(S, sampling.fetches, PROXY, "endpoint=\"sampling\",protocol=\"grpc\",result=\"ok\"", NULL),
	METRIC_COUNTER(
	        S, sampling.failed_fetches, PROXY, "endpoint=\"sampling\",protocol=\"grpc\",result=\"err\"", NULL),
	METRIC_COUNTER(S, sampling.requests[SAMPLING_MODERN], "http_server_requests_total", "type=\"sampling\"",
	        "Requests of clients that were answered well"),
	METRIC_COUNTER(
	        S, sampling.requests[SAMPLING_LEGACY], "http_server_requests_total", "type=\"sampling-legacy\"", NULL),
	METRIC_COUNTER(S, sampling.requests[SAMPLING_BAGGAGE], "http_server_requests_total", "type=\"baggage\"", NULL),
	METRIC_COUNTER(S, sampling.bad_requests, ERRORS, "source=\"all\",status=\"4xx\"",
	        "Requests of clients that were answered with an error"),
	METRIC_COUNTER(S, sampling.unavailable, ERRORS, "source=\"collector-proxy\",status=\"5xx\"", NULL),
	METRIC_COUNTER(S, sampling.too_large, ERRORS, "source=\"thrift\",status=\"5xx\"", NULL),
	METRIC_COUNTER(S, none, ERRORS, "source=\"proto\",status=\"5xx\"", NULL),
	METRIC_COUNTER(S, none, ERRORS, "source=\"write\",status=\"5xx\"", NULL),
	METRIC_END,
};
#undef S

#define S struct client_stats
static const struct metric_row client_rows[] = {
	METRIC_COUNTER(S, received, "client_stats_batches_received_total", NULL,
	        "Batches received from clients that number them"),
	METRIC_COUNTER(S, sent, "client_stats_batches_sent_total", NULL, "Batches that these clients sent"),
	METRIC_GAUGE(S, connected, "client_stats_connected_clients", NULL, "Clients heard in the last hour"),
	METRIC_COUNTER(S, dropped[CLIENT_FULL_QUEUE], "client_stats_spans_dropped_total", "cause=\"full-queue\"",
	        "Spans that these clients dropped"),
	METRIC_COUNTER(S, dropped[CLIENT_TOO_LARGE], "client_stats_spans_dropped_total", "cause=\"too-large\"", NULL),
	METRIC_COUNTER(
	        S, dropped[CLIENT_SEND_FAILURE], "client_stats_spans_dropped_total", "cause=\"send-failure\"", NULL),
	METRIC_END,
};
#undef S

static void add_ports(struct buf *to, const struct intake_port_stats *ports)
{
	static const char *const labels[INTAKE_PORTS] = {
		[INTAKE_COMPACT] = "model=\"jaeger\",protocol=\"compact\"",
		[INTAKE_BINARY] = "model=\"jaeger\",protocol=\"binary\"",
		[INTAKE_ZIPKIN] = "model=\"zipkin\",protocol=\"compact\"",
	};
	struct port_figures figures[INTAKE_PORTS];
	struct metric_base bases[INTAKE_PORTS];

	for (size_t i = 0; i < INTAKE_PORTS; i++) {
		const struct intake_port_stats *p = &ports[i];

		figures[i] = (struct port_figures){
			.processed = p->datagrams - p->queue_full,
			.dropped = p->queue_full + p->kernel_dropped,
			.read_errors = p->read_errors,
			.packet_size = p->last_bytes,
			.queue_size = p->waiting,
			.handler_errors = p->refused,
		};
		bases[i] = (struct metric_base){ &figures[i], labels[i] };
	}
	metrics_render_each(to, "jaeger_agent_", port_rows, bases, INTAKE_PORTS);
}

/* What the ledger has lost since BEFORE. */
static struct ledger_count lost_since(const struct ledger *now, const struct ledger *before)
{
	struct ledger_count lost = { 0 };

	for (size_t i = LEDGER_DROPPED_FIRST; i < LEDGER_PLACES_N; i++) {
		lost.spans += now->place[i].spans - before->place[i].spans;
		lost.batches += now->place[i].batches - before->place[i].batches;
	}
	return lost;
}

static void add_formats(struct buf *to, const struct dispatcher_delivered *formats, struct ledger_count lost)
{
	static const char *const labels[DISPATCHER_FORMATS] = {
		[DISPATCHER_JAEGER] = "format=\"jaeger\",protocol=\"grpc\"",
		[DISPATCHER_ZIPKIN] = "format=\"zipkin\",protocol=\"grpc\"",
	};
	struct format_figures figures[DISPATCHER_FORMATS];
	struct metric_base bases[DISPATCHER_FORMATS];

	for (size_t i = 0; i < DISPATCHER_FORMATS; i++) {
		figures[i] = (struct format_figures){
			.batches = formats[i].batches,
			.spans = formats[i].spans,
			.last_spans = formats[i].last_spans,
		};
		bases[i] = (struct metric_base){ &figures[i], labels[i] };
	}
	figures[DISPATCHER_JAEGER].failed_batches = lost.batches; /* the ledger does not know formats */
	figures[DISPATCHER_JAEGER].failed_spans = lost.spans;
	metrics_render_each(to, "jaeger_agent_", format_rows, bases, DISPATCHER_FORMATS);
}

void jaeger_metrics(struct buf *to, const struct jaeger_sources *s)
{
	static const struct intake_stats no_intake;
	const struct intake_stats *intake = s->intake == NULL ? &no_intake : s->intake;
	struct http_figures http = { 0 };

	if (s->sampling != NULL)
		http.sampling = *s->sampling;
	metrics_sample(to, "jaeger_agent_", "build_info",
	        "build_date=\"\",revision=\"\",version=\"" PACKAGE_VERSION "\"",
	        "The version of spanspool, by jaeger-agent's name", METRIC_GAUGE, 1);
	add_ports(to, intake->port);
	add_formats(to, s->dispatcher->format, lost_since(s->ledger, s->at_start));
	metrics_render(to, "jaeger_agent_", connection_rows, s->dispatcher);
	metrics_render(to, "jaeger_agent_", http_rows, &http);
	metrics_render(to, "jaeger_agent_", client_rows, &intake->clients);
}
