/* SPDX-License-Identifier: Apache-2.0 */
/* test_metrics_page.c — the counters that confirm deliveries, out of pages as collectors print them. */
#include "exporter/metrics_page.h"
#include "tap.h"

static const char jaeger_page[] =
        "# HELP jaeger_collector_queue_capacity Queue capacity\n"
        "# TYPE jaeger_collector_queue_capacity gauge\n"
        "jaeger_collector_queue_capacity{host=\"c1\"} 2000\n"
        "jaeger_collector_queue_length{host=\"c1\"} 17\n"
        "jaeger_collector_spans_dropped_total{host=\"c1\"} 40\n"
        "jaeger_collector_spans_received_total{debug=\"false\",format=\"jaeger\",svc=\"shop\","
        "transport=\"http\"} 1.5e+06\n"
        "jaeger_collector_spans_received_total{debug=\"true\",format=\"jaeger\",svc=\"a\\\"}b\","
        "transport=\"http\"} 5\n"
        "jaeger_collector_spans_rejected_total{debug=\"false\",format=\"jaeger\",svc=\"shop\"} 3\n"
        "jaeger_collector_spans_saved_by_svc_total{debug=\"false\",result=\"err\",svc=\"shop\"} 7\n"
        "jaeger_collector_spans_saved_by_svc_total{debug=\"false\",result=\"ok\",svc=\"shop\"} "
        "1.4e+06\n"
        "jaeger_collector_spans_saved_by_svc_total{debug=\"true\",result=\"ok\",svc=\"x\"} 11\n"
        "process_start_time_seconds 1.76423001237e+09\n";

static const char otel_page[] =
        "otelcol_exporter_send_failed_spans_total{exporter=\"store\",service_name=\"jaeger\"} 5\n"
        "otelcol_exporter_sent_spans_total{exporter=\"store\",service_name=\"jaeger\"} 900\n"
        "otelcol_exporter_sent_spans_total{exporter=\"debug\",service_name=\"jaeger\"} 1000\n"
        "otelcol_receiver_accepted_spans_total{receiver=\"jaeger\",transport=\"http\"} 990\n"
        "otelcol_receiver_accepted_spans_total{receiver=\"otlp\",transport=\"grpc\"} 20\n"
        "otelcol_receiver_refused_spans_total{receiver=\"jaeger\",transport=\"http\"} 4\n"
        "target_info{service_instance_id=\"8f14e45f-ceea\",service_name=\"jaeger\"} 1\n";

static struct confirm_counters got;
static struct why why;

/* The page in pieces of PIECE bytes. */
static int read_page(const char *text, size_t piece)
{
	static struct metrics_page p;
	size_t len = strlen(text);

	metrics_page_begin(&p);
	for (size_t at = 0; at < len; at += piece)
		metrics_page_feed(&p, slice_of(text + at, min_u64(piece, len - at)));
	why = (struct why){ 0 };
	return metrics_page_end(&p, &got, &why);
}

static void a_jaeger_collector(size_t piece)
{
	is_int(read_page(jaeger_page, piece), 0, "a page of Jaeger 1.x");
	is_int(got.received, 1500005, "received, of all services");
	is_int(got.dropped, 40, "dropped");
	is_int(got.rejected, 3, "rejected");
	is_int(got.saved, 1400011, "saved, of all services");
	is_int(got.failed, 7, "failed");
	is_int(got.capacity, 2000, "capacity");
	ok(got.process != 0 && got.overtake > 0, "which process, and how far saves may be overtaken");
}

static void an_opentelemetry_collector(void)
{
	is_int(read_page(otel_page, 7), 0, "a page of Jaeger 2.x");
	is_int(got.received, 1010, "accepted by all receivers");
	is_int(got.saved, 900, "sent by the exporter that is furthest behind");
	is_int(got.failed, 5, "failed to send");
	is_int(got.refused, 4, "refused with an answer that says so");
	is_int(got.capacity, CONFIRM_NO_QUEUE, "no queue");
	is_int(read_page("otelcol_receiver_accepted_spans{receiver=\"jaeger\"} 12\n"
	                 "otelcol_exporter_sent_spans{exporter=\"a\"} 10\n"
	                 "process_start_time_seconds 5\n",
	               100),
	        0, "names without _total, as another version prints them");
	ok(got.received == 12 && got.saved == 10, "count as well");
	is_int(read_page("otelcol_receiver_accepted_spans{receiver=\"jaeger\"} 12\n"
	                 "otelcol_exporter_sent_spans{exporter=\"a\"} 10\n"
	                 "otelcol_exporter_queue_capacity{exporter=\"b\"} 1000\n"
	                 "process_start_time_seconds 5\n",
	               100),
	        0, "an exporter that has sent nothing yet");
	is_int(got.saved, 0, "holds the others back");
	is_int(read_page("otelcol_process_uptime 3\nprocess_start_time_seconds 5\n", 100), 0,
	        "one that has counted nothing yet has no counters of spans");
	ok(got.received == 0 && got.saved == 0 && got.process != 0, "all are 0");
}

