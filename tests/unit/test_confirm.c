/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirm.c — what each reading of a collector's counters says about POSTs, and about the window. */
#include "confirm_fixture.h"

static void a_post_is_stored_when_the_queue_was_empty_behind_it(void)
{
	begin(2000);
	post(0);
	is_text(read_page(), "", "the first reading says how many spans had entered");
	page.saved = POST;
	is_text(read_page(), "", "one page alone proves no empty queue");
	is_text(read_page(), "S", "that nothing entered since all were saved does");
	is_int(c.unconfirmed + c.unread + c.queued + c.on_wire, 0, "nothing is under way any more");
	is_int(c.stats.confirmed, POST, "and it is counted");
}

static void a_post_is_stored_when_enough_later_spans_were_saved(void)
{
	begin(2000);
	post(0);
	read_page();
	page.received += 1000; /* others, without a pause */
	page.saved = POST + MARGIN - 1;
	is_text(read_page(), "", "a worker may still hold a span of it");
	page.received += 1000;
	page.saved = POST + MARGIN;
	page.received += 1000;
	is_text(read_page(), "", "none can any more, but one may have failed after \"failed\" was read");
	page.received += 1000;
	is_text(read_page(), "S", "the next page would say so");
}

static void a_reading_says_nothing_of_what_was_answered_after_it_began(void)
{
	struct confirm_reading r;
	struct list decided;

	begin(2000);
	list_init(&decided);
	page.received = page.saved = 500;
	r = (struct confirm_reading){ page, now_us, now_us + 100 };
	post(0);
	confirm_read(&c, &r, &decided);
	ok(!posts[0].entered, "its spans may not be in these counters");
	is_int(c.unread, POST, "they are counted beside them");
}

static void a_loss_sends_again_all_that_was_under_way(void)
{
	begin(2000);
	post(0);
	read_page();
	post(1);
	page.dropped = 1;
	is_text(read_page(), "LL", "dropped: of both it may have been a span");
	is_int(c.state, CONFIRM_LOSING, "the collector is losing spans");
	is_int(c.stats.lost, 1, "one, it says itself");
	is_int(c.stats.resent, 2 * POST, "and what is sent again is counted");
	post(2);
	read_page();
	page.saved = 3 * POST - 2;
	page.failed = 1;
	is_text(read_page(), "L", "refused by the store: the same");
}

static void a_loss_before_a_post_was_sent_is_none_of_its_own(void)
{
	begin(2000);
	page.dropped = page.received = 50;
	read_page();
	post(0);
	read_page();
	page.saved = POST;
	read_page();
	is_text(read_page(), "S", "stored");
}

static void what_is_filtered_on_purpose_is_no_loss(void)
{
	begin(2000);
	post(0);
	page.rejected = 10;
	read_page();
	page.saved = POST - 10;
	read_page();
	is_text(read_page(), "S", "what the collector is told to reject counts as delivered");
}

static void a_restart_sends_again_what_its_queue_held(void)
{
	begin(2000);
	post(0);
	page = (struct confirm_counters){ .process = 8, .capacity = 2000, .overtake = MARGIN };
	is_text(read_page(), "R", "another process");
	is_int(c.stats.restarts, 1, "a restart is counted");
	post(0);
	read_page();
	page.saved = POST;
	read_page();
	is_text(read_page(), "S", "its second sending is stored");
	page.saved = page.received = 3; /* the same process, by its own word */
	post(1);
	is_text(read_page(), "R", "counters that went back are a restart as well");
}

static void a_page_that_is_not_this_collectors_is_known(void)
{
	begin(2000);
	post(0);
	page.received -= POST;
	is_text(read_page(), "", "nothing is decided by it");
	is_int(c.state, CONFIRM_FOREIGN, "what was sent does not show in it");
	ok(!confirm_may_send(&c, 1), "nothing more is sent on its word");

	begin(2000);
	page.process = 8;
	read_page();
	page.process = 7;
	read_page();
	is_int(c.state, CONFIRM_FOREIGN, "a process that had ended is back: several behind one address");
}

static void nothing_is_sent_before_the_first_reading(void)
{
	confirm_init(&c, &(struct confirm_opts){ .post_spans = POST, .read_every_us = EVERY_US });
	ok(!confirm_may_send(&c, 1), "not a span");
	is_int(confirm_read_at(&c, 1), 0, "and the reading is due");
	ok(confirm_read_at(&c, 0) == UINT64_MAX, "but not while nothing waits");
}

