/* SPDX-License-Identifier: Apache-2.0 */
/* options.c — the rows of http-server.host-port and sampling.*, their checks, and the metrics. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/redact.h"
#include "sampling/options.h"
#include "telemetry/metrics.h"

enum { SERVICES_MOST = 10000 };

#define S struct sampling_settings
const struct conf_row sampling_rows[] = {
	CONF_ADDRESS_OR_NONE(
	        S, at, "http-server.host-port", ":5778", "sampling strategies for clients; none switches it off"),
	CONF_LIST_OF(S, urls, "sampling.url", ",", "", false,
	        "where strategies are asked for; default: /api/sampling of each collector; Jaeger 2.x: "
	        "http://host:5778/sampling"),
	CONF_FILE_NAME(
	        S, file, "sampling.strategies-file", "", "strategies in Jaeger's format, instead of sampling.url"),
	CONF_DURATION(S, refresh_us, "sampling.refresh", "1m", "how often a strategy in use is asked for again"),
	CONF_COUNT(S, max_services, "sampling.max-services", "2000", "services whose strategies are kept"),
	CONF_END,
};
#undef S

#define S struct sampling_stats
static const struct metric_row rows[] = {
	METRIC_COUNTER(S, requests[SAMPLING_MODERN], "sampling_requests_total", "path=\"/sampling\"",
	        "Requests of clients that were answered with a strategy"),
	METRIC_COUNTER(S, requests[SAMPLING_LEGACY], "sampling_requests_total", "path=\"/\"", NULL),
	METRIC_COUNTER(S, bad_requests, "sampling_errors_total", "cause=\"bad_request\"",
	        "Requests of clients that were answered with an error"),
	METRIC_COUNTER(S, unavailable, "sampling_errors_total", "cause=\"unavailable\"", NULL),
	METRIC_COUNTER(S, too_large, "sampling_errors_total", "cause=\"too_large\"", NULL),
	METRIC_COUNTER(S, fetches, "sampling_fetches_total", "result=\"ok\"", "Strategies asked for at sampling.url"),
	METRIC_COUNTER(S, failed_fetches, "sampling_fetches_total", "result=\"err\"", NULL),
	METRIC_COUNTER(S, forgotten, "sampling_forgotten_services_total", NULL,
	        "Services that made way for others: see sampling.max-services"),
	METRIC_GAUGE(S, services, "sampling_services", NULL, "Services whose strategies are known or asked for"),
	METRIC_GAUGE(
	        S, oldest_age_s, "sampling_oldest_age_seconds", NULL, "Age of the oldest strategy that is answered"),
	METRIC_END,
};
#undef S

void sampling_metrics(const struct sampling *s, struct buf *to)
{
	struct sampling_stats stats;

	sampling_stats(s, &stats);
	metrics_render(to, "spanspool_", rows, &stats);
}

/* Appends the scheme, host and port of URL and the path of a 1.x collector's strategies. */
static void put_default(struct buf *to, const char *url)
{
	const char *host = strstr(url, "://");
	size_t len = host == NULL ? 0 : (size_t)(host + 3 - url);

	len += strcspn(url + len, "/?#");
	buf_printf(to, "%s%s%.*s/api/sampling", to->len > 0 ? "," : "", host == NULL ? "http://" : "", (int)len, url);
}

int sampling_default_urls(struct conf *c, const struct conf_list *collectors, struct why *why)
{
	struct buf urls = { 0 };
	int rc;

	for (size_t i = 0; i < collectors->n; i++)
		put_default(&urls, collectors->items[i]);
	rc = conf_default(c, "sampling.url", buf_cstr(&urls), why);
	buf_free(&urls);
	return rc;
}

static int check_url(const char *url, struct why *why)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
	struct buf shown = { 0 };
	int rc = 0;

	redact_url(&shown, url);
	if (scheme == 0 || strcspn(url + scheme, "/?#") == 0 || strpbrk(url, " #") != NULL)
		rc = why_set(why, E_USAGE,
		        "\"%s\" is not an address of strategies (try http://collector:14268/api/sampling)",
		        buf_cstr(&shown));
	buf_free(&shown);
	return rc;
}

int sampling_check(const struct conf *c, const struct sampling_settings *set, struct why *why)
{
	if (set->at[0] == '\0') {
		why_set(why, E_USAGE, "is empty (try :5778, or none)");
		return conf_add_source(c, "http-server.host-port", why);
	}
	if (strcmp(set->at, "none") == 0)
		return 0;
	for (size_t i = 0; i < set->urls.n; i++)
		if (check_url(set->urls.items[i], why) < 0)
			return conf_add_source(c, "sampling.url", why);
	if (set->refresh_us < US_PER_S || set->refresh_us > 86400 * US_PER_S) {
		why_set(why, E_USAGE, "must be between 1s and 24h");
		return conf_add_source(c, "sampling.refresh", why);
	}
	if (set->max_services < 1 || set->max_services > SERVICES_MOST) {
		why_set(why, E_USAGE, "must be between 1 and %d", SERVICES_MOST);
		return conf_add_source(c, "sampling.max-services", why);
	}
	if (set->file[0] != '\0' && sampling_check_file(set->file, why) < 0)
		return conf_add_source(c, "sampling.strategies-file", why);
	return 0;
}
