/* SPDX-License-Identifier: Apache-2.0 */
/* test_confirmer.c — which page of a collector is found, and what it says of POSTs. */
#include "confirmer_rig.h"

static void the_page_of_jaeger_is_found_and_confirms(void)
{
	begin();
	pageserver_up(&r.page, 0);
	pageserver_up(&r.page, 1);
	open_confirmer(CONFIRMER_AUTO, NULL);
	is_int(confirmer_state(r.c), CONFIRMER_STARTING, "it looks first,");
	ok(!may_send(1), "and nothing is sent meanwhile");
	wait_state(CONFIRMER_CONFIRMING, "found");
	ok(strstr(confirmer_sentence(r.c), ":14269/metrics") != NULL, "at Jaeger's port");
	ok(r.nchanged > 0 && may_send(POST), "now something may go");
	ok(!post(0), "a 2xx is not all there is");
	wait_reads(1);
	is_text(r.verdicts, "", "queued is not stored");
	r.page.n.saved = POST;
	wait_verdicts("S", "stored");
	ok(!r.page.secrets, "the page was asked for without what only POSTs carry");
	end();
}

static void the_page_of_opentelemetry_is_found_and_confirms(void)
{
	begin();
	pageserver_up(&r.page, 1);
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_CONFIRMING, "found");
	ok(strstr(confirmer_sentence(r.c), ":8888/metrics") != NULL, "at the other port");
	ok(!post(0) && !post(1), "two POSTs");
	r.page.n.saved = 2 * POST;
	wait_verdicts("SS", "stored");
	end();
}

/* The batch processor gathers spans, and its exporter counts a batch when it has been sent: the counters stand still and
 * then jump, by amounts that have nothing to do with POSTs. */
static void the_counters_of_opentelemetry_move_in_steps(void)
{
	begin();
	pageserver_up(&r.page, 1);
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_CONFIRMING, "found");
	for (size_t i = 0; i < 10; i++)
		ok(!post(i), "POST %zu is accepted", i);
	wait_reads(3);
	is_text(r.verdicts, "", "the exporter has counted nothing: no POST is stored");
	r.page.n.saved = 850;
	wait_reads(3);
	is_text(r.verdicts, "", "a batch that ends inside a POST shows of none that it is whole");
	post(10);
	r.page.n.saved = 1050;
	wait_reads(3);
	is_text(r.verdicts, "", "nor one that may have spans of a later POST, since exporters overtake each other");
	r.page.n.saved = 1100;
	wait_verdicts("SSSSSSSSSSS", "as many saved as were accepted: all are stored");
	for (size_t i = 11; i < 15; i++)
		post(i);
	wait_reads(3);
	r.page.n.failed += 150;
	wait_verdicts("SSSSSSSSSSSLLLL", "a failed batch in one step: all that were under way are sent again");
	r.page.n.saved += 250;
	for (size_t i = 15; i < 18; i++)
		post(i);
	r.page.n.saved += 300;
	wait_verdicts("SSSSSSSSSSSLLLLSSS", "and the next are stored in one step");
	end();
}

static void one_of_several_addresses_of_a_name_has_a_page_of_its_own(void)
{
	static const char url[] = "http://jaeger.invalid:14268/api/traces?format=jaeger.thrift";
	static const char *const pages[] = { NULL, "http://jaeger.invalid:14269/metrics" };
	char address[64];

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		begin();
		pageserver_up(&r.page, 0);
		snprintf(address, sizeof(address), "%s:14268", r.page.host);
		open_confirmer_at(CONFIRMER_AUTO, url, pages[i], address);
		wait_state(CONFIRMER_CONFIRMING, "found at the address");
		is_text(r.page.asked_host, "jaeger.invalid:14269", "by the name");
		ok(strstr(confirmer_sentence(r.c), address) == NULL &&
		                strstr(confirmer_sentence(r.c), r.page.host) != NULL,
		        "the sentence names it: %s", confirmer_sentence(r.c));
		end();
	}
	begin();
	open_confirmer_at(CONFIRMER_AUTO, url, "http://elsewhere.invalid/metrics", "127.0.0.1:1");
	wait_state(CONFIRMER_BLIND, "a page of another host is not looked for there");
	ok(strstr(confirmer_sentence(r.c), "127.0.0.1") == NULL, "but where its name leads");
	end();
}

