/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_list.c — lists and reads quarantine/. */
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

/* Reads the whole file, at most FILE_MOST + 1 bytes: a file of that size is too long, and decode_file refuses it. */
static int load_file(int dir, const char *name, struct slice *bytes)
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

static int decode_file(
        const struct spool_inspect *in, struct slice file, struct record *r, struct slice *cause, struct slice *detail)
{
	const struct key *key = in->unverified ? NULL : &in->id.key;
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

static void read_record(const struct spool_inspect *in, int dir, struct spool_quarantined *k)
{
	struct slice file, cause, detail;
	struct record r;

	k->rc = load_file(dir, k->name, &file);
	if (k->rc < 0)
		return;
	k->bytes = file.len;
	k->rc = decode_file(in, file, &r, &cause, &detail);
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

static void measure_segment(int dir, struct spool_quarantined *k)
{
	char path[sizeof(k->name) + 16];
	struct stat st;

	snprintf(path, sizeof(path), "%s/data.mdb", k->name);
	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		k->bytes = min_u64((uint64_t)st.st_blocks * 512, (uint64_t)st.st_size);
}

static int add_name(struct spool_quarantined **list, size_t *n, const char *name)
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

static int open_quarantine(const struct spool_inspect *in)
{
	int fd = disk_open_dir(in->dir, "quarantine");

	return fd < 0 ? err_from_errno(errno) : fd;
}

int spool_inspect_quarantine(struct spool_inspect *in, struct spool_quarantined **list, size_t *n)
{
	int fd = open_quarantine(in), rc = 0;
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
		rc = add_name(list, n, e->d_name);
	if (rc == 0 && errno != 0)
		rc = err_from_errno(errno);
	if (*n > 1)
		qsort(*list, *n, sizeof(**list), by_name);
	for (size_t i = 0; rc == 0 && i < *n; i++)
		if ((*list)[i].is_record)
			read_record(in, dirfd(d), &(*list)[i]);
		else
			measure_segment(dirfd(d), &(*list)[i]);
	closedir(d);
	if (rc < 0) {
		free(*list);
		*list = NULL;
		*n = 0;
	}
	return rc;
}

/* Refuses a NAME that is a path, too long, or of the wrong kind. */
static int check_name(const char *name, bool (*is)(const char *), struct why *why)
{
	if (strchr(name, '/') == NULL && strlen(name) < sizeof(((struct spool_quarantined *)0)->name) && is(name))
		return 0;
	return why_set(why, E_USAGE, "\"%.80s\" is not a name in quarantine/", name);
}

int spool_inspect_quarantined_batch(struct spool_inspect *in, const char *name, struct batch **b, struct why *why)
{
	struct slice file = { 0 }, cause, detail;
	struct record r;
	int fd, rc = check_name(name, is_record, why);

	if (rc < 0)
		return rc;
	fd = open_quarantine(in);
	rc = fd < 0 ? fd : load_file(fd, name, &file);
	if (fd >= 0)
		close(fd);
	if (rc == 0)
		rc = decode_file(in, file, &r, &cause, &detail);
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

int spool_inspect_begin_quarantined(struct spool_inspect *in, const char *name, struct why *why)
{
	char path[128];
	uint64_t first;
	int rc = check_name(name, is_segment, why);

	if (rc < 0)
		return rc;
	spool_inspect_begin(in, &(struct spool_range){ 0 });
	snprintf(path, sizeof(path), "quarantine/%s/data.mdb", name);
	first = strtoull(name + 4, NULL, 16);
	in->in_quarantine = true;
	in->reader.key = NULL; /* it may be another spool's: use the key in its own head */
	rc = reader_open_file(&in->reader, path, first, UINT64_MAX);
	if (rc == E_CORRUPT && in->id.spool != 0) {
		in->reader.key = &in->id.key;
		rc = reader_open_file(&in->reader, path, first, UINT64_MAX);
	}
	if (rc == E_CORRUPT || (rc == 0 && in->reader.state == READER_BY_SALVAGE)) {
		first = 1; /* its name may be wrong too: accept all positions */
		reader_close(&in->reader);
		rc = reader_open_file(&in->reader, path, first, UINT64_MAX);
	}
	in->at = first;
	if (rc < 0 && !reader_has_nothing(rc))
		return why_set(why, rc, "quarantine/%s: %s", name, err_text(rc));
	in->inside = rc == 0;
	return 0;
}
