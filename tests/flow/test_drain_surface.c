/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_surface.c — what others see of a drain: its requests, its pages, its options, its end. */
#include <stdio.h>

#include "promtext.h"
#include "drain_process.h"
#include "batchmake.h"
#include "http/server.h"
#include "tap.h"
#include "base/units.h"
#include "wait.h"

static struct drain_process b;

/* A collector of our own, that keeps what it was sent. */
static struct {
	int posts;
	char type[64], authorization[128], tenant[64], format[64], encoding[64];
	struct buf body;
} sent;

static void keep(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from == NULL ? "" : from);
}

static void on_post(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	sent.posts++;
	keep(sent.type, sizeof(sent.type), http_call_header(call, "Content-Type"));
	keep(sent.authorization, sizeof(sent.authorization), http_call_header(call, "Authorization"));
	keep(sent.tenant, sizeof(sent.tenant), http_call_header(call, "X-Scope-OrgID"));
	keep(sent.encoding, sizeof(sent.encoding), http_call_header(call, "Content-Encoding"));
	keep(sent.format, sizeof(sent.format), http_call_query(call, "format", NULL));
	buf_clear(&sent.body);
	buf_add(&sent.body, call->body.at, call->body.len);
	reply->status = 202;
}

static bool is_posted(struct drain_process *x)
{
	(void)x;
	return sent.posts > 0;
}

static void write_file(char *path, size_t cap, const char *name, const char *text)
{
	FILE *f;

	snprintf(path, cap, "%s/%s", b.rig.directory, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) == EOF)
		ok(0, "%s is written", path);
}

static void a_request_is_what_a_collector_expects(const char *credential, const char *want)
{
	static const struct http_route routes[] = { { "/api/traces", "POST", on_post }, { NULL, NULL, NULL } };
	struct http_server_opts o = { .at = { "127.0.0.1", 0 }, .routes = routes };
	char url[128], file[300], option[400];
	struct buf value = { 0 };
	struct http_server *server;
	struct why why;

	memset(&sent, 0, sizeof(sent));
	drain_process_open(&b, 1);
	if (http_server_open(&server, b.loop, &o, &why) < 0)
		ok(0, "a server: %s", why.text);
	snprintf(url, sizeof(url), "--collector.url=http://127.0.0.1:%u", http_server_port(server));
	write_file(file, sizeof(file), "secret", "s3cret\n");
	snprintf(option, sizeof(option), "--collector.%s-file=%s", credential, file);
	batchmake(&value, "svc", 1, 1, 3);
	drain_process_produce_raw(&b, buf_slice(&value), slice_of(NULL, 0), NULL, 0);
	ok(drain_process_start(&b, url, option, strcmp(credential, "password") == 0 ? "--collector.user=me" : url,
	           "--collector.header=X-Scope-OrgID: seven", NULL),
	        "it serves");
	ok(drain_process_until(&b, is_posted), "a record is posted");
	ok(slice_same(buf_slice(&sent.body), buf_slice(&value)), "its value unchanged");
	is_text(sent.type, "application/x-thrift", "as what it is");
	is_text(sent.format, "jaeger.thrift", "with the format that old collectors want");
	is_text(sent.encoding, "", "not encoded");
	is_text(sent.authorization, want, "with its credentials");
	is_text(sent.tenant, "seven", "and the header that was asked for");
	ok(drain_process_get(&b, "/config") == 200 && strstr(buf_cstr(&b.page), "s3cret") == NULL,
	        "the secret is on no page");
	is_int(drain_process_said(&b, "s3cret"), 0, "nor in the log");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	http_server_free(server);
	buf_free(&value);
	buf_free(&sent.body);
	drain_process_close(&b);
}

