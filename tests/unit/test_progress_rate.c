/* SPDX-License-Identifier: Apache-2.0 */
/* test_progress_rate.c — the rate follows what is done; the time left follows the rate. */
#include "policy/progress_rate.h"
#include "base/clock.h"
#include "tap.h"

int main(void)
{
	struct progress_rate p = { 0 };
	uint64_t left = 0, now = 5 * US_PER_S, done = 0;

	ok(!progress_rate_left(&p, 100, &left), "nothing is known at first");
	progress_rate_note(&p, now, 0);
	ok(!progress_rate_left(&p, 100, &left), "nor after one reading");
	progress_rate_note(&p, now + US_PER_S / 2, 50);
	ok(!progress_rate_left(&p, 100, &left), "nor within a second");
	progress_rate_note(&p, now += US_PER_S, done += 100);
	ok(progress_rate_left(&p, 1100, &left) && left == 10 * US_PER_S, "100/s: 1,000 take 10 s");
	for (int i = 0; i < 60; i++)
		progress_rate_note(&p, now += US_PER_S, done += 1000);
	ok(p.per_second > 999 && p.per_second < 1001, "it becomes 1,000/s");
	for (int i = 0; i < 300; i++)
		progress_rate_note(&p, now += US_PER_S, done);
	ok(!progress_rate_left(&p, done + 1000000, &left), "stands: no time can be said");
	ok(progress_rate_left(&p, done, &left) == (p.per_second > 0), "done: none is left");
	return tap_done();
}
