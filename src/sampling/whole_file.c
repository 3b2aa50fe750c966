/* SPDX-License-Identifier: Apache-2.0 */
/* whole_file.c — reads and replaces a small file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "whole_file.h"

enum { CHUNK = 64 << 10 };

static int fail(const char *path, const char *what, struct why *why)
{
	int e = errno;

	return why_set(why, err_from_errno(e), "%s: %s: %s", path, what, strerror(e));
}

/* Writes TEXT to a new file at PATH. */
static int write_new(const char *path, struct slice text, struct why *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = 0;

	if (fd < 0)
		return fail(path, "cannot be created", why);
	while (rc == 0 && text.len > 0) {
		ssize_t n = write(fd, text.at, text.len);

		if (n < 0 && errno != EINTR)
			rc = fail(path, "cannot be written", why);
		if (n > 0)
			text = slice_of(text.at + n, text.len - (size_t)n);
	}
	if (rc == 0 && fsync(fd) < 0)
		rc = fail(path, "cannot be synced", why);
	if (close(fd) < 0 && rc == 0)
		rc = fail(path, "cannot be written", why);
	return rc;
}

int whole_file_write(const char *path, struct slice text, struct why *why)
{
	struct buf beside = { 0 };
	int rc;

	buf_printf(&beside, "%s.new", path);
	if (buf_check(&beside) < 0)
		return why_set(why, E_NOMEM, "%s", path);
	rc = write_new(buf_cstr(&beside), text, why);
	if (rc == 0 && rename(buf_cstr(&beside), path) < 0)
		rc = fail(path, "cannot be replaced", why);
	if (rc < 0)
		unlink(buf_cstr(&beside));
	buf_free(&beside);
	return rc;
}

static int read_all(int fd, const char *path, size_t most, struct buf *to, struct why *why)
{
	for (;;) {
		uint8_t *at = buf_reserve(to, CHUNK);
		ssize_t n = at == NULL ? 0 : read(fd, at, CHUNK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(path, "cannot be read", why);
		if (n == 0)
			return buf_check(to) < 0 ? why_set(why, E_NOMEM, "%s", path) : 0;
		to->len += (size_t)n;
		if (to->len > most)
			return why_set(why, E_TOO_LARGE, "%s has more than %zu bytes", path, most);
	}
}

int whole_file_read(const char *path, size_t most, struct buf *to, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return fail(path, "cannot be opened", why);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		rc = why_set(why, E_USAGE, "%s is no regular file", path);
	else
		rc = read_all(fd, path, most, to, why);
	close(fd);
	return rc;
}
