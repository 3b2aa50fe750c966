/* SPDX-License-Identifier: Apache-2.0 */
/* writer.c — uses LMDB as an append-only file of records: one environment, one database, ascending keys. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "disk.h"
#include "segments.h"
#include "writer.h"

enum {
	PAGE_HEADER = 16,
	NODE = 8 + 8 + 2, /* node header, key, and the offset of the node in its page */
	/* Pages that a commit writes besides its records: both edges of the tree, the head, the list of free
	 * pages, and new branches. A generous estimate: it decides when a segment is full. */
	SLACK_PAGES = 32,
	RELEASE_BYTES = 1 << 20,
	ENV_FLAGS = MDB_NOLOCK | MDB_NOTLS | MDB_NORDAHEAD,
};

static int from_mdb(struct writer *w, int rc)
{
	if (rc == 0)
		return 0;
	if (rc == MDB_MAP_FULL || rc == MDB_TXN_FULL)
		return E_SEGMENT_FULL;
	snprintf(w->error_text, sizeof(w->error_text), "%s", mdb_strerror(rc));
	return rc > 0 ? err_from_errno(rc) : E_FATAL;
}

static int open_env(struct writer *w, const char *path, uint64_t map_bytes)
{
	MDB_envinfo info;
	MDB_stat stat;
	int rc = mdb_env_create(&w->env);

	if (rc != 0) {
		w->env = NULL;
		return from_mdb(w, rc);
	}
	rc = mdb_env_set_mapsize(w->env, map_bytes);
	if (rc == 0)
		rc = mdb_env_open(w->env, path, ENV_FLAGS, 0600);
	if (rc == 0)
		rc = mdb_env_info(w->env, &info);
	if (rc == 0)
		rc = mdb_env_stat(w->env, &stat);
	if (rc != 0)
		return from_mdb(w, rc);
	w->page_size = stat.ms_psize;
	w->map_pages = info.me_mapsize / stat.ms_psize;
	w->used_pages = info.me_last_pgno + 1;
	return 0;
}

/* LMDB opens its file by a path. /proc/self/fd/N leads through the open directory next/, so a rename of a
 * directory above it does not matter. Without /proc the spool's path is used. */
static int open_next(struct writer *w, int dir, const char *directory, uint64_t map_bytes)
{
	char path[PATH_MAX];
	int fd = disk_open_dir(dir, "next"), rc;

	if (fd < 0)
		return err_from_errno(errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access(path, F_OK) < 0)
		snprintf(path, sizeof(path), "%s/next", directory);
	rc = open_env(w, path, map_bytes);
	close(fd);
	return rc;
}

/* Preallocates RESERVE bytes and syncs the file and the two directories above it: they must survive a power cut
 * before a record in it counts as durable. */
static int preallocate_and_sync(struct writer *w, int dir, uint64_t reserve)
{
	int fd, rc = from_mdb(w, mdb_env_get_fd(w->env, &fd));

	if (rc < 0)
		return rc;
	rc = disk_reserve(fd, reserve);
	w->reserved = rc == 0 ? reserve : 0;
	if (rc == E_FULL) {
		disk_trim(fd); /* free what was preallocated before it failed; records may still fit */
		rc = 0;
	}
	if (rc == 0)
		rc = disk_sync(fd);
	if (rc == 0)
		rc = disk_sync_dir(dir, "next");
	if (rc == 0)
		rc = disk_sync_dir(dir, ".");
	return rc;
}

void writer_discard(struct writer *w, int dir)
{
	writer_close(w);
	/* If this fails, the next writer_make removes it. */
	if (disk_remove_dir(dir, "next") < 0)
		return;
}

int writer_make(
        struct writer *w, int dir, const char *directory, const struct key *key, uint64_t map_bytes, uint64_t reserve)
{
	bool made;
	int rc = disk_remove_dir(dir, "next");

	*w = (struct writer){ .key = key };
	if (rc == 0)
		rc = disk_make_dir(dir, "next", &made);
	if (rc == 0 && !made)
		rc = E_IO; /* another process made it */
	if (rc < 0)
		return rc;
	rc = open_next(w, dir, directory, map_bytes);
	if (rc == 0)
		rc = preallocate_and_sync(w, dir, reserve);
	if (rc < 0)
		writer_discard(w, dir);
	return rc;
}

int writer_name(struct writer *w, int dir, struct span_offset first, struct segment *seg)
{
	char name[SEGMENT_NAME];

	*seg = (struct segment){ .first = first.position, .by_head = true, .measured = true };
	segment_choose_name(seg, dir);
	w->first = first;
	w->made_ms = clock_wall_ms();
	segment_name(seg, name);
	return renameat(dir, "next", dir, name) < 0 ? err_from_errno(errno) : disk_sync_dir(dir, ".");
}

static bool is_big(const struct writer *w, uint64_t size)
{
	/* LMDB moves a value to overflow pages unless two such nodes fit in a page. */
	return 8 + 8 + size > (((w->page_size - PAGE_HEADER) / 2) & ~1U) - 2;
}

size_t writer_fit(const struct writer *w, const struct entry *e, size_t n)
{
	uint64_t room = w->map_pages - w->used_pages, pages = 0, leaf = 0, bytes = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t size = RECORD_HEADER + (uint64_t)e[i].r.size;
		uint64_t node = NODE + (is_big(w, size) ? 8 : size + (size & 1));

		bytes += size;
		if (i > 0 && bytes > WRITER_TXN_BYTES)
			break;
		if (is_big(w, size))
			pages += (PAGE_HEADER + size + w->page_size - 1) / w->page_size;
		if (node > leaf) {
			pages++;
			leaf = w->page_size - PAGE_HEADER;
		}
		leaf -= node;
		if (pages + pages / 128 + SLACK_PAGES > room)
			break;
	}
	return i;
}

