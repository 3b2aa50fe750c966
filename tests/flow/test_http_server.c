/* test_http_server.c — routes, limits and hostile clients, over raw sockets. */
#include <dirent.h>
#include <sys/resource.h>

#include "http_server.h"
#include "looptest.h"

struct house {
	struct loop *loop;
	struct http_server *server;
	struct raw c;
	struct http_later *later;
	size_t asked;
	size_t body;         /* bytes of the last one */
	unsigned args;       /* how often "name" was given */
	char heard[128];
};

static void say_hello(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct house *h = arg;
	const char *name = http_call_query(call, "name", &h->args);
	const char *agent = http_call_header(call, "user-agent");

	h->asked++;
	snprintf(h->heard, sizeof(h->heard), "%s", agent == NULL ? "" : agent);
	buf_printf(&reply->body, "hello %s", name == NULL ? "nobody" : name);
}

static void take_body(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct house *h = arg;

	h->asked++;
	h->body = call->body.len;
	reply->status = 202;
	reply->headers[0] = "X-Test";
	reply->headers[1] = "yes";
}

static void answer_later(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct house *h = arg;

	(void)reply;
	h->asked++;
	h->later = http_call_later(call);
}

static void answer_later_at_once(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct http_later *later = http_call_later(call);
	struct http_reply now = { 0 };

	(void)arg;
	(void)reply;
	buf_text(&now.body, "sooner than later");
	http_later_answer(&later, &now);
}

static void hang_up(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	buf_text(&reply->body, "never seen");
	reply->hang_up = true;
}

static void free_it(void *arg, const struct http_call *call, struct http_reply *reply)
{
	struct house *h = arg;

	(void)call;
	buf_text(&reply->body, "bye");
	http_server_free(h->server);
	h->server = NULL;
}

static void give_much(void *arg, const struct http_call *call, struct http_reply *reply)
{
	(void)arg;
	(void)call;
	for (int i = 0; i < 1 << 18; i++)
		buf_text(&reply->body, "0123456789abcdef0123456789abcde\n");
}

static const struct http_route routes[] = {
	{ "/hello", "GET", say_hello },
	{ "/body", "POST", take_body },
	{ "/both", "GET POST", take_body },
	{ "/any", "*", say_hello },
	{ "/later", "GET", answer_later },
	{ "/sooner", "GET", answer_later_at_once },
	{ "/hang-up", "GET", hang_up },
	{ "/free", "GET", free_it },
	{ "/much", "GET", give_much },
	{ NULL, NULL, NULL },
};

static void open_with(struct house *h, struct http_server_opts opts)
{
	struct why why;

	*h = (struct house){ 0 };
	if (loop_open(&h->loop, &why) < 0)
		abort();
	if (opts.routes == NULL)
		opts.routes = routes;
	opts.arg = h;
	if (opts.at.host[0] == '\0')
		snprintf(opts.at.host, sizeof(opts.at.host), "127.0.0.1");
	if (!ok(http_server_open(&h->server, h->loop, &opts, &why) == 0, "the server opens"))
		diag("%s", why.text);
	raw_connect(&h->c, h->loop, http_server_port(h->server));
}

static void open_house(struct house *h)
{
	open_with(h, (struct http_server_opts){ 0 });
}

static void close_house(struct house *h)
{
	raw_close(&h->c);
	http_server_free(h->server);
	loop_free(h->loop);
}

