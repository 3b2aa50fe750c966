/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client.c — what goes out, what comes back, bounds and ends of the http client. */
#include "clienttest.h"
#include "http/server.h"

static const struct http_client_opts plain = { .max_connections = 4 };

static void a_post_arrives_as_it_was_given(void)
{
	static const char *const shared[] = { "X-Shared: 1", "X-Token: t", NULL };
	static const char *const own[] = { "X-Own: 2", "X-Empty;", NULL };
	struct http_client_opts opts = { .headers = shared };
	struct http_request r = {
		.body = slice_text("hello END"), .content_type = "application/x-thrift", .headers = own
	};
	const struct http_answer *a;
	struct bench b;

	bench_open(&b, &opts);
	b.peers.reply = "HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\ngood";
	r.url = b.url;
	a = bench_ask(&b, &r);
	ok(a->failure == HTTP_ANSWERED && a->status == 202 && a->fault == HTTP_NO_FAULT, "202");
	is_text(b.told.body, "good", "its body is given");
	ok(a->whole && a->was_sent && a->retry_after_ms == -1, "whole, sent, no wish to wait");
	is_text(b.told.error, "", "no error");
	ok(strncmp(b.peers.last, "POST /x HTTP/1.1\r\n", 18) == 0, "POST by HTTP/1.1");
	ok(strstr(b.peers.last, "\r\nContent-Type: application/x-thrift\r\n") != NULL, "with its type");
	ok(strstr(b.peers.last, "\r\nContent-Length: 9\r\n") != NULL, "with its length");
	ok(strstr(b.peers.last, "\r\nX-Shared: 1\r\n") && strstr(b.peers.last, "\r\nX-Own: 2\r\n"),
	        "shared and own headers");
	ok(strstr(b.peers.last, "\r\nX-Empty:\r\n") != NULL, "a header may be empty");
	ok(strstr(b.peers.last, "\r\nUser-Agent: spanspool/") != NULL, "who we are");
	ok(strstr(b.peers.last, "\r\n\r\nhello END") != NULL, "the body");
	ok(!b.told.came_inside, "answered later, not inside send");
	r.headers = NULL;
	r.body.at = NULL;
	r.content_type = NULL;
	bench_ask(&b, &r);
	ok(strncmp(b.peers.last, "GET /x HTTP/1.1\r\n", 17) == 0, "without a body it is a GET");
	ok(strstr(b.peers.last, "X-Own") == NULL && strstr(b.peers.last, "X-Shared: 1") != NULL,
	        "and has only the headers that are its own or shared");
	is_int(b.peers.server.accepted, 1, "both over one connection");
	bench_close(&b);
}

static void a_large_body_goes_without_asking(void)
{
	struct http_request r = { 0 };
	struct buf body = { 0 };
	struct bench b;
	size_t len = 3u << 20;

	bench_open(&b, &plain);
	memset(buf_reserve(&body, len), 'x', len);
	body.len = len - 3;
	buf_text(&body, "END");
	b.peers.reply = REPLY_202;
	r.url = b.url;
	r.body = buf_slice(&body);
	is_int(bench_ask(&b, &r)->status, 202, "3 MiB are taken");
	ok(strstr(b.peers.last, "Expect") == NULL, "nobody was asked for permission");
	ok(strstr(b.peers.last, "Transfer-Encoding") == NULL, "nothing is chunked");
	buf_free(&body);
	bench_close(&b);
}

static void statuses_and_waits_are_told(void)
{
	static const struct {
		const char *reply;
		int status;
		int64_t wait;
	} cases[] = {
		{ "HTTP/1.1 429 Slow down\r\nretry-after: 7\r\nContent-Length: 0\r\n\r\n", 429, 7000 },
		{ "HTTP/1.1 503 Away\r\nRetry-After:   2  \r\nContent-Length: 0\r\n\r\n", 503, 2000 },
		{ "HTTP/1.1 503 Away\r\nRetry-After: Tue, 14 Nov 2023 22:13:20 "
		  "GMT\r\nContent-Length: 0\r\n\r\n",
		        503, 0 },
		{ "HTTP/1.1 500 Bad\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 500, -1 },
		{ "HTTP/1.1 302 There\r\nLocation: /elsewhere\r\nContent-Length: "
		  "0\r\n\r\n",
		        302, -1 },
		{ "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: "
		  "0\r\n\r\n",
		        401, -1 },
		{ "HTTP/1.1 100 Continue\r\nRetry-After: 5\r\n\r\nHTTP/1.1 400 "
		  "No\r\nContent-Length: 0\r\n\r\n",
		        400, -1 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nRetry-After: "
		  "5\r\n\r\n",
		        200, -1 },
		{ "HTTP/1.1 204 Nothing\r\n\r\n", 204, -1 },
	};
	struct bench b;

	bench_open(&b, &plain);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_answer *a;

		b.peers.reply = cases[i].reply;
		a = bench_post(&b, "END");
		ok(a->failure == HTTP_ANSWERED && a->status == cases[i].status && a->retry_after_ms == cases[i].wait,
		        "%d, wait %" PRId64 " ms (got %d, %" PRId64 ")", cases[i].status, cases[i].wait, a->status,
		        a->retry_after_ms);
	}
	is_int(b.peers.requests, ARRAY_LEN(cases), "each was sent once: no redirect followed, no second try");
	is_int(b.peers.server.accepted, 1, "all over one connection");
	bench_close(&b);
}

