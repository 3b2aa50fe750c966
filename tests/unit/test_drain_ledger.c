/* SPDX-License-Identifier: Apache-2.0 */
/* test_drain_ledger.c — the drain's identity holds after every move, and its JSON says so. */
#include "policy/drain_ledger.h"
#include "tap.h"

static void every_move_keeps_the_identity(void)
{
	struct drain_ledger l = { 0 };
	uint64_t seed = 3;
	int good = 1;

	for (int i = 0; i < 100000; i++) {
		uint64_t spans;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		spans = seed >> 60;
		drain_ledger_read(&l, spans);
		good &= drain_ledger_check(&l) == NULL;
		switch (seed >> 40 & 7) {
		case 0:
			drain_ledger_hand_on(&l, spans);
			break;
		case 1:
			drain_ledger_move(&l, DRAIN_QUARANTINED, spans);
			break;
		case 2:
			drain_ledger_move(&l, DRAIN_SKIPPED_EMPTY, spans);
			break;
		case 3:
			break; /* stays in flight */
		default:
			drain_ledger_move(&l, DRAIN_DELIVERED, spans);
		}
		good &= drain_ledger_check(&l) == NULL;
	}
	ok(good, "read is the sum of all places, always");
	is_int(l.read.records + l.handed_on.records, 100000, "what was handed on counts as not read");
}

static void a_broken_ledger_is_told(void)
{
	struct drain_ledger l = { 0 };

	drain_ledger_read(&l, 10);
	l.place[DRAIN_DELIVERED].records++;
	is_text(drain_ledger_check(&l), "records.read is not the sum of its places", "a record too many");
	l.place[DRAIN_DELIVERED].records--;
	l.place[DRAIN_IN_FLIGHT].spans--;
	is_text(drain_ledger_check(&l), "spans.read is not the sum of its places", "a span too few");
	l.place[DRAIN_IN_FLIGHT].spans++;
	l.unconfirmed.records++;
	is_text(drain_ledger_check(&l), "unconfirmed is more than was quarantined",
	        "something unconfirmed that is nowhere");
}

static void the_page_is_json(void)
{
	struct drain_ledger l = { .lost_to_retention = 7 };
	struct buf page = { 0 };

	drain_ledger_read(&l, 10);
	drain_ledger_read(&l, 5);
	drain_ledger_move(&l, DRAIN_DELIVERED, 10);
	drain_ledger_read(&l, 3);
	drain_ledger_move(&l, DRAIN_QUARANTINED, 3);
	drain_ledger_unconfirmed(&l, 3);
	drain_ledger_json(&page, &l);
	is_text(buf_cstr(&page),
	        "{\"ledger\": 1, \"records\": {\"read\": 3, \"in_flight\": 1, \"delivered\": 1, "
	        "\"quarantined\": 1, \"skipped_empty\": 0, \"handed_on\": 0, \"late\": 0, "
	        "\"lost_to_retention\": 7}, \"spans\": {\"read\": 18, \"in_flight\": 5, "
	        "\"delivered\": 10, "
	        "\"quarantined\": 3, \"skipped_empty\": 0, \"handed_on\": 0, \"late\": 0}, "
	        "\"unconfirmed\": {\"records\": 1, \"spans\": 3}}\n",
	        "with every key of the contract");
	buf_free(&page);
}

int main(void)
{
	every_move_keeps_the_identity();
	a_broken_ledger_is_told();
	the_page_is_json();
	return tap_done();
}