static void another_process_is_another_number(void)
{
	uint64_t first;

	read_page(jaeger_page, 4096);
	first = got.process;
	read_page("jaeger_collector_spans_received_total 1\nprocess_start_time_seconds "
	          "1.76423001238e+09\n",
	        64);
	ok(got.process != 0 && got.process != first, "it started at another moment");
	read_page("otelcol_receiver_accepted_spans 1\nprocess_start_time_seconds 7\n"
	          "target_info{service_instance_id=\"a\"} 1\n",
	        64);
	first = got.process;
	read_page("otelcol_receiver_accepted_spans 1\nprocess_start_time_seconds 7\n"
	          "target_info{service_instance_id=\"b\"} 1\n",
	        64);
	ok(got.process != first, "it is another instance");
}

static void a_page_that_cannot_confirm(void)
{
	static const struct {
		const char *page;
		const char *says;
	} t[] = {
		{ "", "counters of spans" },
		{ "go_goroutines 12\nprocess_start_time_seconds 5\n", "counters of spans" },
		{ "<html>404 page not found</html>", "counters of spans" },
		{ "jaeger_collector_spans_received_total 5\n", "one process from the next" },
		{ "jaeger_collector_spans_received_total NaN\nprocess_start_time_seconds 5\n", "counters of spans" },
		{ "jaeger_collector_spans_received_total -5\nprocess_start_time_seconds 5\n", "counters of spans" },
		{ "jaeger_collector_spans_received_total 5\notelcol_receiver_accepted_spans 5\n"
		  "process_start_time_seconds 5\n",
		        "has both" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		is_int(read_page(t[i].page, 16), E_MALFORMED, t[i].says);
		ok(strstr(why.text, t[i].says) != NULL, "the reason: %s", why.text);
	}
}

static void what_is_not_a_sample_is_passed_over(void)
{
	static char page[3 * METRICS_PAGE_LINE];

	memset(page, 'x', 2 * METRICS_PAGE_LINE);
	strcpy(page + 2 * METRICS_PAGE_LINE, "\n{}\n \n{\njaeger_collector_spans_received_total{svc=\"never closed} 9\n"
	                                     "jaeger_collector_spans_received_total{svc=\"a\"} 2\n"
	                                     "jaeger_collector_spans_received_totals 50\n"
	                                     "jaeger_collector_spans_saved_by_svc_total{result=\"ok} 9\n"
	                                     "jaeger_collector_spans_saved_by_svc_total 9\n"
	                                     "process_start_time_seconds 5"); /* no newline at the end */
	is_int(read_page(page, 1000), 0, "a line that is too long, and others that are none");
	ok(got.received == 2 && got.saved == 0, "only whole samples count");
}

static void more_exporters_than_it_knows_are_an_error(void)
{
	char page[2048] = "process_start_time_seconds 5\notelcol_receiver_accepted_spans 1\n";

	for (int i = 0; i <= METRICS_PAGE_EXPORTERS; i++)
		snprintf(page + strlen(page), sizeof(page) - strlen(page),
		        "otelcol_exporter_sent_spans{exporter=\"e%d\"} 1\n", i);
	is_int(read_page(page, 100), E_TOO_LARGE, "nine exporters");
}

int main(void)
{
	a_jaeger_collector(1);
	a_jaeger_collector(4096);
	an_opentelemetry_collector();
	another_process_is_another_number();
	a_page_that_cannot_confirm();
	what_is_not_a_sample_is_passed_over();
	more_exporters_than_it_knows_are_an_error();
	return tap_done();
}
