/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c — the metrics of a collector and of all, shared by agent and drain. */
#include <stdio.h>

#include "exporter/metrics.h"
#include "telemetry/metrics.h"

static const char prefix[] = "spanspool_";

#define X struct exporter_stats
static const struct metric_row confirm_rows[] = {
	METRIC_COUNTER(X, confirmed, "collector_confirmed_spans_total", NULL,
	        "Spans that the collectors' own counters say are stored"),
	METRIC_COUNTER(X, lost, "collector_lost_spans_total", NULL,
	        "Spans that the collectors lost behind a 2xx, whoever had sent them"),
	METRIC_COUNTER(X, resent, "collector_resent_spans_total", NULL,
	        "Spans sent again because a collector lost spans, was restarted, or is no longer "
	        "an address of its name"),
	METRIC_COUNTER(X, given_up, "collector_given_up_spans_total", NULL,
	        "Spans let go after --collector.confirm-attempts losses"),
	METRIC_GAUGE(X, unconfirmed, "collector_unconfirmed_spans", NULL,
	        "Spans answered 2xx that are not yet known to be stored"),
	METRIC_GAUGE(X, window, "collector_window_spans", NULL,
	        "Spans that the collectors' queues may hold at once; 0 where no counters are read"),
	METRIC_COUNTER(X, given_back, "collector_given_back_batches_total", NULL,
	        "Batches left to the spool because others like them failed each time"),
	METRIC_COUNTER(X, posts, "collector_posts_total", NULL, "POSTs sent, retries included"),
	METRIC_COUNTER(X, posted_batches, "collector_posted_batches_total", NULL, "Batches in these POSTs"),
	METRIC_END,
};
#undef X

/* The metrics of one destination. */
struct destination_figures {
	struct buf labels;
	uint64_t up, unconfirmed, window;
};

#define X struct destination_figures
static const struct metric_row destination_rows[] = {
	METRIC_GAUGE(X, up, "destination_up", NULL,
	        "1 while a collector, or an address of its name that has several, takes spans"),
	METRIC_GAUGE(X, unconfirmed, "destination_unconfirmed_spans", NULL,
	        "Spans that it answered with 2xx and that are not yet known to be stored"),
	METRIC_GAUGE(X, window, "destination_window_spans", NULL,
	        "Spans that its queue may hold at once; 0 where no counters are read"),
	METRIC_END,
};
#undef X

enum { DESTINATIONS_MOST = 128 /* of all collectors; further ones get no metrics of their own */ };

struct destination_list {
	struct destination_figures all[DESTINATIONS_MOST];
	size_t n;
};

static void append_figures(void *arg, const struct exporter_destination *d)
{
	struct destination_list *list = arg;
	struct destination_figures *to;

	if (list->n == DESTINATIONS_MOST)
		return;
	to = &list->all[list->n++];
	*to = (struct destination_figures){ .up = d->fault[0] == '\0' && !d->leaving,
		.unconfirmed = d->confirmed.unconfirmed,
		.window = d->confirmer_state == CONFIRMER_CONFIRMING ? d->confirmed.window : 0 };
	metrics_label(&to->labels, "destination", d->name);
}

static void add_destinations(struct exporter *e, struct buf *to)
{
	struct destination_list list;
	struct metric_base bases[DESTINATIONS_MOST];

	list.n = 0;
	exporter_each(e, append_figures, &list);
	for (size_t i = 0; i < list.n; i++)
		bases[i] = (struct metric_base){ &list.all[i], buf_cstr(&list.all[i].labels) };
	metrics_render_each(to, prefix, destination_rows, bases, list.n);
	for (size_t i = 0; i < list.n; i++)
		buf_free(&list.all[i].labels);
}

static void add_codes(const struct exporter_stats *s, const char *name, struct buf *to)
{
	const char *help = "Requests by the status of their answer, or why there was none";
	char labels[32];

	metrics_sample(to, prefix, name, "code=\"unreachable\"", help, METRIC_COUNTER, (double)s->unreachable);
	metrics_sample(to, prefix, name, "code=\"misconfigured\"", NULL, METRIC_COUNTER, (double)s->misconfigured);
	for (size_t i = 0; i < ARRAY_LEN(s->by_status); i++) {
		if (s->by_status[i] == 0)
			continue;
		snprintf(labels, sizeof(labels), "code=\"%zu\"", i);
		metrics_sample(to, prefix, name, labels, NULL, METRIC_COUNTER, (double)s->by_status[i]);
	}
}

void collector_metrics(struct exporter *e, const char *name, struct buf *to)
{
	const struct exporter_stats *s = exporter_stats(e);
	struct exporter_failing failing;

	add_codes(s, name, to);
	metrics_render(to, prefix, confirm_rows, s);
	exporter_failing(e, &failing);
	metrics_sample(to, prefix, "collector_failing_batches", NULL,
	        "Batches in memory that fail each time while others are taken", METRIC_GAUGE,
	        (double)failing.load.batches);
	add_destinations(e, to);
}