static void only_so_much_of_an_answer_is_kept(void)
{
	struct buf reply = { 0 };
	struct http_request r = { 0 };
	const struct http_answer *a;
	struct bench b;

	bench_open(&b, &plain);
	buf_text(&reply, "HTTP/1.1 400 No\r\nContent-Length: 100000\r\n\r\n");
	memset(buf_reserve(&reply, 100000), 'y', 100000);
	reply.len += 100000;
	b.peers.reply = buf_cstr(&reply);
	a = bench_post(&b, "END");
	ok(a->status == 400 && a->body.len == HTTP_KEEP_BYTES && !a->whole, "4 KiB, and that it is not all is said");
	r.url = b.url;
	r.body = slice_text("END");
	r.keep = 7;
	a = bench_ask(&b, &r);
	ok(a->body.len == 7 && !a->whole, "or as much as was wanted");
	r.keep = 100000;
	a = bench_ask(&b, &r);
	ok(a->body.len == 100000 && a->whole, "or all");
	is_int(b.peers.server.accepted, 1, "the connection is kept all the same");
	buf_free(&reply);
	bench_close(&b);
}

static void what_can_never_work_is_refused_at_once(void)
{
	static const char *const bad_urls[] = { "", "http://", "ftp://h/x", "file:///etc/passwd", "http://h:99999/",
		"://x", "http://a b/", "http://h/\r\nX: y" };
	static const char *const split[] = { "X: a\r\nY: b", NULL };
	struct http_request r = { .body = slice_text("END") };
	struct http_client *c = NULL;
	struct http_client_opts opts = { .user = "a", .files[CREDENTIAL_BEARER] = "t" };
	struct why why;
	struct bench b;

	bench_open(&b, &plain);
	for (size_t i = 0; i < ARRAY_LEN(bad_urls); i++) {
		r.url = bad_urls[i];
		is_int(bench_send(&b, &r), E_USAGE, bad_urls[i][0] == '\0' ? "an empty URL" : "a bad URL");
	}
	r.url = b.url;
	r.headers = split;
	is_int(bench_send(&b, &r), E_USAGE, "a header with a line break");
	r.headers = NULL;
	r.content_type = "text/plain\r\nX: y";
	is_int(bench_send(&b, &r), E_USAGE, "a type with one");
	wait_ms(b.loop, 10);
	is_int(b.told.n, 0, "none of these is answered");
	is_int(http_client_pending(b.client), 0, "or pending");

	is_int(http_client_open(&c, b.loop, &opts, &why), E_USAGE, "user and bearer exclude each other");
	opts = (struct http_client_opts){ .headers = split };
	is_int(http_client_open(&c, b.loop, &opts, &why), E_USAGE, "a shared header with a line break");
	opts = (struct http_client_opts){ .files[CREDENTIAL_CERT] = "/dev/null" };
	is_int(http_client_open(&c, b.loop, &opts, &why), E_USAGE, "a certificate without its key");
	opts = (struct http_client_opts){ .files[CREDENTIAL_CA] = "/nowhere/ca.pem" };
	ok(http_client_open(&c, b.loop, &opts, &why) == E_USAGE && strstr(why.text, "/nowhere/ca.pem") != NULL,
	        "a file that is missing: %s", why.text);
	bench_close(&b);
}