static void without_a_page_a_2xx_is_all_there_is(void)
{
	begin();
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_BLIND, "no page");
	wait_sentence(":14269/metrics: ");
	wait_sentence("refused");
	wait_sentence(":8888/metrics: ");
	wait_sentence("delivered means answered 202; --collector.metrics-url names the page");
	ok(may_send(POST) && post(0), "delivered by its 2xx");
	pageserver_up(&r.page, 0);
	pass(61);
	ok(post(1), "this too,");
	wait_state(CONFIRMER_CONFIRMING, "until a page is there: it is looked for each minute");
	is_text(r.verdicts, "", "what was done with gets no verdict");
	ok(!post(2), "the next is confirmed");
	r.page.n.saved = r.page.n.received;
	wait_verdicts("S", "stored");
	end();
}

static void a_post_that_left_blindly_and_is_answered_with_a_page_is_sent_again(void)
{
	begin();
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_BLIND, "no page");
	send_post(0);
	pageserver_up(&r.page, 0);
	pass(61);
	ok(post(1), "a minute later");
	wait_state(CONFIRMER_CONFIRMING, "there is one");
	ok(!answer_post(0), "its 2xx comes now,");
	wait_verdicts("R", "but it may have been lost before the first reading");
	end();
}

static void require_stops_without_a_page(void)
{
	begin();
	open_confirmer(CONFIRMER_REQUIRE, NULL);
	wait_state(CONFIRMER_STOPPED, "no page");
	wait_sentence("--collector.confirm=require");
	ok(!may_send(1), "nothing is sent");
	pageserver_up(&r.page, 0);
	pass(6);
	ok(!may_send(1), "still nothing");
	wait_state(CONFIRMER_CONFIRMING, "until it is there");
	ok(may_send(POST) && !post(0), "then it goes on");
	page_goes_away();
	ok(!post(1), "answered while the page is away");
	pass(11);
	wait_state(CONFIRMER_STOPPED, "for more than 10 s");
	ok(!may_send(1), "nothing more");
	r.page.n.saved = 2 * POST;
	pageserver_up(&r.page, 0);
	pass(6);
	ok(!may_send(1), "until it is back");
	wait_verdicts("SS", "what was unconfirmed has waited");
	end();
}

static void off_asks_for_no_page(void)
{
	begin();
	pageserver_up(&r.page, 0);
	open_confirmer(CONFIRMER_OFF, NULL);
	is_int(confirmer_state(r.c), CONFIRMER_BLIND, "blind, as it was told");
	wait_sentence("--collector.confirm=off");
	ok(may_send(POST) && post(0), "a 2xx is all there is");
	fail_post(1);
	ok(may_send(POST), "a POST that fails changes nothing");
	wait_ms(r.loop, 20);
	is_int(r.page.asked, 0, "nobody asked for the page");
	end();
}

static void a_port_that_hangs_holds_nobody_up_for_long(void)
{
	begin();
	r.page.mood = PAGE_HANGS;
	pageserver_up(&r.page, 0);
	pageserver_up(&r.page, 1);
	open_confirmer(CONFIRMER_AUTO, NULL);
	wait_state(CONFIRMER_BLIND, "both ports hang");
	is_int(r.page.asked, 2, "they were asked at the same time");
	is_int(reads(), 1, "once");
	fail_post(0);
	pass(2);
	ok(may_send(POST), "and no POST waits for another look");
	end();
}