static void its_pages_say_what_it_does(void)
{
	static const char *const names[] = {
		"spanspool_drain_records_total{outcome=\"delivered\"} 50",
		"spanspool_drain_records_total{outcome=\"quarantined\"} 1",
		"spanspool_drain_records_total{outcome=\"skipped_empty\"} 1",
		"spanspool_drain_records_total{outcome=\"lost_to_retention\"} 0",
		"spanspool_drain_lag_records{partition=\"0\"} 0",
		"spanspool_drain_lag_seconds{partition=\"0\"} 0",
		"spanspool_drain_oldest_incomplete_age_seconds 0",
		"spanspool_drain_http_requests_total{code=\"202\"} 50",
		"spanspool_drain_http_requests_total{code=\"503\"} 1",
		"spanspool_drain_http_seconds_count 51",
	};

	static struct promtext lint;

	drain_process_open(&b, 1);
	drain_process_produce(&b, 50, 2);
	drain_process_produce_raw(&b, slice_text("bad"), slice_of(NULL, 0), NULL, 0);
	drain_process_produce_raw(&b, slice_of(NULL, 0), slice_of(NULL, 0), NULL, 0);
	stub_collector_script(b.rig.stub, 503, 1, -1);
	ok(drain_process_start(&b, "--collector.max-batch-spans=2", NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_get(&b, "/metrics"), 200, "there are metrics");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ok(strstr(buf_cstr(&b.page), names[i]) != NULL, "%s", names[i]);
	ok(promtext_valid(&lint, buf_cstr(&b.page)), "they are as Prometheus wants them: %s", lint.wrong);
	is_int(drain_process_get(&b, "/status"), 200, "a page for people");
	is_int(drain_process_get(&b, "/status.json"), 200, "and for programs");
	is_int(drain_process_get(&b, "/health/ready"), 200, "it is ready");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

/* The text of the file at PATH up to a bound far above what a short run logs. */
static const char *text_of(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");
	size_t n = f == NULL ? 0 : fread(text, 1, sizeof(text) - 1, f);

	if (f != NULL)
		fclose(f);
	text[n] = '\0';
	return text;
}

static void a_healthy_run_warns_of_nothing(void)
{
	const char *log;

	drain_process_open(&b, 2);
	drain_process_produce(&b, 50, 2);
	ok(drain_process_start(&b, "--log-encoding=json", NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_get(&b, "/status"), 200, "a page for people");
	ok(strstr(buf_cstr(&b.page), "delivering to http://127.0.0.1:") != NULL &&
	                strstr(buf_cstr(&b.page), ", 100 spans since the start") != NULL,
	        "it says where spans are delivered, and how many were");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	log = text_of(drain_process_log(&b));
	ok(strstr(log, "reading topic") != NULL && strstr(log, "\"warn\"") == NULL && strstr(log, "\"error\"") == NULL,
	        "the log has no warning and no error");
	for (const char *at = log; (at = strstr(at, "\"level\":\"warn\"")) != NULL; at++)
		diag("%.*s", (int)strcspn(at, "\n"), at);
	drain_process_close(&b);
}

static void a_rate_is_kept(void)
{
	uint64_t began;

	drain_process_open(&b, 2);
	ok(drain_process_start(&b, "--drain.max-spans-per-second=1000", NULL), "it serves, 1,000 spans a second");
	drain_process_produce(&b, 1, 10);
	ok(drain_process_until(&b, drain_process_all_seen), "it has its partitions");
	began = clock_mono_us();
	drain_process_produce(&b, 250, 10);
	ok(drain_process_until(&b, drain_process_all_seen), "2,500 spans arrive");
	ok(clock_mono_us() - began > 2200 * US_PER_MS, "not faster than they may");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

/* With a login the mock cluster would take no connection: that the property wins is seen by what arrives. */
static void a_property_wins_over_jaegers_name_of_it(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 10, 3);
	ok(drain_process_start(&b, "--kafka.consumer.authentication=plaintext",
	           "--kafka.consumer.plaintext.username=me", "--kafka.consumer.plaintext.password=s3cret",
	           "--kafka.consumer.property=security.protocol=plaintext", "--drain.quarantine=none", NULL),
	        "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "records arrive");
	is_int(drain_process_said(&b, "property security.protocol, given as such, wins"), 1, "a line says so");
	ok(drain_process_get(&b, "/config") == 200 && strstr(buf_cstr(&b.page), "s3cret") == NULL &&
	                strstr(buf_cstr(&b.page), "kafka.consumer.plaintext.username") != NULL,
	        "the password is not on the page of options");
	is_int(drain_process_said(&b, "s3cret"), 0, "nor in the log");
	drain_process_close(&b);
}

static void it_ends_with_kafka_away(void)
{
	drain_process_open(&b, 2);
	drain_process_produce(&b, 100, 2);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	kafka_mock_down(b.rig.kafka);
	is_int(drain_process_stop(&b), 0, "SIGTERM with Kafka away: exit status 0");
	drain_process_close(&b);
}

static void a_large_record_is_cut(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 3, 4000);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "three records of 4,000 spans are done");
	is_int(drain_process_missing(&b), 0, "every span has arrived");
	is_int(drain_process_duplicates(&b), 0, "once");
	is_int(stub_collector_counts(b.rig.stub)->taken, 24, "in batches of 500");
	is_int(b.records.delivered, 3, "that count as three records");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

static void too_large_for_the_collector_is_halved(void)
{
	drain_process_open(&b, 1);
	drain_process_produce(&b, 3, 400);
	stub_collector_script(b.rig.stub, 413, 5, -1);
	ok(drain_process_start(&b, NULL), "it serves");
	ok(drain_process_until(&b, drain_process_all_done), "it is done with all");
	is_int(drain_process_missing(&b), 0, "every span has arrived");
	is_int(drain_process_duplicates(&b), 0, "once");
	is_int(stub_collector_counts(b.rig.stub)->taken, 8, "three records in eight batches, for five were halved");
	is_int(drain_process_stop(&b), 0, "SIGTERM: exit status 0");
	drain_process_close(&b);
}

int main(void)
{
	a_request_is_what_a_collector_expects("password", "Basic bWU6czNjcmV0");
	a_request_is_what_a_collector_expects("bearer", "Bearer s3cret");
	its_pages_say_what_it_does();
	a_healthy_run_warns_of_nothing();
	a_rate_is_kept();
	a_property_wins_over_jaegers_name_of_it();
	it_ends_with_kafka_away();
	a_large_record_is_cut();
	too_large_for_the_collector_is_halved();
	return tap_done();
}