static void the_environment_sends_nothing_elsewhere(void)
{
	struct bench b;

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	is_int(bench_post(&b, "END")->status, 202, "a proxy of the environment is not asked");
	bench_close(&b);
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void more_requests_than_connections_wait_their_turn(void)
{
	struct http_request r = { .body = slice_text("END") };
	struct http_client_opts opts = { .max_connections = 3 };
	struct bench b;

	bench_open(&b, &opts);
	r.url = b.url;
	for (int i = 0; i < 20; i++)
		is_int(bench_send(&b, &r), 0, "taken");
	is_int(http_client_pending(b.client), 20, "20 are pending");
	run_until_count(b.loop, &b.peers.requests, 3);
	wait_ms(b.loop, 20);
	is_int(b.peers.requests, 3, "3 are out, nobody answers them");
	b.peers.reply = REPLY_202;
	for (int i = 0; i < PEERS; i++)
		if (b.peers.used[i])
			raw_send(&b.peers.peer[i], REPLY_202);
	run_until_count(b.loop, &b.told.n, 20);
	is_int(b.told.last.status, 202, "then all are answered");
	is_int(b.peers.most_open, 3, "never over more than 3 connections");
	is_int(b.peers.requests, 20, "each once");
	is_int(http_client_pending(b.client), 0, "nothing is pending");
	bench_close(&b);
}

static void more_hosts_than_connections_share_them(void)
{
	struct http_request r = { .body = slice_text("END") };
	struct http_client_opts opts = { .max_connections = 2 };
	struct peers more[3];
	struct bench b;
	char url[64];

	bench_open(&b, &opts);
	memset(more, 0, sizeof(more));
	for (int i = 0; i < 3; i++) {
		raw_listen(&more[i].server, b.loop, peer_come, &more[i]);
		more[i].reply = REPLY_202;
	}
	r.url = url;
	for (int i = 0; i < 9; i++) {
		size_t open = 0;

		snprintf(url, sizeof(url), "http://127.0.0.1:%u/", more[i % 3].server.port);
		bench_ask(&b, &r);
		wait_ms(b.loop, 5);
		for (int j = 0; j < 3; j++)
			open += more[j].open;
		ok(b.told.last.status == 202 && open <= 2, "a third host closes an idle connection (%zu open)", open);
	}
	http_client_free(b.client);
	b.client = NULL;
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < PEERS; j++)
			if (more[i].used[j])
				peer_close(&more[i].peer[j]);
		raw_unlisten(&more[i].server);
	}
	bench_close(&b);
}

struct again {
	struct bench *b;
	struct http_request r;
	size_t answered;
	size_t cancelled;
	bool free_it;
	bool cancel_it;
};

static void on_again(void *arg, const struct http_answer *a)
{
	struct again *g = arg;

	g->answered++;
	g->cancelled += a->fault == HTTP_CANCELLED;
	if (g->free_it) {
		http_client_free(g->b->client);
		g->b->client = NULL;
	} else if (g->cancel_it) {
		g->cancel_it = false;
		http_client_cancel_all(g->b->client);
	} else if (g->answered < 10) {
		is_int(http_client_send(g->b->client, &g->r, on_again, g), 0, "sent from inside an answer");
	}
}

static void an_address_takes_the_place_of_the_name(void)
{
	static const char *const bad[] = { "127.0.0.1", ":80", "127.0.0.1:0", "[::1", "a b:1:2",
		"127.0.0.1:80\r\nX: y" };
	struct http_request r = { .url = "http://collector.invalid:14268/x", .body = slice_text("END") };
	char first[64], second[64];
	struct peers other;
	struct bench b;

	bench_open(&b, &plain);
	memset(&other, 0, sizeof(other));
	raw_listen(&other.server, b.loop, peer_come, &other);
	b.peers.reply = other.reply = REPLY_202;
	snprintf(first, sizeof(first), "127.0.0.1:%u", b.peers.server.port);
	snprintf(second, sizeof(second), "127.0.0.1:%u", other.server.port);
	for (int i = 0; i < 3; i++) {
		r.address = first;
		is_int(bench_ask(&b, &r)->status, 202, "connected to the address");
		ok(strstr(b.peers.last, "\r\nHost: collector.invalid:14268\r\n") != NULL, "with the name of the URL");
		r.address = second;
		is_int(bench_ask(&b, &r)->status, 202, "to another one");
	}
	ok(b.peers.requests == 3 && other.requests == 3, "each to its own");
	ok(b.peers.server.accepted == 1 && other.server.accepted == 1, "over connections that are kept");
	r.address = NULL;
	ok(bench_ask(&b, &r)->fault == HTTP_UNKNOWN_HOST, "without one the name is looked up");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		r.address = bad[i];
		is_int(bench_send(&b, &r), E_USAGE, "no address");
	}
	http_client_free(b.client);
	b.client = NULL;
	for (int i = 0; i < PEERS; i++)
		if (other.used[i])
			peer_close(&other.peer[i]);
	raw_unlisten(&other.server);
	bench_close(&b);
}

static void an_answer_may_send_cancel_and_free(void)
{
	struct bench b;
	struct again g = { .b = &b, .r = { .body = slice_text("END") } };

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	g.r.url = b.url;
	on_again(&g, &(struct http_answer){ 0 });
	run_until_count(b.loop, &g.answered, 10);
	is_int(b.peers.requests, 9, "nine by the answers of the one before");

	g.answered = 10;
	g.cancel_it = true;
	for (int i = 0; i < 6; i++)
		is_int(http_client_send(b.client, &g.r, on_again, &g), 0, "sent");
	run_until_count(b.loop, &g.answered, 16);
	ok(g.cancelled >= 2, "cancelling from inside an answer answers the rest (%zu)", g.cancelled);

	g.free_it = true;
	for (int i = 0; i < 6; i++)
		is_int(http_client_send(b.client, &g.r, on_again, &g), 0, "sent");
	run_until_count(b.loop, &g.answered, 17);
	wait_ms(b.loop, 20);
	is_int(g.answered, 17, "after freeing from inside an answer there is silence");
	bench_close(&b);
}

