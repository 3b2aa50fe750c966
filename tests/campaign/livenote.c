/* SPDX-License-Identifier: Apache-2.0 */
/* livenote.c — a note is a store of 4 KiB that no system call shows: it is cut by hand. */
#include <string.h>

#include "fault.h"
#include "livenote.h"
#include "statefile.h"

void __real_statefile_live(struct statefile *f, const struct spool_state *s);
void __wrap_statefile_live(struct statefile *f, const struct spool_state *s);

static bool *torn_flag;

void livenote_watch(bool *torn)
{
	torn_flag = torn;
}

/* As far as the middle it is the new one, behind it the old one. */
static void note_half(struct statefile *f, const struct spool_state *s)
{
	uint8_t *slot = f->live + (size_t)f->live_next * SLOT_BYTES, old[SLOT_BYTES];
	size_t cut = 8 + s->generation * 7919 % 600;

	memcpy(old, slot, sizeof(old));
	__real_statefile_live(f, s);
	memcpy(slot + cut, old + cut, sizeof(old) - cut);
	if (torn_flag != NULL)
		*torn_flag = true;
	fault_die();
}

void __wrap_statefile_live(struct statefile *f, const struct spool_state *s)
{
	enum fault_verdict verdict = fault_judge(FAULT_NOTE, -1, NULL);

	if (verdict == FAULT_HALF_AND_DIE)
		note_half(f, s);
	__real_statefile_live(f, s);
	if (verdict != FAULT_GO)
		fault_die();
}
