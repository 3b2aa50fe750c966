/* SPDX-License-Identifier: Apache-2.0 */
/* test_max_age.c — what is too old, and what a stepping clock must not make too old. */
#include "policy/max_age.h"
#include "tap.h"

#define S(n) ((uint64_t)(n)*US_PER_S)

static void old_is_older_than_allowed(void)
{
	struct max_age w = { 0 };

	max_age_observe(&w, S(100), 1000000, S(60));
	ok(!max_age_exceeded(&w, S(100), 1000000, 940000, S(60)), "exactly as old as allowed stays");
	ok(max_age_exceeded(&w, S(100), 1000000, 939999, S(60)), "a millisecond more does not");
	ok(!max_age_exceeded(&w, S(100), 1000000, 1, 0), "no bound, no age");
	ok(!max_age_exceeded(&w, S(100), 1000000, 2000000, S(60)), "from the future is not old");
}

static void a_step_freezes(void)
{
	struct max_age w = { 0 };

	ok(!max_age_observe(&w, S(100), 1000000, S(60)), "the first look is no step");
	ok(!max_age_observe(&w, S(110), 1010500, S(60)), "half a second of slew is no step");
	ok(max_age_observe(&w, S(111), 4611500, S(60)), "an hour is");
	ok(!max_age_exceeded(&w, S(112), 4612500, 1011000, S(60)), "what came before the step keeps its place");
	ok(!max_age_observe(&w, S(170), 4670500, S(60)), "no further step");
	ok(max_age_exceeded(&w, S(171), 4671500, 1011000, S(60)), "until it is too old in truth");
	ok(!max_age_exceeded(&w, S(171), 4671500, 4650000, S(60)), "what came after is judged by its own time");
	ok(max_age_observe(&w, S(172), 1000000, S(60)), "a step back is one too");
}

int main(void)
{
	old_is_older_than_allowed();
	a_step_freezes();
	return tap_done();
}
