/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_server_bad.c — clients that are rude, slow or too many, and a process without descriptors. */
#include <sys/resource.h>

#include "http_server_fixture.h"

static void garbage_harms_nobody(void)
{
	static const char *const garbage[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n",
		"\r\n\r\n\r\n\r\n",
		"GET\r\n\r\n",
		"GET /hello HTTP/9.9\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
		"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
		"GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /hello?%zz=%&&&=&name HTTP/1.1\r\nHost: h\r\n\r\n",
	};
	struct server_fixture h;

	open_server(&h);
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		struct raw c;

		raw_connect(&c, h.loop, http_server_port(h.server));
		raw_send(&c, garbage[i]);
		shutdown(c.fd, SHUT_WR);
		ok(raw_wait_closed(&c), "garbage %zu ends its own connection", i);
		raw_close(&c);
	}
	raw_send(&h.c, GET("/hello"));
	ok(raw_wait(&h.c, "hello"), "another is answered");
	close_server(&h);
}

static void a_head_has_a_bound(void)
{
	struct server_fixture h;
	struct buf head = { 0 };

	open_server(&h);
	buf_text(&head, "GET /hello HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&head, "X-%d: 0123456789012345678901234567890123456789\r\n", i);
	raw_send(&h.c, buf_cstr(&head));
	ok(raw_wait_closed(&h.c), "a head of 100 kB is not taken");
	is_int(h.asked, 0, "nobody was asked");
	buf_free(&head);
	close_server(&h);
}

static void slow_clients_are_shut_out(void)
{
	struct server_fixture h;
	struct raw reader;

	open_with(&h, (struct http_server_opts){ .request_ms = 50, .idle_ms = 50 });
	raw_send(&h.c, "GET /hello HTTP/1.1\r\nHo");
	ok(raw_wait_closed(&h.c) && h.asked == 0, "half a head");
	raw_close(&h.c);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123");
	ok(raw_wait_closed(&h.c) && h.asked == 0, "half a body");
	raw_close(&h.c);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	ok(raw_wait_closed(&h.c), "not a word");
	raw_close(&h.c);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, GET("/hello"));
	ok(raw_wait_closed(&h.c) && h.asked == 1, "one that was answered and is silent");

	raw_connect(&reader, h.loop, http_server_port(h.server));
	watch_set(reader.watch, 0);
	raw_send(&reader, GET("/much"));
	wait_ms(h.loop, 1200); /* beyond the time-out and the next look of the reaper */
	watch_set(reader.watch, WATCH_READ);
	ok(raw_wait_closed(&reader) && reader.got.len < 8u << 20, "one that does not read its answer");
	raw_close(&reader);
	close_server(&h);
}

static void a_question_that_waits_is_not_shut_out(void)
{
	struct server_fixture h;
	struct http_reply reply = { 0 };

	open_with(&h, (struct http_server_opts){ .request_ms = 50, .idle_ms = 50 });
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	wait_ms(h.loop, 1200);
	is_int(h.c.closed, 0, "it waits for its answer, not for its client");
	buf_text(&reply.body, "patience");
	http_later_answer(&h.later, &reply);
	ok(raw_wait(&h.c, "patience"), "and gets it");
	close_server(&h);
}

enum { MANY = 200, BOUND = 64 };

static bool the_rest_is_closed(void *arg)
{
	struct raw *many = arg;
	size_t closed = 0;

	for (size_t i = 0; i < MANY; i++)
		closed += many[i].closed;
	return closed >= MANY - BOUND;
}

/* Each of MANY clients sends TEXT and stays; then a probe comes. */
static void a_probe_gets_past(const char *text, const char *which)
{
	static struct raw many[MANY];
	struct server_fixture h;
	size_t oldest = 0;

	open_server(&h);
	raw_close(&h.c);
	for (size_t i = 0; i < MANY; i++) {
		raw_connect(&many[i], h.loop, http_server_port(h.server));
		raw_send(&many[i], text);
	}
	ok(run_until(h.loop, the_rest_is_closed, many),
	        "of %d that %s, those before the last 64 are "
	        "closed",
	        MANY, which);
	for (size_t i = 0; i < MANY - BOUND; i++)
		oldest += many[i].closed;
	is_int(oldest, MANY - BOUND, "the oldest ones, and no other");
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, GET("/hello"));
	ok(raw_wait(&h.c, "hello"), "a probe is answered at once");
	ok(turns_in(h.loop, 300) < 1000, "and the loop rests");
	for (size_t i = 0; i < MANY; i++)
		raw_close(&many[i]);
	close_server(&h);
}

