/* SPDX-License-Identifier: Apache-2.0 */
/* test_collector_cause.c — every failure of a request has a sentence of its own, which names the address, what
 * was said, and what to do. */
#include "exporter/collector_cause.h"
#include "tap.h"

static const char name[] = "http://c:14268";

static void each_status_has_its_sentence(void)
{
	static const struct {
		int status;
		const char *body, *want;
	} rows[] = {
		{ 302, "",
		        "http://c:14268 answered 302: a POST is not redirected; set collector.url "
		        "to the address it names" },
		{ 401, "no token\nmore",
		        "http://c:14268 answered 401 Unauthorized (no token): check collector.user "
		        "and collector.password-file, or collector.bearer-file" },
		{ 404, "404 page not found\n",
		        "http://c:14268 answered 404 Not Found (404 page not found): check the "
		        "path in collector.url" },
		{ 503, "sending queue is full",
		        "http://c:14268 answered 503 Service Unavailable (sending queue is full): "
		        "its queue is full, or it starts or stops" },
		{ 418, "",
		        "http://c:14268 answered 418: check collector.url, and what stands between "
		        "here and the collector" },
		{ 101, "",
		        "http://c:14268 answered 101: it answers no request; is this a Jaeger "
		        "collector?" },
		{ 421, "",
		        "http://c:14268 answered 421 Misdirected Request: it does not answer for "
		        "this name; check the host in collector.url, and the proxy in between" },
		{ 425, "",
		        "http://c:14268 answered 425 Too Early: it is sent again; look at the "
		        "proxy in between" },
		{ 501, "",
		        "http://c:14268 answered 501 Not Implemented: it does not know POST; is "
		        "this a Jaeger collector's HTTP port, 14268?" },
		{ 505, "",
		        "http://c:14268 answered 505 HTTP Version Not Supported: HTTP/1.1 is "
		        "spoken here; look at the proxy in between" },
		{ 511, "\r\n  log in\r\n",
		        "http://c:14268 answered 511 Network Authentication Required (log in): the "
		        "network wants a login first; a gateway in between answers, not the "
		        "collector" },
		{ 400, "Unknown data type 31",
		        "http://c:14268 answered 400 Bad Request (Unknown data type 31): it "
		        "refuses every batch; is this a Jaeger collector, at a path that takes "
		        "jaeger.thrift?" },
		{ 599, "\x1b[31mred", "http://c:14268 answered 599 (?[31mred): look at its log" },
	};
	char said[COLLECTOR_SENTENCE];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_answer a = { .status = rows[i].status, .body = slice_text(rows[i].body), .error = "" };

		collector_cause_text(said, name, &a);
		is_text(said, rows[i].want, "the sentence");
	}
}

static void gzip_that_is_not_read_says_which_option_to_set(void)
{
	char said[COLLECTOR_SENTENCE];
	struct http_answer a = { .status = 400,
		.was_gzip = true,
		.body = slice_text("Unable to process request body: Unknown data type 31"),
		.error = "" };

	collector_cause_text(said, name, &a);
	is_text(said,
	        "http://c:14268 answered 400 Bad Request (Unable to process request body: Unknown "
	        "data type 31): this collector cannot read gzip: set --collector.compression=none",
	        "the option is named");
	ok(collector_cause_key(&a) != 400, "it is another cause than any 400");
}

static void a_redirection_says_where_without_secrets(void)
{
	char said[COLLECTOR_SENTENCE];
	struct http_answer a = { .status = 302,
		.location = "https://me:sesame@login.example/start?token=sesame",
		.body = slice_text("<a href=\"https://login.example/start?token=sesame\">Found</a>."),
		.error = "" };

	collector_cause_text(said, name, &a);
	is_text(said,
	        "http://c:14268 answered 302 (https://********@login.example/start?********): a "
	        "POST is not redirected; set collector.url to the address it names",
	        "the target is named");
}

static void a_long_name_keeps_its_address(void)
{
	char said[COLLECTOR_SENTENCE];
	struct http_answer a = { .failure = HTTP_UNREACHABLE, .fault = HTTP_NO_CONNECTION, .error = "refused" };

	collector_cause_text(said,
	        "http://jaeger-collector-headless.observability-production.svc.cluster.local:14268 "
	        "at 10.0.0.7:14268",
	        &a);
	ok(strncmp(said, "http://jaeger-collector-", 24) == 0 &&
	                strstr(said, " at 10.0.0.7:14268 takes no connection (refused)") != NULL,
	        "%s", said);
}

/* The causes that an operator must be able to tell apart. */
static void no_two_causes_read_the_same(void)
{
	static const int statuses[] = { 302, 400, 401, 403, 404, 405, 407, 408, 413, 415, 421, 422, 425, 429, 500, 501,
		502, 503, 504, 505, 511 };
	static const enum http_fault faults[] = { HTTP_NO_CONNECTION, HTTP_TIMED_OUT, HTTP_BROKEN_OFF, HTTP_NO_MEMORY,
		HTTP_NO_DESCRIPTOR, HTTP_BAD_URL, HTTP_UNKNOWN_HOST, HTTP_TLS, HTTP_NOT_HTTP };
	enum { N = ARRAY_LEN(statuses) + ARRAY_LEN(faults) };
	static char said[N][COLLECTOR_SENTENCE];
	int keys[N];

	for (size_t i = 0; i < N; i++) {
		struct http_answer a = { .error = "" };

		if (i < ARRAY_LEN(statuses)) {
			a.status = statuses[i];
		} else {
			a.fault = faults[i - ARRAY_LEN(statuses)];
			a.failure = HTTP_UNREACHABLE;
		}
		collector_cause_text(said[i], name, &a);
		keys[i] = collector_cause_key(&a);
		for (size_t k = 0; k < i; k++)
			if (keys[k] == keys[i] || strcmp(strchr(said[k], ':'), strchr(said[i], ':')) == 0)
				ok(0, "%s reads as %s", said[i], said[k]);
	}
	ok(1, "%d causes, %d sentences and keys", N, N);
}

static void what_is_long_is_cut(void)
{
	static char body[1000], address[1000];
	char said[COLLECTOR_SENTENCE];
	struct http_answer a = { .status = 415, .body = slice_of(body, sizeof(body)), .error = "" };

	memset(body, 'b', sizeof(body));
	memset(address, 'a', sizeof(address) - 1);
	collector_cause_text(said, address, &a);
	ok(strstr(said, "14268?") != NULL, "the advice is whole: %s", said);
}

int main(void)
{
	each_status_has_its_sentence();
	gzip_that_is_not_read_says_which_option_to_set();
	a_redirection_says_where_without_secrets();
	a_long_name_keeps_its_address();
	no_two_causes_read_the_same();
	what_is_long_is_cut();
	return tap_done();
}
