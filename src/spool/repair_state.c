/* SPDX-License-Identifier: Apache-2.0 */
/* repair_state.c — repairs the slots of the state file. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "inspect.h"
#include "spool/repair.h"
#include "spool_internal.h"

/* Copies the state file to quarantine/: its damaged slots may still be useful to an operator. */
static int copy_statefile(struct spool_inspect *in)
{
	uint8_t bytes[SLOTS * SLOT_BYTES];
	int fd = disk_open(in->dir, "state", O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_from_errno(errno);
	got = disk_read(fd, bytes, sizeof(bytes), 0);
	close(fd);
	if (got < 0)
		return (int)got;
	return quarantine_write(in->dir, "state.bad", slice_of(bytes, (size_t)got));
}

/* Without an intact slot, the lost snapshots may have had a higher offered_to than the heads have. */
static struct spool_state state_to_write(const struct spool_inspect *in)
{
	struct spool_state state = in->summary.state;
	bool any = false;

	for (size_t i = 0; i < SLOTS; i++)
		any = any || in->summary.slots[i] == 0;
	if (!any)
		state.offered_to = state.end;
	return state;
}

static int write_slots(struct spool_inspect *in, const struct spool_state *state)
{
	struct statefile f = { .fd = -1 };
	struct why why;
	int rc = statefile_open(&f, in->dir, &why);

	for (unsigned i = 0; rc == 0 && i < SLOTS; i++)
		if (in->summary.slots[i] < 0)
			rc = statefile_write_slot(&f, i, state, &in->id);
	statefile_close(&f);
	return rc;
}

/* Refuses when a slot has an I/O error: it may be intact and the newest. */
static int check_slots(const struct spool_inspect *in)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (in->summary.slots[i] != 0 && in->summary.slots[i] != E_CORRUPT && in->summary.slots[i] != E_EMPTY)
			return in->summary.slots[i];
	return 0;
}

int spool_repair_state(struct spool_inspect *in, struct why *why)
{
	struct spool_state state = state_to_write(in);
	int rc = check_slots(in);

	inspect_reset(in);
	if (rc == 0)
		rc = copy_statefile(in);
	if (rc == 0)
		rc = write_slots(in, &state);
	if (rc < 0)
		why_set(why, rc, "spool %s: the state: %s", in->directory, err_text(rc));
	return rc;
}

int inspect_mark_all_offered(struct spool_inspect *in)
{
	struct statefile f = { .fd = -1 };
	struct slot slots[SLOTS];
	struct why why;
	int rc = check_slots(in);

	if (rc == 0)
		rc = statefile_open(&f, in->dir, &why);
	for (unsigned i = 0; rc == 0 && i < SLOTS; i++)
		statefile_read(&f, i, &slots[i]);
	if (rc == 0) {
		in->summary.state.generation++;
		in->summary.state.offered_to = in->summary.state.end;
		statefile_select_next(&f, slots);
		rc = statefile_sync(&f, &in->summary.state, &in->id);
	}
	statefile_close(&f);
	return rc;
}
