/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — the rows of collector.*, and the exporter's options made from them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/options.h"
#include "policy/endpoint.h"

enum { CONNECT_MS = 3000 };

#define S struct collector_settings
const struct conf_row collector_rows[] = {
	CONF_LIST_OF(S, urls, "collector.url", ",", "http://127.0.0.1:14268", false,
	        "address of a collector; several share the load"),
	CONF_TEXT(S, user, "collector.user", "", "name for a collector that wants one"),
	CONF_FILE_NAME(S, password_file, "collector.password-file", "", "file with its password"),
	CONF_FILE_NAME(S, bearer_file, "collector.bearer-file", "", "file with a token"),
	CONF_FILE_NAME(S, ca, "collector.ca", "", "authorities for TLS, PEM"),
	CONF_FILE_NAME(S, cert, "collector.cert", "", "own certificate, PEM"),
	CONF_FILE_NAME(S, key, "collector.key", "", "its key, PEM"),
	CONF_TEXT(
	        S, server_name, "collector.server-name", "", "name in the collector's certificate, if not its host's"),
	CONF_BOOL(S, skip_host_verify, "collector.skip-host-verify", "false",
	        "take any certificate: neither its name nor its authority is checked"),
	CONF_LIST_OF(S, headers, "collector.header", "", "", true, "header of each request, \"Name: value\""),
	CONF_DURATION(S, timeout_us, "collector.timeout", "30s", "how long to wait for an answer"),
	CONF_CHOICE(S, confirm, "collector.confirm", "auto|require|off", "auto",
	        "delivered means stored, by the collector's own counters; require: or nothing is "
	        "sent"),
	CONF_LIST_OF(S, metrics_urls, "collector.metrics-url", ",", "", false,
	        "where these counters are, one for each collector; default: its ports 14269 and "
	        "8888"),
	CONF_COUNT(S, confirm_attempts, "collector.confirm-attempts", "10",
	        "losses until a request is let go unconfirmed, while others flood the collector; "
	        "0: never"),
	CONF_COUNT(S, max_batch_spans, "collector.max-batch-spans", "500", "most spans in a request"),
	CONF_SIZE(S, max_batch_bytes, "collector.max-batch-bytes", "1MiB", "most bytes of a request"),
	CONF_CHOICE(S, compression, "collector.compression", "none|gzip", "none",
	        "of requests; Jaeger 1.x takes only none"),
	CONF_TEXT(S, max_spans_per_second, "collector.max-spans-per-second", "auto",
	        "auto: as many as are confirmed; unseen, a backlog twice as fast as it was "
	        "produced. 0: no limit"),
	CONF_END,
};
#undef S

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

int collector_rate(const struct collector_settings *set, uint64_t *per_s, bool *automatic, struct why *why)
{
	const char *text = set->max_spans_per_second;
	char *end;

	*per_s = 0;
	*automatic = strcmp(text, "auto") == 0;
	if (*automatic)
		return 0;
	errno = 0;
	*per_s = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
		return why_set(why, E_USAGE, "\"%s\" is neither auto nor a number of spans", text);
	return 0;
}

void collector_exporter_opts(const struct collector_settings *set, struct exporter_opts *to)
{
	struct why why;

	if (collector_rate(set, &to->max_spans_per_second, &to->pace_blind, &why) < 0)
		to->max_spans_per_second = 0; /* collector_check accepted the text, so this does not happen */
	to->metrics_urls = set->metrics_urls.n == 0 ? NULL : set->metrics_urls.items;
	to->confirm = set->confirm;
	to->confirm_attempts = (uint32_t)set->confirm_attempts;
	to->post_spans = (uint32_t)set->max_batch_spans;
	to->post_bytes = set->max_batch_bytes;
	to->gzip = set->compression == COLLECTOR_GZIP;
	to->urls = set->urls.items;
	to->nurls = set->urls.n;
	to->client = (struct http_client_opts){
		.user = or_null(set->user),
		.files = {
			[CREDENTIAL_PASSWORD] = or_null(set->password_file),
			[CREDENTIAL_BEARER] = or_null(set->bearer_file),
			[CREDENTIAL_CA] = or_null(set->ca),
			[CREDENTIAL_CERT] = or_null(set->cert),
			[CREDENTIAL_KEY] = or_null(set->key),
		},
		.headers = set->headers.items,
		.server_name = or_null(set->server_name),
		.skip_host_verify = set->skip_host_verify,
	};
	to->total_ms = set->timeout_us / US_PER_MS;
	to->connect_ms = min_u64(CONNECT_MS, to->total_ms);
}

void collector_names(const struct collector_settings *set, struct buf *to)
{
	for (size_t i = 0; i < set->urls.n; i++) {
		struct buf url = { 0 };
		struct why why;

		if (i > 0)
			buf_text(to, ", ");
		if (endpoint_read(set->urls.items[i], &url, to, &why) < 0)
			buf_text(to, "?"); /* out of memory: collector_check accepted the address */
		buf_free(&url);
	}
}
