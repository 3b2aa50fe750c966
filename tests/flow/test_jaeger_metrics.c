/* SPDX-License-Identifier: Apache-2.0 */
/* test_jaeger_metrics.c — the metrics of jaeger-agent as the agent serves them: names, labels and types against what
 * jaeger-agent 1.62 printed (tests/data/jaeger-agent), values against known traffic. */
#include "agent/metrics.h"
#include "agent_process.h"
#include "corpus.h"
#include "promtext.h"
#include "tap.h"
#include "testkit/ports.h"

#define BUILD_INFO "jaeger_agent_build_info"
/* Observed only while jaeger-agent stops, so the agent does not serve it. */
#define CLOSE_TIME "jaeger_agent_thrift_udp_t_processor_close_time"

static const char strategies[] =
        "{\"default_strategy\":{\"type\":\"probabilistic\",\"param\":0.5},\"service_strategies\":["
        "{\"service\":\"fast\",\"type\":\"ratelimiting\",\"param\":40000}]}";

static int wrong;

static void complain(const char *what, const char *line)
{
	wrong++;
	diag("%s: %.*s", what, (int)strcspn(line, "\n"), line);
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end == NULL ? line + strlen(line) : end + 1;
}

/* PAGE has a line that begins with the first LEN bytes of TEXT and the character THEN. */
static bool has_line(const char *page, const char *text, size_t len, char then)
{
	for (const char *line = page; *line != '\0'; line = next_line(line))
		if (strncmp(line, text, len) == 0 && line[len] == then)
			return true;
	return false;
}

/* ---- names, labels and types ---- */

/* Length of the series at LINE; of build_info without its labels, whose values are the program's own. */
static size_t series_of(const char *line)
{
	size_t labels = strcspn(line, "{ \n"), all = labels;

	if (begins(line, BUILD_INFO))
		return labels;
	if (line[labels] == '{')
		all = strcspn(line, "}") + 1;
	return all;
}

static void every_series_is_served(const char *reference, const char *page)
{
	int n = 0;

	wrong = 0;
	for (const char *line = reference; *line != '\0'; line = next_line(line)) {
		if (begins(line, CLOSE_TIME))
			continue;
		n++;
		if (!has_line(page, line, series_of(line), begins(line, BUILD_INFO) ? '{' : ' '))
			complain("not served", line);
	}
	ok(n > 40 && wrong == 0, "all %d series of jaeger-agent are served, with its labels", n);
}

static void every_type_is_the_same(const char *types, const char *page)
{
	int n = 0;

	wrong = 0;
	for (const char *line = types; *line != '\0'; line = next_line(line)) {
		char want[200];

		if (begins(line, CLOSE_TIME))
			continue;
		n++;
		snprintf(want, sizeof(want), "# TYPE %.*s", (int)strcspn(line, "\n"), line);
		if (!has_line(page, want, strlen(want), '\n'))
			complain("has another type", line);
	}
	ok(n > 20 && wrong == 0, "their %d types are the same", n);
}

static void no_other_series_has_its_prefix(const char *reference, const char *page)
{
	wrong = 0;
	for (const char *line = page; *line != '\0'; line = next_line(line))
		if (begins(line, "jaeger_agent_") &&
		        !has_line(reference, line, series_of(line), begins(line, BUILD_INFO) ? '{' : '\n'))
			complain("jaeger-agent had no such series", line);
	ok(wrong == 0, "and there is no other one");
}

static void read_file(struct buf *to, const char *name)
{
	if (!corpus_file(to, name)) {
		printf("Bail out! cannot read tests/data/%s\n", name);
		exit(99);
	}
}

static void the_page_is_that_of_jaeger_agent(const char *page)
{
	struct buf reference = { 0 }, types = { 0 };
	struct promtext lint;

	read_file(&reference, "jaeger-agent/metrics.txt");
	read_file(&types, "jaeger-agent/metric-types.txt");
	ok(promtext_valid(&lint, page), "the page is valid: %s", lint.wrong);
	every_series_is_served(buf_cstr(&reference), page);
	every_type_is_the_same(buf_cstr(&types), page);
	no_other_series_has_its_prefix(buf_cstr(&reference), page);
	buf_free(&reference);
	buf_free(&types);
}

/* ---- values ---- */

struct want {
	const char *series; /* without the prefix */
	double value;
};

static void values_are(const char *page, const struct want *want, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char series[200];
		double value;

		snprintf(series, sizeof(series), "jaeger_agent_%s", want[i].series);
		value = promtext_value(page, series);
		ok(value == want[i].value, "%s is %g", want[i].series, want[i].value);
		if (value != want[i].value)
			diag("it is %g", value);
	}
}

