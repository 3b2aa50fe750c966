/* SPDX-License-Identifier: Apache-2.0 */
/* test_disk_fault.c — the table of disk faults: pauses, ends, the worst of a part, and what is reported when. */
#include "policy/disk_fault.h"
#include "tap.h"

#define MS(n) (S(100) + (uint64_t)(n)*US_PER_MS)
#define S(n) ((uint64_t)(n)*US_PER_S)

static const char *const names[DISK_FAULT_KINDS] = {
	[DISK_FAULT_LOST] = "lost",
	[DISK_FAULT_WRITE] = "write",
	[DISK_FAULT_STATE] = "state",
	[DISK_FAULT_READ] = "read",
	[DISK_FAULT_SEGMENT] = "segment",
	[DISK_FAULT_QUARANTINE] = "quarantine",
};

static void each_kind_has_its_pause(void)
{
	static const uint64_t pauses[DISK_FAULT_KINDS] = {
		[DISK_FAULT_WRITE] = 500,
		[DISK_FAULT_STATE] = 500,
		[DISK_FAULT_READ] = 100,
		[DISK_FAULT_QUARANTINE] = 1000,
	};

	for (unsigned k = 0; k < DISK_FAULT_KINDS; k++) {
		struct disk_faults t = { 0 };

		ok(disk_fault_may_try(&t, k, 0), "%s: without a fault there is no pause", names[k]);
		disk_fault_occurred(&t, k, E_IO, MS(0));
		ok(disk_fault_pause_ms(k) == pauses[k], "%s: the pause", names[k]);
		ok(pauses[k] == 0 || !disk_fault_may_try(&t, k, MS(pauses[k]) - 1), "%s: none during it", names[k]);
		ok(disk_fault_may_try(&t, k, MS(pauses[k])), "%s: a try after it", names[k]);
		for (unsigned other = 0; other < DISK_FAULT_KINDS; other++)
			if (other != k)
				ok(disk_fault_may_try(&t, other, MS(0)), "%s: no pause for %s", names[k], names[other]);
		disk_fault_occurred(&t, k, E_IO, MS(9000));
		ok(pauses[k] == 0 || !disk_fault_may_try(&t, k, MS(9000)), "%s: each failure has a pause", names[k]);
		disk_fault_retry_now(&t, k);
		ok(disk_fault_may_try(&t, k, MS(9000)), "%s: unless its cause is gone", names[k]);
		ok(t.of[k].error == E_IO, "%s: which ends no fault", names[k]);
		disk_fault_result(&t, k, 0, MS(9001));
		ok(t.of[k].error == 0, "%s: a success does", names[k]);
	}
}

static void a_fault_begins_with_its_error(void)
{
	struct disk_faults t = { 0 };
	const struct disk_fault *f = &t.of[DISK_FAULT_WRITE];

	disk_fault_result(&t, DISK_FAULT_WRITE, E_IO, MS(0));
	disk_fault_result(&t, DISK_FAULT_WRITE, E_IO, MS(600));
	ok(f->since_us == MS(0) && f->failed_us == MS(600), "the same error again: the fault is as old as before");
	disk_fault_result(&t, DISK_FAULT_WRITE, E_FULL, MS(1200));
	ok(f->since_us == MS(1200) && f->error == E_FULL, "another error: another fault");
}

static void the_success_of_another_operation_is_believed_later(void)
{
	struct disk_faults t = { 0 };

	disk_fault_occurred(&t, DISK_FAULT_STATE, E_IO, MS(0));
	disk_fault_assume_cleared(&t, DISK_FAULT_STATE, MS(2999));
	is_int(t.of[DISK_FAULT_STATE].error, E_IO, "not within 3 s of the failure");
	disk_fault_occurred(&t, DISK_FAULT_STATE, E_IO, MS(2999));
	disk_fault_assume_cleared(&t, DISK_FAULT_STATE, MS(5998));
	is_int(t.of[DISK_FAULT_STATE].error, E_IO, "of the last one");
	disk_fault_assume_cleared(&t, DISK_FAULT_STATE, MS(5999));
	is_int(t.of[DISK_FAULT_STATE].error, 0, "then it is");
}

static void which_faults_need_a_cycle(void)
{
	static const bool needs[DISK_FAULT_KINDS] = {
		[DISK_FAULT_LOST] = true,
		[DISK_FAULT_WRITE] = true,
		[DISK_FAULT_STATE] = true,
		[DISK_FAULT_SEGMENT] = true,
	};

	for (unsigned k = 0; k < DISK_FAULT_KINDS; k++) {
		struct disk_faults t = { 0 };

		ok(!disk_fault_needs_cycle(&t), "no fault needs no cycle");
		disk_fault_occurred(&t, k, E_IO, MS(0));
		ok(disk_fault_needs_cycle(&t) == needs[k], "%s", names[k]);
	}
}

