/* SPDX-License-Identifier: Apache-2.0 */
/* spooler_health.c — posts on the health board whether the spool takes and gives what it should. */
#include "base/clock.h"
#include "spooler_internal.h"

enum { CALM_US = 3000000 }; /* without another cull, until the spool is called well again */

/* What ails the disk, worst first, and WHAT cannot be done for it. */
static int worst(const struct spooler *k, const char **what)
{
	const struct {
		const char *what;
		int rc;
	} ails[] = {
		{ "", k->stats.spool.lost ? E_MISSING : 0 }, /* a sentence of its own */
		{ "", k->trouble },
		{ "what waits cannot be sent, its state cannot be written: ", k->unnoted },
		{ "what waits cannot be read: ", k->blind != 0 && spooler_has_waiting(k) ? k->blind : 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(ails); i++) {
		*what = ails[i].what;
		if (ails[i].rc != 0)
			return ails[i].rc;
	}
	return 0;
}

/* For E_FULL a sentence with the spool's limits and what is used of them, for any other RC "". */
static const char *room_text(const struct spooler *k, int rc, char *to, size_t cap)
{
	return rc == E_FULL ? spool_room_text(&k->opts, &k->stats.spool, to, cap) : "";
}

/* Before it is too late: the segment that is being written has room yet. */
static void tell_ahead(struct spooler *k, int rc)
{
	char room[HEALTH_SENTENCE];

	k->told_ahead = rc;
	if (rc == 0)
		health_post(k->health, "room", HEALTH_OK, "there is room for another segment");
	else
		health_post(k->health, "room", HEALTH_WARN, "cannot preallocate the next segment: %s%s%s", err_text(rc),
		        rc == E_FULL ? ": " : "", room_text(k, rc, room, sizeof(room)));
}

static void tell_now(struct spooler *k, int rc, enum health_level level, const char *what)
{
	char room[HEALTH_SENTENCE];

	if (k->told == rc && k->told_level == level)
		return;
	k->told = rc;
	k->told_level = level;
	if (level == HEALTH_OK)
		health_post(k->health, "spool", level, "storing");
	else if (k->stats.spool.lost)
		health_post(k->health, "spool", level,
		        "%s was moved, deleted or covered by a mount while the agent uses it: the "
		        "next start would not find what waits; put it back, or stop the agent only "
		        "when all is delivered",
		        k->opts.directory);
	else
		health_post(k->health, "spool", level, "%s%s%s%s%s", what, err_text(rc),
		        level == HEALTH_WARN ? ", the oldest are dropped" : "", rc == E_FULL ? ": " : "",
		        room_text(k, rc, room, sizeof(room)));
}

/* While room is made again and again it is one trouble, told once. */
void spooler_tell(struct spooler *k)
{
	uint64_t now = clock_mono_us();
	bool calm = now - k->culled_us >= CALM_US;
	enum health_level level = HEALTH_OK;
	const char *what;
	int rc = worst(k, &what), next = k->stats.spool.next_rc;

	if (rc != 0)
		level = k->makes_room && rc == E_FULL && k->trouble == rc &&
		                        now - max_u64(k->full_us, k->culled_us) < CALM_US
		                ? HEALTH_WARN
		                : HEALTH_DOWN;
	if (rc != 0 || calm)
		tell_now(k, rc, level, what);
	if (k->told_ahead != next && (next != 0 || calm))
		tell_ahead(k, next);
}
