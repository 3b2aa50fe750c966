/* SPDX-License-Identifier: Apache-2.0 */
/* cause.c — describes a failed request for an operator: one table by HTTP status, one by failure of libcurl. */
#include <stdio.h>

#include "policy/response_class.h"
#include "exporter/collector_cause.h"
#include "base/redact.h"

/* Bytes in a sentence. A longer name is cut in the middle, because the address is at its end. */
enum { NAME_MOST = 80, NAME_END = 50, LINE_MOST = 80, ERROR_MOST = 100 };

static const char gzip_advice[] = "this collector cannot read gzip: set --collector.compression=none";

struct status_row {
	int from, to;
	const char *phrase; /* as in RFC 9110; "" when the row covers several */
	const char *advice;
};

/* The first row that covers the status is used. */
static const struct status_row statuses[] = {
	{ 100, 199, "", "it answers no request; is this a Jaeger collector?" },
	{ 300, 399, "", "a POST is not redirected; set collector.url to the address it names" },
	{ 400, 400, "Bad Request",
	        "it refuses every batch; is this a Jaeger collector, at a path that takes "
	        "jaeger.thrift?" },
	{ 401, 401, "Unauthorized", "check collector.user and collector.password-file, or collector.bearer-file" },
	{ 403, 403, "Forbidden", "it knows us and takes no spans from us; check its rules, or the credentials" },
	{ 404, 404, "Not Found", "check the path in collector.url" },
	{ 405, 405, "Method Not Allowed", "nothing is posted there; check the path in collector.url" },
	{ 407, 407, "Proxy Authentication Required",
	        "a proxy is in between; name the collector itself in collector.url" },
	{ 408, 408, "Request Timeout", "the way to it is too slow; look at the network" },
	{ 413, 413, "Content Too Large",
	        "a single span is larger than it takes; raise its limit, or the proxy's in "
	        "between" },
	{ 415, 415, "Unsupported Media Type", "it takes no Thrift; is this a Jaeger collector's HTTP port, 14268?" },
	{ 421, 421, "Misdirected Request",
	        "it does not answer for this name; check the host in collector.url, and the proxy "
	        "in between" },
	{ 422, 422, "Unprocessable Content", "it refuses every batch; is this a Jaeger collector?" },
	{ 425, 425, "Too Early", "it is sent again; look at the proxy in between" },
	{ 429, 429, "Too Many Requests", "it wants fewer; sending goes on more slowly" },
	{ 400, 499, "", "check collector.url, and what stands between here and the collector" },
	{ 500, 500, "Internal Server Error", "look at its log: its queue or its storage fails" },
	{ 501, 501, "Not Implemented", "it does not know POST; is this a Jaeger collector's HTTP port, 14268?" },
	{ 502, 502, "Bad Gateway", "a proxy gets no answer from the collector behind it" },
	{ 503, 503, "Service Unavailable", "its queue is full, or it starts or stops" },
	{ 504, 504, "Gateway Timeout", "a proxy waits in vain for the collector behind it" },
	{ 505, 505, "HTTP Version Not Supported", "HTTP/1.1 is spoken here; look at the proxy in between" },
	{ 511, 511, "Network Authentication Required",
	        "the network wants a login first; a gateway in between answers, not the "
	        "collector" },
	{ 0, 999, "", "look at its log" },
};

/* "ADDRESS said (error): advice". */
static const struct {
	const char *said, *advice;
} faults[] = {
	[HTTP_NO_FAULT] = { "failed", "look at its log" },
	[HTTP_NO_CONNECTION] = { "takes no connection", "does a collector run and listen there? check collector.url" },
	[HTTP_TIMED_OUT] = { "gave no answer in time",
	        "the collector or the way to it hangs; collector.timeout says how long to wait" },
	[HTTP_BROKEN_OFF] = { "cut the connection before it answered", "look at its log, or at a proxy in between" },
	[HTTP_NO_MEMORY] = { "was not asked", "this process has no memory left for a request" },
	[HTTP_NO_DESCRIPTOR] = { "was not asked", "raise LimitNOFILE of this program, in its unit or with ulimit -n" },
	[HTTP_CANCELLED] = { "had no time to answer", "the stop was over" },
	[HTTP_BAD_URL] = { "cannot be asked", "check collector.url" },
	[HTTP_UNKNOWN_HOST] = { "has a name without an address",
	        "check collector.url, and the name service of this host" },
	[HTTP_TLS] = { "is not trusted, does not trust us, or speaks no TLS",
	        "check collector.ca, collector.cert, collector.key and https in collector.url" },
	[HTTP_NOT_HTTP] = { "does not answer in HTTP", "is this another port? a collector listens for HTTP at 14268" },
};

void collector_quote(struct slice body, char *to, size_t cap)
{
	size_t n = 0, i = 0;

	while (i < body.len && strchr(" \t\r\n", body.at[i]) != NULL && body.at[i] != '\0')
		i++;
	for (; i < body.len && n + 1 < cap; i++) {
		unsigned char c = body.at[i];

		if (c == '\n' || c == '\r')
			break;
		to[n++] = (char)(c >= ' ' && c <= '~' ? c : '?');
	}
	to[n] = '\0';
}

/* Quotes the target of a redirection without secrets, else the body. The body of a redirection would repeat the target
 * with its query. */
static void quote(const struct http_answer *a, char to[LINE_MOST + 1])
{
	struct buf target = { 0 };

	if (a->location == NULL) {
		collector_quote(a->body, to, LINE_MOST + 1);
		return;
	}
	redact_url(&target, a->location);
	collector_quote(buf_slice(&target), to, LINE_MOST + 1);
	buf_free(&target);
}

static void shorten(const char *name, char to[NAME_MOST + 1])
{
	size_t len = strlen(name);

	if (len <= NAME_MOST)
		snprintf(to, NAME_MOST + 1, "%s", name);
	else
		snprintf(to, NAME_MOST + 1, "%.*s...%s", NAME_MOST - NAME_END - 3, name, name + len - NAME_END);
}

static const struct status_row *row_of(int status)
{
	const struct status_row *row = statuses;

	while (status < row->from || status > row->to)
		row++;
	return row;
}

void collector_cause_text(char to[COLLECTOR_SENTENCE], const char *name, const struct http_answer *a)
{
	char quoted[LINE_MOST + 1], shown[NAME_MOST + 1];
	const struct status_row *row;
	const char *advice;

	shorten(name, shown);
	if (a->failure != HTTP_ANSWERED) {
		snprintf(to, COLLECTOR_SENTENCE, "%s %s (%.*s): %s", shown, faults[a->fault].said, ERROR_MOST, a->error,
		        faults[a->fault].advice);
		return;
	}
	row = row_of(a->status);
	advice = collector_reads_no_gzip(a) ? gzip_advice : row->advice;
	quote(a, quoted);
	snprintf(to, COLLECTOR_SENTENCE, "%s answered %d%s%s%s%s%s: %s", shown, a->status,
	        row->phrase[0] != '\0' ? " " : "", row->phrase, quoted[0] != '\0' ? " (" : "", quoted,
	        quoted[0] != '\0' ? ")" : "", advice);
}

bool collector_reads_no_gzip(const struct http_answer *a)
{
	return a->was_gzip && response_gzip_unread(a->status, a->body);
}

int collector_cause_key(const struct http_answer *a)
{
	enum { NO_GZIP = 1000 /* above any HTTP status */ };

	if (a->failure != HTTP_ANSWERED)
		return -1 - (int)a->fault;
	return a->status + (collector_reads_no_gzip(a) ? NO_GZIP : 0);
}
