/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c — the quarantine of the drain as files in a directory.
 *
 * NAME.value has the bytes of the record. NAME.headers has a line "name: value" for the key and each header, with bytes
 * other than printable ASCII as %XX. The headers are written first, so that no value is without its headers. Writing
 * an item again gives the same files. Files and directory are synced. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/owner.h"
#include "quarantine_internal.h"

struct directory {
	struct files files;
	int fd;
};

static struct directory *directory_of(struct files *f)
{
	return container_of(f, struct directory, files);
}

static void add_escaped(struct buf *to, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < 0x20 || s.at[i] > 0x7e || s.at[i] == '%')
			buf_printf(to, "%%%02X", s.at[i]);
		else
			buf_byte(to, s.at[i]);
	}
}

static void format_headers(struct buf *to, const struct kafka_record *r)
{
	if (r->key.at != NULL) {
		buf_text(to, "key: ");
		add_escaped(to, r->key);
		buf_byte(to, '\n');
	}
	for (size_t i = 0; i < r->nheaders; i++) {
		add_escaped(to, slice_text(r->headers[i].name));
		buf_text(to, ": ");
		add_escaped(to, r->headers[i].value);
		buf_byte(to, '\n');
	}
}

static int write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.at, s.len);

		if (n == 0)
			errno = EIO; /* write wrote nothing: retrying could loop forever */
		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		if (n > 0)
			s = slice_of(s.at + n, s.len - (size_t)n);
	}
	return fsync(fd);
}

static int write_file(struct directory *d, const char *name, const char *kind, struct slice bytes)
{
	char path[512], part[520];
	int fd, rc;

	snprintf(path, sizeof(path), "%s.%s", name, kind);
	snprintf(part, sizeof(part), "%s.part", path);
	/* Removes the part that a kill may have left. O_EXCL then never opens an existing file or link. */
	if (unlinkat(d->fd, part, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(d->fd, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = write_all(fd, bytes);
	if (close(fd) < 0 || rc < 0)
		return -1;
	return renameat(d->fd, part, d->fd, path);
}

static int set_errno(struct why *what)
{
	return why_set(what, err_from_errno(errno), "%s", strerror(errno));
}

static int write_item(struct files *f, struct quarantine_item *item, struct why *what)
{
	struct directory *d = directory_of(f);
	struct buf headers = { 0 };
	int rc = -1;

	format_headers(&headers, &item->record);
	errno = ENOMEM;
	if (buf_check(&headers) == 0)
		rc = write_file(d, item->name, "headers", buf_slice(&headers));
	if (rc == 0)
		rc = write_file(d, item->name, "value", item->record.value);
	if (rc < 0)
		set_errno(what);
	buf_free(&headers);
	return rc < 0 ? what->code : 0;
}

/* Syncs the directory once for all files of a run. */
static int sync_directory(struct files *f, struct why *what)
{
	return fsync(directory_of(f)->fd) == 0 ? 0 : set_errno(what);
}

static void free_directory(struct files *f)
{
	struct directory *d = directory_of(f);

	if (d->fd >= 0)
		close(d->fd);
	free(d);
}

static const struct files_kind kind = { write_item, sync_directory, free_directory };

static int open_directory(const char *path, struct why *why)
{
	int fd = -1;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || faccessat(fd, ".", W_OK, 0) < 0)
		why_set(why, err_from_errno(errno), "directory %s: %s", path, strerror(errno));
	else if (owner_refuse_root(fd, NULL, why) < 0)
		why_wrap(why, "directory %s", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

struct quarantine *quarantine_directory_new(struct loop *l, const struct quarantine_opts *opts, struct why *why)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d == NULL || files_open(&d->files, l, &kind) < 0) {
		free(d);
		why_set(why, E_NOMEM, "directory");
		return NULL;
	}
	d->fd = open_directory(opts->where, why);
	if (d->fd >= 0)
		return &d->files.q;
	d->files.q.ops->free(&d->files.q);
	return NULL;
}
