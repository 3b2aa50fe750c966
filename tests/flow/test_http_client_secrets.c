/* SPDX-License-Identifier: Apache-2.0 */
/* test_http_client_secrets.c — files of secrets that change while the client runs, and names that move. */
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "clienttest.h"
#include "fakeclock.h"
#include "tempdir.h"
#include "wait.h"

static char dir[TEMPDIR_PATH];

static const char *in_dir(const char *name)
{
	static char paths[8][TEMPDIR_PATH + 32];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static void make_pipe(const char *path)
{
	if (mkfifo(path, 0600) < 0)
		abort();
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0700) < 0)
		abort();
}

static void make_link_to_zero(const char *path)
{
	if (symlink("/dev/zero", path) < 0)
		abort();
}

static void write_control(const char *path)
{
	write_file(path, "ne\tw\n");
}

static void write_ten_megabytes(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		abort();
	for (int i = 0; i < 10 << 17; i++)
		fputs("12345678", f);
	fclose(f);
}

/* As tools that rotate do it: under another name, then renamed. */
static void rotate(const char *path, const char *text)
{
	write_file(in_dir("next"), text);
	if (rename(in_dir("next"), path) < 0)
		abort();
}

struct wish {
	struct bench *b;
	const char *header;
};

/* One more request, a second later by the client's clock: true when the server has seen the header. */
static bool has_come(void *arg)
{
	struct wish *w = arg;

	fakeclock_ahead_us += 2 * US_PER_S;
	bench_post(w->b, "END");
	return strstr(w->b->peers.last, w->header) != NULL;
}

/* The header comes with one of the next requests, without a restart. */
static void comes(struct bench *b, const char *header, const char *name)
{
	struct wish w = { b, header };
	bool came = false;

	for (int i = 0; i < 200 && !came; i++) {
		came = has_come(&w);
		wait_ms(b->loop, 1);
	}
	ok(came, "%s", name);
}

static void a_token_that_is_rotated_is_used(void)
{
	struct http_client_opts opts = { .files[CREDENTIAL_BEARER] = in_dir("token") };
	struct bench b;

	write_file(opts.files[CREDENTIAL_BEARER], "old\n");
	bench_open(&b, &opts);
	b.peers.reply = REPLY_202;
	comes(&b, "Authorization: Bearer old\r\n", "the token that was there at the start");
	rotate(opts.files[CREDENTIAL_BEARER], "new\n");
	comes(&b, "Authorization: Bearer new\r\n", "the one that took its place");
	write_file(opts.files[CREDENTIAL_BEARER], "");
	bench_post(&b, "END");
	wait_ms(b.loop, 20);
	comes(&b, "Authorization: Bearer new\r\n", "an empty file changes nothing");
	if (unlink(opts.files[CREDENTIAL_BEARER]) < 0)
		abort();
	comes(&b, "Authorization: Bearer new\r\n", "a missing one neither");
	write_file(opts.files[CREDENTIAL_BEARER], "third");
	comes(&b, "Authorization: Bearer third\r\n", "it is back with another token");
	bench_close(&b);
}

/* The requests do not wait for the pipe, nor is the device read for ever. */
static void what_is_no_secret_leaves_the_old_one_in_use(void)
{
	static const struct {
		void (*make)(const char *path);
		const char *name;
	} cases[] = {
		{ make_pipe, "a pipe without a writer" },
		{ make_directory, "a directory" },
		{ make_link_to_zero, "a device without end" },
		{ write_control, "a secret with a control character" },
		{ write_ten_megabytes, "10 MB" },
	};
	struct http_client_opts opts = { .files[CREDENTIAL_BEARER] = in_dir("becomes") };
	const char *path = opts.files[CREDENTIAL_BEARER];
	struct bench b;

	write_file(path, "old\n");
	bench_open(&b, &opts);
	b.peers.reply = REPLY_202;
	comes(&b, "Authorization: Bearer old\r\n", "the token that was there at the start");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char token[16], header[64];

		remove(path);
		cases[i].make(path);
		for (int look = 0; look < 3; look++)
			comes(&b, i == 0 ? "Bearer old\r\n" : "Bearer new", cases[i].name);
		remove(path);
		snprintf(token, sizeof(token), "new%zu\n", i);
		write_file(path, token);
		snprintf(header, sizeof(header), "Authorization: Bearer new%zu\r\n", i);
		comes(&b, header, "a good one is used from then on");
	}
	remove(path);
	bench_close(&b);
}

