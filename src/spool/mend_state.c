/* mend_state.c — what stands around the records is put right: names of segments, slots of the state. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "look.h"
#include "names.h"
#include "spool_mend.h"
#include "spool_priv.h"

int spool_mend_names(struct spool_look *l, struct why *why)
{
	int rc;

	look_end_way(l);
	rc = names_write(&l->segments, l->dir);
	if (rc < 0)
		return why_set(
		        why, rc, "spool %s: a segment's name: %s", l->directory, err_text(rc));
	for (size_t i = 0; i < l->segments.n; i++) {
		segment_name(&l->segments.at[i], l->seen.segments[i].name);
		l->seen.segments[i].misnamed = false;
	}
	return 0;
}

/* What is not whole may still say something to somebody. */
static int keep_state(struct spool_look *l)
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
static struct spool_state state_to_write(const struct spool_look *l)
{
	struct spool_state state = l->seen.state;
	bool any = false;

	for (size_t i = 0; i < SLOTS; i++)
		any = any || l->seen.slots[i] == 0;
	if (!any)
		state.offered_to = state.end;
	return state;
}

static int write_slots(struct spool_look *l, const struct spool_state *state)
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

int spool_mend_state(struct spool_look *l, struct why *why)
{
	struct spool_state state = state_to_write(l);
	int rc;

	look_end_way(l);
	rc = keep_state(l);
	if (rc == 0)
		rc = write_slots(l, &state);
	if (rc < 0)
		why_set(why, rc, "spool %s: the state: %s", l->directory, err_text(rc));
	return rc;
}
