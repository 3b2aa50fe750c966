/* segments.c — list, name, remove and set aside whole segments. Repeating any of it is harmless. */
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

/* Exactly the names that segment_name writes. */
static bool parse_name(const char *name, struct segment *seg)
{
	char *end, again[SEGMENT_NAME];

	if (strncmp(name, "seg-", 4) != 0)
		return false;
	*seg = (struct segment){ .named = strtoull(name + 4, &end, 16) };
	seg->first = seg->named;
	seg->bad = strcmp(end, ".bad") == 0;
	segment_name(seg, again);
	return strcmp(name, again) == 0;
}

/* A killed agent leaves reserved blocks behind the end of what it wrote. */
static void give_back(int at, const char *path, struct stat *st)
{
	int fd;

	if ((uint64_t)st->st_blocks * 512 <= (uint64_t)st->st_size + 65536)
		return;
	fd = disk_open(at, path, O_RDWR);
	if (fd < 0)
		return;
	disk_trim(fd);
	if (fstat(fd, st) < 0)
		st->st_blocks = 0;
	close(fd);
}

static int add(struct segments *l, const struct segment *seg)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 16 : l->cap * 2;
		struct segment *more = realloc(l->at, cap * sizeof(*more));

		if (more == NULL)
			return E_NOMEM;
		l->at = more;
		l->cap = cap;
	}
	l->at[l->n++] = *seg;
	l->bytes += seg->bytes;
	return 0;
}

static int add_found(struct segments *l, int at, const char *name, bool mend)
{
	char path[DISK_NAME];
	struct segment seg;
	struct stat st;

	if (!parse_name(name, &seg))
		return 0;
	segment_file(&seg, path);
	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		/* Its file was unlinked, and then the power went. */
		if (errno == ENOENT && !mend)
			return 0;
		if (errno == ENOENT)
			return unlinkat(at, name, AT_REMOVEDIR) < 0 ? 0 : disk_sync_dir(at, ".");
		if (errno == ENOTDIR)
			return 0; /* somebody's file with such a name */
		st = (struct stat){ 0 };
	}
	if (mend)
		give_back(at, path, &st);
	seg.bytes = (uint64_t)st.st_blocks * 512;
	if (!mend) /* an agent may have reserved more */
		seg.bytes = min_u64(seg.bytes, ((uint64_t)st.st_size + 4095) / 4096 * 4096);
	return add(l, &seg);
}

static int by_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return (int)y->bad - (int)x->bad; /* what was written anew in its place comes behind it */
}

void segments_sort(struct segments *l)
{
	if (l->n > 1)
		qsort(l->at, l->n, sizeof(*l->at), by_first);
}

int segments_list(struct segments *l, int at, bool mend)
{
	int fd = disk_open_dir(at, "."), rc = 0;
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
		rc = add_found(l, at, e->d_name, mend);
	if (rc == 0 && errno != 0)
		rc = err_from_errno(errno);
	closedir(d);
	segments_sort(l);
	return rc;
}

void segments_free(struct segments *l)
{
	free(l->at);
	*l = (struct segments){ 0 };
}

int segments_push(struct segments *l, uint64_t first)
{
	return add(l, &(struct segment){ .first = first, .named = first });
}

void segments_set_bytes(struct segments *l, size_t i, uint64_t bytes)
{
	l->bytes += bytes - l->at[i].bytes;
	l->at[i].bytes = bytes;
}

size_t segments_find(const struct segments *l, uint64_t position)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->at[mid].first <= position)
			low = mid + 1;
		else
			high = mid;
	}
	return low == 0 ? SEGMENTS_NONE : low - 1;
}

uint64_t segments_limit(const struct segments *l, size_t i, uint64_t end)
{
	return i + 1 < l->n ? l->at[i + 1].first : end;
}

void segments_drop(struct segments *l, size_t i)
{
	l->bytes -= l->at[i].bytes;
	l->n--;
	memmove(l->at + i, l->at + i + 1, (l->n - i) * sizeof(*l->at));
}

int segments_remove(struct segments *l, int at, size_t n)
{
	int rc = 0;

	for (; n > 0 && rc == 0; n--) {
		char name[SEGMENT_NAME];

		if (l->at[0].bad) {
			rc = segments_set_aside(l, at, 0);
			continue;
		}
		segment_name(&l->at[0], name);
		rc = disk_remove_dir(at, name);
		if (rc == 0)
			segments_drop(l, 0);
	}
	return rc == 0 ? disk_sync_dir(at, ".") : rc;
}

int segment_set_aside(int at, const char *name)
{
	char to[DISK_NAME + 32];
	bool made;
	int rc = disk_make_dir(at, "quarantine", &made);

	for (unsigned try = 0; rc == 0; try++) {
		snprintf(
		        to, sizeof(to), try == 0 ? "quarantine/%s" : "quarantine/%s.%u", name, try);
		if (renameat(at, name, at, to) == 0)
			break;
		if ((errno != EEXIST && errno != ENOTEMPTY) || try == 1000)
			rc = err_from_errno(errno);
	}
	if (rc == 0)
		rc = disk_sync_dir(at, "quarantine");
	return rc == 0 ? disk_sync_dir(at, ".") : rc;
}

int segments_set_aside(struct segments *l, int at, size_t i)
{
	char name[SEGMENT_NAME];

	segment_name(&l->at[i], name);
	segments_drop(l, i);
	return segment_set_aside(at, name);
}

int segments_mark_bad(struct segments *l, int at, size_t i)
{
	struct segment marked = l->at[i];
	char from[SEGMENT_NAME], to[SEGMENT_NAME];

	if (marked.bad)
		return 0;
	marked.bad = true;
	segment_name(&l->at[i], from);
	segment_name(&marked, to);
	if (renameat(at, from, at, to) < 0)
		return err_from_errno(errno);
	l->at[i].bad = true;
	return disk_sync_dir(at, ".");
}
