/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client_tls.c — TLS, client certificates, and what is wrong with them; the servers are
 * openssl's. */
#include <config.h>

#include <curl/curl.h>
#include <dlfcn.h>
#include <signal.h>
#include <sys/wait.h>

#include "clienttest.h"
#include "fakeclock.h"
#include "wait.h"

/* How often the file of the system's authorities was opened: by OpenSSL, which calls this definition. */
static size_t bundle_opens;

FILE *fopen64(const char *path, const char *mode)
{
	FILE *(*real)(const char *, const char *) =
	        (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen64");
	const char *bundle = curl_version_info(CURLVERSION_NOW)->cainfo;

	bundle_opens += bundle != NULL && strcmp(path, bundle) == 0;
	return real(path, mode);
}

static char dir[] = "/tmp/spanspool-tls-XXXXXX";

static const char *in_dir(const char *name)
{
	static char paths[64][64];
	static int next;
	char *path = paths[next++ % 64];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static bool make_certificates(void)
{
	static const char script[] = "cd %s && exec 2>log && "
	                             "new() { openssl req -newkey rsa:2048 -nodes -subj /CN=$1 -keyout $1.key -out "
	                             "$1.csr && "
	                             "  echo subjectAltName=DNS:$2 >ext && openssl x509 -req -in $1.csr -CA ca.pem "
	                             "-CAkey ca.key "
	                             "  -CAcreateserial -days 2 -extfile ext -out $1.pem; } && "
	                             "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key "
	                             "-out ca.pem && "
	                             "new server localhost && new client client && new other elsewhere";
	char command[1024];

	snprintf(command, sizeof(command), script, dir);
	return system(command) == 0;
}

struct tls_server {
	pid_t pid;
	FILE *said;
	unsigned port;
};

/* openssl s_server on a free port, which it prints. */
static void tls_start(struct tls_server *s, const char *name, const char *const *more)
{
	const char *args[24] = { "openssl", "s_server", "-accept", "127.0.0.1:0", "-www" };
	int out[2], n = 5;
	char line[256];

	args[n++] = "-cert";
	args[n++] = in_dir(name);
	args[n++] = "-key";
	args[n] = in_dir(name);
	strcpy(strstr(args[n], ".pem"), ".key");
	n++;
	for (; *more != NULL; more++)
		args[n++] = *more;
	if (pipe(out) < 0 || (s->pid = fork()) < 0)
		abort();
	if (s->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		execvp("openssl", (char *const *)args);
		_exit(127);
	}
	close(out[1]);
	s->said = fdopen(out[0], "r");
	s->port = 0;
	while (s->port == 0 && fgets(line, sizeof(line), s->said) != NULL)
		if (strncmp(line, "ACCEPT", 6) == 0)
			s->port = (unsigned)strtoul(strrchr(line, ':') + 1, NULL, 10);
}

static void tls_stop(struct tls_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	fclose(s->said);
}

static const struct http_answer *ask(struct bench *b, const struct http_client_opts *opts, unsigned port)
{
	struct http_request r = { 0 };

	bench_open(b, opts);
	snprintf(b->url, sizeof(b->url), "https://localhost:%u/", port);
	r.url = b->url;
	bench_ask(b, &r);
	bench_close(b);
	return &b->told.last;
}

static void refused(struct bench *b, const struct http_client_opts *opts, unsigned port, const char *name)
{
	const struct http_answer *a = ask(b, opts, port);

	if (!ok(a->failure == HTTP_MISCONFIGURED && a->fault == HTTP_TLS, "%s: %s", name, b->told.error))
		diag("failure %d, fault %d, status %d", a->failure, a->fault, a->status);
}

static void a_server_is_verified(void)
{
	static const char *const none[] = { NULL };
	struct http_client_opts good = { .files[CREDENTIAL_CA] = in_dir("ca.pem") },
	                        wrong = { .files[CREDENTIAL_CA] = in_dir("client.key") };
	struct tls_server server, other;
	struct bench b;

	tls_start(&server, "server.pem", none);
	tls_start(&other, "other.pem", none);
	is_int(ask(&b, &good, server.port)->status, 200, "a server of our authority");
	refused(&b, &(struct http_client_opts){ 0 }, server.port, "of an authority we do not know");
	refused(&b, &good, other.port, "of another name");
	refused(&b, &wrong, server.port, "an authority file that is none");
	tls_stop(&server);
	tls_stop(&other);
}

/* Connected to by address; the certificate is checked for the name. */
static void the_name_is_verified_not_the_address(void)
{
	static const char *const none[] = { NULL };
	struct http_client_opts good = { .files[CREDENTIAL_CA] = in_dir("ca.pem") };
	struct http_request r = { .url = "https://elsewhere:1/" };
	struct tls_server server, other;
	char at_server[64], at_other[64];
	struct bench b;

	tls_start(&server, "server.pem", none);
	tls_start(&other, "other.pem", none);
	snprintf(at_server, sizeof(at_server), "127.0.0.1:%u", server.port);
	snprintf(at_other, sizeof(at_other), "127.0.0.1:%u", other.port);
	bench_open(&b, &good);
	r.address = at_other;
	is_int(bench_ask(&b, &r)->status, 200, "the server of that name");
	r.address = at_server;
	is_int(bench_ask(&b, &r)->fault, HTTP_TLS, "one of another name");
	bench_close(&b);
	tls_stop(&server);
	tls_stop(&other);
}

/* The URL's host is connected to; the certificate is of another name. */
static void a_server_name_takes_the_place_of_the_host(void)
{
	static const char *const none[] = { NULL };
	struct http_client_opts named = { .files[CREDENTIAL_CA] = in_dir("ca.pem"), .server_name = "elsewhere" };
	struct http_request r = { .url = "https://nowhere.invalid:1/" };
	struct tls_server server, other;
	char at_other[64];
	struct bench b;

	tls_start(&server, "server.pem", none);
	tls_start(&other, "other.pem", none);
	is_int(ask(&b, &named, other.port)->status, 200, "a server of that name");
	refused(&b, &named, server.port, "one of the host's name");
	snprintf(at_other, sizeof(at_other), "127.0.0.1:%u", other.port);
	r.address = at_other;
	bench_open(&b, &named);
	is_int(bench_ask(&b, &r)->status, 200, "and where the request has an address");
	bench_close(&b);
	tls_stop(&server);
	tls_stop(&other);
}

static void a_client_may_verify_nothing(void)
{
	static const char *const none[] = { NULL };
	struct http_client_opts opts = { .skip_host_verify = true };
	struct tls_server other;
	struct bench b;

	tls_start(&other, "other.pem", none);
	is_int(ask(&b, &opts, other.port)->status, 200, "unknown authority, another name: answered");
	tls_stop(&other);
}

static void a_client_shows_its_certificate(void)
{
	const char *tls13[] = { "-CAfile", in_dir("ca.pem"), "-Verify", "1", "-verify_return_error", NULL };
	const char *tls12[] = { "-CAfile", in_dir("ca.pem"), "-Verify", "1", "-verify_return_error", "-tls1_2", NULL };
	struct http_client_opts bare = { .files[CREDENTIAL_CA] = in_dir("ca.pem") }, with = bare, mixed = bare;
	struct tls_server s13, s12;
	struct bench b;

	with.files[CREDENTIAL_CERT] = in_dir("client.pem");
	with.files[CREDENTIAL_KEY] = in_dir("client.key");
	mixed.files[CREDENTIAL_CERT] = with.files[CREDENTIAL_CERT];
	mixed.files[CREDENTIAL_KEY] = in_dir("server.key");
	tls_start(&s13, "server.pem", tls13);
	tls_start(&s12, "server.pem", tls12);
	is_int(ask(&b, &with, s13.port)->status, 200, "TLS 1.3 with a certificate");
	is_int(ask(&b, &with, s12.port)->status, 200, "TLS 1.2 with a certificate");
	refused(&b, &bare, s13.port, "TLS 1.3 without");
	refused(&b, &bare, s12.port, "TLS 1.2 without");
	refused(&b, &mixed, s13.port, "a key that does not fit");
	tls_stop(&s13);
	tls_stop(&s12);
}

static void the_system_authorities_are_read_once_for_many_connections(void)
{
	static const char *const none[] = { NULL };
	struct tls_server server;
	struct http_request r = { 0 };
	struct bench b;

	tls_start(&server, "server.pem", none);
	bench_open(&b, &(struct http_client_opts){ 0 });
	snprintf(b.url, sizeof(b.url), "https://localhost:%u/", server.port);
	r.url = b.url;
	bundle_opens = 0;
	for (int i = 0; i < 5; i++)
		is_int(bench_ask(&b, &r)->fault, HTTP_TLS, "refused");
	ok(bundle_opens > 0 && bundle_opens < 5, "5 connections, the file was read %zu times", bundle_opens);
	bench_close(&b);
	tls_stop(&server);
}

/* Sends a second request from inside the first answer, whose easy handle is still in use. */
struct chain {
	struct bench *b;
	struct http_request r;
	struct told second;
	size_t first;
};

static void send_second(void *arg, const struct http_answer *a)
{
	struct chain *c = arg;

	c->first = (size_t)a->status;
	is_int(http_client_send(c->b->client, &c->r, told, &c->second), 0, "a second request");
}

/* The server says on its page whether the session of a connection, which it closes, was new. */
static void a_second_connection_resumes_the_session(void)
{
	static const char *const tls12[] = { "-tls1_2", NULL }, *const tls13[] = { NULL };
	static const char *const *const versions[] = { tls12, tls13 };
	struct http_client_opts opts = { .files[CREDENTIAL_CA] = in_dir("ca.pem") };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct tls_server server;
		struct bench b;
		struct chain c = { .b = &b };

		tls_start(&server, "server.pem", versions[i]);
		bench_open(&b, &opts);
		snprintf(b.url, sizeof(b.url), "https://localhost:%u/", server.port);
		c.r = (struct http_request){ .url = b.url, .keep = sizeof(b.told.body) };
		is_int(http_client_send(b.client, &c.r, send_second, &c), 0, "a first request");
		run_until_count(b.loop, &c.second.n, 1);
		ok(c.first == 200 && c.second.last.status == 200, "both are answered");
		ok(strstr(c.second.body, "Reused, TLSv1") != NULL,
		        "the second connection, of another handle, resumes the session of the "
		        "first");
		bench_close(&b);
		tls_stop(&server);
	}
}

static void copy(const char *from, const char *to)
{
	char command[256];

	snprintf(command, sizeof(command), "cp %s %s", from, to);
	if (system(command) != 0)
		abort();
}

/* Asks a second apart, by the client's clock, until one is answered with STATUS; 0 is a refusal of TLS. */
static bool becomes(struct bench *b, unsigned port, int status)
{
	struct http_request r = { .url = b->url };

	snprintf(b->url, sizeof(b->url), "https://localhost:%u/", port);
	for (int i = 0; i < 200; i++) {
		fakeclock_ahead_us += 2 * US_PER_S;
		bench_ask(b, &r);
		if (b->told.last.status == status && (status != 0 || b->told.last.fault == HTTP_TLS))
			return true;
		wait_ms(b->loop, 1);
	}
	diag("status %d, %s", b->told.last.status, b->told.error);
	return false;
}

static void certificates_that_are_rotated_are_used(void)
{
	const char *strict[] = { "-CAfile", in_dir("ca.pem"), "-Verify", "1", "-verify_return_error", NULL };
	struct http_client_opts opts = { .files = {
		                                 [CREDENTIAL_CA] = in_dir("now-ca.pem"),
		                                 [CREDENTIAL_CERT] = in_dir("now.pem"),
		                                 [CREDENTIAL_KEY] = in_dir("now.key"),
		                         } };
	struct tls_server server;
	struct bench b;

	copy(in_dir("other.pem"), in_dir("now-ca.pem"));
	copy(in_dir("client.pem"), in_dir("now.pem"));
	copy(in_dir("client.key"), in_dir("now.key"));
	tls_start(&server, "server.pem", strict);
	bench_open(&b, &opts);
	ok(becomes(&b, server.port, 0), "the authority is another one: refused");
	copy(in_dir("ca.pem"), in_dir("now-ca.pem"));
	ok(becomes(&b, server.port, 200), "the right one is used as soon as it is there");
	copy(in_dir("ca.key"), in_dir("now.key"));
	ok(becomes(&b, server.port, 0), "a key that does not fit: refused");
	copy(in_dir("server.pem"), in_dir("now.pem"));
	copy(in_dir("server.key"), in_dir("now.key"));
	ok(becomes(&b, server.port, 200), "a new pair is used as soon as it is there");
	bench_close(&b);
	tls_stop(&server);
}

static void a_server_without_tls_is_told_from_one_that_is_away(void)
{
	const struct http_answer *a;
	struct http_request r = { 0 };
	struct bench b;

	bench_open(&b, &(struct http_client_opts){ 0 });
	snprintf(b.url, sizeof(b.url), "https://127.0.0.1:%u/", b.peers.server.port);
	r.url = b.url;
	b.peers.close_at_once = true;
	a = bench_ask(&b, &r);
	ok(a->failure == HTTP_UNREACHABLE && !a->was_sent, "closed while shaking hands: try again (%s)", b.told.error);
	bench_close(&b);
}

static void come_plain(void *arg, int fd)
{
	static const char reply[] = "HTTP/1.1 400 Bad Request\r\n\r\n";

	(void)arg;
	if (send(fd, reply, strlen(reply), MSG_NOSIGNAL) < 0)
		diag("send failed");
	shutdown(fd, SHUT_WR);
	/* left open for the client to close; the process ends soon */
}

static void a_plain_server_is_a_misconfiguration(void)
{
	struct raw_server plain;
	struct http_request r = { 0 };
	const struct http_answer *a;
	struct bench b;

	bench_open(&b, &(struct http_client_opts){ 0 });
	raw_listen(&plain, b.loop, come_plain, NULL);
	snprintf(b.url, sizeof(b.url), "https://127.0.0.1:%u/", plain.port);
	r.url = b.url;
	a = bench_ask(&b, &r);
	ok(a->failure == HTTP_MISCONFIGURED && a->fault == HTTP_TLS, "plain HTTP behind https: %s", b.told.error);
	raw_unlisten(&plain);
	bench_close(&b);
}

int main(void)
{
	char command[128];

	a_server_without_tls_is_told_from_one_that_is_away();
	a_plain_server_is_a_misconfiguration();
	if (system("openssl version >/dev/null 2>&1") != 0) {
		printf("ok %d - certificates # SKIP there is no openssl command\n", ++tap_count);
		return tap_done();
	}
	if (mkdtemp(dir) == NULL || !make_certificates())
		abort();
	a_server_is_verified();
	the_name_is_verified_not_the_address();
	a_server_name_takes_the_place_of_the_host();
	a_client_may_verify_nothing();
	a_client_shows_its_certificate();
	a_second_connection_resumes_the_session();
	the_system_authorities_are_read_once_for_many_connections();
	certificates_that_are_rotated_are_used();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? tap_done() : 1;
}
