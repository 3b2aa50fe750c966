/* SPDX-License-Identifier: Apache-2.0 */
/* test_exposure.c — the cause of a batch that was in memory only for too long, row by row. */
#include "policy/exposure.h"
#include "tap.h"

#define MS(n) ((n)*US_PER_MS)

static void the_stall_that_a_batch_lived_through_decides(void)
{
	static const struct {
		const char *name;
		uint64_t gap_ms; /* the time between the last two calls */
		uint64_t age_ms; /* at the last one, of an exposure of 100 ms */
		enum exposure_state state;
	} rows[] = {
		{ "no batch", 100, 0, EXPOSURE_KEPT },
		{ "in time", 100, 100, EXPOSURE_KEPT },
		{ "late, and the loop ran", 100, 101, EXPOSURE_DISK },
		{ "late, and the loop was a little late", 149, 101, EXPOSURE_DISK },
		{ "late by less than the loop", 150, 101, EXPOSURE_CPU },
		{ "late by as much as the loop", 900, 1000, EXPOSURE_CPU },
		{ "late by more than the loop", 900, 1001, EXPOSURE_DISK },
		{ "the loop was late, no batch was", 900, 100, EXPOSURE_KEPT },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct exposure_watch w = { .observed_us = MS(50000) };

		is_int(exposure_observe(&w, MS(50000 + rows[i].gap_ms), MS(100), MS(rows[i].age_ms)), rows[i].state,
		        rows[i].name);
	}
}

static void a_stall_is_no_excuse_for_later_batches(void)
{
	struct exposure_watch w = { .observed_us = MS(50000) };

	is_int(exposure_observe(&w, MS(51000), MS(100), MS(900)), EXPOSURE_CPU, "a batch lived through a stall");
	is_int(exposure_observe(&w, MS(51100), MS(100), MS(950)), EXPOSURE_CPU, "so did one that was stored after it");
	is_int(exposure_observe(&w, MS(51200), MS(100), 0), EXPOSURE_CPU, "and none is late now");
	is_int(exposure_observe(&w, MS(51300), MS(100), 0), EXPOSURE_CPU, "and none is late now");
	is_int(exposure_observe(&w, MS(51400), MS(100), MS(250)), EXPOSURE_DISK,
	        "one that came after the stall did not");
}

static void stalls_add_up(void)
{
	struct exposure_watch w = { .observed_us = MS(50000) };

	exposure_observe(&w, MS(51000), MS(100), MS(950));
	is_int(exposure_observe(&w, MS(52000), MS(100), MS(1950)), EXPOSURE_CPU, "a batch lived through two stalls");
	is_int((int64_t)(w.stall_us / US_PER_MS), 1800, "which are counted together");
	is_int(exposure_observe(&w, MS(52500), MS(100), MS(300)), EXPOSURE_CPU, "a younger one through a third");
	is_int((int64_t)(w.stall_us / US_PER_MS), 400, "which is counted alone");
}

static void it_ends_after_a_quiet_time(void)
{
	struct exposure_watch w = { .observed_us = MS(50000) };
	uint64_t now = MS(50000);

	exposure_observe(&w, now, MS(100), MS(300));
	for (now += MS(100); now < MS(50000 + EXPOSURE_QUIET_MS); now += MS(100))
		if (exposure_observe(&w, now, MS(100), MS(60)) != EXPOSURE_DISK)
			break;
	is_int((int64_t)(now / US_PER_MS), 50000 + EXPOSURE_QUIET_MS, "a warning lasts for the quiet time");
	is_int(exposure_observe(&w, now, MS(100), MS(60)), EXPOSURE_KEPT, "and is over then");
}

int main(void)
{
	the_stall_that_a_batch_lived_through_decides();
	a_stall_is_no_excuse_for_later_batches();
	stalls_add_up();
	it_ends_after_a_quiet_time();
	return tap_done();
}