static void what_is_wrong_with_a_page_is_said(void)
{
	static const struct {
		enum page_mood mood;
		const char *said;
	} rows[] = {
		{ PAGE_404, "answered 404" },
		{ PAGE_500, "answered 500" },
		{ PAGE_OTHER, "neither a Jaeger collector's counters" },
	};
	char url[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		begin();
		r.page.mood = rows[i].mood;
		pageserver_up(&r.page, 0);
		snprintf(url, sizeof(url), "http://me:sesame@%s:14269/metrics", r.page.host);
		open_confirmer(CONFIRMER_AUTO, url);
		wait_state(CONFIRMER_BLIND, rows[i].said);
		wait_sentence(rows[i].said);
		ok(strstr(confirmer_sentence(r.c), "8888") == NULL &&
		                strstr(confirmer_sentence(r.c), "--collector.metrics-url") == NULL,
		        "only the page that the operator named was asked for");
		end();
	}
}

static void a_page_that_breaks_off_is_not_used(void)
{
	struct peers peers = { 0 };
	char url[64];

	begin();
	raw_listen(&peers.server, r.loop, peer_come, &peers);
	peers.reply = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
	              "jaeger_collector_spans_received_total 0\nprocess_start_time_seconds 7\n";
	peers.close_after = true;
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/metrics", peers.server.port);
	open_confirmer(CONFIRMER_AUTO, url);
	wait_state(CONFIRMER_BLIND, "cut");
	wait_sentence("broke off");
	for (int i = 0; i < PEERS; i++)
		if (peers.used[i])
			peer_close(&peers.peer[i]);
	raw_unlisten(&peers.server);
	end();
}

static void a_store_that_is_away_is_told(void)
{
	begin_seeing();
	ok(!confirmer_store_away(r.c), "nothing is known against its store");
	ok(!post(0), "a POST");
	wait_reads(1);
	r.page.n.failed = POST;
	wait_verdicts("L", "its store refused it");
	ok(confirmer_store_away(r.c), "the store is away");
	wait_sentence("cannot store them");
	end();
}

static void a_closed_window_opens_by_a_reading(void)
{
	size_t changed;

	begin_seeing();
	for (size_t i = 0; i < 5; i++)
		ok(may_send(POST) && !post(i), "the window fills");
	r.page.n.saved = r.page.n.received;
	changed = r.nchanged;
	ok(!may_send(POST), "and is closed");
	run_until_count(r.loop, &r.nchanged, changed + 1);
	ok(may_send(POST), "the owner is told when it may be open");
	wait_verdicts("SSSSS", "all stored");
	end();
}

static void withdrawn_posts_get_no_verdict_and_a_verdict_may_free(void)
{
	begin_seeing();
	ok(!post(0) && !post(1) && !post(2), "three POSTs");
	confirmer_withdraw(r.c, &r.posts[0]);
	r.page.n.saved = r.page.n.received;
	r.free_in_verdict = true;
	wait_verdicts("S", "one is withdrawn, one is stored, and with it all ends");
	ok(r.c == NULL, "freed from inside");
	wait_ms(r.loop, 20);
	is_text(r.verdicts, "S", "nothing comes after that");
	end();
}

static void a_free_forgets_what_is_under_way(void)
{
	begin();
	r.page.mood = PAGE_HANGS;
	pageserver_up(&r.page, 0);
	open_confirmer(CONFIRMER_AUTO, NULL);
	ok(run_until_count(r.loop, &r.page.asked, 1), "the page was asked for");
	end();
}

int main(void)
{
	the_page_of_jaeger_is_found_and_confirms();
	the_page_of_opentelemetry_is_found_and_confirms();
	the_counters_of_opentelemetry_move_in_steps();
	one_of_several_addresses_of_a_name_has_a_page_of_its_own();
	without_a_page_a_2xx_is_all_there_is();
	a_post_that_left_blindly_and_is_answered_with_a_page_is_sent_again();
	require_stops_without_a_page();
	off_asks_for_no_page();
	a_port_that_hangs_holds_nobody_up_for_long();
	what_is_wrong_with_a_page_is_said();
	a_page_that_breaks_off_is_not_used();
	a_store_that_is_away_is_told();
	a_closed_window_opens_by_a_reading();
	withdrawn_posts_get_no_verdict_and_a_verdict_may_free();
	a_free_forgets_what_is_under_way();
	return tap_done();
}
