/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_server.c — routes, bodies, answers and ends of the http server, over raw sockets. */
#include <dirent.h>

#include "http_server_fixture.h"

/* What comes back for a request on a connection of its own, up to the end of the answer. */
static const char *answer_to(struct server_fixture *h, const char *request, const char *end)
{
	raw_close(&h->c);
	raw_connect(&h->c, h->loop, http_server_port(h->server));
	raw_send(&h->c, request);
	raw_wait(&h->c, end);
	return buf_cstr(&h->c.got);
}

static void a_route_answers_its_methods(void)
{
	struct server_fixture h;
	const char *got;

	open_server(&h);
	got = answer_to(&h, "GET /hello?name=a%20b+c&name=x HTTP/1.1\r\nHost: h\r\nUser-Agent: me\r\n\r\n", "hello");
	ok(strncmp(got, "HTTP/1.1 200 OK\r\n", 17) == 0, "200");
	ok(strstr(got, "\r\nContent-Type: text/plain; charset=utf-8\r\n") != NULL, "text unless set");
	ok(strstr(got, "\r\n\r\nhello a b c") != NULL, "the query is decoded, the first of two is taken");
	is_int(h.args, 2, "and both were counted");
	is_text(h.heard, "me", "headers can be read whatever their case");
	answer_to(&h, GET("/hello?name"), "hello");
	ok(strstr(buf_cstr(&h.c.got), "hello ") != NULL && h.args == 1, "an argument without a value is there, empty");
	answer_to(&h, GET("/hello"), "hello nobody");
	is_int(h.args, 0, "an argument that is not there is counted 0 times");
	close_server(&h);
}

static void wrong_methods_and_paths_are_refused(void)
{
	static const char *const refused[] = { "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "get" };
	struct server_fixture h;
	char request[128];

	open_server(&h);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		snprintf(request, sizeof(request), "%s /hello HTTP/1.1\r\nHost: h\r\n\r\n", refused[i]);
		answer_to(&h, request, "\r\n\r\n");
		ok(strstr(buf_cstr(&h.c.got), "HTTP/1.1 405 ") == buf_cstr(&h.c.got) &&
		                strstr(buf_cstr(&h.c.got), "Content-Length: 0\r\n") != NULL &&
		                strstr(buf_cstr(&h.c.got), "Allow: GET\r\n") != NULL,
		        "%s where GET is wanted: 405, empty", refused[i]);
	}
	answer_to(&h, "PATCH /any HTTP/1.1\r\nHost: h\r\n\r\n", "hello");
	ok(strstr(buf_cstr(&h.c.got), " 200 ") != NULL, "a route of any method takes PATCH");
	answer_to(&h, GET("/hello/"), "found\n");
	ok(strstr(buf_cstr(&h.c.got), "HTTP/1.1 404 ") != NULL &&
	                strstr(buf_cstr(&h.c.got), "\r\n\r\n404 page not found\n") != NULL,
	        "another path: 404, as Go says it");
	ok(strstr(buf_cstr(&h.c.got), "\r\nX-Content-Type-Options: nosniff\r\n") != NULL, "never sniffed");
	is_int(h.asked, 1, "only what may be asked was asked");
	close_server(&h);
}

static void a_body_comes_whole(void)
{
	struct server_fixture h;

	open_server(&h);
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
	wait_ms(h.loop, 20);
	is_int(h.asked, 0, "half a body asks nothing");
	raw_send(&h.c, "56789");
	raw_wait(&h.c, "\r\n\r\n");
	ok(strstr(buf_cstr(&h.c.got), "HTTP/1.1 202 ") != NULL && h.body == 10, "the rest makes it whole");
	ok(strstr(buf_cstr(&h.c.got), "X-Test: yes\r\n") != NULL, "headers of the reply are sent");
	ok(strstr(buf_cstr(&h.c.got), "Content-Type") == NULL, "an empty answer has no type");
	raw_send(&h.c, "POST /both HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
	               "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n");
	run_until_count(h.loop, &h.asked, 2);
	is_int(h.body, 8, "a chunked body on the same connection");
	close_server(&h);
}

