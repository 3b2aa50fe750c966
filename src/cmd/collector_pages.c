/* collector_pages.c — what agent and drain say of their collectors: metrics and status. */
#include <stdio.h>

#include "collector_options.h"

static const char prefix[] = "spanspool_";

void collector_metrics(const struct postman_stats *s, const char *name, struct buf *to)
{
	const char *help = "Requests by the status of their answer, or why there was none";
	char labels[32];

	metrics_sample(to, prefix, name, "code=\"unreachable\"", help, METRIC_COUNTER,
	        (double)s->unreachable);
	metrics_sample(to, prefix, name, "code=\"misconfigured\"", NULL, METRIC_COUNTER,
	        (double)s->misconfigured);
	for (size_t i = 0; i < ARRAY_LEN(s->by_status); i++) {
		if (s->by_status[i] == 0)
			continue;
		snprintf(labels, sizeof(labels), "code=\"%zu\"", i);
		metrics_sample(
		        to, prefix, name, labels, NULL, METRIC_COUNTER, (double)s->by_status[i]);
	}
}

static void add_collector(void *arg, const char *name, const char *trouble)
{
	status_text(arg, "collector", "%s", trouble[0] == '\0' ? name : trouble);
}

void collector_status(const struct postman *p, struct status *page)
{
	postman_each(p, add_collector, page);
}