/* What comes back for a request on a connection of its own, up to the end of the answer. */
static const char *answer_to(struct house *h, const char *request, const char *end)
{
	raw_close(&h->c);
	raw_connect(&h->c, h->loop, http_server_port(h->server));
	raw_send(&h->c, request);
	raw_wait(&h->c, end);
	return buf_cstr(&h->c.got);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static void a_route_answers_its_methods(void)
{
	struct house h;
	const char *got;

	open_house(&h);
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
	close_house(&h);
}

static void wrong_methods_and_paths_are_refused(void)
{
	static const char *const refused[] = { "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "get" };
	struct house h;
	char request[128];

	open_house(&h);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		snprintf(request, sizeof(request), "%s /hello HTTP/1.1\r\nHost: h\r\n\r\n", refused[i]);
		answer_to(&h, request, "\r\n\r\n");
		ok(strstr(buf_cstr(&h.c.got), "HTTP/1.1 405 ") == buf_cstr(&h.c.got) &&
				strstr(buf_cstr(&h.c.got), "Content-Length: 0\r\n") != NULL,
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
	close_house(&h);
}

static void a_body_comes_whole(void)
{
	struct house h;

	open_house(&h);
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
	until_passed(h.loop, 20);
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
	close_house(&h);
}

static void a_body_has_a_bound(void)
{
	struct house h;

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
	raw_send(&h.c, "POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n");
	ok(raw_wait_closed(&h.c), "a chunked one is hung up on");
	is_int(h.asked, 1, "nobody was asked");
	close_house(&h);
}

static void an_answer_may_come_later(void)
{
	struct house h;
	struct http_reply reply = { 0 };
	struct raw other;

	open_house(&h);
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
	close_house(&h);
}

static void a_late_answer_does_not_mind_a_client_that_left(void)
{
	struct house h;
	struct http_reply reply = { 0 };

	open_house(&h);
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	raw_close(&h.c);
	until_passed(h.loop, 20);
	buf_text(&reply.body, "to nobody");
	http_later_answer(&h.later, &reply);
	raw_connect(&h.c, h.loop, http_server_port(h.server));
	raw_send(&h.c, GET("/hello"));
	ok(raw_wait(&h.c, "hello"), "the server lives on");
	close_house(&h);
}

static void a_reply_may_hang_up(void)
{
	struct house h;

	open_house(&h);
	raw_send(&h.c, GET("/hang-up"));
	ok(raw_wait_closed(&h.c) && h.c.got.len == 0, "closed without a word");
	close_house(&h);
}

static void the_server_may_be_freed_from_inside_and_with_questions_open(void)
{
	struct house h;

	open_house(&h);
	raw_send(&h.c, GET("/free"));
	ok(raw_wait_closed(&h.c), "freed from inside an answer: connections are dropped");
	close_house(&h);

	open_house(&h);
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	http_server_free(h.server);
	h.server = NULL;
	ok(raw_wait_closed(&h.c) && h.c.got.len == 0, "freed with a question open: the client is dropped");
	close_house(&h);
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
	struct house h;
	struct http_server_opts again = { .routes = routes };
	struct why why;
	uint16_t port;
	int before;

	open_house(&h);
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
	close_house(&h);
}

static void a_taken_port_is_named(void)
{
	struct house h;
	struct http_server *second = NULL;
	struct http_server_opts opts = { .routes = routes };
	char want[64];
	struct why why;

	open_house(&h);
	opts.at = (struct hostport){ "127.0.0.1", http_server_port(h.server) };
	ok(http_server_open(&second, h.loop, &opts, &why) < 0, "a second server on the port is refused");
	snprintf(want, sizeof(want), "127.0.0.1:%u", http_server_port(h.server));
	ok(strstr(why.text, want) != NULL && strstr(why.text, "in use") != NULL, "with a sentence: %s", why.text);
	opts.at = (struct hostport){ "no-such-host.invalid", 0 };
	ok(http_server_open(&second, h.loop, &opts, &why) < 0 && strstr(why.text, "no-such-host.invalid") != NULL,
		"so is an unknown host: %s", why.text);
	close_house(&h);
}

static void no_host_is_both_families(void)
{
	struct loop *l;
	struct http_server *s = NULL;
	struct http_server_opts opts = { .routes = routes };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct house h = { 0 };
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

static void garbage_harms_nobody(void)
{
	static const char *const garbage[] = {
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n",
		"\r\n\r\n\r\n\r\n", "GET\r\n\r\n", "GET /hello HTTP/9.9\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
		"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
		"GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: h\r\n\r\n", "GET /hello?%zz=%&&&=&name HTTP/1.1\r\nHost: h\r\n\r\n",
	};
	struct house h;

	open_house(&h);
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
	close_house(&h);
}

static void a_head_has_a_bound(void)
{
	struct house h;
	struct buf head = { 0 };

	open_house(&h);
	buf_text(&head, "GET /hello HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 2000; i++)
		buf_printf(&head, "X-%d: 0123456789012345678901234567890123456789\r\n", i);
	raw_send(&h.c, buf_cstr(&head));
	ok(raw_wait_closed(&h.c), "a head of 100 kB is not taken");
	is_int(h.asked, 0, "nobody was asked");
	buf_free(&head);
	close_house(&h);
}

static void slow_clients_are_shut_out(void)
{
	struct house h;
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
	until_passed(h.loop, 1200); /* beyond the time-out and the next look of the reaper */
	watch_set(reader.watch, WATCH_READ);
	ok(raw_wait_closed(&reader) && reader.got.len < 8u << 20, "one that does not read its answer");
	raw_close(&reader);
	close_house(&h);
}

static void a_question_that_waits_is_not_shut_out(void)
{
	struct house h;
	struct http_reply reply = { 0 };

	open_with(&h, (struct http_server_opts){ .request_ms = 50, .idle_ms = 50 });
	raw_send(&h.c, GET("/later"));
	run_until_count(h.loop, &h.asked, 1);
	until_passed(h.loop, 1200);
	is_int(h.c.closed, 0, "it waits for its answer, not for its client");
	buf_text(&reply.body, "patience");
	http_later_answer(&h.later, &reply);
	ok(raw_wait(&h.c, "patience"), "and gets it");
	close_house(&h);
}

static void beyond_the_bound_connections_wait(void)
{
	struct house h;
	struct raw more[3];

	open_with(&h, (struct http_server_opts){ .max_connections = 2 });
	raw_send(&h.c, GET("/hello"));
	raw_wait(&h.c, "hello");
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		raw_connect(&more[i], h.loop, http_server_port(h.server));
		raw_send(&more[i], GET("/hello"));
	}
	ok(raw_wait(&more[0], "hello"), "the second gets in");
	until_passed(h.loop, 30);
	is_int(h.asked, 2, "the third and fourth wait in the kernel");
	raw_close(&h.c);
	ok(raw_wait(&more[1], "hello"), "one leaves, the third gets in");
	raw_close(&more[0]);
	ok(raw_wait(&more[2], "hello"), "another leaves, the fourth gets in");
	raw_close(&more[1]);
	raw_close(&more[2]);
	close_house(&h);
}

static void without_descriptors_the_loop_rests_and_heals(void)
{
	struct rlimit was, none;
	struct house h;
	struct raw c;
	struct rusage a, b;
	uint64_t spent;

	open_house(&h);
	raw_send(&h.c, GET("/hello"));
	raw_wait(&h.c, "hello");
	getrlimit(RLIMIT_NOFILE, &was);
	raw_connect(&c, h.loop, http_server_port(h.server));
	none = (struct rlimit){ (rlim_t)c.fd + 1, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	getrusage(RUSAGE_SELF, &a);
	until_passed(h.loop, 300);
	getrusage(RUSAGE_SELF, &b);
	spent = (uint64_t)(b.ru_utime.tv_sec - a.ru_utime.tv_sec) * US_PER_S + (uint64_t)b.ru_utime.tv_usec -
		(uint64_t)a.ru_utime.tv_usec;
	ok(spent < 150000, "with every descriptor in use the loop does not spin (%" PRIu64 " us)", spent);
	setrlimit(RLIMIT_NOFILE, &was);
	raw_send(&c, GET("/hello"));
	ok(raw_wait(&c, "hello"), "with one free again the connection gets in");
	raw_close(&c);
	close_house(&h);
}

int main(void)
{
	a_route_answers_its_methods();
	wrong_methods_and_paths_are_refused();
	a_body_comes_whole();
	a_body_has_a_bound();
	an_answer_may_come_later();
	a_late_answer_does_not_mind_a_client_that_left();
	a_reply_may_hang_up();
	the_server_may_be_freed_from_inside_and_with_questions_open();
	the_port_can_be_had_again_at_once();
	a_taken_port_is_named();
	no_host_is_both_families();
	garbage_harms_nobody();
	a_head_has_a_bound();
	slow_clients_are_shut_out();
	a_question_that_waits_is_not_shut_out();
	beyond_the_bound_connections_wait();
	without_descriptors_the_loop_rests_and_heals();
	return tap_done();
}