#define UDP(name, labels) "thrift_udp_" name "{" labels "}"
#define COMPACT "model=\"jaeger\",protocol=\"compact\""
#define BINARY "model=\"jaeger\",protocol=\"binary\""
#define ZIPKIN "model=\"zipkin\",protocol=\"compact\""
#define REPORTER(name, format) "reporter_" name "{format=\"" format "\",protocol=\"grpc\"}"
#define ERRORS(source, status) "http_server_errors_total{source=\"" source "\",status=\"" status "\"}"
#define DROPPED(cause) "client_stats_spans_dropped_total{cause=\"" cause "\"}"

static const struct want of_the_traffic[] = {
	{ UDP("server_packets_processed_total", COMPACT), 3 },
	{ UDP("server_packets_processed_total", BINARY), 1 },
	{ UDP("server_packets_processed_total", ZIPKIN), 1 },
	{ UDP("server_packets_dropped_total", COMPACT), 0 },
	{ UDP("server_packet_size", COMPACT), 2 },
	{ UDP("server_packet_size", BINARY), 1373 },
	{ UDP("server_queue_size", COMPACT), 0 },
	{ UDP("server_read_errors_total", COMPACT), 0 },
	{ UDP("t_processor_handler_errors_total", COMPACT), 1 },
	{ UDP("t_processor_handler_errors_total", BINARY), 0 },
	{ REPORTER("batches_submitted_total", "jaeger"), 3 },
	{ REPORTER("spans_submitted_total", "jaeger"), 18 },
	{ REPORTER("batch_size", "jaeger"), 6 },
	{ REPORTER("batches_submitted_total", "zipkin"), 1 },
	{ REPORTER("spans_submitted_total", "zipkin"), 2 },
	{ REPORTER("batch_size", "zipkin"), 2 },
	{ REPORTER("batches_failures_total", "jaeger"), 0 },
	{ "connection_status_collector_connected{protocol=\"grpc\"}", 1 },
	{ "connection_status_collector_reconnects_total{protocol=\"grpc\"}", 0 },
	{ "http_server_requests_total{type=\"sampling\"}", 2 },
	{ "http_server_requests_total{type=\"sampling-legacy\"}", 1 },
	{ "http_server_requests_total{type=\"baggage\"}", 0 },
	{ ERRORS("all", "4xx"), 1 },
	{ ERRORS("collector-proxy", "5xx"), 1 },
	{ ERRORS("thrift", "5xx"), 1 },
	{ "collector_proxy_total{endpoint=\"baggage\",protocol=\"grpc\",result=\"err\"}", 1 },
	{ "client_stats_batches_received_total", 3 },
	{ "client_stats_batches_sent_total", 2 },
	{ "client_stats_connected_clients", 1 },
	{ DROPPED("full-queue"), 4 },
	{ DROPPED("too-large"), 5 },
	{ DROPPED("send-failure"), 6 },
};

/* The tail of a datagram of jaeger-client-go: seqNo, ClientStats, and the ends of three structs. */
enum { TAIL = 12 };

/* Sends the datagram that jaeger-client-go 2.30.0 once sent, as its NUMBERth with these totals. All are below 64. */
static void send_numbered(
        struct agent_process *s, uint16_t port, const struct corpus_case *c, uint8_t number, const uint8_t totals[3])
{
	struct buf d = { 0 };
	uint8_t *tail;

	buf_add(&d, c->datagram.at, c->datagram.len - TAIL);
	tail = (uint8_t[TAIL]){ 0x16, (uint8_t)(number * 2), 0x1c, 0x16, (uint8_t)(totals[0] * 2), 0x16,
		(uint8_t)(totals[1] * 2), 0x16, (uint8_t)(totals[2] * 2) };
	buf_add(&d, tail, TAIL);
	agent_process_send_raw(s, port, d.at, d.len);
	buf_free(&d);
}

static bool has_received_five(void *arg)
{
	return agent_process_ledger(arg)->received >= 5;
}

static void send_traffic(struct agent_process *s, uint16_t zipkin)
{
	struct corpus all;
	const struct corpus_case *c;

	corpus_load(&all);
	c = corpus_find(&all, "go-jaeger-live");
	send_numbered(s, s->compact, c, 1, (uint8_t[]){ 10, 10, 10 });
	ok(agent_process_accepted(s, 6), "a client's first batch is accepted");
	send_numbered(s, s->compact, c, 3, (uint8_t[]){ 14, 15, 16 });
	ok(agent_process_accepted(s, 12), "its third too");
	send_numbered(s, s->binary, c, 2, (uint8_t[]){ 13, 13, 13 });
	ok(agent_process_accepted(s, 18), "and its second, late, at another port");
	c = corpus_find(&all, "zipkin-compact");
	agent_process_send_raw(s, zipkin, c->datagram.at, c->datagram.len);
	agent_process_send_raw(s, s->compact, "no", 2);
	ok(agent_process_until(s, has_received_five, s), "all five datagrams are read");
	ok(agent_process_is_empty(s), "and delivered");
	corpus_free(&all);
}

