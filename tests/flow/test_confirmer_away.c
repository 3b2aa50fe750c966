/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirmer_away.c — a page that goes away, with its collector or without it, or that is of another one. */
#include "confirmer_rig.h"

static void a_restart_sends_again(void)
{
	begin_seeing();
	ok(!post(0), "a POST");
	wait_reads(1);
	page_goes_away();
	ok(!post(2), "the last that was answered");
	fail_post(1);
	pass(60);
	wait_reads(2);
	is_int(confirmer_state(r.c), CONFIRMER_CONFIRMING, "an outage is no blindness,");
	is_text(r.verdicts, "", "and decides nothing");
	r.page.n = (struct confirm_counters){ .process = 8 };
	pageserver_up(&r.page, 1);
	wait_verdicts("RR", "it comes back as another process, even of another kind");
	ok(strstr(confirmer_sentence(r.c), ":8888/metrics") != NULL, "with another page");
	end();
}

static void an_outage_without_a_restart_confirms_afterwards(void)
{
	begin_seeing();
	for (size_t i = 0; i < 4; i++)
		ok(may_send(POST) && !post(i), "the window fills");
	wait_reads(1);
	page_goes_away();
	fail_post(4);
	ok(!may_send(POST), "and is closed by one that fails");
	pass(60);
	wait_reads(2);
	ok(may_send(POST), "one POST may ask whether the collector is back");
	send_post(4);
	ok(!may_send(POST), "one at a time");
	is_text(r.verdicts, "", "nothing is decided meanwhile");
	r.page.n.saved = 4 * POST;
	pageserver_up(&r.page, 0);
	wait_verdicts("SSSS", "a cable was pulled: nothing is sent twice");
	end();
}

static void a_page_that_stays_away_while_posts_are_answered_is_given_up(void)
{
	begin_seeing();
	ok(!post(0), "a POST");
	wait_reads(1);
	page_goes_away();
	ok(!post(1), "answered");
	pass(9);
	wait_reads(2);
	is_int(confirmer_state(r.c), CONFIRMER_CONFIRMING, "9 s are not enough");
	pass(2);
	wait_verdicts("RR", "11 s are: what is not known to be stored is sent again");
	wait_state(CONFIRMER_BLIND, "from now on");
	ok(may_send(POST) && post(2), "a 2xx is all there is");
	end();
}

static void a_closed_window_asks_by_sending_one_post_again(void)
{
	begin_seeing();
	for (size_t i = 0; i < 5; i++)
		ok(may_send(POST) && !post(i), "the window fills");
	ok(!may_send(POST), "and is closed");
	wait_reads(1);
	page_goes_away();
	is_text(r.verdicts, "", "they wait");
	pass(11);
	wait_verdicts("R", "one comes back");
	wait_reads(2);
	is_text(r.verdicts, "R", "one only");
	ok(may_send(POST), "and may be sent");
	ok(!post(0), "it is answered: the collector is there, its page is not");
	ok(!may_send(POST), "the others wait for that");
	pass(11);
	wait_verdicts("RRRRRR", "and are sent again");
	wait_state(CONFIRMER_BLIND, "blindly");
	end();
}

static void a_page_of_another_instance_is_known(void)
{
	begin_seeing();
	ok(!post(0), "a POST");
	r.page.n.received = 0;
	wait_verdicts("R", "what was sent does not show: sent again");
	wait_state(CONFIRMER_BLIND, "not this collector's page");
	wait_sentence("another instance");
	pass(61);
	ok(post(0), "delivered by its 2xx");
	r.page.n.received = 0;
	wait_reads(1);
	is_int(confirmer_state(r.c), CONFIRMER_BLIND, "a minute later it still does not show");
	pass(61);
	r.page.n.received += 5 * POST;
	ok(post(1), "once it does");
	wait_state(CONFIRMER_CONFIRMING, "it is believed");
	ok(!post(2), "the next");
	r.page.n.saved = r.page.n.received;
	wait_verdicts("RS", "is confirmed");
	end();
}

static void a_page_without_traffic_proves_nothing(void)
{
	begin_seeing();
	ok(!post(0), "a POST");
	r.page.n.received = 0;
	wait_state(CONFIRMER_BLIND, "another's");
	pass(61);
	fail_post(1);
	wait_reads(1);
	is_int(confirmer_state(r.c), CONFIRMER_BLIND, "nothing was answered, nothing is shown");
	end();
}

static void a_collector_that_was_away_is_looked_at_before_the_next_post(void)
{
	begin();
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_BLIND, "it starts after us");
	fail_post(0);
	pass(2);
	pageserver_up(&r.page, 0);
	ok(!may_send(POST), "the next POST waits for a look");
	wait_state(CONFIRMER_CONFIRMING, "the page is there: nothing is sent blindly");
	end();
}

int main(void)
{
	a_restart_sends_again();
	an_outage_without_a_restart_confirms_afterwards();
	a_page_that_stays_away_while_posts_are_answered_is_given_up();
	a_closed_window_asks_by_sending_one_post_again();
	a_page_of_another_instance_is_known();
	a_page_without_traffic_proves_nothing();
	a_collector_that_was_away_is_looked_at_before_the_next_post();
	return tap_done();
}