void writer_begin(struct writer *w)
{
	int rc = mdb_txn_begin(w->env, NULL, 0, &w->txn);

	w->cursor = NULL;
	if (rc != 0)
		w->txn = NULL;
	if (rc == 0 && !w->committed)
		rc = mdb_dbi_open(w->txn, NULL, MDB_INTEGERKEY | MDB_CREATE, &w->dbi);
	if (rc == 0)
		rc = mdb_cursor_open(w->txn, w->dbi, &w->cursor);
	w->failed = from_mdb(w, rc);
}

void writer_put(struct writer *w, const struct entry *e)
{
	size_t key = e->r.position;
	MDB_val k = { sizeof(key), &key }, v = { RECORD_HEADER + (size_t)e->r.size, NULL };

	if (w->failed < 0)
		return;
	w->failed = from_mdb(w, mdb_cursor_put(w->cursor, &k, &v, MDB_APPEND | MDB_RESERVE));
	if (w->failed < 0)
		return;
	format_record_encode(v.mv_data, w->key, &e->r, slice_of(e->bytes, e->r.size));
	memcpy((uint8_t *)v.mv_data + RECORD_HEADER, e->bytes, e->r.size);
	w->touched += v.mv_size;
	if (w->first_ms == 0)
		w->first_ms = e->r.received_ms;
	w->last_ms = max_u64(w->last_ms, e->r.received_ms);
}

static int put_head(struct writer *w, struct head *head)
{
	uint8_t bytes[HEAD_BYTES];
	size_t key = 0;
	MDB_val k = { sizeof(key), &key }, v = { 0, bytes };

	head->txnid = mdb_txn_id(w->txn);
	head->first = w->first;
	head->made_ms = w->made_ms;
	head->first_ms = w->first_ms;
	head->last_ms = w->last_ms;
	v.mv_size = format_head_encode(bytes, head);
	return from_mdb(w, mdb_put(w->txn, w->dbi, &k, &v, 0));
}

/* Finds the address of LMDB's map, which its API does not tell. A value returned by mdb_get lies in a page that
 * begins with its page number, from which the start of the map follows. The head fits in one page. */
static void find_map(struct writer *w)
{
	size_t key = 0;
	MDB_val k = { sizeof(key), &key }, v;
	uint64_t number;
	uint8_t *page;
	MDB_txn *txn;

	if (mdb_txn_begin(w->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	if (mdb_get(txn, w->dbi, &k, &v) == 0) {
		page = (uint8_t *)((uintptr_t)v.mv_data & ~((uintptr_t)w->page_size - 1));
		memcpy(&number, page, sizeof(number));
		if (number >= 2 && number < w->map_pages)
			w->map = page - number * w->page_size;
	}
	mdb_txn_abort(txn);
}

/* Releases the map's resident memory; the data stays in the file. */
static void release_memory(struct writer *w)
{
	if (w->map == NULL)
		find_map(w);
	if (w->map != NULL && w->touched >= RELEASE_BYTES) {
		madvise(w->map, w->map_pages * w->page_size, MADV_DONTNEED);
		w->touched = 0;
	}
}

int writer_commit(struct writer *w, struct head *head)
{
	MDB_envinfo info;

	if (w->cursor != NULL)
		mdb_cursor_close(w->cursor);
	w->cursor = NULL;
	if (w->failed == 0)
		w->failed = put_head(w, head);
	if (w->failed == 0)
		w->failed = from_mdb(w, mdb_txn_commit(w->txn));
	else if (w->txn != NULL)
		mdb_txn_abort(w->txn);
	w->txn = NULL;
	if (w->failed < 0)
		return w->failed;
	w->committed = true;
	if (mdb_env_info(w->env, &info) == 0)
		w->used_pages = info.me_last_pgno + 1;
	release_memory(w);
	return 0;
}

uint64_t writer_used(const struct writer *w)
{
	return w->env == NULL ? 0 : w->used_pages * w->page_size;
}

uint64_t writer_reserve_left(const struct writer *w)
{
	uint64_t used = writer_used(w);

	return w->env != NULL && w->reserved > used ? w->reserved - used : 0;
}

bool writer_half_full(const struct writer *w)
{
	return w->env != NULL && w->used_pages > w->map_pages / 2;
}

uint64_t writer_close(struct writer *w)
{
	uint64_t bytes = 0;
	int fd;

	if (w->env == NULL)
		return 0;
	if (mdb_env_get_fd(w->env, &fd) == 0 && fd >= 0) {
		if (w->reserved > 0)
			disk_trim(fd);
		bytes = disk_allocated(fd);
	}
	mdb_env_close(w->env);
	w->env = NULL;
	return bytes;
}

uint64_t writer_cost(uint32_t size)
{
	uint64_t whole = RECORD_HEADER + (uint64_t)size;

	return whole < 2000 ? whole + NODE : (PAGE_HEADER + whole + 4095) / 4096 * 4096 + NODE + 8;
}

const char *spool_lmdb_version(void)
{
	static char version[32];
	int major, minor, patch;

	mdb_version(&major, &minor, &patch);
	snprintf(version, sizeof(version), "%d.%d.%d", major, minor, patch);
	return version;
}
