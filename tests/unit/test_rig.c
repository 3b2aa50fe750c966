/* SPDX-License-Identifier: Apache-2.0 */
/* test_rig.c — the command line of the rig's processes, and how their ledgers are read. */
#include "tap.h"
#include "testkit/rig.h"

static void a_collector_of_the_test_takes_the_place_of_the_stub(void)
{
	static const char *const own[] = { "--collector.url=http://127.0.0.1:1", "--log-level=debug", NULL };
	struct rig_options o = { .n = 0 };

	rig_option(&o, "spanspool");
	rig_option(&o, "--collector.url=%s", "http://127.0.0.1:2");
	rig_option(&o, "--collector.metrics-url=%s", "http://127.0.0.1:3");
	rig_more_options(&o, own);
	is_int(o.n, 4, "there are four words");
	is_text(o.argv[1], "--collector.url=http://127.0.0.1:1", "the URL is the test's");
	is_text(o.argv[2], "--collector.confirm=off", "without the stub's counters nothing is confirmed");
	is_text(o.argv[3], "--log-level=debug", "other options are added");
	ok(o.argv[4] == NULL, "and NULL is last");
}

static void without_a_stub_a_collector_is_an_option_like_others(void)
{
	static const char *const own[] = { "--collector.url=http://127.0.0.1:1", NULL };
	struct rig_options o = { .n = 0 };

	rig_option(&o, "--kafka.producer.brokers=%s", "127.0.0.1:9");
	rig_more_options(&o, own);
	ok(o.n == 2 && o.argv[1] == own[0] && o.argv[2] == NULL, "it is added");
}

static int read_ledger(const char *json, struct rig_drain_ledger *l, struct why *why)
{
	return rig_read_drain_ledger(slice_text(json), l, why);
}

static void the_drains_ledger_is_read_and_held_against_its_sum(void)
{
	struct rig_drain_ledger l;
	struct why why;

	is_int(read_ledger("{\"records\":{\"read\":7,\"delivered\":4,\"quarantined\":2,\"in_flight\":1,"
	                   "\"skipped_empty\":0,\"late\":3},\"spans\":{\"read\":5,\"delivered\":5},"
	                   "\"unconfirmed\":{\"records\":1,\"spans\":2}}",
	               &l, &why),
	        0, "a ledger that balances is taken");
	ok(l.records.read == 7 && l.records.quarantined == 2 && l.records.late == 3 && l.spans.delivered == 5 &&
	                l.unconfirmed_records == 1 && l.unconfirmed_spans == 2,
	        "with its numbers");
	is_int(read_ledger("{\"records\":{\"read\":7,\"delivered\":4},\"spans\":{}}", &l, &why), E_MALFORMED,
	        "records that are in no place are an error");
	is_int(read_ledger("{\"records\":{},\"spans\":{\"skipped_empty\":1}}", &l, &why), E_MALFORMED,
	        "so are spans that were never read");
	is_int(read_ledger("{\"records\":{}}", &l, &why), E_MALFORMED, "a ledger has both sides");
	is_int(read_ledger("the page of a proxy", &l, &why), E_MALFORMED, "and is JSON");
}

int main(void)
{
	a_collector_of_the_test_takes_the_place_of_the_stub();
	without_a_stub_a_collector_is_an_option_like_others();
	the_drains_ledger_is_read_and_held_against_its_sum();
	return tap_done();
}
