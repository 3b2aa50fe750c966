/* SPDX-License-Identifier: Apache-2.0 */
/* test_sampling.c — the sampling server before a collector that works, fails, answers rubbish and is silent. */
#include "http/client.h"
#include "http/server.h"
#include "looptest.h"
#include "sampling/sampling.h"
#include "tempdir.h"

#define HALF "{\"strategyType\":\"PROBABILISTIC\",\"probabilisticSampling\":{\"samplingRate\":0.5}}"
#define ALL "{\"strategyType\":\"PROBABILISTIC\",\"probabilisticSampling\":{\"samplingRate\":1}}"

struct site {
	struct loop *loop;
	struct http_server *collector;
	struct http_client *client;
	struct sampling *sampling;
	struct health health;
	char dir[TEMPDIR_PATH], cache[300], file[300];
	char url[128];
	const char *urls[2];
	struct sampling_opts opts;

	/* The collector's. */
	int status;
	const char *body;
	const char *refused; /* a service whose strategy is rubbish; NULL: none */
	bool silent;
	struct http_later *held[8];
	size_t asked, asked_well, nheld;
	char service[64];

	/* The last answer to the client. */
	size_t answers;
	int got;
	char text[4096];
};

static void on_request(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct site *s = arg;
	const char *service = http_call_query(call, "service", NULL);

	s->asked++;
	snprintf(s->service, sizeof(s->service), "%s", service == NULL ? "" : service);
	s->asked_well += s->refused != NULL && strcmp(s->refused, s->service) != 0;
	if (s->silent && s->nheld < ARRAY_LEN(s->held)) {
		s->held[s->nheld++] = http_call_later(call);
		return;
	}
	reply->status = s->status;
	buf_text(&reply->body, s->refused != NULL && strcmp(s->refused, s->service) == 0 ? "rubbish" : s->body);
}

static const struct http_route routes[] = { { "/api/sampling", "GET", on_request }, { NULL, NULL, NULL } };

