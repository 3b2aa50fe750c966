/* SPDX-License-Identifier: Apache-2.0 */
/* kept.c — reads the records of a quarantine directory, and removes them.
 *
 * The directory may hold more names than memory should: kept_list.c gives them in chunks. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/owner.h"
#include "kept_list.h"
#include "quarantine/kept.h"

struct kept {
	int fd;
	struct kept_list list;
};

static const char *const endings[] = { ".value", ".headers" };

static int errno_says(const char *what, struct why *why)
{
	return why_set(why, err_from_errno(errno), "%s: %s", what, strerror(errno));
}

static int open_for_taking(int fd, const char *path, struct why *why)
{
	if (faccessat(fd, ".", W_OK, 0) < 0)
		return errno_says(path, why);
	if (owner_refuse_root(fd, NULL, why) < 0)
		return why_wrap(why, "directory %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return errno_says(path, why);
	return why_set(why, E_LOCKED, "%s: another process sends what stands there", path);
}

int kept_open(struct kept **out, const char *path, bool takes, struct why *why)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return why_set(why, E_NOMEM, "%s", path);
	k->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->fd < 0 || (takes && open_for_taking(k->fd, path, why) < 0)) {
		if (k->fd < 0)
			errno_says(path, why);
		kept_free(k);
		return why->code;
	}
	*out = k;
	return 0;
}

void kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	kept_list_free(&k->list);
	if (k->fd >= 0)
		close(k->fd);
	free(k);
}

uint64_t kept_count(const struct kept *k)
{
	return k->list.values;
}

/* ---- one file ---- */

static int read_all(int fd, size_t size, struct buf *to)
{
	uint8_t *at = buf_reserve(to, size + 1); /* one more tells a file that has grown */
	ssize_t n = 0;

	if (at == NULL) {
		errno = ENOMEM;
		return -1;
	}
	for (size_t got = 0; got <= size; got += (size_t)n) {
		n = read(fd, at + got, size + 1 - got);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n <= 0)
			break;
		to->len += (size_t)n;
	}
	if (n == 0 && to->len != size)
		errno = EBUSY;
	return n < 0 || to->len != size ? -1 : 0;
}

/* Reads NAME with ENDING. A link is not followed, and what is no file is not waited for. */
static int read_file(
        const struct kept *k, const char *name, const char *ending, struct buf *to, struct stat *st, struct why *why)
{
	char path[KEPT_NAME + 16];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "%s%s", name, ending);
	fd = openat(k->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ELOOP)
		return why_set(why, E_LINK, "%s is a link, which is not followed", path);
	if (fd < 0 || fstat(fd, st) < 0)
		rc = errno_says(path, why);
	else if (!S_ISREG(st->st_mode))
		rc = why_set(why, E_MALFORMED, "%s is no regular file", path);
	else if (st->st_size > KEPT_FILE_MOST)
		rc = why_set(why, E_TOO_LARGE, "%s is larger than any record", path);
	else if (read_all(fd, (size_t)st->st_size, to) < 0)
		rc = errno_says(path, why);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* ---- headers: in the file a line "name: value" each, escaped; in memory the name, a NUL, the value's length
 *      in four bytes, and the value ---- */

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* False: S has something that the quarantine does not write. */
static bool add_unescaped(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] != '%') {
			buf_byte(to, s.at[i]);
			continue;
		}
		if (s.len - i < 3 || digit(s.at[i + 1]) < 0 || digit(s.at[i + 2]) < 0)
			return false;
		buf_byte(to, (uint8_t)(digit(s.at[i + 1]) << 4 | digit(s.at[i + 2])));
		i += 2;
	}
	return true;
}

static bool add_line(struct buf *to, struct slice line)
{
	const uint8_t *colon = memmem(line.at, line.len, ": ", 2);
	uint32_t len = 0;
	size_t at;

	if (colon == NULL || !add_unescaped(to, slice_of(line.at, (size_t)(colon - line.at))))
		return false;
	buf_byte(to, 0);
	at = to->len;
	buf_add(to, &len, sizeof(len));
	if (!add_unescaped(to, slice_of(colon + 2, line.len - (size_t)(colon + 2 - line.at))))
		return false;
	if (to->failed)
		return true;
	len = (uint32_t)(to->len - at - sizeof(len));
	memcpy(to->at + at, &len, sizeof(len));
	return true;
}

