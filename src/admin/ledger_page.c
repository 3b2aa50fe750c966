/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_page.c — prints the ledger: a JSON object with keys in a fixed order, and metric rows. */
#include "admin/json_add.h"
#include "admin/ledger_page.h"
#include "telemetry/metrics.h"
#include "base/units.h"

/* ---- JSON ---- */

static uint64_t of_spans(const struct ledger_count *c)
{
	return c->spans;
}

static uint64_t of_batches(const struct ledger_count *c)
{
	return c->batches;
}

static json_t *datagrams_json(const struct ledger *l)
{
	json_t *o = json_object();

	json_add_count(&o, "received", l->received);
	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		json_add_count(&o, ledger_outcome_names[i], l->outcome[i]);
	json_add_count(&o, "kernel_dropped", l->kernel_dropped);
	return o;
}

static json_t *places_json(const struct ledger *l, uint64_t (*of)(const struct ledger_count *c))
{
	json_t *o = json_object(), *dropped = json_object();

	json_add_count(&o, "accepted", of(&l->accepted));
	for (int i = 0; i < LEDGER_PLACES_N; i++)
		json_add_count(i < (int)LEDGER_DROPPED_FIRST ? &o : &dropped, ledger_place_names[i], of(&l->place[i]));
	json_add(&o, "dropped", dropped);
	return o;
}

static json_t *time_json(uint64_t ms)
{
	char text[40];

	return ms == 0 ? json_null() : json_text(units_print_time(ms, text, sizeof(text)));
}

/* The first and last time of each cause of loss that occurred. */
static json_t *drops_json(const struct ledger *l)
{
	json_t *all = json_object();

	for (int i = 0; i < LEDGER_CAUSES_N; i++) {
		int cause = (int)LEDGER_DROPPED_FIRST + i;
		json_t *o;

		if (l->place[cause].batches == 0 && l->place[cause].spans == 0)
			continue;
		o = json_object();
		json_add(&o, "first", time_json(l->lost[i].first_ms));
		json_add(&o, "last", time_json(l->lost[i].last_ms));
		json_add(&all, ledger_place_names[cause], o);
	}
	return all;
}

static json_t *count_json(const struct ledger_count *c)
{
	json_t *o = json_object();

	json_add_count(&o, "spans", c->spans);
	json_add_count(&o, "batches", c->batches);
	return o;
}

void ledger_json(struct buf *to, const struct ledger *l, const char *host)
{
	json_t *o = json_object();

	json_add_count(&o, "ledger", 1);
	json_add_text(&o, "host", host);
	json_add_count(&o, "boots", l->boots);
	json_add_count(&o, "unclean_stops", l->unclean_stops);
	json_add(&o, "datagrams", datagrams_json(l));
	json_add(&o, "spans", places_json(l, of_spans));
	json_add(&o, "batches", places_json(l, of_batches));
	json_add(&o, "maybe_duplicate", count_json(&l->maybe_duplicate));
	json_add(&o, "unconfirmed", count_json(&l->unconfirmed));
	json_add(&o, "drops", drops_json(l));
	json_write(to, o);
}

/* ---- metrics ---- */

static uint64_t sum_dropped(const struct ledger *l, uint64_t (*of)(const struct ledger_count *c))
{
	uint64_t sum = 0;

	for (int place = LEDGER_DROPPED_FIRST; place < LEDGER_PLACES_N; place++)
		sum += of(&l->place[place]);
	return sum;
}

#define L struct ledger

