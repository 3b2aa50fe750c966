/* SPDX-License-Identifier: Apache-2.0 */
/* spooler_health.c — posts on the health board whether the spool can be written and read (parts "spool" and "room"). */
#include "base/clock.h"
#include "spooler_internal.h"

/* For E_FULL a sentence with the spool's limits and what is used of them, for any other RC "". */
static const char *room_text(const struct spooler *s, int rc, char *to, size_t cap)
{
	return rc == E_FULL ? spool_room_text(&s->opts, &s->stats.spool, to, cap) : "";
}

/* Posts whether the next segment could be preallocated. The current one still has room, so this is an early warning. */
static void post_room(struct spooler *s, const struct disk_report *r)
{
	char room[HEALTH_SENTENCE];

	if (r->error == 0)
		health_post(s->health, "room", HEALTH_OK, "there is room for another segment");
	else
		health_post(s->health, "room", HEALTH_WARN, "cannot preallocate the next segment: %s%s%s",
		        err_text(r->error), r->error == E_FULL ? ": " : "", room_text(s, r->error, room, sizeof(room)));
}

static void post_lost(struct spooler *s)
{
	health_post(s->health, "spool", HEALTH_DOWN,
	        "%s was moved, deleted or covered by a mount while the agent uses it: the "
	        "next start would not find the waiting batches; put the directory back, or stop "
	        "the agent only when all is delivered",
	        s->opts.directory);
}

static void post_fault(struct spooler *s, const struct disk_report *r)
{
	static const char *const what[DISK_FAULT_KINDS] = {
		[DISK_FAULT_WRITE] = "",
		[DISK_FAULT_STATE] = "the waiting batches cannot be sent, the state cannot be written: ",
		[DISK_FAULT_READ] = "the waiting batches cannot be read: ",
	};
	char room[HEALTH_SENTENCE];

	health_post(s->health, "spool", r->makes_room ? HEALTH_WARN : HEALTH_DOWN, "%s%s%s%s%s", what[r->kind],
	        err_text(r->error), r->makes_room ? "; the oldest batches are dropped to make room" : "",
	        r->error == E_FULL ? ": " : "", room_text(s, r->error, room, sizeof(room)));
}

static void post_spool(struct spooler *s, const struct disk_report *r)
{
	if (r->error == 0)
		health_post(s->health, "spool", HEALTH_OK, "storing");
	else if (r->kind == DISK_FAULT_LOST)
		post_lost(s);
	else
		post_fault(s, r);
}

void spooler_report_health(struct spooler *s)
{
	uint64_t now = clock_mono_us();
	struct disk_report r;

	if (s->faults.of[DISK_FAULT_READ].error != 0 && !spooler_has_waiting(s))
		disk_fault_cleared(&s->faults, DISK_FAULT_READ); /* no batch is waiting */
	if (disk_fault_report_changed(&s->faults, DISK_PART_SPOOL, now, &r))
		post_spool(s, &r);
	if (disk_fault_report_changed(&s->faults, DISK_PART_ROOM, now, &r))
		post_room(s, &r);
}