static void open_collector(struct site *s, uint16_t port)
{
	struct http_server_opts o = { .at = { "127.0.0.1", port }, .routes = routes, .arg = s };
	struct why why;

	if (http_server_open(&s->collector, s->loop, &o, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
}

static void open_sampling(struct site *s)
{
	struct why why;

	if (sampling_open(&s->sampling, s->loop, &s->opts, &s->health, &why) < 0) {
		diag("%s", why.text);
		abort();
	}
}

static void open_site(struct site *s)
{
	struct why why;

	*s = (struct site){ .status = 200, .body = HALF };
	tempdir_make(s->dir);
	snprintf(s->cache, sizeof(s->cache), "%s/sampling.json", s->dir);
	snprintf(s->file, sizeof(s->file), "%s/strategies.json", s->dir);
	if (loop_open(&s->loop, &why) < 0 ||
	        http_client_open(&s->client, s->loop, &(struct http_client_opts){ 0 }, &why) < 0)
		abort();
	open_collector(s, 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/api/sampling", http_server_port(s->collector));
	s->urls[0] = s->url;
	s->opts = (struct sampling_opts){ .at = { "127.0.0.1", 0 },
		.urls = s->urls,
		.nurls = 1,
		.cache = s->cache,
		.refresh_us = 100 * US_PER_MS,
		.max_services = 10 };
	open_sampling(s);
}

static void close_site(struct site *s)
{
	sampling_free(s->sampling);
	http_server_free(s->collector);
	http_client_free(s->client);
	loop_free(s->loop);
	tempdir_remove(s->dir);
}

static void on_answer(void *arg, const struct http_answer *a)
{
	struct site *s = arg;

	s->answers++;
	s->got = a->status;
	snprintf(s->text, sizeof(s->text), "%.*s", (int)a->body.len, (const char *)a->body.at);
}

static void request(struct site *s, const char *path)
{
	char url[2048];
	struct http_request r = { .url = url };

	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", sampling_port(s->sampling), path);
	if (http_client_send(s->client, &r, on_answer, s) < 0)
		abort();
}

static void gets(struct site *s, const char *path, int status, const char *text)
{
	size_t before = s->answers;

	request(s, path);
	run_until_count(s->loop, &s->answers, before + 1);
	is_int(s->got, status, path);
	is_text(s->text, text, "and its body");
}

/* PATH is answered 500, and the text begins with BEGINNING. */
static void fails(struct site *s, const char *path, const char *beginning)
{
	size_t before = s->answers;

	request(s, path);
	run_until_count(s->loop, &s->answers, before + 1);
	is_int(s->got, 500, path);
	ok(strncmp(s->text, beginning, strlen(beginning)) == 0, "%s", s->text);
}

static bool is_answered_all(void *arg)
{
	struct site *s = arg;

	request(s, "/sampling?service=front");
	return s->got == 200 && strcmp(s->text, ALL) == 0;
}

static bool is_warning(void *arg)
{
	return health_worst(&((struct site *)arg)->health) == HEALTH_WARN;
}

static bool is_ok(void *arg)
{
	return health_worst(&((struct site *)arg)->health) == HEALTH_OK;
}

static bool has_cache(void *arg)
{
	return access(((struct site *)arg)->cache, R_OK) == 0;
}

static void the_paths_of_jaeger_agent(void)
{
	struct site s;

	open_site(&s);
	gets(&s, "/sampling?service=a%20b+c", 200, HALF);
	is_text(s.service, "a b c", "the collector is asked for the service");
	gets(&s, "/?service=front", 200, "{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":0.5}}");
	gets(&s, "/sampling", 400, "'service' parameter must be provided once\n");
	gets(&s, "/sampling?service=a&service=b", 400, "'service' parameter must be provided once\n");
	gets(&s, "/sampling?service=", 200, HALF);
	gets(&s, "/baggageRestrictions?service=a", 500, "collector error: baggage not implemented\n");
	gets(&s, "/sampling/", 404, "404 page not found\n");
	gets(&s, "/credits?service=a", 404, "404 page not found\n");
	close_site(&s);
}

static void a_strategy_outlives_the_collector_and_the_agent(void)
{
	struct site s;
	uint16_t port;
	size_t asked;

	open_site(&s);
	port = http_server_port(s.collector);
	gets(&s, "/sampling?service=front", 200, HALF);
	asked = s.asked;
	s.body = ALL;
	ok(run_until(s.loop, is_answered_all, &s), "a new strategy is fetched in the background");
	ok(s.asked > asked, "by asking again");
	http_server_free(s.collector);
	s.collector = NULL;
	ok(run_until(s.loop, is_warning, &s), "the collector is away, and health says so");
	gets(&s, "/sampling?service=front", 200, ALL);
	fails(&s, "/sampling?service=other", "collector error: failed to get sampling strategy: http://127.0.0.1:");
	ok(run_until(s.loop, has_cache, &s), "the strategies are on disk");
	sampling_save(s.sampling);
	sampling_free(s.sampling);
	s.health = (struct health){ 0 };
	open_sampling(&s);
	gets(&s, "/sampling?service=front", 200, ALL);
	s.body = HALF;
	open_collector(&s, port);
	gets(&s, "/sampling?service=new", 200, HALF);
	ok(run_until(s.loop, is_ok, &s), "the collector is back, and all is well");
	close_site(&s);
}

static void rubbish_replaces_nothing(void)
{
	static const char too_much[] = "{\"strategyType\":0,\"probabilisticSampling\":{\"samplingRate\":7}}";
	const char *const rubbish[] = { "<html>no</html>", "{}", too_much };
	struct site s;

	open_site(&s);
	gets(&s, "/sampling?service=front", 200, HALF);
	for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
		size_t asked = s.asked;

		s.body = rubbish[i];
		run_until_count(s.loop, &s.asked, asked + 1);
		gets(&s, "/sampling?service=front", 200, HALF);
	}
	ok(run_until(s.loop, is_warning, &s), "health says what is wrong");
	ok(strstr(s.health.parts[0].sentence, "no strategy") != NULL, "%s", s.health.parts[0].sentence);
	s.status = 503;
	s.body = "away\nfor today";
	fails(&s, "/sampling?service=other", "collector error: failed to get sampling strategy: http://127.0.0.1:");
	ok(strstr(s.text, "no strategy") != NULL || strstr(s.text, "answered 503: away") != NULL, "with the cause");
	close_site(&s);
}

static bool the_other_is_asked_again(void *arg)
{
	struct site *s = arg;

	return s->asked_well >= 3;
}

/* The service "front" is fetched again each second meanwhile. */
static void a_service_that_always_fails_is_reported_among_others(void)
{
	struct site s;

	open_site(&s);
	s.refused = "back";
	gets(&s, "/sampling?service=front", 200, HALF);
	fails(&s, "/sampling?service=back", "collector error: failed to get sampling strategy: http://127.0.0.1:");
	ok(run_until(s.loop, is_warning, &s), "one of two services always fails, and health says so");
	ok(strstr(s.health.parts[0].sentence, "of 1 of 2 services") != NULL &&
	                strstr(s.health.parts[0].sentence, "of \"back\": ") != NULL,
	        "%s", s.health.parts[0].sentence);
	s.asked_well = 0;
	ok(run_until(s.loop, the_other_is_asked_again, &s), "the other one is fetched again and again");
	ok(is_warning(&s), "which hides nothing");
	s.refused = NULL;
	ok(run_until(s.loop, is_ok, &s), "when both are had again, all is well");
	close_site(&s);
}

static void a_strategy_has_its_age(void)
{
	struct site s;
	struct raw r;

	open_site(&s);
	gets(&s, "/sampling?service=front", 200, HALF);
	ok(raw_connect(&r, s.loop, sampling_port(s.sampling)), "a client connects");
	raw_send(&r, "GET /sampling?service=front HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(raw_wait(&r, "\r\nAge: 0\r\n"), "the header Age has the strategy's age in seconds");
	raw_send(&r, "GET /sampling?service=new HTTP/1.1\r\nHost: x\r\n\r\n");
	ok(raw_wait(&r, HALF), "also after a wait");
	raw_close(&r);
	close_site(&s);
}

static void a_dead_url_hides_no_live_one(void)
{
	struct site s;
	char dead[64];

	open_site(&s);
	snprintf(dead, sizeof(dead), "http://127.0.0.1:1/api/sampling");
	sampling_free(s.sampling);
	s.urls[1] = s.urls[0];
	s.urls[0] = dead;
	s.opts.nurls = 2;
	open_sampling(&s);
	for (int i = 0; i < 6; i++)
		request(&s, i % 2 == 0 ? "/sampling?service=front" : "/sampling?service=back");
	run_until_count(s.loop, &s.answers, 6);
	is_int(s.got, 200, "all get the strategy of the URL that answers");
	is_text(s.text, HALF, "the right one");
	close_site(&s);
}

static void without_an_url_there_is_no_strategy(void)
{
	struct site s;

	open_site(&s);
	sampling_free(s.sampling);
	s.opts.nurls = 0;
	open_sampling(&s);
	gets(&s, "/sampling?service=front", 500,
	        "collector error: failed to get sampling strategy: sampling.url is empty\n");
	close_site(&s);
}

static void few_calls_wait(void)
{
	struct site s;
	char path[64];

	open_site(&s);
	gets(&s, "/sampling?service=front", 200, HALF);
	s.silent = true;
	s.answers = 0;
	for (int i = 0; i < 30; i++) {
		snprintf(path, sizeof(path), "/sampling?service=new-%d", i);
		request(&s, path);
	}
	run_until_count(s.loop, &s.answers, 14);
	is_int(s.got, 500, "of thirty calls for new services sixteen wait");
	gets(&s, "/sampling?service=front", 200, HALF);
	run_until_count(s.loop, &s.answers, 31);
	is_int(s.got, 500, "and those for some seconds only");
	ok(strstr(s.text, "no answer yet") != NULL, "%s", s.text);
	close_site(&s);
}

static void many_wait_for_one_fetch(void)
{
	struct site s;
	struct http_reply reply = { 0 };

	open_site(&s);
	s.silent = true;
	for (int i = 0; i < 5; i++)
		request(&s, "/sampling?service=front");
	run_until_count(s.loop, &s.asked, 1);
	request(&s, "/?service=front");
	gets(&s, "/sampling", 400, "'service' parameter must be provided once\n");
	is_int(s.asked, 1, "the collector is asked once");
	s.silent = false;
	buf_text(&reply.body, ALL);
	http_later_answer(&s.held[0], &reply);
	run_until_count(s.loop, &s.answers, 7);
	is_int(s.got, 200, "and all who waited are answered");
	close_site(&s);
}

static void clients_that_leave_do_no_harm(void)
{
	struct site s;

	open_site(&s);
	s.silent = true;
	request(&s, "/sampling?service=front");
	run_until_count(s.loop, &s.asked, 1);
	http_client_free(s.client);
	s.client = NULL;
	wait_ms(s.loop, 20);
	sampling_free(s.sampling);
	s.sampling = NULL;
	ok(true, "the server is closed while a fetch is under way and its client has gone");
	close_site(&s);
}

static void write_file(const char *path, const char *text)
{
	char beside[400];
	FILE *f;

	snprintf(beside, sizeof(beside), "%s.new", path);
	f = fopen(beside, "w");
	if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0 || rename(beside, path) != 0)
		abort();
}

static void a_file_of_strategies_is_read_again(void)
{
	struct site s;
	struct why why;

	open_site(&s);
	sampling_free(s.sampling);
	s.sampling = NULL;
	s.opts.file = s.file;
	s.health = (struct health){ 0 };
	ok(sampling_open(&s.sampling, s.loop, &s.opts, &s.health, &why) < 0 && strstr(why.text, s.file) != NULL, "%s",
	        why.text);
	write_file(s.file, "{\"default_strategy\":{\"type\":\"probabilistic\",\"param\":0.5}}");
	open_sampling(&s);
	gets(&s, "/sampling?service=front", 200, HALF);
	is_int(s.asked, 0, "no collector is asked");
	write_file(s.file, "{\"default_strategy\":");
	ok(run_until(s.loop, is_warning, &s), "an error in the file is told: %s", s.health.parts[0].sentence);
	gets(&s, "/sampling?service=front", 200, HALF);
	write_file(s.file, "{\"default_strategy\":{\"type\":\"probabilistic\",\"param\":1}}");
	ok(run_until(s.loop, is_answered_all, &s), "the next version is taken");
	ok(is_ok(&s), "and all is well");
	close_site(&s);
}

int main(void)
{
	the_paths_of_jaeger_agent();
	a_strategy_outlives_the_collector_and_the_agent();
	rubbish_replaces_nothing();
	a_service_that_always_fails_is_reported_among_others();
	a_strategy_has_its_age();
	a_dead_url_hides_no_live_one();
	without_an_url_there_is_no_strategy();
	few_calls_wait();
	many_wait_for_one_fetch();
	clients_that_leave_do_no_harm();
	a_file_of_strategies_is_read_again();
	return tap_done();
}
