/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger.c — moves keep the sums, and a loss has a first and a last time. */
#include "policy/ledger.h"
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
	is_int(when(&l, LEDGER_DISK_ERROR)->last_ms, 700, "the last moves on, for a batch without spans, too");
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

/* Records on a damaged disk may say more than was ever counted in. */
static void more_may_leave_the_spool_than_was_counted_in(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_IN_SPOOL, 3, 1);
	ledger_move(&l, LEDGER_IN_SPOOL, LEDGER_DELIVERED, 10, 2);
	ok(ledger_check(&l) == NULL, "the sums hold");
	is_int(l.place[LEDGER_DELIVERED].spans, 10, "what was delivered is");
	is_int(l.place[LEDGER_IN_SPOOL].spans, 0, "nothing is left, nor less");
	is_int(l.accepted.spans, 10, "the difference is counted as accepted");
	is_int(l.accepted.batches, 2, "in batches, too");
	ledger_drop(&l, LEDGER_IN_SPOOL, LEDGER_MAX_AGE, (struct ledger_count){ 5, 1 }, 100);
	ok(ledger_check(&l) == NULL && l.accepted.spans == 15, "so with what is dropped");
}

static void a_ledger_from_outside_is_put_right(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_IN_SPOOL, 3, 1);
	ledger_datagram(&l, LEDGER_ACCEPTED);
	ok(ledger_repair(&l) == NULL, "one that balances is left alone");
	l.place[LEDGER_IN_SPOOL].spans = 7;
	l.received = 9;
	ok(ledger_repair(&l) != NULL, "what is wrong is named");
	ok(ledger_check(&l) == NULL && l.accepted.spans == 7 && l.received == 1, "and put right");
}

/* What leaves the quarantine to be sent again is not unconfirmed any more; a record that the ledger does not have
 * there, because a kill came between its file and the ledger, takes nothing of the others' count that must stay. */
static void what_is_sent_again_is_not_unconfirmed_any_more(void)
{
	struct ledger l = { 0 };

	ledger_enter(&l, LEDGER_IN_FLIGHT, 20, 2);
	ledger_move(&l, LEDGER_IN_FLIGHT, LEDGER_QUARANTINED, 20, 2);
	ledger_unconfirmed(&l, (struct ledger_count){ 10, 1 });
	ledger_requeue(&l, (struct ledger_count){ 10, 1 }, true);
	is_int(l.unconfirmed.spans, 0, "the one that was");
	is_int(l.place[LEDGER_IN_SPOOL].spans, 10, "is in the spool");
	ledger_unconfirmed(&l, (struct ledger_count){ 10, 1 });
	ledger_requeue(&l, (struct ledger_count){ 10, 1 }, false);
	ok(l.unconfirmed.spans == 0 && ledger_check(&l) == NULL, "no more than there is");
	ledger_requeue(&l, (struct ledger_count){ 5, 1 }, true);
	is_int(l.accepted.spans, 25, "of another spool: it is new");
	ok(ledger_check(&l) == NULL, "the sums hold");
	l.unconfirmed.batches = 1;
	is_text(ledger_check(&l), "unconfirmed is more than was quarantined or dropped", "is told");
	ok(ledger_repair(&l) != NULL && ledger_check(&l) == NULL, "and put right");
}

int main(void)
{
	a_loss_has_its_first_and_its_last_time();
	the_first_of_an_older_count_is_not_known();
	a_broken_sum_is_named();
	more_may_leave_the_spool_than_was_counted_in();
	a_ledger_from_outside_is_put_right();
	what_is_sent_again_is_not_unconfirmed_any_more();
	return tap_done();
}
