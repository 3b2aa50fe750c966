/* SPDX-License-Identifier: Apache-2.0 */
/* test_admin.c — each page of the admin port, asked over HTTP. */
#include <jansson.h>
#include <sys/resource.h>

#include "admin/admin.h"
#include "http/client.h"
#include "admin/ledger_page.h"
#include "looptest.h"
#include "telemetry/metrics.h"
#include "promtext.h"

struct settings {
	const char *name;
	const char *password;
};

static const struct conf_row rows[] = {
	CONF_TEXT(struct settings, name, "test.name", "sir", "a name"),
	{ "test.password", CONF_TYPE_TEXT, CONF_FIELD(struct settings, password, const char *), "", NULL, "a secret",
	        true },
	CONF_END,
};

struct site {
	struct loop *loop;
	struct http_client *client;
	struct admin *admin;
	struct health health;
	struct ledger ledger;
	struct conf *conf;
	struct settings settings;
	char url[64];
	size_t answers;
	int status;
	char *page;
};

static void metrics_page(void *arg, struct buf *to)
{
	metrics_sample(to, "spanspool_", "test_value", NULL, "A value", METRIC_GAUGE, 42);
	ledger_metrics(to, &((struct site *)arg)->ledger);
}

static void ledger_of(void *arg, struct buf *to)
{
	ledger_json(to, &((struct site *)arg)->ledger, "host<1>");
}

static void status_of(void *arg, struct status *page)
{
	(void)arg;
	status_section(page, "Way out");
	status_text(page, "kafka", "%s & <co>", "broker:9092");
	status_count(page, "batches with the sink", 3);
	status_section(page, "Spool");
	status_bytes(page, "on disk", 1536);
	status_duration(page, "oldest record", 1500000);
	status_text(page, "odd \xff text", "not \xff UTF-8");
}

