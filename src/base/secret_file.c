/* SPDX-License-Identifier: Apache-2.0 */
/* secret_file.c — an operator's tools may leave a file of secrets half written, or make it a pipe, a device or a
 * file in another encoding. No content may stop the program, and an invalid secret is never used: the caller
 * keeps its current one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret_file.h"

enum { READ_BYTES = 4096, WAIT_MS = 50 };

static const char *refusal(mode_t mode)
{
	if (S_ISDIR(mode))
		return "is a directory, not a file";
	if (S_ISCHR(mode) || S_ISBLK(mode))
		return "is a device, not a file";
	return S_ISREG(mode) || S_ISFIFO(mode) ? NULL : "is not a file";
}

int secret_file_open(const char *path, bool *is_pipe, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	const char *what;

	if (fd < 0 || fstat(fd, &st) < 0)
		what = strerror(errno);
	else
		what = refusal(st.st_mode);
	if (what == NULL) {
		*is_pipe = S_ISFIFO(st.st_mode);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return why_set(why, E_USAGE, "%s: %s", path, what);
}

/* Waits WAIT_MS for data in FD, a pipe that has a writer; false: DEADLINE_US has passed. */
static bool wait_for_writer(int fd, uint64_t deadline_us)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	poll(&p, 1, WAIT_MS);
	return clock_mono_us() < deadline_us;
}

/* Reads to the end of the file, at most about MOST bytes. A pipe without a writer is at its end. */
static int read_all(int fd, size_t most, struct buf *to)
{
	uint64_t deadline = clock_mono_us() + SECRET_PIPE_MS * US_PER_MS;
	uint8_t part[READ_BYTES];

	while (to->len < most) {
		ssize_t n = read(fd, part, sizeof(part));

		if (n == 0)
			return 0;
		if (n > 0)
			buf_add(to, part, (size_t)n);
		else if (errno != EINTR && (errno != EAGAIN || !wait_for_writer(fd, deadline)))
			return -1;
	}
	return 0;
}

/* Removes LEN bytes at the front. */
static void cut_front(struct buf *b, size_t len)
{
	memmove(b->at, b->at + len, b->len - len);
	b->len -= len;
}

static int read_file(int fd, const char *path, size_t most, const char *kind, struct buf *to, struct why *why)
{
	static const char byte_order_mark[] = { '\xef', '\xbb', '\xbf' };

	if (read_all(fd, most, to) < 0)
		return why_set(why, E_USAGE, "%s: %s", path,
		        errno == EAGAIN ? "is a pipe into which nothing is written" : strerror(errno));
	if (buf_check(to) < 0)
		return why_set(why, E_NOMEM, "%s", path);
	if (to->len >= most)
		return why_set(why, E_USAGE, "%s: has %zu bytes or more, too long for a %s", path, most, kind);
	if (to->len >= sizeof(byte_order_mark) && memcmp(to->at, byte_order_mark, sizeof(byte_order_mark)) == 0)
		cut_front(to, sizeof(byte_order_mark));
	if (to->len == 0)
		return why_set(why, E_USAGE, "%s: is empty", path);
	return 0;
}

static size_t line_len(const struct buf *b)
{
	size_t n = 0;

	while (n < b->len && b->at[n] != '\n' && b->at[n] != '\r')
		n++;
	return n;
}

int secret_file_line(int fd, const char *path, struct buf *to, struct why *why)
{
	if (read_file(fd, path, SECRET_MOST, "secret", to, why) < 0)
		return why->code;
	to->len = line_len(to);
	if (to->len == 0)
		return why_set(why, E_USAGE, "%s: its first line is empty", path);
	for (size_t i = 0; i < to->len; i++)
		if (to->at[i] < ' ' || to->at[i] == 0x7f)
			return why_set(why, E_USAGE, "%s: byte %zu of its first line is the control character 0x%02x",
			        path, i + 1, to->at[i]);
	return 0;
}

int secret_file_pem(int fd, const char *path, struct buf *to, struct why *why)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	const char *last = NULL, *at;

	if (read_file(fd, path, PEM_MOST, "PEM file", to, why) < 0)
		return why->code;
	at = memmem(to->at, to->len, begin, sizeof(begin) - 1);
	if (at == NULL)
		return why_set(why, E_USAGE, "%s: holds no PEM, there is no \"%s\" in it", path, begin);
	for (; at != NULL; at = memmem(at + 1, to->len - (size_t)(at + 1 - (char *)to->at), begin, sizeof(begin) - 1))
		last = at;
	if (memmem(last, to->len - (size_t)(last - (char *)to->at), end, sizeof(end) - 1) == NULL)
		return why_set(why, E_USAGE, "%s: is cut short, its last \"%s\" has no \"%s\"", path, begin, end);
	return 0;
}
