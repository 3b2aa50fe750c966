/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client_bad.c — servers that are away, slow, rude or not servers at all. */
#include <netdb.h>
#include <pthread.h>
#include <sys/resource.h>

#include "clienttest.h"

static const struct http_client_opts plain = { .max_connections = 4 };

/* The resolver of this program: one name that is slow, one that is not there. */
static pthread_mutex_t resolver_held = PTHREAD_MUTEX_INITIALIZER;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res);
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	(void)service;
	(void)hints;
	*res = NULL;
	if (node != NULL && strcmp(node, "slow.test") == 0) {
		pthread_mutex_lock(&resolver_held);
		pthread_mutex_unlock(&resolver_held);
	}
	return EAI_NONAME;
}

static void is_failure(
        const struct http_answer *a, enum http_failure failure, enum http_fault fault, bool was_sent, const char *name)
{
	if (!ok(a->failure == failure && a->fault == fault && a->was_sent == was_sent && a->status == 0 &&
	                    a->error[0] != '\0',
	            "%s: %s", name, a->error))
		diag("failure %d, fault %d (%s), sent %d, status %d", a->failure, a->fault, http_fault_text(a->fault),
		        a->was_sent, a->status);
}

static void nobody_listens(void)
{
	struct http_request r = { .body = slice_text("END") };
	struct bench b;
	char url[64];
	struct raw_server gone;

	bench_open(&b, &plain);
	raw_listen(&gone, b.loop, peer_come, &b.peers);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", gone.port);
	raw_unlisten(&gone);
	r.url = url;
	is_failure(bench_ask(&b, &r), HTTP_UNREACHABLE, HTTP_NO_CONNECTION, false, "refused");
	bench_close(&b);
}

static void a_connection_that_never_comes_about_times_out(void)
{
	struct http_request r = { .body = slice_text("END"), .connect_ms = 100 };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	struct raw fill[3];
	struct bench b;
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bench_open(&b, &plain);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 0) < 0 ||
	        getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		abort();
	raw_connect(&fill[0], b.loop, ntohs(sa.sin_port)); /* the backlog is full now: a SYN more is dropped */
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(sa.sin_port));
	r.url = url;
	is_failure(bench_ask(&b, &r), HTTP_UNREACHABLE, HTTP_TIMED_OUT, false, "connecting takes too long");
	raw_close(&fill[0]);
	close(fd);
	bench_close(&b);
}

static void a_server_that_closes_early(void)
{
	struct bench b;
	const struct http_answer *a;

	bench_open(&b, &plain);
	b.peers.close_at_once = true;
	a = bench_post(&b, "END");
	ok(a->failure == HTTP_UNREACHABLE && a->fault == HTTP_BROKEN_OFF, "closed at once: %s", b.told.error);
	b.peers.close_at_once = false;
	b.peers.close_after = true;
	is_failure(bench_post(&b, "END"), HTTP_UNREACHABLE, HTTP_BROKEN_OFF, true, "closed behind the request");
	b.peers.reply = "HTTP/1.1 202 Acc";
	is_failure(bench_post(&b, "END"), HTTP_UNREACHABLE, HTTP_BROKEN_OFF, true, "closed within the status line");
	b.peers.reply = "HTTP/1.1 202 Accepted\r\nContent-Le";
	is_failure(bench_post(&b, "END"), HTTP_UNREACHABLE, HTTP_BROKEN_OFF, true, "closed within the head");
	bench_close(&b);
}

static void an_answer_counts_when_its_head_is_there(void)
{
	static const char *const replies[] = {
		"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nhalf",
		"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzzz\r\n",
	};
	struct http_request r = { .body = slice_text("END"), .total_ms = 100 };
	struct bench b;

	bench_open(&b, &plain);
	b.peers.close_after = true;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		b.peers.reply = replies[i];
		bench_post(&b, "END");
		ok(b.told.last.failure == HTTP_ANSWERED && b.told.last.status == 202 && !b.told.last.whole &&
		                strcmp(b.told.body, "half") == 0,
		        "broken body %zu: 202, not whole", i);
	}
	b.peers.close_after = false;
	b.peers.reply = replies[0];
	r.url = b.url;
	bench_ask(&b, &r);
	ok(b.told.last.failure == HTTP_ANSWERED && b.told.last.status == 202 && !b.told.last.whole,
	        "a body that never ends: 202 when its time is up");
	bench_close(&b);
}

