/* collector_options.c — the rows of collector.*, and what comes of them. */
#include "collector_options.h"
#include "endpoint.h"

enum { CONNECT_MS = 3000 };

#define S struct collector_settings
const struct conf_row collector_rows[] = {
	CONF_LIST_OF(S, urls, "collector.url", ",", "http://127.0.0.1:14268", false,
	        "address of a collector; several share the load"),
	CONF_TEXT(S, user, "collector.user", "", "name for a collector that wants one"),
	CONF_TEXT(S, password_file, "collector.password-file", "", "file with its password"),
	CONF_TEXT(S, bearer_file, "collector.bearer-file", "", "file with a token"),
	CONF_TEXT(S, ca, "collector.ca", "", "authorities for TLS, PEM"),
	CONF_TEXT(S, cert, "collector.cert", "", "own certificate, PEM"),
	CONF_TEXT(S, key, "collector.key", "", "its key, PEM"),
	CONF_LIST_OF(S, headers, "collector.header", "", "", true,
	        "header of each request, \"Name: value\""),
	CONF_DURATION(S, timeout_us, "collector.timeout", "30s", "how long to wait for an answer"),
	CONF_END
};
#undef S

static const char *or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

void collector_postman_opts(const struct collector_settings *set, struct postman_opts *to)
{
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
			buf_text(to, "?"); /* no memory: collector_check took it */
		buf_free(&url);
	}
}
