/* SPDX-License-Identifier: Apache-2.0 */
/* options_check.c — the options collector.* of agent and drain, checked without a connection. */
#include <string.h>
#include <strings.h>

#include "exporter/options.h"
#include "http/credentials.h"
#include "policy/endpoint.h"
#include "config/limits.h"

static const struct limit limits[] = {
	{ "collector.timeout", CONF_TYPE_DURATION, LIMIT_FIELD(struct collector_settings, timeout_us), 10000,
	        UINT64_C(3600000000), false, NULL },
	{ "collector.max-batch-spans", CONF_TYPE_COUNT, LIMIT_FIELD(struct collector_settings, max_batch_spans), 1,
	        1000000, false, NULL },
	{ "collector.max-batch-bytes", CONF_TYPE_SIZE, LIMIT_FIELD(struct collector_settings, max_batch_bytes), 65536,
	        64 << 20, false, "Jaeger 2.x takes no more than 20MiB" },
	{ "collector.confirm-attempts", CONF_TYPE_COUNT, LIMIT_FIELD(struct collector_settings, confirm_attempts), 0,
	        1000000, false, NULL },
	LIMIT_END,
};

static int check_urls(const struct conf *c, const struct conf_list *urls, struct why *why)
{
	if (urls->n == 0) {
		why_set(why, E_USAGE, "no address (try http://127.0.0.1:14268)");
		return conf_add_source(c, "collector.url", why);
	}
	for (size_t i = 0; i < urls->n; i++) {
		struct buf url = { 0 }, name = { 0 };
		int rc = endpoint_read(urls->items[i], &url, &name, why);

		buf_free(&url);
		buf_free(&name);
		if (rc < 0)
			return conf_add_source(c, "collector.url", why);
	}
	return 0;
}

static int check_pages(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	const struct conf_list *pages = &set->metrics_urls;

	if (pages->n != 0 && pages->n != set->urls.n) {
		why_set(why, E_USAGE,
		        "%zu pages for %zu collectors: one is needed for each, in the order of "
		        "collector.url",
		        pages->n, set->urls.n);
		return conf_add_source(c, "collector.metrics-url", why);
	}
	for (size_t i = 0; i < pages->n; i++) {
		struct buf url = { 0 };
		int rc = endpoint_page(pages->items[i], &url, why);

		buf_free(&url);
		if (rc < 0)
			return conf_add_source(c, "collector.metrics-url", why);
	}
	return 0;
}

static int check_rate(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	uint64_t per_s;
	bool automatic;

	if (collector_rate(set, &per_s, &automatic, why) < 0)
		return conf_add_source(c, "collector.max-spans-per-second", why);
	return 0;
}

/* Headers that collector.header may not set: the HTTP client sets them, or they describe the body. A second one
 * with another value could make a collector answer 2xx to a part of the batch. A name that ends in '-' is a
 * prefix. */
static const char *const own_headers[] = { "content-", "transfer-encoding", "te", "trailer", "expect", "connection",
	"upgrade", "spanspool-" };

static bool is_own_header(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(own_headers); i++) {
		size_t n = strlen(own_headers[i]);
		bool whole = own_headers[i][n - 1] != '-';

		if ((whole ? len == n : len > n) && strncasecmp(name, own_headers[i], n) == 0)
			return true;
	}
	return false;
}

/* Length of the header's name: the leading characters that RFC 9110 allows in a name. */
static size_t header_name_len(const char *header)
{
	return strspn(header, "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                      "abcdefghijklmnopqrstuvwxyz");
}

static bool has_credentials(const struct collector_settings *set)
{
	return set->user[0] != '\0' || set->bearer_file[0] != '\0';
}

/* The value may be a secret, so the error shows at most the name. */
static int check_header(const struct collector_settings *set, const char *header, size_t i, struct why *why)
{
	size_t len = header_name_len(header);

	if (len == 0 || header[len] != ':' || strpbrk(header, "\r\n") != NULL)
		return why_set(why, E_USAGE, "item %zu is not one line \"Name: value\"", i + 1);
	if (is_own_header(header, len))
		return why_set(why, E_USAGE, "%.*s cannot be set: each request has its own", (int)len, header);
	if (len == strlen("authorization") && strncasecmp(header, "authorization", len) == 0 && has_credentials(set))
		return why_set(why, E_USAGE,
		        "%.*s and collector.user or collector.bearer-file exclude each other: one "
		        "request has one Authorization header",
		        (int)len, header);
	return 0;
}

static int check_headers(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	for (size_t i = 0; i < set->headers.n; i++)
		if (check_header(set, set->headers.items[i], i, why) < 0)
			return conf_add_source(c, "collector.header", why);
	return 0;
}

static int check_pairs(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	if (set->password_file[0] != '\0' && set->user[0] == '\0') {
		why_set(why, E_USAGE, "a password without collector.user");
		return conf_add_source(c, "collector.password-file", why);
	}
	if (strchr(set->user, ':') != NULL) {
		why_set(why, E_USAGE, "a name has no colon in it; a password stands in collector.password-file");
		return conf_add_source(c, "collector.user", why);
	}
	if (set->bearer_file[0] != '\0' && set->user[0] != '\0') {
		why_set(why, E_USAGE,
		        "a token and collector.user exclude each other: one request has one "
		        "Authorization header");
		return conf_add_source(c, "collector.bearer-file", why);
	}
	if (set->cert[0] != '\0' && set->key[0] == '\0') {
		why_set(why, E_USAGE, "a certificate needs its key, in collector.key");
		return conf_add_source(c, "collector.cert", why);
	}
	if (set->key[0] != '\0' && set->cert[0] == '\0') {
		why_set(why, E_USAGE, "a key needs its certificate, in collector.cert");
		return conf_add_source(c, "collector.key", why);
	}
	return 0;
}

static int check_files(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	const struct {
		const char *option, *path;
		enum credential kind;
	} files[] = {
		{ "collector.password-file", set->password_file, CREDENTIAL_PASSWORD },
		{ "collector.bearer-file", set->bearer_file, CREDENTIAL_BEARER },
		{ "collector.ca", set->ca, CREDENTIAL_CA },
		{ "collector.cert", set->cert, CREDENTIAL_CERT },
		{ "collector.key", set->key, CREDENTIAL_KEY },
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (files[i].path[0] != '\0' && credential_check(files[i].kind, files[i].path, why) < 0)
			return conf_add_source(c, files[i].option, why);
	}
	return 0;
}

int collector_check(const struct conf *c, const struct collector_settings *set, struct why *why)
{
	if (limits_check(c, limits, set, why) < 0 || check_urls(c, &set->urls, why) < 0 ||
	        check_pages(c, set, why) < 0 || check_rate(c, set, why) < 0 || check_headers(c, set, why) < 0 ||
	        check_pairs(c, set, why) < 0)
		return why->code;
	return check_files(c, set, why);
}