static void nobody_locks_the_door(void)
{
	a_probe_gets_past("", "say nothing");
	a_probe_gets_past(GET("/hello"), "keep an idle connection");
	a_probe_gets_past("GET /hello HTTP/1.1\r\nHo", "never finish a head");
	a_probe_gets_past("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01", "never finish a body");
}

static void an_idle_connection_goes_before_a_request(void)
{
	struct server_fixture h;
	struct raw idle, more;

	open_with(&h, (struct http_server_opts){ .max_connections = 2 });
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01");
	raw_connect(&idle, h.loop, http_server_port(h.server));
	raw_send(&idle, GET("/hello"));
	raw_wait(&idle, "hello");
	raw_connect(&more, h.loop, http_server_port(h.server));
	raw_send(&more, GET("/hello"));
	ok(raw_wait(&more, "hello"), "a third gets in");
	ok(idle.closed == 1 && h.c.closed == 0, "in the place of the idle one, though it is younger");
	raw_send(&h.c, "23456789");
	ok(raw_wait(&h.c, "202"), "the request goes on");
	raw_close(&idle);
	raw_close(&more);
	close_server(&h);
}

/* The program owes both an answer. */
static void a_question_that_waits_keeps_its_place(void)
{
	struct server_fixture h;
	struct raw more[2];
	struct http_later *later[2];
	size_t turns;

	open_with(&h, (struct http_server_opts){ .max_connections = 2 });
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	later[0] = h.later;
	raw_connect(&more[0], h.loop, http_server_port(h.server));
	raw_send(&more[0], GET("/later"));
	run_until_count(h.loop, &h.asked, 2);
	later[1] = h.later;
	raw_connect(&more[1], h.loop, http_server_port(h.server));
	raw_send(&more[1], GET("/hello"));
	turns = turns_in(h.loop, 300);
	is_int(h.asked, 2, "the third waits in the kernel");
	ok(turns < 1000, "and the loop rests meanwhile (%zu turns)", turns);
	for (size_t i = 0; i < ARRAY_LEN(later); i++) {
		struct http_reply reply = { 0 };

		buf_text(&reply.body, "patience");
		http_later_answer(&later[i], &reply);
	}
	ok(raw_wait(&h.c, "patience") && raw_wait(&more[0], "patience"), "both get their answers");
	ok(raw_wait(&more[1], "hello"), "then the third gets in");
	raw_close(&more[0]);
	raw_close(&more[1]);
	close_server(&h);
}

static void without_descriptors_the_loop_rests_and_heals(void)
{
	struct rlimit was, none;
	struct server_fixture h;
	struct raw c;
	size_t turns;

	open_server(&h);
	raw_send(&h.c, GET("/hello"));
	raw_wait(&h.c, "hello");
	getrlimit(RLIMIT_NOFILE, &was);
	raw_connect(&c, h.loop, http_server_port(h.server));
	none = (struct rlimit){ 0, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	turns = turns_in(h.loop, 300);
	ok(turns < 1000, "without a descriptor for it the loop rests (%zu turns)", turns);
	is_int(h.asked, 1, "and the connection waits");
	setrlimit(RLIMIT_NOFILE, &was);
	raw_send(&c, GET("/hello"));
	ok(raw_wait(&c, "hello"), "with one free again the connection gets in");
	raw_close(&c);
	close_server(&h);
}

/* ---- clients that pipeline ---- */

enum { PIPELINERS = 60, PIPELINED = 50, RUNS_A_TURN = 3, ANSWERS_A_RUN = 8 };

struct turns {
	struct server_fixture *h;
	size_t asked, most, turns;
};

static void note_turn(void *arg)
{
	struct turns *t = arg;

	if (t->h->asked > t->asked) {
		t->most = t->h->asked - t->asked > t->most ? t->h->asked - t->asked : t->most;
		t->turns++;
	}
	t->asked = t->h->asked;
}

/* TIMES requests in one piece. */
static void raw_pipeline(struct raw *c, const char *request, size_t times)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < times; i++)
		buf_text(&text, request);
	raw_send(c, buf_cstr(&text));
	buf_free(&text);
}

