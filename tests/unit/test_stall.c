/* SPDX-License-Identifier: Apache-2.0 */
/* test_stall.c — the truth table of stall.h. */
#include "policy/stall.h"
#include "tap.h"

enum { LIMIT = 100 };

static struct stall s;

/* At the time 1000 work 7 was new; it is asked again AFTER later. */
static bool later(uint64_t after, uint64_t work_id, bool in_disk_wait)
{
	s = (struct stall){ 0 };
	(void)stall_observe(&s, 1000, 7, false, LIMIT);
	return stall_observe(&s, 1000 + after, work_id, in_disk_wait, LIMIT);
}

static void the_table_holds(void)
{
	ok(!later(10 * LIMIT, 0, false), "no work under way is no stall, however long");
	ok(!later(10 * LIMIT, 8, false), "nor is a new work");
	ok(!later(10 * LIMIT, 7, true), "nor a work that waits for the disk");
	ok(!later(LIMIT - 1, 7, false), "nor the same work before the limit");
	ok(later(LIMIT, 7, false), "the same work at the limit is one");
}

static void a_disk_wait_starts_the_time_anew(void)
{
	(void)later(LIMIT - 1, 7, true);
	ok(!stall_observe(&s, 1000 + 2 * LIMIT - 2, 7, false, LIMIT), "the limit counts from the last disk wait");
	ok(stall_observe(&s, 1000 + 2 * LIMIT - 1, 7, false, LIMIT), "and is reached from there");
	ok(!stall_observe(&s, 1000 + 3 * LIMIT, 8, false, LIMIT), "the next work ends the stall");
}

int main(void)
{
	the_table_holds();
	a_disk_wait_starts_the_time_anew();
	return tap_done();
}