static void cancelled_requests_say_whether_they_were_sent(void)
{
	struct http_request r = { .body = slice_text("END") };
	struct http_client_opts opts = { .max_connections = 1 };
	struct told waiting = { 0 };
	struct bench b;

	bench_open(&b, &opts);
	b.peers.reply = REPLY_202;
	bench_post(&b, "END"); /* leaves traces in what is used again */
	b.peers.reply = NULL;
	r.url = b.url;
	is_int(bench_send(&b, &r), 0, "one is on the wire");
	is_int(http_client_send(b.client, &r, told, &waiting), 0, "one waits");
	run_until_count(b.loop, &b.peers.requests, 2);
	http_client_cancel_all(b.client);
	ok(b.told.n == 2 && waiting.n == 1, "both are answered before cancel_all returns");
	ok(b.told.last.failure == HTTP_UNREACHABLE && b.told.last.fault == HTTP_CANCELLED && b.told.last.was_sent,
	        "the first: cancelled, perhaps arrived");
	ok(waiting.last.fault == HTTP_CANCELLED && !waiting.last.was_sent, "the second: cancelled, never sent");
	is_text(waiting.error, "cancelled", "in a word");
	is_int(bench_send(&b, &r), 0, "one more");
	http_client_cancel_all(b.client);
	ok(b.told.n == 3 && !b.told.last.was_sent, "cancelled before its turn of the loop: never sent");
	b.peers.reply = REPLY_202;
	is_int(bench_post(&b, "END")->status, 202, "the client is as good as new");
	is_int(bench_send(&b, &r), 0, "one out");
	bench_close(&b);
	is_int(b.told.n, 4, "freeing gives up what is out, in silence");
}

struct stream {
	struct told told; /* first: the answer's ARG is this */
	size_t bytes;
	uint64_t sum; /* of the bytes: all came, in order */
	bool late;    /* some came after the answer */
};

static void stream_body(void *arg, struct slice bytes)
{
	struct stream *s = arg;

	s->late |= s->told.n > 0;
	s->bytes += bytes.len;
	for (size_t i = 0; i < bytes.len; i++)
		s->sum = s->sum * 31 + bytes.at[i];
}

enum { LARGE_BODY = 3 << 20 };

static void answer_much(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg, (void)call;
	for (size_t i = 0; i < LARGE_BODY; i++)
		*(uint8_t *)buf_reserve(&reply->body, 1) = (uint8_t)(i * i), reply->body.len++;
}

static void a_body_too_large_to_keep_is_given_as_it_comes_in(void)
{
	static const struct http_route routes[] = { { "/large", "GET", answer_much }, { 0 } };
	struct http_server_opts opts = { .at = { .host = "127.0.0.1" }, .routes = routes };
	struct http_request r = { .keep = 10, .on_body = stream_body };
	struct stream s = { 0 };
	struct http_server *server;
	struct bench b;
	struct why why;
	char url[64];
	uint64_t sum = 0;

	for (size_t i = 0; i < LARGE_BODY; i++)
		sum = sum * 31 + (uint8_t)(i * i);
	bench_open(&b, &plain);
	is_int(http_server_open(&server, b.loop, &opts, &why), 0, "a server of a large page");
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/large", http_server_port(server));
	r.url = url;
	is_int(http_client_send(b.client, &r, told, &s), 0, "is asked for it");
	run_until_count(b.loop, &s.told.n, 1);
	ok(s.told.last.status == 200 && s.told.last.whole, "it came whole");
	is_int(s.bytes, LARGE_BODY, "every byte of it,");
	ok(s.sum == sum && !s.late, "in order, before the answer");
	is_int(s.told.last.body.len, 10, "and its beginning is kept as any other's");
	http_server_free(server);
	bench_close(&b);
}

int main(void)
{
	a_post_arrives_as_it_was_given();
	a_large_body_goes_without_asking();
	statuses_and_waits_are_told();
	only_so_much_of_an_answer_is_kept();
	a_body_too_large_to_keep_is_given_as_it_comes_in();
	what_can_never_work_is_refused_at_once();
	the_environment_sends_nothing_elsewhere();
	more_requests_than_connections_wait_their_turn();
	more_hosts_than_connections_share_them();
	an_address_takes_the_place_of_the_name();
	an_answer_may_send_cancel_and_free();
	cancelled_requests_say_whether_they_were_sent();
	return tap_done();
}