static void the_window_bounds_what_the_queue_holds(void)
{
	begin(2000);
	is_int(c.window, 500, "a quarter of the queue at first");
	for (size_t i = 0; i < 5; i++)
		post(i);
	ok(!confirm_may_send(&c, 1), "no more than the window");
	page.received += 150; /* others' */
	page.saved = 500;
	read_page();
	ok(!confirm_may_send(&c, 201) && confirm_may_send(&c, 200),
	        "others have 150 spans in it, and will send as many until the next reading");
}

static void the_window_doubles_until_a_loss_and_creeps_after_it(void)
{
	begin(2000);
	for (size_t round = 0; round < 4; round++) {
		uint64_t before = c.window;

		for (size_t i = 0; i < before / POST; i++)
			post(i);
		page.saved = page.received;
		read_page();
		read_page();
		is_int(c.window, min_u64(2 * before, 2000), "doubled, up to what the queue holds");
	}
	post(0);
	page.dropped = 1;
	read_page();
	is_int(c.window, 1000, "halved by a loss");
	page.saved = page.received - 1;
	read_page();
	for (size_t i = 0; i < 10; i++)
		post(i);
	page.saved = page.received - 1;
	read_page();
	read_page();
	is_int(c.window, 1125, "and an eighth more after that");
}

static void a_small_queue_gets_small_posts(void)
{
	begin(200);
	is_int(c.window, 50, "a quarter of 200");
	is_int(confirm_post_spans(&c), 50, "a POST is no larger than the window");
	post(0);
	page.dropped = 50;
	read_page();
	is_int(c.window, 50, "which never gets smaller than that");
}

static void a_store_that_is_away_leaves_one_post(void)
{
	begin(2000);
	post(0);
	post(1);
	read_page();
	page.failed = POST;
	is_text(read_page(), "LL", "both are sent again");
	is_int(c.state, CONFIRM_NO_STORE, "the store takes nothing");
	is_int(c.window, POST, "one POST at a time");
	ok(!confirm_may_send(&c, POST), "not even that while the queue holds spans of ours");
	page.failed = 2 * POST;
	read_page();
	ok(confirm_may_send(&c, POST), "one when it holds none");
	is_int(c.state, CONFIRM_NO_STORE, "still away");
	page.received += 5;
	page.saved = 5;
	read_page();
	is_int(c.state, CONFIRM_STORING, "back once it takes anything");
}

static void a_post_is_let_go_after_so_many_losses(void)
{
	begin(2000);
	page.dropped = page.received = 1;
	while (c.window > POST) {
		page.dropped++, page.received++;
		read_page();
	}
	for (int i = 0; i < 3; i++) {
		post(0);
		page.saved += POST - 1;
		page.dropped++;
		is_text(read_page(), i < 2 ? "L" : "G", "others keep the queue full");
	}
	is_int(c.stats.given_up, POST, "that is counted by itself");
}

/* What was dropped before the first reading never leaves the queue, since it never was in it. */
static void one_post_may_go_although_others_fill_the_queue_and_lost_much(void)
{
	begin(2000);
	confirm_init(&c, &(struct confirm_opts){ .post_spans = POST, .attempts = 3, .read_every_us = EVERY_US });
	page.received = 1000000;
	page.dropped = 990000;
	page.saved = 8000;
	read_page();
	ok(!confirm_may_send(&c, POST), "the queue is full at the first reading");
	for (int i = 0; i < 6; i++) {
		page.received += 3000;
		page.dropped += 2000;
		page.saved += 1000;
		read_page();
	}
	ok(confirm_may_send(&c, POST), "it is as full, and one POST may go");
	post(0);
	ok(!confirm_may_send(&c, POST), "and no other");
}

static void a_page_that_is_away_returns_what_it_left_undecided(void)
{
	struct list decided;

	begin(2000);
	list_init(&decided);
	for (size_t i = 0; i < 3; i++)
		post(i);
	read_page();
	confirm_return_oldest(&c, &decided);
	is_text(letters(&decided), "R", "one POST, to see whether the collector answers");
	is_int(c.unconfirmed, 2 * POST, "the others wait");
	confirm_sent(&c, &posts[0]);
	confirm_forget(&c, &decided);
	is_text(letters(&decided), "RR", "given up: they are sent again as well");
	is_int(c.unconfirmed + c.queued + c.unread, 0, "nothing waits for a verdict");
	ok(!confirm_may_send(&c, 1), "and nothing is sent before the next reading");
	confirm_answered(&c, &posts[0], now_us++);
	page.received += POST;
	is_text(read_page(), "R", "sent while nothing was known of losses: again");
	is_int(c.stats.restarts, 0, "the collector has not been restarted");
	for (size_t i = 4; i < 8; i++)
		post(i);
	ok(!confirm_may_send(&c, 1000), "spans of ours may be in its queue");
	page.saved = 4 * POST;
	read_page();
	ok(confirm_may_send(&c, POST), "until they must have left it");
}