static const struct metric_row datagram_rows[] = {
#define X(outcome_name, key)                                                                                           \
	METRIC_COUNTER(L, outcome[outcome_name], "datagrams_total", "outcome=\"" key "\"",                             \
	        "Datagrams read from the sockets, by what they came to"),
	LEDGER_OUTCOMES(X)
#undef X
	        METRIC_COUNTER(L, kernel_dropped, "datagrams_kernel_dropped_total", NULL,
	                "Datagrams that the kernel dropped before they could be read"),
	METRIC_COUNTER(L, maybe_duplicate.spans, "maybe_duplicate_spans_total", NULL,
	        "Spans sent again although they may have arrived"),
	METRIC_COUNTER(L, maybe_duplicate.batches, "maybe_duplicate_batches_total", NULL,
	        "Batches sent again although they may have arrived"),
	METRIC_COUNTER(L, unconfirmed.spans, "unconfirmed_spans_total", NULL,
	        "Of the spans quarantined and dropped: answered 2xx, and never confirmed stored"),
	METRIC_COUNTER(L, unconfirmed.batches, "unconfirmed_batches_total", NULL, "Batches of these"),
	METRIC_COUNTER(L, boots, "boots_total", NULL, "Starts with this spool"),
	METRIC_COUNTER(L, unclean_stops, "unclean_stops_total", NULL, "Starts that found an unclean stop"),
	METRIC_END,
};

/* Each accepted span is counted in exactly one outcome or gauge: spans_accepted_total = sum(spans_total) +
 * flight_spans + spool_spans. */
#define OUTCOME(unit, place_name, key)                                                                                 \
	METRIC_COUNTER(L, place[place_name].unit, #unit "_total", "outcome=\"" key "\"",                               \
	        #unit " by what finally became of them; their sum counts each once")
#define OUTCOMES(unit)                                                                                                 \
	METRIC_GAUGE(L, place[LEDGER_IN_FLIGHT].unit, "flight_" #unit, NULL,                                           \
	        #unit " in memory, neither delivered nor durable"),                                                    \
	        METRIC_GAUGE(L, place[LEDGER_IN_SPOOL].unit, "spool_" #unit, NULL,                                     \
	                #unit " durable in the spool, not yet delivered"),                                             \
	        METRIC_COUNTER(L, accepted.unit, #unit "_accepted_total", NULL,                                        \
	                #unit " read from the sockets and well formed"),                                               \
	        OUTCOME(unit, LEDGER_DELIVERED, "delivered"), OUTCOME(unit, LEDGER_QUARANTINED, "quarantined"),        \
	        OUTCOME(unit, LEDGER_UNCERTAIN, "uncertain")

/* spans_total comes last, because ledger_metrics() appends its sample with outcome="dropped". */
static const struct metric_row span_rows[] = {
	OUTCOMES(spans),
	METRIC_END,
};
static const struct metric_row batch_rows[] = {
	OUTCOMES(batches),
	METRIC_END,
};

/* One row per place, so that a new cause of loss cannot be forgotten; ledger_metrics() prints the last ones, which
 * are the losses. */
#define X(name, key)                                                                                                   \
	METRIC_COUNTER(L, place[name].spans, "spans_dropped_total", "cause=\"" key "\"",                               \
	        "Accepted spans that were lost, by cause"),
static const struct metric_row spans_by_place[] = {
	LEDGER_PLACES(X) METRIC_END,
};
#undef X
#define X(name, key)                                                                                                   \
	METRIC_COUNTER(L, place[name].batches, "batches_dropped_total", "cause=\"" key "\"",                           \
	        "Accepted batches that were lost, by cause"),
static const struct metric_row batches_by_place[] = {
	LEDGER_PLACES(X) METRIC_END,
};
#undef X

void ledger_metrics(struct buf *to, const struct ledger *l)
{
	metrics_render(to, "spanspool_", datagram_rows, l);
	metrics_render(to, "spanspool_", span_rows, l);
	metrics_sample(to, "spanspool_", "spans_total", "outcome=\"dropped\"", NULL, METRIC_COUNTER,
	        (double)sum_dropped(l, of_spans));
	metrics_render(to, "spanspool_", batch_rows, l);
	metrics_sample(to, "spanspool_", "batches_total", "outcome=\"dropped\"", NULL, METRIC_COUNTER,
	        (double)sum_dropped(l, of_batches));
	metrics_render(to, "spanspool_", spans_by_place + LEDGER_DROPPED_FIRST, l);
	metrics_render(to, "spanspool_", batches_by_place + LEDGER_DROPPED_FIRST, l);
}
