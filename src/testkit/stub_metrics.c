/* SPDX-License-Identifier: Apache-2.0 */
/* stub_metrics.c — names and labels as on the metrics pages of Jaeger 1.62, Jaeger 2.x and the OpenTelemetry
 * Collector; of the hundreds of other series on those pages one is printed. */
#include <inttypes.h>

#include "policy/confirm.h"
#include "telemetry/metrics.h"
#include "stub_metrics.h"

/* A counter of spans with a label for the service. */
struct service_row {
	const char *name;
	const char *labels; /* labels before and behind the service's; may be "" */
	const char *labels_behind;
	const char *help; /* NULL: same name as the row before */
	size_t at;        /* offset in struct stub_service */
};

#define AT(field) offsetof(struct stub_service, field)

static const struct service_row jaeger_rows[] = {
	{ "spans_received_total", "debug=\"false\",format=\"jaeger\"", ",transport=\"http\"", "received",
	        AT(received) },
	{ "spans_rejected_total", "debug=\"false\",format=\"jaeger\"", ",transport=\"http\"", "rejected",
	        AT(rejected) },
	{ "spans_saved_by_svc_total", "debug=\"false\",result=\"err\"", "", "saved-by-svc", AT(failed) },
	{ "spans_saved_by_svc_total", "debug=\"false\",result=\"ok\"", "", NULL, AT(saved) },
};

static void add_services(struct buf *to, const struct service_row *row, const struct stub_store_counts *c)
{
	struct buf labels = { 0 };
	uint64_t value;

	for (size_t i = 0; i < c->nservices; i++) {
		const struct stub_service *s = &c->services[i];

		memcpy(&value, (const char *)s + row->at, sizeof(value));
		buf_clear(&labels);
		buf_text(&labels, row->labels);
		metrics_label(&labels, "svc", s->name);
		buf_text(&labels, row->labels_behind);
		metrics_sample(to, "jaeger_collector_", row->name, buf_cstr(&labels), i == 0 ? row->help : NULL,
		        METRIC_COUNTER, (double)value);
	}
	buf_free(&labels);
}

static void add_jaeger(struct buf *to, const struct stub_store_counts *c)
{
	static const char prefix[] = "jaeger_collector_", host[] = "host=\"stub\"";

	metrics_sample(to, prefix, "queue_capacity", host, "queue-capacity", METRIC_GAUGE, (double)c->queue_capacity);
	metrics_sample(to, prefix, "queue_length", host, "queue-length", METRIC_GAUGE, (double)c->queue_length);
	metrics_sample(to, prefix, "spans_dropped_total", host, "dropped", METRIC_COUNTER, (double)c->dropped);
	for (size_t i = 0; i < ARRAY_LEN(jaeger_rows); i++)
		add_services(to, &jaeger_rows[i], c);
	metrics_sample(to, "", "process_start_time_seconds", "",
	        "Start time of the process since unix epoch in seconds.", METRIC_GAUGE, (double)c->started_ms / 1000);
}

/* ---- Jaeger 2.x and the OpenTelemetry Collector ---- */

#define RECEIVER "receiver=\"jaeger\",service_name=\"jaeger\",transport=\"http\""
#define EXPORTER "exporter=\"jaeger_storage_exporter\",service_name=\"jaeger\""

static void add_otel_counter(
        struct buf *to, bool total, const char *name, const char *labels, const char *help, uint64_t value)
{
	struct buf whole = { 0 };

	buf_printf(&whole, "%s%s", name, total ? "_total" : "");
	metrics_sample(to, "otelcol_", buf_cstr(&whole), labels, help, METRIC_COUNTER, (double)value);
	buf_free(&whole);
}

/* Counters are absent until they have counted. "dropped" are spans that the exporter's queue, behind the batch
 * processor, had no room for; "rejected" are removed by a processor, and no counter has them. */
static void add_otel(struct buf *to, bool total, const struct stub_store_counts *c)
{
	if (c->dropped > 0)
		add_otel_counter(to, total, "exporter_enqueue_failed_spans", EXPORTER,
		        "Number of spans failed to be added to the sending queue.", c->dropped);
	if (c->queue_capacity > 0 && c->queue_capacity != CONFIRM_NO_QUEUE) {
		metrics_sample(to, "otelcol_", "exporter_queue_capacity", "data_type=\"traces\"," EXPORTER,
		        "Fixed capacity of the retry queue (in batches)", METRIC_GAUGE, (double)c->queue_capacity);
		metrics_sample(to, "otelcol_", "exporter_queue_size", "data_type=\"traces\"," EXPORTER,
		        "Current size of the retry queue (in batches)", METRIC_GAUGE, (double)c->queue_length);
	}
	if (c->saved + c->failed > 0) {
		add_otel_counter(to, total, "exporter_send_failed_spans", EXPORTER,
		        "Number of spans in failed attempts to send to destination.", c->failed);
		add_otel_counter(to, total, "exporter_sent_spans", EXPORTER,
		        "Number of spans successfully sent to destination.", c->saved);
	}
	if (c->received > 0) {
		add_otel_counter(to, total, "receiver_accepted_spans", RECEIVER,
		        "Number of spans successfully pushed into the pipeline.", c->received);
		add_otel_counter(to, total, "receiver_refused_spans", RECEIVER,
		        "Number of spans that could not be pushed into the pipeline.", 0);
	}
	buf_printf(to,
	        "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
	        "target_info{service_instance_id=\"stub-%" PRIu64 "\",service_name=\"jaeger\"} 1\n",
	        c->started_ms);
}

void stub_metrics_page(struct buf *to, enum stub_page form, const struct stub_store_counts *c)
{
	if (form == STUB_PAGE_JAEGER) {
		metrics_sample(
		        to, "", "go_goroutines", "", "Number of goroutines that currently exist.", METRIC_GAUGE, 42);
		add_jaeger(to, c);
	} else {
		metrics_sample(to, "otelcol_process_", "memory_rss", "", "Total physical memory (resident set size)",
		        METRIC_GAUGE, 1 << 27);
		add_otel(to, form == STUB_PAGE_OTEL, c);
	}
}
