/* SPDX-License-Identifier: Apache-2.0 */
/* statefile.c — the state file: four slots of one state each, overwritten in place. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "statefile.h"

enum { LIVE_BYTES = SLOTS_LIVE * SLOT_BYTES, FILE_BYTES = SLOTS * SLOT_BYTES };

/* Extends the file to its full size with written zeros, so that its blocks are allocated now and not when the
 * disk may be full. */
static int write_zeros(struct statefile *f, int at)
{
	static const uint8_t zeros[SLOT_BYTES];
	struct stat st;
	int rc;

	if (fstat(f->fd, &st) < 0)
		return err_from_errno(errno);
	/* The directory may not be synced: the process that made the file may have been killed before. */
	if (st.st_size >= FILE_BYTES)
		return disk_sync_dir(at, ".");
	for (uint64_t from = (uint64_t)st.st_size; from < FILE_BYTES;) {
		uint64_t len = SLOT_BYTES - from % SLOT_BYTES;

		rc = disk_write(f->fd, zeros, len, from);
		if (rc < 0)
			return rc;
		from += len;
	}
	rc = disk_sync(f->fd);
	return rc < 0 ? rc : disk_sync_dir(at, ".");
}

int statefile_open(struct statefile *f, int at, struct why *why)
{
	int rc;

	f->live_next = 0;
	f->sync_next = SLOTS_LIVE;
	f->fd = disk_open(at, "state", O_RDWR | O_CREAT);
	if (f->fd < 0)
		return disk_explain(at, "state", err_from_errno(errno), strerror(errno), why);
	rc = write_zeros(f, at);
	if (rc < 0)
		return why_set(why, rc, "state: cannot write its %d bytes: %s", FILE_BYTES, err_text(rc));
	f->live = mmap(NULL, LIVE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
	if (f->live == MAP_FAILED) {
		f->live = NULL;
		return why_set(why, err_from_errno(errno), "state: cannot map: %s", strerror(errno));
	}
	return 0;
}

int statefile_open_readonly(struct statefile *f, int at)
{
	*f = (struct statefile){ .fd = disk_open(at, "state", O_RDONLY) };
	return f->fd < 0 ? err_from_errno(errno) : 0;
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

void statefile_read(const struct statefile *f, unsigned i, struct slot *to)
{
	uint8_t bytes[SLOT_BYTES];
	ssize_t got = disk_read(f->fd, bytes, sizeof(bytes), (uint64_t)i * SLOT_BYTES);

	to->blank = false;
	to->rc = got < 0 ? (int)got : E_CORRUPT;
	if (got != SLOT_BYTES)
		return;
	to->blank = is_zero(bytes, sizeof(bytes));
	to->rc = format_state_decode(slice_of(bytes, sizeof(bytes)), NULL, &to->state, &to->id);
}

static unsigned older_slot(const struct slot *slots, unsigned a, unsigned b)
{
	if (slots[a].rc < 0 || slots[b].rc < 0)
		return slots[a].rc < 0 ? a : b;
	return slots[a].state.generation <= slots[b].state.generation ? a : b;
}

void statefile_select_next(struct statefile *f, const struct slot slots[SLOTS])
{
	f->live_next = older_slot(slots, 0, 1);
	f->sync_next = older_slot(slots, SLOTS_LIVE, SLOTS_LIVE + 1);
}

int statefile_write_slot(const struct statefile *f, unsigned i, const struct spool_state *s, const struct spool_id *id)
{
	uint8_t bytes[SLOT_BYTES] = { 0 };
	int rc;

	format_state_encode(bytes, s, id);
	rc = disk_write(f->fd, bytes, sizeof(bytes), (uint64_t)i * SLOT_BYTES);
	return rc < 0 ? rc : disk_sync(f->fd);
}

int statefile_sync(struct statefile *f, const struct spool_state *s, const struct spool_id *id)
{
	int rc = statefile_write_slot(f, f->sync_next, s, id);

	if (rc < 0)
		return rc;
	f->sync_next = f->sync_next == SLOTS_LIVE ? SLOTS_LIVE + 1 : SLOTS_LIVE;
	return 0;
}

void statefile_live(struct statefile *f, const struct spool_state *s)
{
	format_state_encode(f->live + (size_t)f->live_next * SLOT_BYTES, s, &f->live_id);
	f->live_next ^= 1;
}

void statefile_close(struct statefile *f)
{
	if (f->live != NULL)
		munmap(f->live, LIVE_BYTES);
	if (f->fd >= 0)
		close(f->fd);
	f->live = NULL;
	f->fd = -1;
}
