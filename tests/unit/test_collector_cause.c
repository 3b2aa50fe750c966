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
		{ 599, "\x1b[31mred", "http://c:14268 answered 599 (?[31mred): look at its log" },
	};
	char said[COLLECTOR_SENTENCE];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_answer a = {
			.status = rows[i].status, .body = slice_text(rows[i].body), .error = ""
		};

		collector_cause_text(said, name, &a);
		is_text(said, rows[i].want, "the sentence");
	}
}

/* The causes that an operator must be able to tell apart. */
static void no_two_causes_read_the_same(void)
{
	static const int statuses[] = { 302, 400, 401, 403, 404, 405, 413, 415, 429, 500, 502, 503,
		504 };
	static const enum http_trouble troubles[] = { HTTP_NO_CONNECTION, HTTP_TIMED_OUT,
		HTTP_BROKEN_OFF, HTTP_NO_MEMORY, HTTP_NO_DESCRIPTOR, HTTP_BAD_URL,
		HTTP_UNKNOWN_HOST, HTTP_TLS, HTTP_NOT_HTTP };
	enum { N = ARRAY_LEN(statuses) + ARRAY_LEN(troubles) };
	static char said[N][COLLECTOR_SENTENCE];
	int keys[N];

	for (size_t i = 0; i < N; i++) {
		struct http_answer a = { .error = "" };

		if (i < ARRAY_LEN(statuses)) {
			a.status = statuses[i];
		} else {
			a.trouble = troubles[i - ARRAY_LEN(statuses)];
			a.failure = HTTP_UNREACHABLE;
		}
		collector_cause_text(said[i], name, &a);
		keys[i] = collector_cause_key(&a);
		for (size_t k = 0; k < i; k++)
			if (keys[k] == keys[i] ||
			        strcmp(strchr(said[k], ':'), strchr(said[i], ':')) == 0)
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
	no_two_causes_read_the_same();
	what_is_long_is_cut();
	return tap_done();
}
