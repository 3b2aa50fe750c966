/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_list.c — what is in quarantine/, read back. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "inspect.h"

enum { FILE_MOST = RECORD_HEADER + RECORD_MOST + 4096 };

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

static bool is_record(const char *name)
{
	return ends_with(name, ".record");
}

static bool is_segment(const char *name)
{
	return strncmp(name, "seg-", 4) == 0;
}

/* The whole file, at most FILE_MOST bytes; one more says that it is too long. */
static int load(int dir, const char *name, struct slice *bytes)
{
	int fd = disk_open(dir, name, O_RDONLY);
	uint8_t *at = malloc(FILE_MOST + 1);
	ssize_t got = E_NOMEM;

	if (fd < 0) {
		free(at);
		return err_from_errno(errno);
	}
	if (at != NULL)
		got = disk_read(fd, at, FILE_MOST + 1, 0);
	close(fd);
	if (got < 0) {
		free(at);
		return (int)got;
	}
	*bytes = slice_of(at, (size_t)got);
	return 0;
}

static int decode(
        const struct spool_inspect *l, struct slice file, struct record *r, struct slice *cause, struct slice *detail)
{
	const struct key *key = l->unverified ? NULL : &l->origin.key;
	struct slice value;

	if (file.len < RECORD_HEADER || format_record_decode(file.at, key, r) < 0 || r->size > file.len - RECORD_HEADER)
		return E_CORRUPT;
	value = slice_of(file.at + RECORD_HEADER, r->size);
	if (!format_record_verify(file.at, key, value))
		return E_CORRUPT;
	return format_trailer_decode(
	        slice_of(value.at + value.len, file.len - RECORD_HEADER - value.len), key, cause, detail);
}

static void copy_text(char *to, size_t cap, struct slice text)
{
	size_t n = min_u64(text.len, cap - 1);

	memcpy(to, text.at, n);
	to[n] = '\0';
}

static void read_record(const struct spool_inspect *l, int dir, struct spool_quarantined *k)
{
	struct slice file, cause, detail;
	struct record r;

	k->rc = load(dir, k->name, &file);
	if (k->rc < 0)
		return;
	k->bytes = file.len;
	k->rc = decode(l, file, &r, &cause, &detail);
	if (k->rc == 0) {
		k->boot = r.boot;
		k->sequence = r.sequence;
		k->received_ms = r.received_ms;
		k->spans = r.spans;
		k->maybe_dup = r.maybe_dup;
		copy_text(k->cause, sizeof(k->cause), cause);
		copy_text(k->detail, sizeof(k->detail), detail);
	}
	free((void *)file.at);
}

static void read_segment(int dir, struct spool_quarantined *k)
{
	char path[sizeof(k->name) + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", k->name);
	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		k->bytes = min_u64((uint64_t)st.st_blocks * 512, (uint64_t)st.st_size);
}

static int add(struct spool_quarantined **list, size_t *n, const char *name)
{
	struct spool_quarantined *more;

	if (strlen(name) >= sizeof(more->name) || (!is_record(name) && !is_segment(name)))
		return 0;
	more = realloc(*list, (*n + 1) * sizeof(*more));
	if (more == NULL)
		return E_NOMEM;
	*list = more;
	more[*n] = (struct spool_quarantined){ .is_record = is_record(name) };
	strcpy(more[(*n)++].name, name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct spool_quarantined *)a)->name, ((const struct spool_quarantined *)b)->name);
}

static int open_kept(const struct spool_inspect *l)
{
	int fd = disk_open_dir(l->dir, "quarantine");

	return fd < 0 ? err_from_errno(errno) : fd;
}

int spool_inspect_quarantine(struct spool_inspect *l, struct spool_quarantined **list, size_t *n)
{
	int fd = open_kept(l), rc = 0;
	struct dirent *e;
	DIR *d;

	*list = NULL;
	*n = 0;
	if (fd < 0)
		return fd == E_MISSING ? 0 : fd;
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return E_NOMEM;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		rc = add(list, n, e->d_name);
	if (rc == 0 && errno != 0)
		rc = err_from_errno(errno);
	if (*n > 1)
		qsort(*list, *n, sizeof(**list), by_name);
	for (size_t i = 0; rc == 0 && i < *n; i++)
		if ((*list)[i].is_record)
			read_record(l, dirfd(d), &(*list)[i]);
		else
			read_segment(dirfd(d), &(*list)[i]);
	closedir(d);
	if (rc < 0) {
		free(*list);
		*list = NULL;
		*n = 0;
	}
	return rc;
}

/* A name, not a way to somewhere else. */
static int check_name(const char *name, bool (*is)(const char *), struct why *why)
{
	if (strchr(name, '/') == NULL && strlen(name) < sizeof(((struct spool_quarantined *)0)->name) && is(name))
		return 0;
	return why_set(why, E_USAGE, "\"%.80s\" is not a name in quarantine/", name);
}

int spool_inspect_quarantined_batch(struct spool_inspect *l, const char *name, struct batch **b, struct why *why)
{
	struct slice file = { 0 }, cause, detail;
	struct record r;
	int fd, rc = check_name(name, is_record, why);

	if (rc < 0)
		return rc;
	fd = open_kept(l);
	rc = fd < 0 ? fd : load(fd, name, &file);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = decode(l, file, &r, &cause, &detail);
	if (rc == 0) {
		*b = batch_new(r.size);
		rc = *b == NULL ? E_NOMEM : 0;
	}
	if (rc == 0) {
		record_to_batch(&r, *b);
		memcpy((*b)->bytes, file.at + RECORD_HEADER, r.size);
	}
	free((void *)file.at);
	return rc < 0 ? why_set(why, rc, "quarantine/%s: %s", name, err_text(rc)) : 0;
}

int spool_inspect_begin_quarantined(struct spool_inspect *l, const char *name, struct why *why)
{
	char path[128];
	uint64_t first;
	int rc = check_name(name, is_segment, why);

	if (rc < 0)
		return rc;
	spool_inspect_begin(l, &(struct spool_range){ 0 });
	snprintf(path, sizeof(path), "quarantine/%s/data.mdb", name);
	first = strtoull(name + 4, NULL, 16);
	l->aside = true;
	l->reader.key = NULL; /* it may be there because it is another spool's: its own head has the key */
	rc = reader_open_file(&l->reader, path, first, UINT64_MAX);
	if (rc == E_CORRUPT && l->origin.spool != 0) {
		l->reader.key = &l->origin.key;
		rc = reader_open_file(&l->reader, path, first, UINT64_MAX);
	}
	if (rc == E_CORRUPT || (rc == 0 && l->reader.state == READER_BY_SALVAGE)) {
		first = 1; /* nor need its name be right */
		reader_close(&l->reader);
		rc = reader_open_file(&l->reader, path, first, UINT64_MAX);
	}
	l->at = first;
	if (rc < 0 && rc != E_CORRUPT && rc != E_MISSING && rc != E_FOREIGN)
		return why_set(why, rc, "quarantine/%s: %s", name, err_text(rc));
	l->inside = rc == 0;
	return 0;
}