static void a_body_has_a_bound(void)
{
	struct server_fixture h;

	open_with(&h, (struct http_server_opts){ .max_body = 8 });
	answer_to(&h, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n01234567", "\r\n\r\n");
	ok(h.asked == 1 && h.body == 8, "as much as is allowed is taken");
	answer_to(&h, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n", "large\n");
	ok(strstr(buf_cstr(&h.c.got), "HTTP/1.1 413 ") != NULL, "a byte more is refused by its length: 413");
	ok(raw_wait_closed(&h.c), "and the connection closed");
	answer_to(&h, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999\r\n\r\n", "\r\n\r\n");
	ok(strstr(buf_cstr(&h.c.got), " 4") != NULL, "a length beyond all numbers is refused");
	raw_close(&h.c);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	               "chunked\r\n\r\n9\r\n012345678\r\n0\r\n\r\n");
	ok(raw_wait_closed(&h.c), "a chunked one is hung up on");
	is_int(h.asked, 1, "nobody was asked");
	close_server(&h);
}

static void an_answer_may_come_later(void)
{
	struct server_fixture h;
	struct http_reply reply = { 0 };
	struct raw other;

	open_server(&h);
	raw_send(&h.c, GET("/later"));
	ok(run_until_count(h.loop, &h.asked, 1), "the question came");
	ok(raw_connect(&other, h.loop, http_server_port(h.server)), "meanwhile");
	raw_send(&other, GET("/hello"));
	ok(raw_wait(&other, "hello nobody"), "others are answered");
	is_int(h.c.got.len, 0, "and the first waits");
	buf_text(&reply.body, "at last");
	reply.status = 203;
	http_later_answer(&h.later, &reply);
	ok(h.later == NULL, "the handle is used up");
	ok(raw_wait(&h.c, "at last") && strstr(buf_cstr(&h.c.got), " 203 ") != NULL, "then it is answered");
	raw_send(&h.c, GET("/sooner"));
	ok(raw_wait(&h.c, "sooner than later"), "later may be at once; the connection lives on");
	raw_close(&other);
	close_server(&h);
}

static void a_late_answer_does_not_mind_a_client_that_left(void)
{
	struct server_fixture h;
	struct http_reply reply = { 0 };

	open_server(&h);
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	raw_close(&h.c);
	wait_ms(h.loop, 20);
	buf_text(&reply.body, "to nobody");
	http_later_answer(&h.later, &reply);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, GET("/hello"));
	ok(raw_wait(&h.c, "hello"), "the server lives on");
	close_server(&h);
}

static void a_reply_may_reset_connections(void)
{
	struct server_fixture h;

	open_server(&h);
	raw_send(&h.c, GET("/hang-up"));
	ok(raw_wait_closed(&h.c) && h.c.got.len == 0, "closed without a word");
	close_server(&h);
}

static void the_server_may_be_freed_from_inside_and_with_questions_open(void)
{
	struct server_fixture h;

	open_server(&h);
	raw_send(&h.c, GET("/free"));
	ok(raw_wait_closed(&h.c), "freed from inside an answer: connections are dropped");
	close_server(&h);

	open_server(&h);
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	http_server_free(h.server);
	h.server = NULL;
	ok(raw_wait_closed(&h.c) && h.c.got.len == 0, "freed with a question open: the client is dropped");
	close_server(&h);
}

static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void the_port_can_be_had_again_at_once(void)
{
	struct server_fixture h;
	struct http_server_opts again = { .routes = routes };
	struct why why;
	uint16_t port;
	int before;

	open_server(&h);
	raw_send(&h.c, GET("/hello"));
	raw_wait(&h.c, "hello");
	before = open_descriptors();
	port = http_server_port(h.server);
	for (int i = 0; i < 20; i++) {
		http_server_free(h.server);
		raw_wait_closed(&h.c);
		raw_close(&h.c);
		ok(!raw_connect(&h.c, h.loop, port), "closed, nobody answers");
		again.at = (struct hostport){ "127.0.0.1", port };
		again.arg = &h;
		if (!ok(http_server_open(&h.server, h.loop, &again, &why) == 0, "and open again"))
			diag("%s", why.text);
		raw_connect(&h.c, h.loop, port);
		raw_send(&h.c, GET("/hello"));
		raw_wait(&h.c, "hello");
	}
	is_int(open_descriptors(), before, "no descriptor is left behind");
	close_server(&h);
}

static void a_taken_port_is_named(void)
{
	struct server_fixture h;
	struct http_server *second = NULL;
	struct http_server_opts opts = { .routes = routes };
	char want[64];
	struct why why;

	open_server(&h);
	opts.at = (struct hostport){ "127.0.0.1", http_server_port(h.server) };
	ok(http_server_open(&second, h.loop, &opts, &why) < 0, "a second server on the port is refused");
	snprintf(want, sizeof(want), "127.0.0.1:%u", http_server_port(h.server));
	ok(strstr(why.text, want) != NULL && strstr(why.text, "in use") != NULL, "with a sentence: %s", why.text);
	opts.at = (struct hostport){ "no-such-host.invalid", 0 };
	ok(http_server_open(&second, h.loop, &opts, &why) < 0 && strstr(why.text, "no-such-host.invalid") != NULL,
	        "so is an unknown host: %s", why.text);
	close_server(&h);
}

static void no_host_is_both_families(void)
{
	struct loop *l;
	struct http_server *s = NULL;
	struct http_server_opts opts = { .routes = routes };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct server_fixture h = { 0 };
	struct raw c;
	struct why why;
	int fd;

	opts.arg = &h;
	ok(loop_open(&l, &why) == 0 && http_server_open(&s, l, &opts, &why) == 0, "the server opens on :0");
	ok(raw_connect(&c, l, http_server_port(s)), "IPv4 gets in");
	raw_close(&c);
	six.sin6_port = htons(http_server_port(s));
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&six, sizeof(six)) < 0 && errno == EADDRNOTAVAIL))
		ok(1, "IPv6 gets in # SKIP this host has no IPv6");
	else
		ok(getpeername(fd, (struct sockaddr *)&six, &(socklen_t){ sizeof(six) }) == 0, "IPv6 gets in");
	if (fd >= 0)
		close(fd);
	http_server_free(s);
	loop_free(l);
}

int main(void)
{
	a_route_answers_its_methods();
	wrong_methods_and_paths_are_refused();
	a_body_comes_whole();
	a_body_has_a_bound();
	an_answer_may_come_later();
	a_late_answer_does_not_mind_a_client_that_left();
	a_reply_may_reset_connections();
	the_server_may_be_freed_from_inside_and_with_questions_open();
	the_port_can_be_had_again_at_once();
	a_taken_port_is_named();
	no_host_is_both_families();
	return tap_done();
}