static void a_page_is_looked_at_again_without_prejudice(void)
{
	struct list decided;

	begin(2000);
	list_init(&decided);
	post(0);
	page.received -= POST;
	read_page();
	is_int(c.state, CONFIRM_FOREIGN, "another collector's page");
	confirm_forget(&c, &decided);
	is_text(letters(&decided), "R", "decides nothing");
	read_page();
	is_int(c.state, CONFIRM_STORING, "the next reading is a first one");
	post(1);
	read_page();
	page.saved = page.received;
	read_page();
	is_text(read_page(), "S", "and confirms");
	is_int(c.stats.confirmed, POST, "what was sent since");
}

static void what_nobody_waits_for_still_takes_room_in_the_queue(void)
{
	struct list decided;

	begin(2000);
	list_init(&decided);
	for (size_t i = 0; i < 5; i++)
		post(i);
	confirm_withdraw(&c, &posts[4]);
	ok(!confirm_may_send(&c, 1), "withdrawn: its spans are on their way through the queue");
	confirm_return_oldest(&c, &decided);
	is_text(letters(&decided), "R", "returned:");
	ok(!confirm_may_send(&c, 1), "the same");
	read_page();
	for (size_t i = 1; i < 4; i++)
		confirm_withdraw(&c, &posts[i]);
	read_page();
	ok(!confirm_may_send(&c, 1), "a reading sees 500 there");
	confirm_forget(&c, &decided);
	read_page();
	ok(!confirm_may_send(&c, 1), "and so does the first one after a page that was away");
	page.saved = 5 * POST;
	read_page();
	ok(confirm_may_send(&c, 1), "until they are saved");
}

static void what_is_withdrawn_gets_no_verdict(void)
{
	struct confirm_reading r;
	struct list decided;

	begin(2000);
	list_init(&decided);
	post(0);
	post(1);
	post(2);
	confirm_withdraw(&c, &posts[1]);
	is_int(c.unconfirmed, 2 * POST, "one waits no more");
	page.process++;
	r = (struct confirm_reading){ page, now_us, now_us + 10 };
	confirm_read(&c, &r, &decided);
	confirm_withdraw(&c, &posts[2]);
	is_text(letters(&decided), "R", "nor one that is withdrawn with its verdict");
	is_int(c.unconfirmed, 0, "the sum is right");
}

static void a_store_that_takes_nothing_is_told(void)
{
	begin(2000);
	ok(!confirm_store_away(&c), "a store is there until it is seen to refuse");
	post(0);
	page.dropped = 1;
	read_page();
	ok(!confirm_store_away(&c), "a loss alone makes the window smaller");
	while (c.window > POST) {
		page.dropped++, page.received++;
		read_page();
	}
	ok(confirm_store_away(&c), "one at the smallest window leaves nothing to try");
	read_page();
	ok(!confirm_store_away(&c), "it is over when nothing is lost any more");
	page.failed = page.received++;
	read_page();
	ok(confirm_store_away(&c), "the store refuses all");
}

int main(void)
{
	a_post_is_stored_when_the_queue_was_empty_behind_it();
	a_post_is_stored_when_enough_later_spans_were_saved();
	a_reading_says_nothing_of_what_was_answered_after_it_began();
	a_loss_sends_again_all_that_was_under_way();
	a_loss_before_a_post_was_sent_is_none_of_its_own();
	what_is_filtered_on_purpose_is_no_loss();
	a_restart_sends_again_what_its_queue_held();
	a_page_that_is_not_this_collectors_is_known();
	nothing_is_sent_before_the_first_reading();
	the_window_bounds_what_the_queue_holds();
	the_window_doubles_until_a_loss_and_creeps_after_it();
	a_small_queue_gets_small_posts();
	a_store_that_is_away_leaves_one_post();
	a_post_is_let_go_after_so_many_losses();
	one_post_may_go_although_others_fill_the_queue_and_lost_much();
	a_page_that_is_away_returns_what_it_left_undecided();
	a_page_is_looked_at_again_without_prejudice();
	what_nobody_waits_for_still_takes_room_in_the_queue();
	what_is_withdrawn_gets_no_verdict();
	a_store_that_takes_nothing_is_told();
	return tap_done();
}
