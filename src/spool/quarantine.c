/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c — writes a record that can never be delivered to a file of its own, with its cause. These
 * functions use quarantine_bytes, quarantine_counted_us and those fields of struct spool that do not change while
 * it is open, so they may run in another thread beside spool_cycle. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "spool_internal.h"

enum {
	SHARE = 4,            /* records in quarantine/ may take max_bytes / SHARE */
	BLOCK = 4096,         /* files take a multiple of this */
	RECOUNT_US = 1000000, /* time between two measurements of quarantine/ */
};

static int write_file(int at, const char *name, struct iovec *iov, size_t n)
{
	int fd, rc;

	/* A killed process may have left an incomplete file. */
	if (unlinkat(at, name, 0) < 0 && errno != ENOENT)
		return err_from_errno(errno);
	fd = disk_open(at, name, O_WRONLY | O_CREAT | O_EXCL);
	if (fd < 0)
		return err_from_errno(errno);
	rc = disk_writev(fd, iov, n, 0);
	if (rc == 0)
		rc = disk_sync(fd);
	if (close(fd) < 0 && rc == 0)
		rc = err_from_errno(errno);
	return rc;
}

/* Writes NAME whole or not at all: when this fails, the caller may drop the batch. */
static int put_file(int at, const char *name, struct iovec *iov, size_t n)
{
	char part[DISK_NAME + 32];
	int rc;

	snprintf(part, sizeof(part), "%s.part", name);
	rc = write_file(at, part, iov, n);
	if (rc == 0 && renameat(at, part, at, name) < 0)
		rc = err_from_errno(errno);
	if (rc < 0) {
		unlinkat(at, part, 0);
		return rc;
	}
	rc = disk_sync_dir(at, "quarantine");
	if (rc < 0)
		unlinkat(at, name, 0);
	return rc;
}

/* Syncs the parent also if the directory exists: the process that made it may have been killed before. */
static int make_dir(int at)
{
	bool made;
	int rc = disk_make_dir(at, "quarantine", &made);

	return rc < 0 ? rc : disk_sync_dir(at, ".");
}

int quarantine_write(int at, const char *name, struct slice bytes)
{
	struct iovec iov = { (void *)bytes.at, bytes.len };
	char path[DISK_NAME];
	int rc = make_dir(at);

	snprintf(path, sizeof(path), "quarantine/%s", name);
	for (unsigned i = 1; rc == 0 && faccessat(at, path, F_OK, 0) == 0; i++)
		snprintf(path, sizeof(path), "quarantine/%s.%u", name, i);
	return rc < 0 ? rc : put_file(at, path, &iov, 1);
}

static uint64_t measure_records(struct spool *s)
{
	int fd = disk_open_dir(s->dir, "quarantine");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t bytes = 0;
	struct dirent *e;
	struct stat st;

	if (d == NULL && fd >= 0)
		close(fd);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			bytes += (uint64_t)st.st_blocks * 512;
	if (d != NULL)
		closedir(d);
	return bytes;
}

void quarantine_measure(struct spool *s)
{
	s->quarantine_counted_us = clock_mono_us();
	s->quarantine_bytes = measure_records(s);
}

/* Checks the limits for BYTES more. Near the limit it measures again, as an operator may have removed files. */
static int check_room(struct spool *s, uint64_t bytes)
{
	uint64_t limit = s->max_bytes, most = limit == 0 ? UINT64_MAX : limit / SHARE;
	struct disk_space space;

	if (s->quarantine_bytes + bytes > most && clock_mono_us() - s->quarantine_counted_us >= RECOUNT_US)
		quarantine_measure(s);
	if (s->quarantine_bytes + bytes > most)
		return E_QUOTA;
	if (disk_space(s->dir, &space) < 0)
		return 0; /* the write will report the error */
	return disk_space_over(&space, s->min_free) ? 0 : E_FULL;
}

static void record_name(const struct batch *b, char to[DISK_NAME])
{
	snprintf(to, DISK_NAME, "quarantine/%" PRIu64 "-%" PRIu64 ".record", b->boot, b->sequence);
}

bool spool_has_file(struct spool *s, const struct batch *b)
{
	char name[DISK_NAME];
	struct stat st;

	record_name(b, name);
	return fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static int write_record(struct spool *s, const struct batch *b, const char *name, struct iovec *trailer)
{
	struct record r = {
		.position = b->position,
		.boot = b->boot,
		.sequence = b->sequence,
		.received_ms = b->received_ms,
		.spans = b->spans,
		.size = b->size,
		.maybe_dup = b->maybe_dup,
	};
	uint8_t header[RECORD_HEADER];
	struct iovec iov[3] = { { header, sizeof(header) }, { (void *)b->bytes, b->size }, *trailer };
	uint64_t bytes = (RECORD_HEADER + b->size + trailer->iov_len + BLOCK - 1) / BLOCK * BLOCK;
	int rc = check_room(s, bytes);

	format_record_encode(header, &s->id.key, &r, batch_slice(b));
	if (rc == 0)
		rc = make_dir(s->dir);
	if (rc == 0)
		rc = put_file(s->dir, name, iov, ARRAY_LEN(iov));
	if (rc == 0)
		s->quarantine_bytes += bytes;
	return rc;
}

int spool_quarantine(struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why)
{
	uint8_t *trailer = malloc(format_trailer_size(cause, detail));
	struct iovec iov = { trailer, 0 };
	char name[DISK_NAME];
	int rc;

	if (trailer == NULL)
		return why_set(why, E_NOMEM, "quarantine: %s", err_text(E_NOMEM));
	iov.iov_len = format_trailer_encode(trailer, &s->id.key, cause, detail);
	record_name(b, name);
	/* The name contains the batch's id, so a file of that name has this batch. It may not be synced yet. */
	rc = spool_has_file(s, b) ? disk_sync_dir(s->dir, "quarantine") : write_record(s, b, name, &iov);
	free(trailer);
	return rc < 0 ? why_set(why, rc, "%s/%s: %s", s->opts.directory, name, err_text(rc)) : 0;
}

int spool_unquarantine(struct spool *s, const char *name, struct why *why)
{
	char path[DISK_NAME + 32];
	int rc = 0;

	snprintf(path, sizeof(path), "quarantine/%s", name);
	if (unlinkat(s->dir, path, 0) < 0 && errno != ENOENT)
		rc = err_from_errno(errno);
	if (rc == 0)
		rc = disk_sync_dir(s->dir, "quarantine");
	return rc < 0 ? why_set(why, rc, "%s/%s: %s", s->opts.directory, path, err_text(rc)) : 0;
}
