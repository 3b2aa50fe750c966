/* SPDX-License-Identifier: Apache-2.0 */
/* segments.c — lists, removes and quarantines whole segments. Every operation may be repeated after a
 * crash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "segments.h"

void segment_name(const struct segment *seg, char to[SEGMENT_NAME])
{
	snprintf(to, SEGMENT_NAME, "seg-%016" PRIx64 "%s", seg->named, seg->bad ? ".bad" : "");
}

void segment_file(const struct segment *seg, char to[DISK_NAME])
{
	char name[SEGMENT_NAME];

	segment_name(seg, name);
	snprintf(to, DISK_NAME, "%s/data.mdb", name);
}

/* Accepts exactly the names that segment_name writes. */
static bool parse_name(const char *name, struct segment *seg)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = name + 4, *digit;

	if (strncmp(name, "seg-", 4) != 0)
		return false;
	*seg = (struct segment){ 0 };
	for (; at < name + 20 && *at != '\0' && (digit = strchr(digits, *at)) != NULL; at++)
		seg->named = seg->named << 4 | (uint64_t)(digit - digits);
	seg->first = seg->named;
	seg->bad = strcmp(at, ".bad") == 0;
	return at == name + 20 && (seg->bad || *at == '\0');
}

/* Frees blocks behind the end of the file, which a killed agent had preallocated. */
static void trim_file(int dir, const char *path, struct stat *st)
{
	int fd;

	if ((uint64_t)st->st_blocks * 512 <= (uint64_t)st->st_size + 65536)
		return;
	fd = disk_open(dir, path, O_RDWR);
	if (fd < 0)
		return;
	disk_trim(fd);
	if (fstat(fd, st) < 0)
		st->st_blocks = 0;
	close(fd);
}

/* Makes room for one more segment: reuses the entries that were removed at the front, or allocates twice as many. */
static int make_space(struct segments *l)
{
	size_t gone = (size_t)(l->items - l->memory), cap = l->cap == 0 ? 16 : l->cap * 2;
	struct segment *more;

	if (gone + l->n < l->cap)
		return 0;
	if (gone > l->cap / 2) {
		memmove(l->memory, l->items, l->n * sizeof(*l->items));
		l->items = l->memory;
		return 0;
	}
	more = malloc(cap * sizeof(*more));
	if (more == NULL)
		return E_NOMEM;
	if (l->n > 0)
		memcpy(more, l->items, l->n * sizeof(*more));
	free(l->memory);
	l->items = l->memory = more;
	l->cap = cap;
	return 0;
}

static int add_segment(struct segments *l, const struct segment *seg)
{
	int rc = make_space(l);

	if (rc < 0)
		return rc;
	l->items[l->n++] = *seg;
	l->unmeasured += !seg->measured;
	return 0;
}

/* Estimated size of one segment that is not measured. */
static uint64_t estimated_bytes(const struct segments *l)
{
	return l->unmeasured == 0 ? 0 : l->estimate / l->unmeasured;
}

void segments_set_bytes(struct segments *l, size_t i, uint64_t bytes)
{
	struct segment *seg = &l->items[i];

	if (seg->measured) {
		l->bytes -= seg->bytes;
	} else {
		l->estimate -= estimated_bytes(l);
		l->unmeasured--;
	}
	if (l->unmeasured == 0)
		l->estimate = 0;
	l->bytes += bytes;
	seg->bytes = bytes;
	seg->measured = true;
}

static void measure_segment(struct segments *l, int dir, size_t i, bool free_unused)
{
	char path[DISK_NAME];
	struct stat st;
	uint64_t bytes;

	segment_file(&l->items[i], path);
	if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st = (struct stat){ 0 };
	else if (free_unused)
		trim_file(dir, path, &st);
	bytes = (uint64_t)st.st_blocks * 512;
	if (!free_unused) /* without FREE_UNUSED an agent may run: do not count blocks that it has preallocated */
		bytes = min_u64(bytes, ((uint64_t)st.st_size + 4095) / 4096 * 4096);
	segments_set_bytes(l, i, bytes);
}

void segments_measure(struct segments *l, int dir, size_t max_segments, bool free_unused)
{
	if (l->unmeasured == 0)
		return;
	if (l->measure_at == 0 || l->measure_at > l->n)
		l->measure_at = l->n;
	for (; max_segments > 0 && l->measure_at > 0; l->measure_at--) {
		if (l->items[l->measure_at - 1].measured)
			continue;
		measure_segment(l, dir, l->measure_at - 1, free_unused);
		max_segments--;
	}
}