static void ask_for_strategies(struct agent_process *s, uint16_t http)
{
	is_int(rig_get(&s->rig, http, "/sampling?service=any", NULL), 200, "a client gets a strategy");
	is_int(rig_get(&s->rig, http, "/sampling?service=fast", NULL), 200, "another gets one");
	is_int(rig_get(&s->rig, http, "/?service=any", NULL), 200, "a third in the legacy format");
	is_int(rig_get(&s->rig, http, "/?service=fast", NULL), 500, "which cannot say every strategy");
	is_int(rig_get(&s->rig, http, "/sampling", NULL), 400, "one has forgotten its name");
	is_int(rig_get(&s->rig, http, "/baggageRestrictions?service=any", NULL), 500, "one asks for baggage");
}

static void write_strategies(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(strategies, f) == EOF || fclose(f) != 0) {
		printf("Bail out! cannot write %s\n", path);
		exit(99);
	}
}

static void an_agent_serves_them(void)
{
	char path[PATH_MAX], file[PATH_MAX + 40], zipkin_at[80], http_at[80];
	uint16_t zipkin, http;
	struct agent_process s;
	struct buf page = { 0 };

	agent_process_open(&s, AGENT_PROCESS_KAFKA);
	if (ports_free(PORTS_UDP, &zipkin) < 0 || ports_free(PORTS_TCP, &http) < 0)
		exit(99);
	rig_path(&s.rig, "strategies.json", path);
	write_strategies(path);
	snprintf(file, sizeof(file), "--sampling.strategies-file=%s", path);
	snprintf(zipkin_at, sizeof(zipkin_at), "--processor.zipkin-compact.server-host-port=127.0.0.1:%u", zipkin);
	snprintf(http_at, sizeof(http_at), "--http-server.host-port=127.0.0.1:%u", http);
	ok(agent_process_start(&s, file, zipkin_at, http_at), "the agent serves");
	send_traffic(&s, zipkin);
	ask_for_strategies(&s, http);
	is_int(agent_process_page(&s, "/metrics", &page), 200, "it has metrics");
	the_page_is_that_of_jaeger_agent(buf_cstr(&page));
	values_are(buf_cstr(&page), of_the_traffic, ARRAY_LEN(of_the_traffic));
	buf_free(&page);
	agent_process_end(&s);
}

/* What the traffic above cannot bring about: losses, drops of the kernel, failed reads, an outage. */
static void losses_are_failures(void)
{
	static const struct want want[] = {
		{ UDP("server_packets_processed_total", COMPACT), 7 },
		{ UDP("server_packets_dropped_total", COMPACT), 44 },
		{ UDP("server_read_errors_total", BINARY), 5 },
		{ UDP("server_queue_size", ZIPKIN), 6 },
		{ REPORTER("spans_failures_total", "jaeger"), 120 },
		{ REPORTER("batches_failures_total", "jaeger"), 12 },
		{ REPORTER("spans_failures_total", "zipkin"), 0 },
		{ "connection_status_collector_connected{protocol=\"grpc\"}", 0 },
		{ "connection_status_collector_reconnects_total{protocol=\"grpc\"}", 8 },
		{ "collector_proxy_total{endpoint=\"sampling\",protocol=\"grpc\",result=\"err\"}", 9 },
	};
	struct intake_stats intake = { 0 };
	struct dispatcher_stats dispatcher = { .state[CIRCUIT_OPEN] = 1, .reconnects = 8 };
	struct ledger at_start = { .place[LEDGER_SPOOL_FULL] = { 50, 5 } };
	struct ledger now = { .place[LEDGER_SPOOL_FULL] = { 150, 15 },
		.place[LEDGER_REFUSED] = { 20, 2 },
		.place[LEDGER_QUARANTINED] = { 1000, 100 } };
	struct sampling_stats sampling = { .failed_fetches = 9 };
	struct jaeger_sources s = { &intake, &dispatcher, &now, &at_start, &sampling };
	struct buf page = { 0 };

	intake.port[INTAKE_COMPACT] =
	        (struct intake_port_stats){ .datagrams = 10, .queue_full = 3, .kernel_dropped = 41 };
	intake.port[INTAKE_BINARY].read_errors = 5;
	intake.port[INTAKE_ZIPKIN].waiting = 6;
	jaeger_metrics(&page, &s);
	values_are(buf_cstr(&page), want, ARRAY_LEN(want));
	s.intake = NULL;
	s.sampling = NULL;
	buf_clear(&page);
	jaeger_metrics(&page, &s);
	ok(promtext_value(buf_cstr(&page), "jaeger_agent_client_stats_batches_received_total") == 0,
	        "an agent that starts, or has no sampling server, serves zeros");
	buf_free(&page);
}

int main(void)
{
	an_agent_serves_them();
	losses_are_failures();
	return tap_done();
}
