/* SPDX-License-Identifier: Apache-2.0 */
/* segments.h — the list of the spool's segments, made from the names in its directory (private).
 *
 *   next/                       prepared, empty
 *   seg-<first position>/       has the records from that position on, unless its head says otherwise; the head is the
 *                               record with key 0, which each commit writes (struct head, format.h)
 *   seg-<first position>.bad/   the same, but damage was found in it; it is still read, and when all its records are
 *                               resolved it is moved to quarantine/ instead of being deleted
 *   quarantine/                 moved segments, and single records */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "base/base.h"
#include "disk.h"

struct segment {
	uint64_t first; /* its first position: by its name, or by its head after a survey */
	uint64_t named; /* the position in its name, a hint: a wrong name is not corrected */
	bool by_head;   /* FIRST was read from its head */
	uint64_t bytes; /* allocated on disk; 0 for the segment being written */
	bool measured;  /* BYTES is known */
	bool bad;
	bool lossy; /* positions in it were reported lost since the agent started */
};

struct segments {
	struct segment *items; /* by first position */
	size_t n;
	/* The allocation that ITEMS points into. Removing the first segment advances ITEMS. */
	struct segment *memory;
	size_t cap;        /* capacity of MEMORY */
	uint64_t bytes;    /* sum over the measured segments */
	uint64_t estimate; /* estimated sum over the segments that are not measured */
	size_t unmeasured; /* number of segments that are not measured */
	size_t measure_at; /* segments_measure continues below this index; 0: at the last one */
};

#define SEGMENTS_NONE SIZE_MAX

enum { SEGMENT_NAME = 32 };

void segment_name(const struct segment *seg, char to[SEGMENT_NAME]);
/* Path of its data file, relative to the spool's directory. */
void segment_file(const struct segment *seg, char to[DISK_NAME]);

/* Fills the list from the names in DIR, the spool's directory; opens no segment. */
int segments_list(struct segments *l, int dir) MUST_USE;
/* Stats at most MAX_SEGMENTS segments whose size is unknown, the newest first. With FREE_UNUSED it frees blocks that
 * a killed agent had preallocated. */
void segments_measure(struct segments *l, int dir, size_t max_segments, bool free_unused);
/* BYTES is the size of all segments by the newest state on disk (bytes of struct spool_id): the sizes that are not
 * measured are estimated from it. */
void segments_estimate(struct segments *l, uint64_t bytes);
/* Bytes of all segments, measured and estimated. */
uint64_t segments_bytes(const struct segments *l);
void segments_free(struct segments *l);

/* Compares two of struct segment by first position, for qsort. */
int segment_compare(const void *a, const void *b);
/* Adds SEG, the newest. */
int segments_push(struct segments *l, const struct segment *seg) MUST_USE;
/* Sets seg->named to the lowest position from seg->first on whose name is free in the directory. */
void segment_choose_name(struct segment *seg, int dir);
/* Removes segment I from the list, not from disk. */
void segments_forget(struct segments *l, size_t i);
void segments_set_bytes(struct segments *l, size_t i, uint64_t bytes);
/* Index of the last segment that begins at or below POSITION, or SEGMENTS_NONE. */
size_t segments_find(const struct segments *l, uint64_t position);
/* All positions of segment I are below this; END is the limit of the last segment. */
uint64_t segments_limit(const struct segments *l, size_t i, uint64_t end);

/* True when the directory of SEG has no data file: the segment was unlinked before a power cut. */
bool segment_is_gone(const struct segment *seg, int dir);
/* If segment_is_gone, removes the directory and the list entry, and returns true. */
bool segments_remove_gone(struct segments *l, int dir, size_t i);
/* Removes the first N segments from disk and from the list, and syncs the directory; bad ones go to quarantine/.
 * Stops at the first error. */
int segments_remove(struct segments *l, int dir, size_t n) MUST_USE;
/* Moves NAME to quarantine/, durably, with a number added if the name is taken. */
int segment_quarantine(int dir, const char *name) MUST_USE;
/* The same for segment I, which leaves the list even after an error. */
int segments_quarantine(struct segments *l, int dir, size_t i) MUST_USE;
/* Adds ".bad" to the name of segment I, durably: damage was found in it. */
int segments_mark_bad(struct segments *l, int dir, size_t i) MUST_USE;

#endif
