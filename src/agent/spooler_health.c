/* SPDX-License-Identifier: Apache-2.0 */
/* spooler_health.c — posts on the health board whether the spool can be written and read (parts "spool" and "room"). */
#include "base/clock.h"
#include "spooler_internal.h"

enum { CULL_QUIET_US = 3000000 }; /* time without dropping the oldest records until HEALTH_OK is posted again */

/* Returns the error of the worst fault, and in WHAT the beginning of its health sentence; 0: there is no fault. */
static int worst_fault(const struct spooler *s, const char **what)
{
	const struct {
		const char *what;
		int rc;
	} faults[] = {
		{ "", s->stats.spool.lost ? E_MISSING : 0 }, /* report_spool has a sentence of its own for it */
		{ "", s->write_error },
		{ "what waits cannot be sent, its state cannot be written: ", s->state_error },
		{ "what waits cannot be read: ", s->read_error != 0 && spooler_has_waiting(s) ? s->read_error : 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		*what = faults[i].what;
		if (faults[i].rc != 0)
			return faults[i].rc;
	}
	return 0;
}

/* For E_FULL a sentence with the spool's limits and what is used of them, for any other RC "". */
static const char *room_text(const struct spooler *s, int rc, char *to, size_t cap)
{
	return rc == E_FULL ? spool_room_text(&s->opts, &s->stats.spool, to, cap) : "";
}

/* Posts whether the next segment could be preallocated. The current one still has room, so this is an early warning. */
static void report_next_segment(struct spooler *s, int rc)
{
	char room[HEALTH_SENTENCE];

	s->next_segment_reported = rc;
	if (rc == 0)
		health_post(s->health, "room", HEALTH_OK, "there is room for another segment");
	else
		health_post(s->health, "room", HEALTH_WARN, "cannot preallocate the next segment: %s%s%s", err_text(rc),
		        rc == E_FULL ? ": " : "", room_text(s, rc, room, sizeof(room)));
}

static void report_spool(struct spooler *s, int rc, enum health_level level, const char *what)
{
	char room[HEALTH_SENTENCE];

	if (s->reported_error == rc && s->reported_level == level)
		return;
	s->reported_error = rc;
	s->reported_level = level;
	if (level == HEALTH_OK)
		health_post(s->health, "spool", level, "storing");
	else if (s->stats.spool.lost)
		health_post(s->health, "spool", level,
		        "%s was moved, deleted or covered by a mount while the agent uses it: the "
		        "next start would not find what waits; put it back, or stop the agent only "
		        "when all is delivered",
		        s->opts.directory);
	else
		health_post(s->health, "spool", level, "%s%s%s%s%s", what, err_text(rc),
		        level == HEALTH_WARN ? ", the oldest are dropped" : "", rc == E_FULL ? ": " : "",
		        room_text(s, rc, room, sizeof(room)));
}

/* While the oldest records are dropped again and again, a full spool is one continuous warning: HEALTH_OK is posted only
 * when nothing was dropped for CULL_QUIET_US. */
void spooler_report_health(struct spooler *s)
{
	uint64_t now = clock_mono_us();
	bool quiet = now - s->culled_us >= CULL_QUIET_US;
	enum health_level level = HEALTH_OK;
	const char *what;
	int rc = worst_fault(s, &what), next = s->stats.spool.next_rc;

	if (rc != 0)
		level = s->drop_oldest && rc == E_FULL && s->write_error == rc &&
		                        now - max_u64(s->full_since_us, s->culled_us) < CULL_QUIET_US
		                ? HEALTH_WARN
		                : HEALTH_DOWN;
	if (rc != 0 || quiet)
		report_spool(s, rc, level, what);
	if (s->next_segment_reported != next && (next != 0 || quiet))
		report_next_segment(s, next);
}
