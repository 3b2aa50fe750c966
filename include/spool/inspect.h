/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a spool from outside the agent, segment by segment and record by record. Nothing is written. */
#ifndef SPOOL_INSPECT_H
#define SPOOL_INSPECT_H

#include "spool/spool.h"

/* LIVE: beside a running agent, without the lock. Segments may disappear meanwhile, and what looks damaged may be
 * a write under way. REST: with the shared lock, so no agent runs. ALONE: with the exclusive lock, as repair
 * needs it. */
enum spool_inspect_how { SPOOL_INSPECT_LIVE, SPOOL_INSPECT_REST, SPOOL_INSPECT_ALONE };

struct spool_segment {
	char name[32];
	/* 0; E_CORRUPT: its pages or its head are damaged, and END and all below it are unknown; E_EMPTY: it
	 * has no commit; E_NEWER; E_FOREIGN: it belongs to another spool; or the error of reading it */
	int rc;
	bool bad;      /* an agent found damage in it, and moves it to quarantine/ when it is read */
	bool misnamed; /* its intact head has another first position than its name */
	/* no record of this spool can be read from it, so its name does not bound the segment before it; not set
	 * by LIVE */
	bool foreign;
	uint64_t bytes;              /* on disk */
	uint64_t first, end;         /* positions [first, end) */
	uint64_t spans_below, spans; /* below its first position, and in it */
	uint64_t made_ms;
	uint64_t first_ms, last_ms; /* received time of its first record, and the latest in it */
};

/* Result of spool_inspect_open. */
struct spool_summary {
	long holder;    /* process that holds the lock; 0: none, or this one */
	bool has_state; /* false: there is no snapshot; STATE is derived from the segments */
	/* the newest snapshot; without a HOLDER the records on disk beyond it are added, as the next start will
	 * do */
	struct spool_state state;
	/* slots of the state file: 0; E_CORRUPT; E_EMPTY: never written, which is no damage; or the error of
	 * reading it */
	int slots[4];
	uint64_t found_beyond;          /* spans on disk that the newest snapshot does not contain */
	char host[256];                 /* "" unknown */
	struct spool_segment *segments; /* by first position */
	size_t nsegments;
	uint64_t bytes;     /* of all segments */
	uint64_t oldest_ms; /* received time of the record at the cursor; 0 unknown, or none waits */
	uint64_t free_bytes, free_inodes;
	uint64_t quarantine_records, quarantine_segments, quarantine_bytes; /* in quarantine/ */
};

struct spool_inspect;

/* E_MISSING: DIRECTORY is no spool; E_LOCKED names the holder; E_NEWER. */
int spool_inspect_open(
        struct spool_inspect **out, const char *directory, enum spool_inspect_how how, struct why *why) MUST_USE;
const struct spool_summary *spool_inspect_summary(const struct spool_inspect *in);
void spool_inspect_close(struct spool_inspect *in);

/* From now on each thing that looks like a record is given, although no checksum confirms it. For an operator to
 * decide about, where every copy of the key is lost, or for records of another spool. */
void spool_inspect_unverified(struct spool_inspect *in);

/* True when POSITION is not resolved (delivered, dropped or in quarantine) in the state. */
bool spool_inspect_waits(const struct spool_inspect *in, uint64_t position);

#define SPOOL_NO_SEGMENT SIZE_MAX

/* A record, or a damaged range. */
struct spool_item {
	struct batch *batch; /* owned by the caller; NULL: a damaged range */
	size_t segment;      /* index in spool_summary.segments, or SPOOL_NO_SEGMENT */
	/* positions that cannot be read; empty when only the segment's pages or counts are damaged */
	struct spool_run lost;
	bool counted; /* SPANS is known: the spans in LOST */
	uint64_t spans;
	uint64_t waiting; /* number of positions in LOST that are not resolved */
	char what[160];
};

struct spool_range {
	bool waiting;      /* only positions that are not resolved; else all */
	uint64_t since_ms; /* skip segments whose last record was received earlier */
};

/* Starts or restarts the iteration at the lowest position of RANGE. */
void spool_inspect_begin(struct spool_inspect *in, const struct spool_range *range);
/* Starts the iteration at the first record of NAME, a segment in quarantine/. */
int spool_inspect_begin_quarantined(struct spool_inspect *in, const char *name, struct why *why) MUST_USE;
/* Gives the next intact record or damaged range, by ascending position. 0; E_END: there is none; E_NEWER,
 * E_NOMEM. */
int spool_inspect_next(struct spool_inspect *in, struct spool_item *item) MUST_USE;
/* Progress of the iteration, from 0 to 1. */
double spool_inspect_progress(const struct spool_inspect *in);

/* A file or directory in quarantine/. */
struct spool_quarantined {
	char name[64];
	bool is_record; /* else a whole segment, of which only BYTES is known */
	int rc;         /* of a record: 0, E_CORRUPT, E_NEWER or the error of reading it */
	uint64_t bytes;
	uint64_t boot, sequence, received_ms;
	uint32_t spans;
	bool maybe_dup;
	char cause[64];
	char detail[1025];
};

/* Gives an array sorted by name, owned by the caller. */
int spool_inspect_quarantine(struct spool_inspect *in, struct spool_quarantined **list, size_t *n) MUST_USE;
/* The record in file NAME, with its batch. */
int spool_inspect_quarantined_batch(
        struct spool_inspect *in, const char *name, struct batch **b, struct why *why) MUST_USE;

#endif
