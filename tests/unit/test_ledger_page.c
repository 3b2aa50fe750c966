/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_page.c — the ledger's JSON, key by key, and its metrics. */
#include "admin/ledger_page.h"
#include "promtext.h"
#include "tap.h"

static struct ledger filled(void)
{
	struct ledger l = { .boots = 3, .unclean_stops = 1, .kernel_dropped = 9 };

	for (int i = 0; i < LEDGER_OUTCOMES_N; i++)
		for (int n = 0; n <= i; n++)
			ledger_datagram(&l, (enum ledger_outcome)i);
	for (int i = 0; i < LEDGER_PLACES_N; i++)
		ledger_enter(&l, (enum ledger_place)i, 100 + (uint64_t)i, 10 + (uint64_t)i);
	l.maybe_duplicate = (struct ledger_count){ 7, 2 };
	l.unconfirmed = (struct ledger_count){ 8, 3 };
	l.lost[LEDGER_DISK_ERROR - LEDGER_DROPPED_FIRST] = (struct ledger_when){ 1700000000123, 1700000001000 };
	return l;
}

static void the_object_has_its_keys_in_their_order(void)
{
	struct ledger l = filled();
	struct buf b = { 0 };

	ledger_json(&b, &l, "web-1");
	is_text(buf_cstr(&b),
	        "{\"ledger\":1,\"host\":\"web-1\",\"boots\":3,\"unclean_stops\":1,"
	        "\"datagrams\":{\"received\":15,\"accepted\":1,\"malformed\":2,\"oversize\":3,"
	        "\"unknown_method\":4,"
	        "\"queue_full\":5,\"kernel_dropped\":9},"
	        "\"spans\":{\"accepted\":1045,\"delivered\":100,\"in_flight\":101,\"in_spool\":102,"
	        "\"quarantined\":103,"
	        "\"uncertain\":104,\"dropped\":{\"spool_full\":105,\"max_age\":106,\"disk_error\":"
	        "107,\"too_large\":108,"
	        "\"refused\":109}},"
	        "\"batches\":{\"accepted\":145,\"delivered\":10,\"in_flight\":11,\"in_spool\":12,"
	        "\"quarantined\":13,"
	        "\"uncertain\":14,\"dropped\":{\"spool_full\":15,\"max_age\":16,\"disk_error\":17,"
	        "\"too_large\":18,"
	        "\"refused\":19}},"
	        "\"maybe_duplicate\":{\"spans\":7,\"batches\":2},"
	        "\"unconfirmed\":{\"spans\":8,\"batches\":3},"
	        "\"drops\":{\"spool_full\":{\"first\":null,\"last\":null},"
	        "\"max_age\":{\"first\":null,\"last\":null},"
	        "\"disk_error\":{\"first\":\"2023-11-14T22:13:20.123Z\","
	        "\"last\":\"2023-11-14T22:13:21.000Z\"},"
	        "\"too_large\":{\"first\":null,\"last\":null},"
	        "\"refused\":{\"first\":null,\"last\":null}}}",
	        "the whole object");
	buf_free(&b);
}

static void odd_hosts_and_large_numbers_are_written(void)
{
	struct ledger l = { .received = INT64_MAX };
	struct buf b = { 0 };

	ledger_json(&b, &l, "caf\xe9 \"x\"");
	ok(strstr(buf_cstr(&b), "\"host\":\"caf? \\\"x\\\"\"") != NULL, "a host that is no UTF-8");
	ok(strstr(buf_cstr(&b), "\"received\":9223372036854775807") != NULL, "a large number");
	buf_free(&b);
}

static void only_causes_that_there_were_have_times(void)
{
	struct ledger l = { 0 };
	struct buf b = { 0 };

	ledger_json(&b, &l, "web-1");
	ok(strstr(buf_cstr(&b), "\"drops\":{}") != NULL, "nothing was lost");
	buf_clear(&b);
	ledger_enter(&l, LEDGER_IN_SPOOL, 5, 2);
	ledger_drop(&l, LEDGER_IN_SPOOL, LEDGER_MAX_AGE, (struct ledger_count){ 2, 1 }, 1000);
	ledger_drop(&l, LEDGER_IN_SPOOL, LEDGER_MAX_AGE, (struct ledger_count){ 3, 1 }, 2500);
	ledger_json(&b, &l, "web-1");
	ok(strstr(buf_cstr(&b), "\"drops\":{\"max_age\":{\"first\":\"1970-01-01T00:00:01.000Z\","
	                        "\"last\":\"1970-01-01T00:00:02.500Z\"}}") != NULL,
	        "one cause, with its first and its last time: %s", buf_cstr(&b));
	buf_free(&b);
}

static void the_metrics_say_the_same(void)
{
	static const struct {
		const char *series;
		int want;
	} cases[] = {
		{ "spanspool_datagrams_total{outcome=\"accepted\"}", 1 },
		{ "spanspool_datagrams_total{outcome=\"queue_full\"}", 5 },
		{ "spanspool_datagrams_kernel_dropped_total", 9 },
		{ "spanspool_spans_accepted_total", 1045 },
		{ "spanspool_spans_total{outcome=\"delivered\"}", 100 },
		{ "spanspool_spans_total{outcome=\"quarantined\"}", 103 },
		{ "spanspool_spans_total{outcome=\"uncertain\"}", 104 },
		{ "spanspool_spans_total{outcome=\"accepted\"}", -1 },
		{ "spanspool_spans_total{outcome=\"in_spool\"}", -1 },
		{ "spanspool_spans_total{outcome=\"dropped\"}", 105 + 106 + 107 + 108 + 109 },
		{ "spanspool_flight_spans", 101 },
		{ "spanspool_spool_spans", 102 },
		{ "spanspool_spans_dropped_total{cause=\"spool_full\"}", 105 },
		{ "spanspool_spans_dropped_total{cause=\"max_age\"}", 106 },
		{ "spanspool_spans_dropped_total{cause=\"disk_error\"}", 107 },
		{ "spanspool_spans_dropped_total{cause=\"too_large\"}", 108 },
		{ "spanspool_spans_dropped_total{cause=\"refused\"}", 109 },
		{ "spanspool_spans_dropped_total{cause=\"uncertain\"}", -1 },
		{ "spanspool_batches_accepted_total", 145 },
		{ "spanspool_batches_total{outcome=\"delivered\"}", 10 },
		{ "spanspool_flight_batches", 11 },
		{ "spanspool_spool_batches", 12 },
		{ "spanspool_batches_dropped_total{cause=\"refused\"}", 19 },
		{ "spanspool_maybe_duplicate_spans_total", 7 },
		{ "spanspool_maybe_duplicate_batches_total", 2 },
		{ "spanspool_unconfirmed_spans_total", 8 },
		{ "spanspool_unconfirmed_batches_total", 3 },
		{ "spanspool_boots_total", 3 },
		{ "spanspool_unclean_stops_total", 1 },
	};
	struct ledger l = filled();
	struct buf b = { 0 };
	struct promtext p;

	ledger_metrics(&b, &l);
	ok(promtext_valid(&p, buf_cstr(&b)), "the text is valid: %s", p.wrong);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		is_int(promtext_value(buf_cstr(&b), cases[i].series), cases[i].want, cases[i].series);
	buf_free(&b);
}

int main(void)
{
	the_object_has_its_keys_in_their_order();
	odd_hosts_and_large_numbers_are_written();
	only_causes_that_there_were_have_times();
	the_metrics_say_the_same();
	return tap_done();
}
