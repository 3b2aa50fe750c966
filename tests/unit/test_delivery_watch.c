/* SPDX-License-Identifier: Apache-2.0 */
/* test_delivery_watch.c — the health part "delivery" and the rates of the spool's refill, on a clock of the test's. */
#include "delivery_watch.h"
#include "fakeclock.h"
#include "tap.h"

static struct health health;
static struct delivery_watch watch;
static struct ledger ledger;

static void begin(void)
{
	health = (struct health){ 0 };
	watch = (struct delivery_watch){ 0 };
	ledger = (struct ledger){ 0 };
}

static void post_after(unsigned seconds, uint64_t delivered)
{
	fakeclock_ahead_us += seconds * US_PER_S;
	delivery_watch_post(&watch, &health, &ledger, delivered);
}

static void what_waits_undelivered_is_a_warning_until_it_goes(void)
{
	begin();
	ledger_enter(&ledger, LEDGER_IN_SPOOL, 20, 2);
	post_after(1, 7);
	post_after(WATCHDOG_S - 2, 7);
	is_int(health.nparts, 0, "nothing is said before the time is over");
	post_after(4, 7);
	is_int(health_worst(&health), HEALTH_WARN, "then it is a warning");
	ok(strstr(health.parts[0].sentence, "20 spans wait") != NULL, "that says how many wait");
	post_after(1, 8);
	is_int(health_worst(&health), HEALTH_OK, "a delivery ends it");
}

static void with_nothing_waiting_there_is_no_warning(void)
{
	begin();
	post_after(1, 7);
	post_after(4 * WATCHDOG_S, 7);
	is_int(health.nparts, 0, "nothing waits, nothing is said");
}

static void another_state_of_the_circuit_begins_the_rates_anew(void)
{
	begin();
	for (unsigned i = 0; i < 100; i++, fakeclock_ahead_us += US_PER_S)
		delivery_watch_measure(&watch, CIRCUIT_CLOSED, 50 * i, 10000 - 50 * i);
	ok(watch.refilled.per_s > 40, "the spool is emptied at a rate");
	ok(watch.in_spool.per_s < -40, "and shrinks");
	delivery_watch_measure(&watch, CIRCUIT_OPEN, 5000, 5000);
	ok(watch.refilled.per_s == 0 && watch.in_spool.per_s == 0, "an open circuit begins anew");
}

int main(void)
{
	what_waits_undelivered_is_a_warning_until_it_goes();
	with_nothing_waiting_there_is_no_warning();
	another_state_of_the_circuit_begins_the_rates_anew();
	return tap_done();
}
