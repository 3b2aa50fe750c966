/* SPDX-License-Identifier: Apache-2.0 */
/* A spool seen from outside, segment by segment and record by record. Nothing is written. */
#ifndef SPOOL_INSPECT_H
#define SPOOL_INSPECT_H

#include "spool/spool.h"

/* Live: beside a running agent, without the lock. What is seen may be gone a moment later, and what
 * looks damaged may be about to be written. At rest: nobody else changes it. */
enum spool_inspect_how { SPOOL_INSPECT_LIVE, SPOOL_INSPECT_REST, SPOOL_INSPECT_ALONE };

struct spool_segment {
	char name[32];
	int rc;                      /* 0; E_CORRUPT: its tree or head does not hold, and what follows is not
				  * known; E_MISSING: nothing was ever committed in it; E_NEWER; E_FOREIGN:
				  * it belongs to another spool; or why it cannot be read */
	bool bad;                    /* an agent met damage in it and will set it aside */
	bool misnamed;               /* its head, which holds, says another first position than its name */
	bool foreign;                /* at rest: no record of this spool can be read from it, so its name does not
			 * say where the one before ends */
	uint64_t bytes;              /* on disk */
	uint64_t first, end;         /* positions */
	uint64_t spans_below, spans; /* below its first position, and in it */
	uint64_t made_ms;
	uint64_t first_ms, last_ms; /* received time of its first record, and the latest in it */
};

/* What one look shows. */
struct spool_seen {
	long holder;                    /* process that has the lock; 0: none, or this one */
	bool has_state;                 /* false: STATE is no snapshot but what the records say */
	struct spool_state state;       /* the newest; where nobody has the lock with what stands on disk
				   * beyond it, as the next start will find it */
	int slots[4];                   /* of the state file: 0, E_CORRUPT, E_MISSING: never written, which is
				   * in order, or why it cannot be read */
	uint64_t found_beyond;          /* spans on disk that the newest snapshot did not know */
	char host[256];                 /* "" unknown */
	struct spool_segment *segments; /* by first position */
	size_t nsegments;
	uint64_t bytes;     /* of all segments */
	uint64_t oldest_ms; /* received time of the record at the cursor; 0 unknown, or none waits */
	uint64_t free_bytes, free_inodes;
	uint64_t kept_records, kept_segments, kept_bytes; /* in quarantine/ */
};

struct spool_inspect;

/* E_MISSING: DIRECTORY is no spool; E_LOCKED names the holder; E_NEWER. */
int spool_inspect_open(
        struct spool_inspect **out, const char *directory, enum spool_inspect_how how, struct why *why) MUST_USE;
const struct spool_seen *spool_inspect_seen(const struct spool_inspect *l);
void spool_inspect_close(struct spool_inspect *l);

/* From now on whatever looks like a record is taken for one, even though no checksum vouches for it: for an
 * operator to decide, where every copy of the key is gone, or for records of another spool. */
void spool_inspect_unverified(struct spool_inspect *l);

/* POSITION was neither delivered nor dropped, as far as the state knows. */
bool spool_inspect_waits(const struct spool_inspect *l, uint64_t position);

#define SPOOL_NO_SEGMENT SIZE_MAX

/* A record, or a damage. */
struct spool_item {
	struct batch *batch;   /* gives; NULL: a damage */
	size_t segment;        /* of SEEN; SPOOL_NO_SEGMENT: none */
	struct spool_run lost; /* positions that cannot be read; empty where only the way to them is broken */
	bool counted;          /* SPANS of the lost is known */
	uint64_t spans;
	uint64_t waiting; /* so many of the lost waited */
	char what[160];
};

struct spool_range {
	bool waiting;      /* only what waits; else all that is there */
	uint64_t since_ms; /* segments with nothing received since then are passed over */
};

/* Begins, again if need be, at the lowest position. */
void spool_inspect_begin(struct spool_inspect *l, const struct spool_range *range);
/* Begins at the first record of NAME, a segment in quarantine/. */
int spool_inspect_begin_quarantined(struct spool_inspect *l, const char *name, struct why *why) MUST_USE;
/* The next item in order of position: every record whose checksum holds, every damage that was met on
 * the way. 0; E_MISSING: that was all; E_NEWER, E_NOMEM. */
int spool_inspect_next(struct spool_inspect *l, struct spool_item *item) MUST_USE;
/* How far that is, from 0 to 1. */
double spool_inspect_share(const struct spool_inspect *l);

/* A name in quarantine/. */
struct spool_quarantined {
	char name[64];
	bool is_record; /* else a segment that was set aside, of which only BYTES is known */
	int rc;         /* of a record: 0, E_CORRUPT, E_NEWER or why it cannot be read */
	uint64_t bytes;
	uint64_t boot, sequence, received_ms;
	uint32_t spans;
	bool maybe_dup;
	char cause[64];
	char detail[1025];
};

/* Gives an array by name. */
int spool_inspect_quarantine(struct spool_inspect *l, struct spool_quarantined **list, size_t *n) MUST_USE;
/* The record in file NAME, with its batch. */
int spool_inspect_quarantined_batch(
        struct spool_inspect *l, const char *name, struct batch **b, struct why *why) MUST_USE;

#endif
