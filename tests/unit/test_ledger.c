/* test_ledger.c — moves keep the sums, and a loss has a first and a last time. */
#include "ledger.h"
#include "tap.h"

static const struct ledger_when *when(const struct ledger *l, enum ledger_place cause)
{
	return &l->lost[cause - LEDGER_DROPPED_FIRST];
}

static void a_loss_has_its_first_and_its_last_time(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_IN_FLIGHT, 10, 3);
	ledger_drop(&l, LEDGER_IN_FLIGHT, LEDGER_DISK_ERROR, (struct ledger_count){ 0, 0 }, 400);
	is_int(when(&l, LEDGER_DISK_ERROR)->first_ms, 0, "nothing is no loss");
	ledger_drop(&l, LEDGER_IN_FLIGHT, LEDGER_DISK_ERROR, (struct ledger_count){ 4, 1 }, 500);
	ledger_drop(&l, LEDGER_IN_FLIGHT, LEDGER_DISK_ERROR, (struct ledger_count){ 0, 1 }, 700);
	is_int(when(&l, LEDGER_DISK_ERROR)->first_ms, 500, "the first stays");
	is_int(when(&l, LEDGER_DISK_ERROR)->last_ms, 700,
	        "the last moves on, for a batch without spans, too");
	is_int(when(&l, LEDGER_SPOOL_FULL)->first_ms, 0, "another cause has none");
	is_int(l.place[LEDGER_DISK_ERROR].spans, 4, "its spans are there");
	is_int(l.place[LEDGER_IN_FLIGHT].batches, 1, "and have left where they were");
	ok(ledger_check(&l) == NULL, "the sums hold");
}

static void the_first_of_an_older_count_is_not_known(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_SPOOL_FULL, 3, 1);
	ledger_enter(&l, LEDGER_IN_SPOOL, 3, 1);
	ledger_drop(&l, LEDGER_IN_SPOOL, LEDGER_SPOOL_FULL, (struct ledger_count){ 3, 1 }, 900);
	is_int(when(&l, LEDGER_SPOOL_FULL)->first_ms, 0, "it was earlier than anyone noted");
	is_int(when(&l, LEDGER_SPOOL_FULL)->last_ms, 900, "the last is known");
}

static void a_broken_sum_is_named(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_IN_SPOOL, 3, 1);
	l.place[LEDGER_IN_SPOOL].spans++;
	ok(ledger_check(&l) != NULL, "%s", ledger_check(&l));
}

int main(void)
{
	a_loss_has_its_first_and_its_last_time();
	the_first_of_an_older_count_is_not_known();
	a_broken_sum_is_named();
	return tap_done();
}