static void a_server_that_never_answers(void)
{
	struct http_request r = { .body = slice_text("END"), .total_ms = 100 };
	const struct http_answer *a;
	struct bench b;

	bench_open(&b, &plain);
	r.url = b.url;
	a = bench_ask(&b, &r);
	is_failure(a, HTTP_UNREACHABLE, HTTP_TIMED_OUT, true, "silence");
	ok(a->took_us >= 95000, "not before its time (%" PRIu64 " us)", a->took_us);
	b.peers.reply = "HTTP/1.1 100 Continue\r\n\r\n";
	is_failure(bench_ask(&b, &r), HTTP_UNREACHABLE, HTTP_TIMED_OUT, true, "only a 100");
	is_int(b.peers.requests, 2, "each was sent once");
	bench_close(&b);
}

struct drip {
	struct peers *peers;
	struct timer *timer;
	size_t drops;
};

static void on_drip(void *arg)
{
	struct drip *d = arg;

	for (int i = 0; i < PEERS; i++)
		if (d->peers->used[i])
			send(d->peers->peer[i].fd, "x", 1, MSG_NOSIGNAL);
	d->drops++;
	timer_start(d->timer, 10);
}

static void a_server_that_drips_is_timed_out(void)
{
	struct http_request r = { .body = slice_text("END"), .total_ms = 200 };
	struct drip d = { 0 };
	struct bench b;

	bench_open(&b, &plain);
	d.peers = &b.peers;
	if (timer_open(&d.timer, b.loop, on_drip, &d) < 0)
		abort();
	b.peers.reply = "HTTP/1.1 200 OK\r\nX-Long: ";
	timer_start(d.timer, 10);
	r.url = b.url;
	is_failure(bench_ask(&b, &r), HTTP_UNREACHABLE, HTTP_TIMED_OUT, true, "a head byte by byte");
	ok(d.drops > 3, "although it went on (%zu)", d.drops);
	timer_free(d.timer);
	bench_close(&b);
}

static void what_is_not_http_is_told_so(void)
{
	static const char *const replies[] = {
		"SSH-2.0-OpenSSH_9.2\r\n",
		"\x80\x01\x02\x03garbage\r\n\r\n",
		"<html>hello</html>\r\n",
		"HTTP/2 what\r\n\r\n",
	};
	struct http_request r = { .body = slice_text("END") };
	struct buf head = { 0 };
	struct bench b;

	bench_open(&b, &plain);
	b.peers.close_after = true;
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		b.peers.reply = replies[i];
		is_failure(bench_post(&b, "END"), HTTP_MISCONFIGURED, HTTP_NOT_HTTP, true, "garbage");
	}
	buf_text(&head, "HTTP/1.1 200 OK\r\nX: ");
	memset(buf_reserve(&head, 2 << 20), 'h', 2 << 20);
	head.len += 2 << 20;
	b.peers.reply = buf_cstr(&head);
	r.url = b.url;
	r.total_ms = 5000;
	bench_ask(&b, &r);
	ok(b.told.last.failure == HTTP_UNREACHABLE, "a head of 2 MiB is given up: %s", b.told.error);
	buf_free(&head);
	bench_close(&b);
}

struct flood {
	struct peers *peers;
	size_t bytes;
};

static void on_flood(void *arg)
{
	struct flood *f = arg;
	struct peers *p = f->peers;
	static char piece[65536];

	for (int i = 0; i < PEERS && p->requests > 0; i++)
		if (p->used[i]) {
			ssize_t n = send(p->peer[i].fd, piece, sizeof(piece), MSG_NOSIGNAL);

			f->bytes += n > 0 ? (size_t)n : 0;
		}
}

static void an_endless_answer_is_cut(void)
{
	struct turn_hook *hook;
	struct flood flood = { 0 };
	struct bench b;

	bench_open(&b, &plain);
	flood.peers = &b.peers;
	if (turn_hook_open(&hook, b.loop, on_flood, &flood) < 0)
		abort();
	b.peers.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n";
	bench_post(&b, "END");
	ok(b.told.last.failure == HTTP_ANSWERED && b.told.last.status == 200 && !b.told.last.whole,
	        "its status counts, the rest is not read for ever");
	ok(flood.bytes < 32u << 20, "a bounded part of it (%zu bytes went out)", flood.bytes);
	ok(b.told.last.body.len == HTTP_KEEP_BYTES, "and not kept");
	turn_hook_free(hook);
	bench_close(&b);
}

static void nothing_is_sent_twice_behind_our_back(void)
{
	struct bench b;

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	b.peers.reply_only_first = 1;
	is_int(bench_post(&b, "one END")->status, 202, "the first is answered");
	is_failure(bench_post(&b, "two END"), HTTP_UNREACHABLE, HTTP_BROKEN_OFF, true,
	        "the kept connection is closed under the second");
	wait_ms(b.loop, 50);
	is_int(b.peers.requests, 2, "and it was not sent again");
	b.peers.reply_only_first = 0;
	is_int(bench_post(&b, "three END")->status, 202, "a third is");
	bench_close(&b);
}