static void pipeliners_get_a_few_answers_a_turn(void)
{
	static struct raw many[PIPELINERS];
	struct turn_hook *hook;
	struct server_fixture h;
	struct turns t = { .h = &h };
	size_t before;

	open_server(&h);
	if (turn_hook_open(&hook, h.loop, note_turn, &t) < 0)
		abort();
	for (size_t i = 0; i < PIPELINERS; i++) {
		raw_connect(&many[i], h.loop, http_server_port(h.server));
		raw_pipeline(&many[i], GET("/hello"), PIPELINED);
	}
	run_until_count(h.loop, &h.asked, PIPELINERS);
	before = h.asked;
	raw_send(&h.c, GET("/hello?name=probe"));
	ok(raw_wait(&h.c, "hello probe"), "a probe among %d clients that pipeline is answered", PIPELINERS);
	ok(h.asked - before <= 4 * PIPELINERS, "it waits for its turn, not for all (%zu answers)", h.asked - before);
	ok(run_until_count(h.loop, &h.asked, (size_t)PIPELINERS * PIPELINED + 1), "every request is answered");
	ok(t.most <= RUNS_A_TURN * ANSWERS_A_RUN, "no turn of the loop gives more than %d (%zu)",
	        RUNS_A_TURN * ANSWERS_A_RUN, t.most);
	turn_hook_free(hook);
	for (size_t i = 0; i < PIPELINERS; i++)
		raw_close(&many[i]);
	close_server(&h);
}

static void a_server_is_freed_with_requests_deferred(void)
{
	static struct raw many[PIPELINERS];
	struct server_fixture h;

	open_server(&h);
	for (size_t i = 0; i < PIPELINERS; i++) {
		raw_connect(&many[i], h.loop, http_server_port(h.server));
		raw_pipeline(&many[i], GET("/hello"), PIPELINED);
	}
	run_until_count(h.loop, &h.asked, PIPELINERS);
	raw_send(&h.c, GET("/free"));
	ok(raw_wait_closed(&many[0]), "the server goes, and hangs up on those that it owes");
	for (size_t i = 0; i < PIPELINERS; i++)
		raw_close(&many[i]);
	close_server(&h);
}

/* The lowest descriptor that is free: as the limit it leaves none. */
static rlim_t lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return (rlim_t)fd;
}

static void without_descriptors_an_idle_connection_gives_way(void)
{
	struct rlimit was, used_up;
	struct server_fixture h;
	struct raw c;

	open_server(&h);
	raw_send(&h.c, GET("/hello"));
	raw_wait(&h.c, "hello");
	raw_connect(&c, h.loop, http_server_port(h.server));
	raw_send(&c, GET("/hello"));
	getrlimit(RLIMIT_NOFILE, &was);
	used_up = (struct rlimit){ lowest_free(), was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &used_up);
	ok(raw_wait(&c, "hello"), "a client that comes is answered");
	is_int(h.c.closed, 1, "over the descriptor of one that was idle");
	setrlimit(RLIMIT_NOFILE, &was);
	raw_close(&c);
	close_server(&h);
}

static void few_descriptors_mean_few_connections(void)
{
	static struct raw many[4];
	struct rlimit was, few;
	struct server_fixture h;

	getrlimit(RLIMIT_NOFILE, &was);
	few = (struct rlimit){ 30, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &few);
	open_server(&h);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		raw_connect(&many[i], h.loop, http_server_port(h.server));
		raw_send(&many[i], GET("/hello"));
		raw_wait(&many[i], "hello");
	}
	ok(h.c.closed == 1 && many[0].closed == 1 && many[1].closed == 1 && many[2].closed == 0,
	        "under a limit of 30 two clients may stay");
	setrlimit(RLIMIT_NOFILE, &was);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		raw_close(&many[i]);
	close_server(&h);
}

int main(void)
{
	without_descriptors_an_idle_connection_gives_way();
	few_descriptors_mean_few_connections();
	pipeliners_get_a_few_answers_a_turn();
	a_server_is_freed_with_requests_deferred();
	garbage_harms_nobody();
	a_head_has_a_bound();
	slow_clients_are_shut_out();
	a_question_that_waits_is_not_shut_out();
	nobody_locks_the_door();
	an_idle_connection_goes_before_a_request();
	a_question_that_waits_keeps_its_place();
	without_descriptors_the_loop_rests_and_heals();
	return tap_done();
}