void segments_estimate(struct segments *l, uint64_t bytes)
{
	l->estimate = l->unmeasured == 0 || bytes < l->bytes ? 0 : bytes - l->bytes;
}

uint64_t segments_bytes(const struct segments *l)
{
	return l->bytes + l->estimate;
}

int segment_compare(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->by_head != y->by_head) /* the segment that has this position by its head comes last */
		return (int)x->by_head - (int)y->by_head;
	return (int)y->bad - (int)x->bad; /* the rewritten segment comes after the bad one that it replaces */
}

static bool is_file(int dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type != DT_DIR && e->d_type != DT_LNK;
	return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode);
}

int segments_list(struct segments *l, int dir)
{
	int fd = disk_open_dir(dir, "."), rc = 0;
	struct segment seg;
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return err_from_errno(errno);
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return E_NOMEM;
	}
	while (rc == 0 && (errno = 0, e = readdir(d)) != NULL)
		if (parse_name(e->d_name, &seg) && !is_file(dir, e))
			rc = add_segment(l, &seg);
	if (rc == 0 && errno != 0)
		rc = err_from_errno(errno);
	closedir(d);
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(*l->items), segment_compare);
	return rc;
}

void segments_free(struct segments *l)
{
	free(l->memory);
	*l = (struct segments){ 0 };
}

int segments_push(struct segments *l, const struct segment *seg)
{
	return add_segment(l, seg);
}

void segment_choose_name(struct segment *seg, int dir)
{
	char name[SEGMENT_NAME];

	seg->named = seg->first - 1;
	do {
		seg->named++;
		segment_name(seg, name);
	} while (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

size_t segments_find(const struct segments *l, uint64_t position)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->items[mid].first <= position)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? SEGMENTS_NONE : low - 1;
}

uint64_t segments_limit(const struct segments *l, size_t i, uint64_t end)
{
	return i + 1 < l->n ? l->items[i + 1].first : end;
}

void segments_forget(struct segments *l, size_t i)
{
	segments_set_bytes(l, i, 0);
	l->n--;
	if (i == 0)
		l->items++;
	else
		memmove(l->items + i, l->items + i + 1, (l->n - i) * sizeof(*l->items));
}

bool segment_is_gone(const struct segment *seg, int dir)
{
	char path[DISK_NAME];

	segment_file(seg, path);
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

bool segments_remove_gone(struct segments *l, int dir, size_t i)
{
	char name[SEGMENT_NAME];

	if (!segment_is_gone(&l->items[i], dir))
		return false;
	segment_name(&l->items[i], name);
	segments_forget(l, i);
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 && disk_sync_dir(dir, ".") < 0)
		return true; /* after a power cut the next start removes it again */
	return true;
}

int segments_remove(struct segments *l, int dir, size_t n)
{
	int rc = 0;

	for (; n > 0 && rc == 0; n--) {
		char name[SEGMENT_NAME];

		if (l->items[0].bad) {
			rc = segments_quarantine(l, dir, 0);
			continue;
		}
		segment_name(&l->items[0], name);
		rc = disk_remove_dir(dir, name);
		if (rc == 0)
			segments_forget(l, 0);
	}
	return rc == 0 ? disk_sync_dir(dir, ".") : rc;
}

int segment_quarantine(int dir, const char *name)
{
	char to[DISK_NAME + 32];
	bool made;
	int rc = disk_make_dir(dir, "quarantine", &made);

	for (unsigned try = 0; rc == 0; try++) {
		snprintf(to, sizeof(to), try == 0 ? "quarantine/%s" : "quarantine/%s.%u", name, try);
		if (renameat(dir, name, dir, to) == 0)
			break;
		if ((errno != EEXIST && errno != ENOTEMPTY) || try == 1000)
			rc = err_from_errno(errno);
	}
	if (rc == 0)
		rc = disk_sync_dir(dir, "quarantine");
	return rc == 0 ? disk_sync_dir(dir, ".") : rc;
}

int segments_quarantine(struct segments *l, int dir, size_t i)
{
	char name[SEGMENT_NAME];

	segment_name(&l->items[i], name);
	segments_forget(l, i);
	return segment_quarantine(dir, name);
}

int segments_mark_bad(struct segments *l, int dir, size_t i)
{
	struct segment marked = l->items[i];
	char from[SEGMENT_NAME], to[SEGMENT_NAME];

	if (marked.bad)
		return 0;
	marked.bad = true;
	segment_name(&l->items[i], from);
	segment_name(&marked, to);
	if (renameat(dir, from, dir, to) < 0)
		return err_from_errno(errno);
	l->items[i].bad = true;
	return disk_sync_dir(dir, ".");
}