static void open_site(struct site *s, bool with_conf)
{
	struct conf_group groups[] = { { "Test", rows, &s->settings }, { NULL, NULL, NULL } };
	char flag[] = "--test.password=hunter2", *argv[] = { flag, NULL };
	struct admin_opts o = { .at = { "127.0.0.1", 0 },
		.command = "agent",
		.health = &s->health,
		.metrics = metrics_page,
		.ledger = ledger_of,
		.status = status_of,
		.arg = s };
	struct why why = { 0, "" };

	*s = (struct site){ 0 };
	if (loop_open(&s->loop, &why) < 0 || conf_read(&s->conf, groups, 1, argv, &why) < 0 ||
	        http_client_open(&s->client, s->loop, &(struct http_client_opts){ 0 }, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
	o.conf = with_conf ? s->conf : NULL;
	if (!ok(admin_open(&s->admin, s->loop, &o, &why) == 0, "the admin port opens"))
		diag("%s", why.text);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", admin_port(s->admin));
}

static void close_site(struct site *s)
{
	free(s->page);
	http_client_free(s->client);
	admin_free(s->admin);
	conf_free(s->conf);
	loop_free(s->loop);
}

static void on_page(void *arg, const struct http_answer *a)
{
	struct site *s = arg;

	free(s->page);
	s->page = strndup((const char *)a->body.at, a->body.len);
	s->status = a->status;
	s->answers++;
	if (a->failure != HTTP_ANSWERED || !a->whole)
		diag("%s", a->error);
}

static const char *get(struct site *s, const char *path)
{
	char url[128];
	struct http_request r = { .url = url, .keep = 1 << 20 };
	size_t n = s->answers;

	snprintf(url, sizeof(url), "%s%s", s->url, path);
	if (http_client_send(s->client, &r, on_page, s) < 0)
		abort();
	run_until_count(s->loop, &s->answers, n + 1);
	return s->page;
}

static json_t *get_json(struct site *s, const char *path)
{
	json_error_t e;
	json_t *v = json_loads(get(s, path), JSON_REJECT_DUPLICATES, &e);

	if (!ok(v != NULL, "%s is JSON", path))
		diag("%s: %s", e.text, s->page);
	return v;
}

static const char *text_at(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text == NULL ? "" : text;
}

static void the_root_answers_as_jaeger_agent(void)
{
	static const char *const paths[] = { "/", "/?x=1", "" };
	struct site s;
	json_t *o;

	open_site(&s, true);
	is_text(get(&s, "/"),
	        "{\"status\":\"Server not "
	        "available\",\"upSince\":\"0001-01-01T00:00:00Z\",\"uptime\":\"\"}",
	        "before it serves");
	is_int(s.status, 503, "503");
	health_serve(&s.health, true);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		o = get_json(&s, paths[i]);
		ok(s.status == 200 && strcmp(text_at(o, "status"), "Server available") == 0, "%s: 200", paths[i]);
		ok(strlen(text_at(o, "upSince")) == strlen("2026-11-24T20:43:21.123Z"), "since %s",
		        text_at(o, "upSince"));
		ok(strstr(text_at(o, "uptime"), "ms") != NULL, "for %s", text_at(o, "uptime"));
		json_decref(o);
	}
	s.health.serving_since_us -= (uint64_t)(3600 + 23 * 60 + 4) * US_PER_S;
	o = get_json(&s, "/");
	ok(strncmp(text_at(o, "uptime"), "1h23m4.", 7) == 0, "a duration as Go prints it: %s", text_at(o, "uptime"));
	json_decref(o);
	health_post(&s.health, "kafka", HEALTH_DOWN, "away");
	get(&s, "/");
	is_int(s.status, 200, "a part that is down does not end the service");
	health_serve(&s.health, false);
	get(&s, "/");
	is_int(s.status, 503, "while stopping: 503");
	close_site(&s);
}

static void an_unknown_path_is_not_ready_for_ever(void)
{
	static const char *const paths[] = { "/health", "/healthz", "/health/ready/", "/metrics/", "//", "//metrics",
		"/Metrics", "/any/other?x=1", "/health/ready%20" };
	static const char *const known[] = { "/\n", "/health/live\n", "/health/ready\n", "/metrics\n", "/ledger\n",
		"/status\n", "/status.css\n", "/status.json\n", "/config\n" };
	struct site s;

	open_site(&s, true);
	health_serve(&s.health, true);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		get(&s, paths[i]);
		is_int(s.status, 404, paths[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		ok(strstr(s.page, known[i]) != NULL, "and lists %.*s", (int)strlen(known[i]) - 1, known[i]);
	get(&s, "/metrics?name[]=up");
	is_int(s.status, 200, "a query changes nothing");
	close_site(&s);
}

static void each_page_is_read_and_nothing_else(void)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 " },
		{ "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 " },
		{ "HEAD /health/ready HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 " },
		{ "HEAD /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404 " },
		{ "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 " },
		{ "DELETE /config HTTP/1.1\r\nHost: h\r\n\r\n", "Allow: GET, HEAD\r\n" },
	};
	struct site s;

	open_site(&s, true);
	health_serve(&s.health, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct raw c;

		raw_connect(&c, s.loop, admin_port(s.admin));
		raw_send(&c, cases[i].request);
		ok(raw_wait(&c, cases[i].answer) && raw_wait(&c, "\r\n\r\n"), "%.*s: %.*s",
		        (int)strcspn(cases[i].request, "\r"), cases[i].request, (int)strcspn(cases[i].answer, "\r"),
		        cases[i].answer);
		raw_close(&c);
	}
	close_site(&s);
}

static void health_gives_its_reasons(void)
{
	struct site s;
	json_t *o, *first;

	open_site(&s, true);
	o = get_json(&s, "/health/live");
	ok(s.status == 200 && json_is_true(json_object_get(o, "live")), "alive before it serves");
	json_decref(o);
	o = get_json(&s, "/health/ready");
	first = json_array_get(json_object_get(o, "reasons"), 0);
	ok(s.status == 503 && json_is_false(json_object_get(o, "ready")), "not ready before it serves");
	is_text(text_at(first, "part"), "ports", "the reason is told");
	json_decref(o);
	health_serve(&s.health, true);
	health_post(&s.health, "spool", HEALTH_OK, "writes");
	get(&s, "/health/ready");
	ok(s.status == 200 && strcmp(s.page, "{\"ready\":true,\"reasons\":[]}") == 0, "ready, and nothing to say");
	health_post(&s.health, "kafka", HEALTH_WARN, "0 of 3 brokers \"answer\"");
	o = get_json(&s, "/health/ready");
	first = json_array_get(json_object_get(o, "reasons"), 0);
	ok(s.status == 200 && strcmp(text_at(first, "reason"), "0 of 3 brokers \"answer\"") == 0 &&
	                strcmp(text_at(first, "level"), "warn") == 0,
	        "a warning is told, and it is ready");
	json_decref(o);
	health_post(&s.health, "spool", HEALTH_DOWN, "no room");
	o = get_json(&s, "/health/ready");
	ok(s.status == 503 && json_array_size(json_object_get(o, "reasons")) == 2, "down: not ready, two reasons");
	json_decref(o);
	get(&s, "/health/live");
	is_int(s.status, 200, "and alive all the same");
	close_site(&s);
}

static void metrics_are_valid_and_complete(void)
{
	struct promtext p;
	struct site s;
	const char *text;

	open_site(&s, true);
	health_post(&s.health, "kafka", HEALTH_WARN, "x");
	health_post(&s.health, "spool", HEALTH_OK, "x");
	text = get(&s, "/metrics");
	is_int(s.status, 200, "200");
	ok(promtext_valid(&p, text), "the text is valid: %s", p.wrong);
	is_int(promtext_value(text, "spanspool_test_value"), 42, "the owner's figures");
	is_int(promtext_value(text, "spanspool_spans_accepted_total"), 0, "the ledger's");
	is_int(promtext_value(text, "spanspool_health_level{part=\"kafka\"}"), 1, "the health");
	is_int(promtext_value(text, "spanspool_serving"), 0, "whether it serves");
	ok(promtext_value(text, "process_resident_memory_bytes") > 1e6, "memory");
	ok(promtext_value(text, "process_open_fds") >= 5, "descriptors");
	ok(promtext_value(text, "process_max_fds") > 0, "how many there may be");
	ok(promtext_value(text, "process_cpu_seconds_total") >= 0, "CPU");
	ok(promtext_value(text, "process_threads") >= 1, "threads");
	ok(promtext_value(text, "process_start_time_seconds") > (double)clock_wall_ms() / 1000 - 86400,
	        "the start of the process");
	ok(strstr(text, "spanspool_build_info{version=\"") != NULL, "the version");
	close_site(&s);
}

static void ledger_and_status_tell_the_same(void)
{
	struct site s;
	json_t *o, *way;

	open_site(&s, true);
	ledger_enter(&s.ledger, LEDGER_IN_SPOOL, 1234, 12);
	o = get_json(&s, "/ledger");
	is_int(json_integer_value(json_object_get(json_object_get(o, "spans"), "in_spool")), 1234, "/ledger");
	json_decref(o);
	health_serve(&s.health, true);
	health_post(&s.health, "kafka", HEALTH_WARN, "away");
	o = get_json(&s, "/status.json");
	is_text(text_at(o, "command"), "agent", "/status.json: the command");
	ok(json_is_true(json_object_get(o, "serving")), "that it serves");
	is_text(text_at(o, "worst"), "warn", "how it is");
	is_int(json_array_size(json_object_get(o, "health")), 1, "the parts");
	way = json_object_get(o, "way_out");
	is_text(text_at(way, "kafka"), "broker:9092 & <co>", "a section's text");
	is_int(json_integer_value(json_object_get(way, "batches_with_the_sink")), 3, "a count");
	way = json_object_get(o, "spool");
	is_int(json_integer_value(json_object_get(way, "on_disk_bytes")), 1536, "bytes by their unit");
	ok(json_real_value(json_object_get(way, "oldest_record_seconds")) == 1.5, "a duration in seconds");
	is_text(text_at(way, "odd___text"), "not ? UTF-8", "what is no UTF-8 does no harm");
	is_int(json_integer_value(json_object_get(json_object_get(json_object_get(o, "ledger"), "spans"), "in_spool")),
	        1234, "the ledger, as it is");
	json_decref(o);
	close_site(&s);
}

static void people_get_a_page(void)
{
	static const char *const said[] = { "<!DOCTYPE html>", "<h1>spanspool agent on host&lt;1&gt;</h1>",
		"Not serving", "<b>1234</b><span>waiting in the spool</span>", "Nothing was lost",
		"0 of &lt;3&gt; brokers", "class=\"warn\"", "Ledger: spans",
		"<td>in_spool</td><td class=\"n\">1234</td>", "<td>dropped spool_full</td><td class=\"n\">0</td>",
		"<h2>Way out</h2>", "broker:9092 &amp; &lt;co&gt;", "<td>1.5 KiB</td>", "<td>1.5s</td>",
		"<td class=\"warn\">warn</td><td>for ", "</html>" };
	struct site s;

	open_site(&s, true);
	ledger_enter(&s.ledger, LEDGER_IN_SPOOL, 1234, 12);
	health_post(&s.health, "kafka", HEALTH_WARN, "0 of <3> brokers");
	get(&s, "/status");
	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		ok(strstr(s.page, said[i]) != NULL, "the page has %s", said[i]);
	ok(strstr(s.page, "<td>dropped spool_full</td>") > strstr(s.page, "<summary>counts that are zero</summary>") &&
	                strstr(s.page, "waiting in") < strstr(s.page, "<details>"),
	        "what matters stands first, what is zero is folded away");
	ok(strstr(s.page, "<svg") == NULL, "without a table of figures there is no chart");
	ledger_enter(&s.ledger, LEDGER_IN_FLIGHT, 7, 1);
	ledger_drop(&s.ledger, LEDGER_IN_FLIGHT, LEDGER_SPOOL_FULL, (struct ledger_count){ 7, 1 }, 1);
	get(&s, "/status");
	ok(strstr(s.page, "the spool was full</td><td class=\"n down\">7</td>") != NULL &&
	                strstr(s.page, "Nothing was lost") == NULL &&
	                strstr(s.page, "the spool was full") < strstr(s.page, "waiting in"),
	        "a loss stands before everything else");
	health_serve(&s.health, true);
	get(&s, "/status");
	ok(strstr(s.page, "Serving for ") != NULL, "and says for how long it serves");
	close_site(&s);
}

static void the_configuration_is_shown_without_secrets(void)
{
	struct site s;
	json_t *o;

	open_site(&s, true);
	o = get_json(&s, "/config");
	is_text(text_at(json_object_get(o, "test.name"), "value"), "sir", "a value");
	is_text(text_at(json_object_get(o, "test.name"), "origin"), "default", "and its origin");
	is_text(text_at(json_object_get(o, "test.password"), "origin"), "flag", "another origin");
	ok(strstr(s.page, "hunter2") == NULL, "the secret is not there");
	json_decref(o);
	close_site(&s);
	open_site(&s, false);
	get(&s, "/config");
	is_int(s.status, 404, "without a configuration there is no such page");
	close_site(&s);
}

/* What comes back for a request on a connection of its own, up to the end of the head. */
static void raw_ask(struct site *s, struct raw *c, const char *request)
{
	raw_connect(c, s->loop, admin_port(s->admin));
	raw_send(c, request);
	raw_wait(c, "\r\n\r\n");
}

static void only_get_and_head_are_answered(void)
{
	struct site s;
	struct raw c;

	open_site(&s, true);
	raw_ask(&s, &c, "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	ok(strstr(buf_cstr(&c.got), " 405 ") != NULL, "POST /metrics: 405");
	raw_close(&c);
	raw_ask(&s, &c, "HEAD /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
	ok(strstr(buf_cstr(&c.got), " 200 ") != NULL && strstr(buf_cstr(&c.got), "\r\n\r\n")[4] == '\0',
	        "HEAD /metrics: the head alone");
	raw_close(&c);
	raw_ask(&s, &c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
	ok(strstr(buf_cstr(&c.got), " 503 ") != NULL, "POST /: as jaeger-agent, any method");
	raw_close(&c);
	close_site(&s);
}

static void a_port_that_is_taken_is_named(void)
{
	struct site s;
	struct admin *second = NULL;
	struct admin_opts o = { .at = { "127.0.0.1", 0 }, .command = "drain" };
	struct why why;

	open_site(&s, true);
	o.at.port = admin_port(s.admin);
	o.health = &s.health;
	ok(admin_open(&second, s.loop, &o, &why) < 0 && strstr(why.text, "127.0.0.1:") != NULL, "refused: %s",
	        why.text);
	close_site(&s);
}

int main(void)
{
	the_root_answers_as_jaeger_agent();
	an_unknown_path_is_not_ready_for_ever();
	each_page_is_read_and_nothing_else();
	health_gives_its_reasons();
	metrics_are_valid_and_complete();
	ledger_and_status_tell_the_same();
	people_get_a_page();
	the_configuration_is_shown_without_secrets();
	only_get_and_head_are_answered();
	a_port_that_is_taken_is_named();
	return tap_done();
}