/* Tools that copy files keep their times: the size is the same, and the time of its content is older. */
static void a_file_with_an_old_time_is_read_all_the_same(void)
{
	struct http_client_opts opts = { .files[CREDENTIAL_BEARER] = in_dir("same") };
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	struct bench b;

	write_file(opts.files[CREDENTIAL_BEARER], "old\n");
	bench_open(&b, &opts);
	b.peers.reply = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
	comes(&b, "Authorization: Bearer old\r\n", "the server refuses the old token");
	write_file(opts.files[CREDENTIAL_BEARER], "new\n");
	if (utimensat(AT_FDCWD, opts.files[CREDENTIAL_BEARER], old, 0) < 0)
		abort();
	comes(&b, "Authorization: Bearer new\r\n", "the new one is read");
	bench_close(&b);
}

static void a_password_is_read_from_its_file_again(void)
{
	struct http_client_opts opts = { .user = "name", .files[CREDENTIAL_PASSWORD] = in_dir("password") };
	struct bench b;

	write_file(opts.files[CREDENTIAL_PASSWORD], "p:w\r\nsecond line\n");
	bench_open(&b, &opts);
	b.peers.reply = REPLY_202;
	comes(&b, "Authorization: Basic bmFtZTpwOnc=\r\n", "name and first line");
	rotate(opts.files[CREDENTIAL_PASSWORD], "other\n");
	comes(&b, "Authorization: Basic bmFtZTpvdGhlcg==\r\n", "the new password");
	bench_close(&b);
}

static void a_client_may_be_freed_while_it_looks(void)
{
	struct http_client_opts opts = { .files[CREDENTIAL_BEARER] = in_dir("token") };
	struct http_request r = { .body = slice_text("END") };
	struct bench b;

	bench_open(&b, &opts);
	fakeclock_ahead_us += 2 * US_PER_S;
	r.url = b.url;
	is_int(bench_send(&b, &r), 0, "a look begins with a request");
	bench_close(&b);
}

/* ---- a name that moves ---- */

static const char *address_of_moved = "127.0.0.1";
static unsigned lookups;

/* Stands in for the name service: "moved.test" is where the test says, all else is asked of nobody. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
	struct addrinfo *a = calloc(1, sizeof(*a) + sizeof(struct sockaddr_in));
	struct sockaddr_in *to = a == NULL ? NULL : (struct sockaddr_in *)(void *)(a + 1);

	(void)hints;
	if (to == NULL)
		return EAI_MEMORY;
	lookups += strcmp(node, "moved.test") == 0;
	to->sin_family = AF_INET;
	to->sin_port = htons((uint16_t)strtoul(service, NULL, 10));
	inet_pton(AF_INET, strcmp(node, "moved.test") == 0 ? address_of_moved : node, &to->sin_addr);
	a->ai_family = AF_INET;
	a->ai_socktype = SOCK_STREAM;
	a->ai_addr = (struct sockaddr *)to;
	a->ai_addrlen = sizeof(*to);
	*found = a;
	return 0;
}

void freeaddrinfo(struct addrinfo *a)
{
	free(a);
}

/* The library's own clock, which is what its caches go by. */
static time_t library_ahead_s;

int clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	t->tv_sec += library_ahead_s;
	return rc;
}

time_t time(time_t *to)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (to != NULL)
		*to = t.tv_sec;
	return t.tv_sec;
}

/* Both servers live, so neither a reset nor a refusal tells that the name has moved. */
static void a_name_that_moves_is_followed_within_ten_seconds(void)
{
	static const struct http_client_opts plain = { 0 };
	struct http_request r = { .body = slice_text("END") };
	struct bench b;
	char url[128];

	bench_open(&b, &plain);
	b.peers.reply = REPLY_202;
	snprintf(url, sizeof(url), "http://moved.test:%u/x", b.peers.server.port);
	r.url = url;
	bench_ask(&b, &r);
	is_int(b.told.last.status, 202, "the first address answers");
	is_int((int64_t)lookups, 1, "the name was looked up");
	bench_ask(&b, &r);
	is_int((int64_t)lookups, 1, "and not again for the next request");
	address_of_moved = "127.0.0.2"; /* nobody listens there: the raw server has 127.0.0.1 alone */
	for (int second = 1; second <= 10; second++) {
		library_ahead_s++;
		bench_ask(&b, &r);
	}
	ok(lookups > 1, "within ten seconds of traffic it was");
	is_int(b.told.last.fault, HTTP_NO_CONNECTION, "and the new address is used");
	bench_close(&b);
}

int main(void)
{
	tempdir_make(dir);
	a_token_that_is_rotated_is_used();
	what_is_no_secret_leaves_the_old_one_in_use();
	a_file_with_an_old_time_is_read_all_the_same();
	a_password_is_read_from_its_file_again();
	a_client_may_be_freed_while_it_looks();
	a_name_that_moves_is_followed_within_ten_seconds();
	tempdir_remove(dir);
	return tap_done();
}