/* Closes the port with the connection: the library's own second try finds nobody. */
static void vanish(struct raw *r)
{
	struct peers *p = r->arg;

	if (r->closed == 0 && p->requests == 1) {
		raw_unlisten(&p->server);
		p->requests++;
		peer_close(r);
	} else {
		peer_more(r);
	}
}

static void a_server_that_dies_with_a_request_in_hand_is_told_from_one_that_is_away(void)
{
	struct bench b;

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	is_int(bench_post(&b, "one END")->status, 202, "the first is answered");
	for (int i = 0; i < PEERS; i++)
		b.peers.peer[i].more = b.peers.used[i] ? vanish : NULL;
	is_failure(bench_post(&b, "two END"), HTTP_UNREACHABLE, HTTP_BROKEN_OFF, true,
	        "it dies with the second, over the kept connection");
	raw_listen(&b.peers.server, b.loop, peer_come, &b.peers); /* for bench_close */
	bench_close(&b);
}

static void an_idle_connection_that_was_closed_costs_nothing(void)
{
	struct bench b;

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	for (int i = 0; i < 5; i++) {
		is_int(bench_post(&b, "END")->status, 202, "answered");
		for (int j = 0; j < PEERS; j++)
			if (b.peers.used[j])
				peer_close(&b.peers.peer[j]);
	}
	is_int(b.peers.server.accepted, 5, "over a new connection each");
	bench_close(&b);
}

static void an_unknown_host_is_told_so(void)
{
	struct http_request r = { .url = "http://nowhere.test:14268/api/traces", .body = slice_text("END") };
	struct bench b;

	bench_open(&b, &plain);
	is_failure(bench_ask(&b, &r), HTTP_MISCONFIGURED, HTTP_UNKNOWN_HOST, false, "unknown");
	ok(strstr(b.told.error, "nowhere.test") != NULL, "by name");
	bench_close(&b);
}

static void a_name_server_that_hangs_does_not_hold_the_loop(void)
{
	struct http_request r = { .url = "http://slow.test/", .body = slice_text("END"), .connect_ms = 100 };
	struct told cancelled = { 0 };
	struct bench b;
	uint64_t began;

	pthread_mutex_lock(&resolver_held);
	bench_open(&b, &plain);
	began = loop_now_us(b.loop);
	is_failure(bench_ask(&b, &r), HTTP_UNREACHABLE, HTTP_TIMED_OUT, false, "resolving takes too long");
	r.connect_ms = 60000;
	is_int(http_client_send(b.client, &r, told, &cancelled), 0, "another");
	wait_ms(b.loop, 30);
	http_client_cancel_all(b.client);
	ok(cancelled.last.fault == HTTP_CANCELLED, "is cancelled");
	is_int(http_client_send(b.client, &r, told, &cancelled), 0, "a third");
	wait_ms(b.loop, 30);
	bench_close(&b);
	ok(clock_mono_us() - began < 20 * US_PER_S, "is freed; nothing waited for the name server");
	pthread_mutex_unlock(&resolver_held);
}

/* Neither the collector nor its name is at fault. */
static void without_descriptors_the_limit_is_blamed(void)
{
	static const char *const hosts[] = { "127.0.0.1", "unknown.test" };
	struct rlimit was, none;
	struct bench b;

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	getrlimit(RLIMIT_NOFILE, &was);
	none = (struct rlimit){ 0, was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct http_request r = { .body = slice_text("END") };
		const struct http_answer *a;
		char url[64];

		snprintf(url, sizeof(url), "http://%s:%u/", hosts[i], b.peers.server.port);
		r.url = url;
		a = bench_ask(&b, &r);
		is_failure(a, HTTP_UNREACHABLE, HTTP_NO_DESCRIPTOR, false, hosts[i]);
		is_text(a->error, "no file descriptor is free (limit 0)", "with the limit");
	}
	setrlimit(RLIMIT_NOFILE, &was);
	is_int(bench_post(&b, "END")->status, 202, "with descriptors the next request is answered");
	bench_close(&b);
}

int main(void)
{
	nobody_listens();
	a_connection_that_never_comes_about_times_out();
	a_server_that_closes_early();
	an_answer_counts_when_its_head_is_there();
	a_server_that_never_answers();
	a_server_that_drips_is_timed_out();
	what_is_not_http_is_told_so();
	an_endless_answer_is_cut();
	nothing_is_sent_twice_behind_our_back();
	a_server_that_dies_with_a_request_in_hand_is_told_from_one_that_is_away();
	an_idle_connection_that_was_closed_costs_nothing();
	an_unknown_host_is_told_so();
	a_name_server_that_hangs_does_not_hold_the_loop();
	without_descriptors_the_limit_is_blamed();
	return tap_done();
}
