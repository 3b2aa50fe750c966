/* SPDX-License-Identifier: Apache-2.0 */
/* health.c — the part "sampling" of the health board. */
#include "base/clock.h"
#include "sampling_internal.h"

/* Fetches of one service that failed in a row before it is reported, where some service was fetched before. */
enum { FAILURES_TO_TELL = 3 };

void sampling_report_fetches(struct sampling *s)
{
	const struct cache_entry *e;
	size_t n;

	if (s->stats.fetches == 0 && s->stats.failed_fetches == 0)
		return;
	e = cache_failing(&s->cache, s->ever_fetched ? FAILURES_TO_TELL : 1, clock_mono_us(), &n);
	if (e == NULL) {
		health_post(s->health, "sampling", HEALTH_OK, "strategies come from %zu URL%s", s->opts.nurls,
		        s->opts.nurls == 1 ? "" : "s");
		return;
	}
	health_post(s->health, "sampling", HEALTH_WARN,
	        "sampling strategies of %zu of %zu services cannot be fetched, and clients get those fetched before, "
	        "or "
	        "500; of \"%.*s\": %.*s",
	        n, s->cache.n, (int)min_u64(e->service.len, 60), (const char *)e->service.at, (int)e->fault.len,
	        (const char *)e->fault.at);
}

void sampling_report_file(struct sampling *s)
{
	const char *unknown = strategies_unknown(s->strategies);

	if (unknown == NULL)
		health_post(s->health, "sampling", HEALTH_OK, "strategies of %zu services come from %s",
		        strategies_services(s->strategies), s->opts.file);
	else
		health_post(s->health, "sampling", HEALTH_WARN,
		        "%s: %s; it samples one trace in a thousand, as in Jaeger", s->opts.file, unknown);
}
