/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_server_tls.c — a server behind TLS: clients that stall in the handshake or speak no TLS, and certificates that
 * are changed while it serves. The client is libcurl's, with OpenSSL. */
#include "http/client.h"
#include "http_server_fixture.h"

enum { REQUEST_MS = 300, CONNECTIONS = 4 };

static char dir[] = "/tmp/spanspool-tls-XXXXXX";

static const char *in_dir(const char *name)
{
	static char paths[16][64];
	static int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static bool make_certificates(void)
{
	char command[512];

	if (mkdtemp(dir) == NULL)
		return false;
	snprintf(command, sizeof(command),
	        "cd %s && exec 2>log && for n in one two; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 "
	        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout $n.key -out $n.pem; done",
	        dir);
	return system(command) == 0;
}

static char *content(const char *name)
{
	char *text = calloc(1, 1 << 16);
	FILE *f = fopen(in_dir(name), "r");

	if (text == NULL || f == NULL || fread(text, 1, (1 << 16) - 1, f) == 0)
		abort();
	fclose(f);
	return text;
}

static struct http_tls tls_of(const char *cert, const char *key)
{
	return (struct http_tls){ .cert = content(cert), .key = content(key), .priorities = "NORMAL" };
}

static void free_tls(struct http_tls *tls)
{
	free((char *)(uintptr_t)tls->cert);
	free((char *)(uintptr_t)tls->key);
}

static void open_secured(struct server_fixture *h, const struct http_tls *tls)
{
	open_with(h,
	        (struct http_server_opts){
	                .tls = tls, .request_ms = REQUEST_MS, .idle_ms = REQUEST_MS, .max_connections = CONNECTIONS });
}

struct heard {
	size_t n;
	int status;
	enum http_fault fault;
};

static void on_answer(void *arg, const struct http_answer *a)
{
	struct heard *h = arg;

	h->status = a->status;
	h->fault = a->fault;
	h->n++;
}

/* Asks for /hello with CA as the only authority: the status, 0 without an answer. */
static int ask(struct server_fixture *h, const char *ca)
{
	struct http_client_opts opts = { .files[CREDENTIAL_CA] = in_dir(ca) };
	char url[64];
	struct http_request r = { .url = url };
	struct http_client *client;
	struct heard heard = { 0 };
	struct why why;

	snprintf(url, sizeof(url), "https://localhost:%u/hello", http_server_port(h->server));
	if (http_client_open(&client, h->loop, &opts, &why) < 0 || http_client_send(client, &r, on_answer, &heard) < 0)
		abort();
	run_until_count(h->loop, &heard.n, 1);
	http_client_free(client);
	return heard.status;
}

static void a_request_is_answered(void)
{
	struct http_tls tls = tls_of("one.pem", "one.key");
	struct server_fixture h;

	open_secured(&h, &tls);
	free_tls(&tls);
	is_int(ask(&h, "one.pem"), 200, "by TLS");
	is_int(ask(&h, "two.pem"), 0, "not for who trusts another certificate");
	close_server(&h);
}

static void a_handshake_has_the_time_of_a_request(void)
{
	static const char *const beginnings[] = { "", "\x16", "\x16\x03\x01\x02", "GET /hello HTTP/1.1\r\n\r\n" };

	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		struct http_tls tls = tls_of("one.pem", "one.key");
		struct server_fixture h;

		open_secured(&h, &tls);
		free_tls(&tls);
		raw_send(&h.c, beginnings[i]);
		ok(raw_wait_closed(&h.c), "%zu bytes and no more: closed", strlen(beginnings[i]));
		is_int(h.asked, 0, "nothing was asked");
		is_int(ask(&h, "one.pem"), 200, "others are answered");
		close_server(&h);
	}
}

/* The first bytes of a ClientHello of 512 bytes. */
static void a_handshake_that_waits_for_its_client_costs_little(void)
{
	struct http_tls tls = tls_of("one.pem", "one.key");
	struct server_fixture h;
	size_t turns;

	open_secured(&h, &tls);
	free_tls(&tls);
	raw_send(&h.c, "\x16\x03\x01\x02\x01\x01");
	wait_ms(h.loop, 20);
	turns = turns_in(h.loop, REQUEST_MS / 2);
	ok(turns < REQUEST_MS, "the loop turns %zu times in %d ms", turns, REQUEST_MS / 2);
	close_server(&h);
}

static void stalled_handshakes_lock_nobody_out(void)
{
	struct http_tls tls = tls_of("one.pem", "one.key");
	struct raw stalled[3 * CONNECTIONS];
	struct server_fixture h;

	open_secured(&h, &tls);
	free_tls(&tls);
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++) {
		raw_connect(&stalled[i], h.loop, http_server_port(h.server));
		raw_send(&stalled[i], "\x16\x03\x01");
	}
	is_int(ask(&h, "one.pem"), 200, "with 12 connections that stall and room for 4, one more is answered");
	for (size_t i = 0; i < ARRAY_LEN(stalled); i++)
		raw_close(&stalled[i]);
	close_server(&h);
}

static void certificates_are_renewed_while_it_serves(void)
{
	struct http_tls one = tls_of("one.pem", "one.key"), two = tls_of("two.pem", "two.key");
	struct http_tls mixed = { .cert = one.cert, .key = two.key, .priorities = "NORMAL" };
	struct server_fixture h;
	uint16_t port;
	struct why why;

	open_secured(&h, &one);
	port = http_server_port(h.server);
	is_int(ask(&h, "one.pem"), 200, "the first is shown");
	ok(http_server_renew_tls(h.server, &mixed, &why) < 0, "a key that does not fit is refused: %s", why.text);
	is_int(ask(&h, "one.pem"), 200, "and the first stays");
	is_int(http_server_renew_tls(h.server, &two, &why), 0, "the second is taken");
	is_int(http_server_port(h.server), port, "at the same port");
	ok(raw_wait_closed(&h.c), "a connection made before is closed");
	is_int(ask(&h, "one.pem"), 0, "the first is no longer shown");
	is_int(ask(&h, "two.pem"), 200, "the second is");
	free_tls(&one);
	free_tls(&two);
	close_server(&h);
}

int main(void)
{
	char command[64];

	if (!make_certificates()) {
		printf("1..0 # SKIP openssl is not installed\n");
		return getenv("CI") != NULL;
	}
	a_request_is_answered();
	a_handshake_has_the_time_of_a_request();
	a_handshake_that_waits_for_its_client_costs_little();
	stalled_handshakes_lock_nobody_out();
	certificates_are_renewed_while_it_serves();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	(void)!system(command);
	return tap_done();
}
