/* SPDX-License-Identifier: Apache-2.0 */
/* repair_state.c — what stands around the records is put right: names of segments, slots of the state. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "inspect.h"
#include "names.h"
#include "spool/repair.h"
#include "spool_internal.h"

int spool_repair_names(struct spool_inspect *l, struct why *why)
{
	int rc;

	inspect_end_way(l);
	rc = names_write(&l->segments, l->dir);
	for (size_t i = 0; i < l->segments.n; i++) {
		const struct segment *seg = &l->segments.at[i];
		struct spool_segment *seen = &l->seen.segments[i];

		segment_name(seg, seen->name);
		seen->misnamed = seen->misnamed && seg->named != seg->first;
		if (rc < 0 && seg->named != seg->first)
			return why_set(why, rc, "spool %s: %s cannot be called seg-%016" PRIx64 ": %s", l->directory,
			        seen->name, seg->first, err_text(rc));
	}
	return rc < 0 ? why_set(why, rc, "spool %s: its names: %s", l->directory, err_text(rc)) : 0;
}

/* What is not whole may still say something to somebody. */
static int keep_state(struct spool_inspect *l)
{
	uint8_t bytes[SLOTS * SLOT_BYTES];
	int fd = disk_open(l->dir, "state", O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	got = disk_read(fd, bytes, sizeof(bytes), 0);
	close(fd);
	if (got < 0)
		return (int)got;
	return quarantine_keep(l->dir, "state.bad", slice_of(bytes, (size_t)got));
}

/* Where no snapshot was whole the newest that was known may have offered more than the segments say. */
static struct spool_state state_to_write(const struct spool_inspect *l)
{
	struct spool_state state = l->seen.state;
	bool any = false;

	for (size_t i = 0; i < SLOTS; i++)
		any = any || l->seen.slots[i] == 0;
	if (!any)
		state.offered_to = state.end;
	return state;
}

static int write_slots(struct spool_inspect *l, const struct spool_state *state)
{
	struct statefile f = { .fd = -1 };
	struct why why;
	int rc = statefile_open(&f, l->dir, &why);

	for (unsigned i = 0; rc == 0 && i < SLOTS; i++)
		if (l->seen.slots[i] < 0)
			rc = statefile_put(&f, i, state, &l->origin);
	statefile_close(&f);
	return rc;
}

/* What cannot be read now may be the newest. */
static int check_slots(const struct spool_inspect *l)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (l->seen.slots[i] != 0 && l->seen.slots[i] != E_CORRUPT && l->seen.slots[i] != E_MISSING)
			return l->seen.slots[i];
	return 0;
}

int spool_repair_state(struct spool_inspect *l, struct why *why)
{
	struct spool_state state = state_to_write(l);
	int rc = check_slots(l);

	inspect_end_way(l);
	if (rc == 0)
		rc = keep_state(l);
	if (rc == 0)
		rc = write_slots(l, &state);
	if (rc < 0)
		why_set(why, rc, "spool %s: the state: %s", l->directory, err_text(rc));
	return rc;
}

int inspect_doubt(struct spool_inspect *l)
{
	struct statefile f = { .fd = -1 };
	struct slot slots[SLOTS];
	struct why why;
	int rc = check_slots(l);

	if (rc == 0)
		rc = statefile_open(&f, l->dir, &why);
	for (unsigned i = 0; rc == 0 && i < SLOTS; i++)
		statefile_read(&f, i, &slots[i]);
	if (rc == 0) {
		l->seen.state.generation++;
		l->seen.state.offered_to = l->seen.state.end;
		statefile_aim(&f, slots);
		rc = statefile_sync(&f, &l->seen.state, &l->origin);
	}
	statefile_close(&f);
	return rc;
}
