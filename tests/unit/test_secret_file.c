/* SPDX-License-Identifier: Apache-2.0 */
/* test_secret_file.c — what a file of a secret may hold, what it may be, and what is said of all else. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/secret_file.h"
#include "tap.h"
#include "tempdir.h"

static char dir[TEMPDIR_PATH], path[TEMPDIR_PATH + 32];

/* In place of clock.c: each look at the clock finds it moved on by this much. */
static uint64_t a_look_us;

uint64_t clock_mono_us(void)
{
	static uint64_t now = 1;

	return now += a_look_us;
}

uint64_t clock_wall_ms(void)
{
	return clock_mono_us() / US_PER_MS;
}

static void put(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		exit(99);
}

typedef int read_fn(int fd, const char *path, struct buf *to, struct why *why);

/* What READ makes of the file AT: its bytes, or the sentence. */
static int read_it(read_fn *read_as, const char *at, struct buf *to, struct why *why)
{
	bool is_pipe;
	int fd = secret_file_open(at, &is_pipe, why), rc;

	buf_clear(to);
	if (fd < 0)
		return fd;
	rc = read_as(fd, at, to, why);
	close(fd);
	return rc;
}

/* GIVES is what is read; NULL: refused with a sentence that has PATH and SAYS in it. */
static void check(read_fn *read_as, const char *at, const char *gives, const char *says, const char *name)
{
	struct buf got = { 0 };
	struct why why = { 0 };
	int rc = read_it(read_as, at, &got, &why);

	if (gives != NULL)
		ok(rc == 0 && slice_is(buf_slice(&got), gives), "%s", name);
	else
		ok(rc == E_USAGE && strstr(why.text, at) != NULL && strstr(why.text, says) != NULL, "%s: %s", name,
		        rc == 0 ? "taken" : why.text);
	buf_free(&got);
}

#define CONTENT(text) text, sizeof(text) - 1

static void a_secret_is_a_line_of_text(void)
{
	static const struct {
		const char *text;
		size_t len;
		const char *gives, *says;
	} cases[] = {
		{ CONTENT("sesame"), "sesame", NULL }, { CONTENT("sesame\n"), "sesame", NULL },
		{ CONTENT("sesame\r\n"), "sesame", NULL }, { CONTENT("sesame\nsecond\001\n"), "sesame", NULL },
		{ CONTENT(" se same "), " se same ", NULL }, { CONTENT("s\xc3\xa9same\n"), "s\xc3\xa9same", NULL },
		{ CONTENT("\xef\xbb\xbfsesame\r\n"), "sesame", NULL }, { CONTENT(""), NULL, "is empty" },
		{ CONTENT("\xef\xbb\xbf"), NULL, "is empty" }, { CONTENT("\nsesame\n"), NULL, "first line is empty" },
		{ CONTENT("\xef\xbb\xbf\r\n"), NULL, "first line is empty" },
		{ CONTENT("ses\tame\n"), NULL, "byte 4 of its first line is the control character 0x09" },
		{ CONTENT("ses\0ame\n"), NULL, "0x00" }, { CONTENT("sesame\x1b[0m\n"), NULL, "0x1b" },
		{ CONTENT("\xff\xfes\0e\0s\0"), NULL, "0x00" }, /* UTF-16 */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[32];

		snprintf(name, sizeof(name), "secret %zu", i);
		put(cases[i].text, cases[i].len);
		check(secret_file_line, path, cases[i].gives, cases[i].says, name);
	}
}

static void a_pem_file_has_all_its_ends(void)
{
	static const struct {
		const char *text;
		bool good;
		const char *says;
	} cases[] = {
		{ "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", true, NULL },
		{ "notes\n-----BEGIN A-----\n-----END A-----\n-----BEGIN B-----\n-----END B-----", true, NULL },
		{ "-----BEGIN CERTIFICATE-----\nMII\n", false, "cut short" },
		{ "-----BEGIN A-----\n-----END A-----\n-----BEGIN B-----\nMII", false, "cut short" },
		{ "<html>404</html>\n", false, "no PEM" },
		{ "", false, "is empty" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[32];

		snprintf(name, sizeof(name), "PEM %zu", i);
		put(cases[i].text, strlen(cases[i].text));
		check(secret_file_pem, path, cases[i].good ? cases[i].text : NULL, cases[i].says, name);
	}
	put("\xef\xbb\xbf-----BEGIN A-----\n-----END A-----", 36);
	check(secret_file_pem, path, "-----BEGIN A-----\n-----END A-----", NULL, "a byte order mark is left out");
}

static void no_more_is_read_than_a_secret_may_have(void)
{
	enum { LARGE = 10 << 20 };
	char *much = calloc(1, LARGE);

	if (much == NULL)
		exit(99);
	memset(much, 'x', LARGE);
	put(much, SECRET_MOST - 1);
	much[SECRET_MOST - 1] = '\0';
	check(secret_file_line, path, much, NULL, "the longest secret");
	much[SECRET_MOST - 1] = 'x';
	put(much, LARGE);
	free(much);
	check(secret_file_line, path, NULL, "4096 bytes or more", "10 MB of secret");
	check(secret_file_pem, path, NULL, "4194304 bytes or more", "10 MB of PEM");
}

static void what_is_no_file_is_refused_at_once(void)
{
	check(secret_file_line, dir, NULL, "is a directory", "a directory");
	check(secret_file_line, "/dev/zero", NULL, "is a device", "a device without end");
	check(secret_file_pem, "/dev/null", NULL, "is a device", "a device without content");
	check(secret_file_line, "/nonexistent/x", NULL, "No such file", "a name without a file");
	unlink(path);
	if (mkfifo(path, 0600) < 0)
		exit(99);
	check(secret_file_line, path, NULL, "is empty", "a pipe without a writer");
}

/* As the shell's <(command) hands it over. */
static void a_pipe_is_read_while_its_writer_writes(void)
{
	int writer = open(path, O_RDWR | O_CLOEXEC);
	bool is_pipe;
	struct why why;
	int fd;

	if (writer < 0 || write(writer, "sesame\n", 7) != 7)
		exit(99);
	fd = secret_file_open(path, &is_pipe, &why);
	ok(fd >= 0 && is_pipe, "a pipe is known as one");
	close(writer);
	if (fd >= 0) {
		struct buf got = { 0 };

		ok(secret_file_line(fd, path, &got, &why) == 0 && slice_is(buf_slice(&got), "sesame"),
		        "what stands in it is read");
		buf_free(&got);
		close(fd);
	}
	writer = open(path, O_RDWR | O_CLOEXEC);
	a_look_us = SECRET_PIPE_MS * US_PER_MS;
	check(secret_file_line, path, NULL, "nothing is written", "a writer that is silent");
	a_look_us = 0;
	close(writer);
}

int main(void)
{
	tempdir_make(dir);
	snprintf(path, sizeof(path), "%s/secret", dir);
	a_secret_is_a_line_of_text();
	a_pem_file_has_all_its_ends();
	no_more_is_read_than_a_secret_may_have();
	what_is_no_file_is_refused_at_once();
	a_pipe_is_read_while_its_writer_writes();
	tempdir_remove(dir);
	return tap_done();
}
