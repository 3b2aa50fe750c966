/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirm_reading.c — the policy of confirmation: when the collector's counters are read next. */
#include "confirm_fixture.h"

static void readings_keep_their_distance(void)
{
	struct confirm_reading r = { .began_us = 5000000, .ended_us = 5004000 };
	struct list decided;

	begin(2000);
	list_init(&decided);
	ok(confirm_read_at(&c, 0) == UINT64_MAX, "none while nothing depends on it");
	post(0);
	r.counters = page;
	confirm_read(&c, &r, &decided);
	is_int(confirm_read_at(&c, 0), 5000000 + EVERY_US, "a POST without a verdict needs one");
	is_int(confirm_read_at(&c, 100), 5000000 + EVERY_US, "one that may go waits for nothing");
	r.ended_us = r.began_us + 10;
	confirm_read(&c, &r, &decided);
	is_int(confirm_read_at(&c, 1000), 5000000 + 5000, "never more often than 200 a second");
	r.ended_us = r.began_us + 40000;
	c.cost_us = 40000;
	confirm_read(&c, &r, &decided);
	is_int(confirm_read_at(&c, 0), 5000000 + 25 * 40000, "a slow page is spared anyway");
	c.cost_us = 4000;
	confirm_read(&c, &r, &decided);
	is_int(confirm_read_at(&c, 0), 5000000 + EVERY_US, "one that a busy collector answers late is not slow");
	confirm_read_failed(&c, 6000000);
	is_int(confirm_read_at(&c, 1000), 6000000 + EVERY_US, "one that fails is not hurried");
}

static uint64_t read_for(uint64_t took_us)
{
	struct confirm_reading r = { page, now_us, now_us + took_us };
	struct list decided;

	list_init(&decided);
	confirm_read(&c, &r, &decided);
	letters(&decided);
	return now_us;
}

/* A window of 500 is full of POSTs that the last reading has not seen, and SAVED spans of these are saved in
 * AFTER_US: the moment of the reading after that one, from when it began, while one more waits. */
static uint64_t reading_follows_after(uint64_t saved, uint64_t after_us, uint64_t took_us)
{
	for (size_t i = 0; i < c.window / POST; i++)
		post(i);
	page.saved += saved;
	now_us = c.last.began_us + after_us;
	read_for(took_us);
	return confirm_read_at(&c, 1000) - c.last.began_us;
}

/* What a reading costs is known from a first one, of TOOK_US. */
static void begin_with_readings_of(uint64_t took_us)
{
	begin(2000);
	confirm_init(&c, &c.opts);
	read_for(took_us);
}

static void a_waiting_post_keeps_the_collector_at_work(void)
{
	begin_with_readings_of(4000);
	is_int(reading_follows_after(0, 100000, 4000), 25 * 4000,
	        "a POST waits and nothing is saved: after 25 times what a reading takes");
	begin_with_readings_of(4000);
	is_int(reading_follows_after(500, 100000, 4000), 50000, "the queue gets empty: when half a window is saved");
	begin_with_readings_of(4000);
	is_int(reading_follows_after(500, 1000000, 4000), 25 * 4000,
	        "half a window takes long: after 25 times all the same");
	begin_with_readings_of(4000);
	is_int(reading_follows_after(500, 10000, 4000), 4 * 4000,
	        "half a window takes no time: after four times what a reading takes");
	begin_with_readings_of(4000);
	is_int(reading_follows_after(500, 10000, 400000), 4 * 4501,
	        "that one reading took long says that the collector is busy");
	begin_with_readings_of(4000);
	c.received_per_own = 5; /* which this reading, of ours alone, makes 3 */
	is_int(reading_follows_after(500, 10000, 4000), 12 * 4000, "three senders share the cost");
	begin_with_readings_of(4000);
	c.received_per_own = 100;
	is_int(reading_follows_after(500, 10000, 4000), 25 * 4000, "a hundred do as far as it goes");
}

static void a_slow_page_is_learned(void)
{
	begin_with_readings_of(4000);
	for (int i = 0; i < 100; i++) {
		now_us += US_PER_S;
		read_for(80000);
	}
	is_int(c.cost_us, 80000, "a page that has grown costs more from now on");
	now_us += US_PER_S;
	read_for(4000);
	is_int(c.cost_us, 4000, "and one quick reading shows what it costs");
}

static void a_whole_window_unconfirmed_is_read_soon(void)
{
	begin_with_readings_of(4000);
	for (size_t i = 0; i < 4; i++)
		post(i);
	read_for(4000);
	is_int(confirm_read_at(&c, 0), c.last.began_us + EVERY_US, "a part of a window is not hurried");
	post(4);
	is_int(confirm_read_at(&c, 0), c.urgent_at_us, "a whole one is, though no POST waits");
}

/* A collector whose window is larger than what the sender has memory for: 400 of 2000 spans are unconfirmed. */
static void a_sender_without_memory_waits_for_a_quarter(void)
{
	begin_with_readings_of(4000);
	c.window = 2000;
	for (size_t i = 0; i < 4; i++)
		post(i);
	page.saved += 400;
	now_us = c.last.began_us + 100000;
	read_for(4000);
	is_int(confirm_read_at(&c, UINT32_MAX) - c.last.began_us, 25000,
	        "what is unconfirmed is saved in four readings");
}

static void many_senders_share_what_readings_cost(void)
{
	uint64_t at_us;

	begin(2000);
	for (int i = 0; i < 12; i++) {
		post(0);
		page.received += 99 * POST; /* of 99 others */
		read_page();
		page.saved = page.received;
		read_page();
		read_page();
	}
	post(0);
	page.received += 99 * POST;
	at_us = read_for(10);
	is_int(confirm_read_at(&c, 0), at_us + EVERY_US, "a page that costs nothing is for all");
	now_us += US_PER_S;
	c.cost_us = 3000;
	at_us = read_for(3000);
	ok(confirm_read_at(&c, 0) > at_us + 25 * 3000 * 50 && confirm_read_at(&c, 0) <= at_us + 25 * 3000 * 100,
	        "of one that costs something a hundred senders read a hundredth each");
	ok(confirm_read_at(&c, 100000) <= at_us + 25 * 3000, "but not when a POST waits");
	now_us += 10 * US_PER_S;
	c.cost_us = 30000;
	at_us = read_for(30000);
	is_int(confirm_read_at(&c, 0), at_us + 10 * US_PER_S, "and in ten seconds at the latest");
	page.saved = page.received;
	read_page();
	is_text(read_page(), "S", "the others stop");
	for (int i = 0; i < 12; i++) {
		post(0);
		read_page();
		page.saved = page.received;
		read_page();
		read_page();
	}
	post(0);
	c.cost_us = 30000;
	at_us = read_for(30000);
	is_int(confirm_read_at(&c, 0), at_us + 25 * 30000, "one that is alone again does not wait");
}

int main(void)
{
	readings_keep_their_distance();
	a_waiting_post_keeps_the_collector_at_work();
	a_slow_page_is_learned();
	a_whole_window_unconfirmed_is_read_soon();
	a_sender_without_memory_waits_for_a_quarter();
	many_senders_share_what_readings_cost();
	return tap_done();
}