/* Each subset of the kinds: the first of each part is reported, once; then their end, once. */
static void the_worst_of_each_part_is_reported(void)
{
	static const enum disk_part parts[DISK_FAULT_KINDS] = {
		[DISK_FAULT_SEGMENT] = DISK_PART_ROOM,
		[DISK_FAULT_QUARANTINE] = DISK_PART_QUARANTINE,
	};
	unsigned wrong = 0;

	for (unsigned set = 0; set < 1u << DISK_FAULT_KINDS; set++) {
		struct disk_faults t = { 0 };

		for (unsigned k = 0; k < DISK_FAULT_KINDS; k++)
			if ((set >> k & 1) != 0)
				disk_fault_occurred(&t, k, E_IO, MS(0));
		for (unsigned p = 0; p < DISK_PARTS; p++) {
			struct disk_report r;
			unsigned worst = 0;

			while (worst < DISK_FAULT_KINDS && ((set >> worst & 1) == 0 || parts[worst] != p))
				worst++;
			wrong += disk_fault_report_changed(&t, p, MS(1), &r) != (worst < DISK_FAULT_KINDS);
			wrong += worst < DISK_FAULT_KINDS && (r.kind != worst || r.error != E_IO || r.makes_room);
			wrong += disk_fault_report_changed(&t, p, MS(2), &r);
			for (unsigned k = 0; k < DISK_FAULT_KINDS; k++)
				if (parts[k] == p)
					disk_fault_cleared(&t, k);
			wrong += disk_fault_report_changed(&t, p, MS(3), &r) != (worst < DISK_FAULT_KINDS) ||
			         r.error != 0;
			wrong += disk_fault_report_changed(&t, p, MS(4), &r);
		}
	}
	is_int(wrong, 0, "all subsets of the kinds");
}

static void a_worse_fault_and_another_error_are_news(void)
{
	struct disk_faults t = { 0 };
	struct disk_report r;

	disk_fault_occurred(&t, DISK_FAULT_READ, E_IO, MS(0));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(0), &r) && r.kind == DISK_FAULT_READ, "reading fails");
	disk_fault_occurred(&t, DISK_FAULT_STATE, E_IO, MS(1));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(1), &r) && r.kind == DISK_FAULT_STATE, "then the state");
	disk_fault_occurred(&t, DISK_FAULT_STATE, E_FULL, MS(2));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(2), &r) && r.error == E_FULL, "by another error");
	disk_fault_cleared(&t, DISK_FAULT_STATE);
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(3), &r) && r.kind == DISK_FAULT_READ,
	        "reading fails still");
}

static void a_full_spool_that_makes_room_is_a_warning(void)
{
	struct disk_faults t = { .drop_oldest = true };
	struct disk_report r;

	disk_fault_occurred(&t, DISK_FAULT_WRITE, E_FULL, MS(0));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(0), &r) && r.makes_room, "full: a warning");
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(3000), &r) && !r.makes_room,
	        "nothing was dropped for 3 s: down");
	t.culled_us = MS(4000);
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(4000), &r) && r.makes_room,
	        "the oldest are dropped: a warning");
	disk_fault_cleared(&t, DISK_FAULT_WRITE);
	ok(!disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(6999), &r), "room for a moment is no news");
	disk_fault_occurred(&t, DISK_FAULT_WRITE, E_FULL, MS(6999));
	ok(!disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(6999), &r), "nor is the next time it is full");
	disk_fault_cleared(&t, DISK_FAULT_WRITE);
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(7000), &r) && r.error == 0,
	        "nothing dropped for 3 s: it is over");
	disk_fault_occurred(&t, DISK_FAULT_WRITE, E_IO, MS(8000));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(8000), &r) && !r.makes_room,
	        "no other error is a warning");
	t = (struct disk_faults){ 0 };
	disk_fault_occurred(&t, DISK_FAULT_WRITE, E_FULL, MS(0));
	ok(disk_fault_report_changed(&t, DISK_PART_SPOOL, MS(0), &r) && !r.makes_room, "drop-newest: full is down");
}

int main(void)
{
	each_kind_has_its_pause();
	a_fault_begins_with_its_error();
	the_success_of_another_operation_is_believed_later();
	which_faults_need_a_cycle();
	the_worst_of_each_part_is_reported();
	a_worse_fault_and_another_error_are_news();
	a_full_spool_that_makes_room_is_a_warning();
	return tap_done();
}
