/* SPDX-License-Identifier: Apache-2.0 */
/* test_evidence.c — whom a refusal concerns, row by row; rests, probes and the watchdog. */
#include "policy/evidence.h"
#include "tap.h"

static void others_must_pass_on_the_same_partition_and_later(void)
{
	static const struct {
		const char *name;
		uint32_t passed_on;
		uint64_t offered_us;
		uint32_t refused_by;
		uint64_t refused_us;
		bool confirmed;
	} rows[] = {
		{ "nothing passed", 0, 0, 0, 100, false },
		{ "another passed before", 3, 99, 3, 100, false },
		{ "another was offered at that moment", 3, 100, 3, 100, false },
		{ "another passed later", 3, 101, 3, 100, true },
		{ "another passed later elsewhere", 4, 101, 3, 100, false },
		{ "a partition with the same place", 3 + EVIDENCE_PARTITIONS, 101, 3, 100, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct evidence e = { 0 };

		evidence_passed(&e, rows[i].passed_on, rows[i].offered_us);
		ok(evidence_confirms(&e, rows[i].refused_by, rows[i].refused_us) == rows[i].confirmed, "%s: %s",
		        rows[i].name, rows[i].confirmed ? "confirmed" : "not confirmed");
	}
}

static void reports_come_in_any_order(void)
{
	static struct evidence e;

	evidence_passed(&e, 1, 200);
	evidence_passed(&e, 1, 150);
	ok(evidence_confirms(&e, 1, 180), "an older record that passes later takes nothing back");
}

static void what_condemns_a_record(void)
{
	static const struct {
		const char *name;
		bool takes, alone;
		unsigned confirmed;
		bool condemned;
	} rows[] = {
		{ "first refusal", true, true, 0, false },
		{ "confirmed once", true, true, EVIDENCE_ROUNDS - 1, false },
		{ "confirmed often enough", true, true, EVIDENCE_ROUNDS, true },
		{ "the same, refused in company", true, false, EVIDENCE_ROUNDS, false },
		{ "the same, while the circuit is not closed", false, true, EVIDENCE_ROUNDS, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ok(evidence_proves_bad(rows[i].takes, rows[i].alone, rows[i].confirmed) == rows[i].condemned, "%s: %s",
		        rows[i].name, rows[i].condemned ? "bad" : "kept");
}

static void a_record_rests_longer_each_time(void)
{
	is_int(evidence_rest_us(1), US_PER_S, "a second after the first refusal");
	is_int(evidence_rest_us(2), 2 * US_PER_S, "two after the second");
	is_int(evidence_rest_us(5), 16 * US_PER_S, "sixteen after the fifth");
	is_int(evidence_rest_us(6), 30 * US_PER_S, "half a minute in the end");
	is_int(evidence_rest_us(UINT32_MAX), 30 * US_PER_S, "and never longer");
}

static void probes_come_from_everywhere(void)
{
	bool seen[256] = { false };
	unsigned places = 0, kinds[3] = { 0 }, wrong = 0;

	for (uint64_t round = 0; round < 3 * EVIDENCE_PLACES; round++) {
		enum evidence_probe probe = evidence_probe_of(round);
		unsigned place = evidence_probe_place(round);

		kinds[probe]++;
		places += !seen[place & 255];
		seen[place & 255] = true;
		wrong += (place != 0) != (probe == EVIDENCE_PROBE_ELSEWHERE);
	}
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		is_int(kinds[i], EVIDENCE_PLACES, "each kind of probe in every third round");
	is_int(wrong, 0, "a probe from elsewhere is never the oldest record, and no other is read from there");
	is_int(places, EVIDENCE_PLACES + 1, "and it comes from another place each time");
	is_int(evidence_probe_place(EVIDENCE_PROBE_ELSEWHERE), 128, "the middle first");
}

static void the_watchdog_counts_deliveries_only(void)
{
	struct watchdog w = { 0 };
	uint64_t t0 = 5 * US_PER_S;

	is_int(watchdog_observe(&w, t0, 7, true), 0, "it begins to count at its first look");
	is_int(watchdog_observe(&w, t0 + 29 * US_PER_S, 7, true), 0, "29 s: not yet");
	is_int(watchdog_observe(&w, t0 + 30 * US_PER_S, 7, true), 30, "30 s: it says so");
	is_int(watchdog_observe(&w, t0 + 31 * US_PER_S, 8, true), 0, "a delivery ends it");
	is_int(watchdog_observe(&w, t0 + 90 * US_PER_S, 8, false), 0, "nothing waits: nothing to say");
	is_int(watchdog_observe(&w, t0 + 100 * US_PER_S, 8, true), 0, "what waits now has not waited for long");
}

int main(void)
{
	others_must_pass_on_the_same_partition_and_later();
	reports_come_in_any_order();
	what_condemns_a_record();
	a_record_rests_longer_each_time();
	probes_come_from_everywhere();
	the_watchdog_counts_deliveries_only();
	return tap_done();
}