static bool read_lines(struct slice text, struct buf *to)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t len = end == NULL ? 0 : (size_t)(end - text.at);

		if (end == NULL || !add_line(to, slice_of(text.at, len)))
			return false;
		text = slice_of(end + 1, text.len - len - 1);
	}
	return true;
}

void kept_headers(const struct kept_record *r, void (*each)(void *arg, const char *name, struct slice value), void *arg)
{
	const uint8_t *at = r->headers.at, *end = at + r->headers.len;

	while (at < end) {
		const char *name = (const char *)at;
		uint32_t len;

		at += strlen(name) + 1;
		memcpy(&len, at, sizeof(len));
		at += sizeof(len);
		each(arg, name, slice_of(at, len));
		at += len;
	}
}

static void note_cause(void *arg, const char *name, struct slice value)
{
	(void)value;
	if (strcmp(name, "spanspool-cause") == 0)
		*(bool *)arg = true;
}

static int read_headers(const struct kept *k, struct kept_record *r, struct why *why)
{
	struct buf text = { 0 };
	bool ours = false;
	int rc = read_file(k, r->name, endings[1], &text, &r->on_disk[1], why);

	if (rc == 0 && read_lines(buf_slice(&text), &r->headers) && buf_check(&r->headers) == 0)
		kept_headers(r, note_cause, &ours);
	if (rc == 0 && buf_check(&r->headers) < 0)
		rc = why_set(why, E_NOMEM, "%s%s", r->name, endings[1]);
	else if (rc == 0 && !ours)
		rc = why_set(why, E_MALFORMED, "%s%s is none that a quarantine has written", r->name, endings[1]);
	buf_free(&text);
	return rc;
}

/* ---- records ---- */

static enum kept_found read_record(const struct kept *k, struct kept_record *r, struct why *why)
{
	if (read_headers(k, r, why) == 0 && read_file(k, r->name, endings[0], &r->value, &r->on_disk[0], why) == 0) {
		buf_fit(&r->value);
		return KEPT_RECORD;
	}
	kept_record_free(r);
	return KEPT_UNREADABLE;
}

static bool ends_with(const char *name, const char *ending)
{
	size_t n = strlen(name), e = strlen(ending);

	return n > e && strcmp(name + n - e, ending) == 0;
}

static enum kept_found tell_foreign(const char *name, struct why *why)
{
	if (ends_with(name, ".value.part") || ends_with(name, ".headers.part")) {
		why_set(why, E_MALFORMED, "%s is a part of a file that was never finished", name);
		return KEPT_UNREADABLE;
	}
	why_set(why, E_MALFORMED, "%s is no file of a quarantine", name);
	return KEPT_FOREIGN;
}

enum kept_found kept_next(struct kept *k, struct kept_record *to, struct why *why)
{
	const struct kept_name *n;

	if (kept_list_next(&k->list, k->fd, &n, why) < 0)
		return KEPT_FAILED;
	if (n == NULL)
		return KEPT_END;
	snprintf(to->name, sizeof(to->name), "%s", n->name);
	if (n->has == KEPT_HAS_OTHER)
		return tell_foreign(n->name, why);
	if (n->has == (KEPT_HAS_VALUE | KEPT_HAS_HEADERS))
		return read_record(k, to, why);
	why_set(why, E_MALFORMED, "%s%s stands there without %s%s", n->name, endings[n->has == KEPT_HAS_HEADERS],
	        n->name, endings[n->has == KEPT_HAS_VALUE]);
	return KEPT_UNREADABLE;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* A drain that reads the same topic, made anew, gives another record the same name. */
int kept_remove(struct kept *k, const struct kept_record *r, struct why *why)
{
	char path[ARRAY_LEN(endings)][KEPT_NAME + 16];
	struct stat now;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		snprintf(path[i], sizeof(path[i]), "%s%s", r->name, endings[i]);
		if (fstatat(k->fd, path[i], &now, AT_SYMLINK_NOFOLLOW) == 0 ? !is_same(&now, &r->on_disk[i])
		                                                            : errno != ENOENT)
			return why_set(why, E_CHANGED, "%s is another file than the one that was sent", path[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (unlinkat(k->fd, path[i], 0) < 0 && errno != ENOENT)
			return errno_says(path[i], why);
	return 0;
}

int kept_sync(struct kept *k, struct why *why)
{
	return fsync(k->fd) == 0 ? 0 : why_set(why, err_from_errno(errno), "%s", strerror(errno));
}

void kept_record_free(struct kept_record *r)
{
	buf_free(&r->value);
	buf_free(&r->headers);
}
