/* SPDX-License-Identifier: Apache-2.0 */
/* test_failing.c — how much memory is left to batches that fail each time, row by row. */
#include "policy/failing.h"
#include "tap.h"

enum { MOST = 1000, SHARE = 100, LONG_US = FAILING_S * 1000000 };

static void a_batch_counts_when_it_may_be_the_cause(void)
{
	ok(failing_counts(true, 1, MOST), "others were taken");
	ok(!failing_counts(false, 749, MOST), "none was taken, and there is room: the collector may be the cause");
	ok(failing_counts(false, 750, MOST), "none was taken, and hardly any room is left for another to try");
	ok(failing_counts(true, MOST, MOST), "others were taken, and the memory is full");
}

static void what_exceeds_the_share_is_given_back(void)
{
	static const struct {
		const char *name;
		struct failing_load load;
		uint64_t excess;
	} rows[] = {
		{ "none fails", { 0, 0, 900, MOST, SHARE, 0 }, 0 },
		{ "less than the share", { 1, 99, 900, MOST, SHARE, 0 }, 0 },
		{ "exactly the share", { 1, 100, 900, MOST, SHARE, 0 }, 0 },
		{ "one byte more", { 2, 101, 900, MOST, SHARE, 0 }, 1 },
		{ "all of the memory", { 9, 1000, 1000, MOST, SHARE, 0 }, 900 },
		{ "the owner takes none back", { 9, 1000, 1000, MOST, 0, 0 }, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(failing_excess(&rows[i].load), rows[i].excess, rows[i].name);
}

static void the_level_tells_whether_others_still_enter(void)
{
	static const struct {
		const char *name;
		struct failing_load load;
		enum failing_level level;
	} rows[] = {
		{ "an empty exporter", { 0, 0, 0, MOST, 0, 0 }, FAILING_NONE },
		{ "a full one, none fails", { 0, 0, 1000, MOST, 0, 0 }, FAILING_NONE },
		{ "one fails, and there is room", { 1, 10, 10, MOST, 0, LONG_US }, FAILING_SOME },
		{ "only failing ones, and there is room", { 9, 740, 740, MOST, 0, LONG_US }, FAILING_SOME },
		{ "nearly full, most of it good", { 9, 500, 1000, MOST, 0, LONG_US }, FAILING_SOME },
		{ "three quarters full of failing ones", { 9, 750, 750, MOST, 0, LONG_US }, FAILING_ALL },
		{ "all of it, for a moment only", { 9, 1000, 1000, MOST, 0, LONG_US - 1 }, FAILING_NONE },
		{ "full, three quarters of it failing", { 9, 750, 1000, MOST, 0, LONG_US }, FAILING_ALL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		is_int(failing_level(&rows[i].load), rows[i].level, rows[i].name);
}

int main(void)
{
	a_batch_counts_when_it_may_be_the_cause();
	what_exceeds_the_share_is_given_back();
	the_level_tells_whether_others_still_enter();
	return tap_done();
}
