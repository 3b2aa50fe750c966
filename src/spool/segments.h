/* SPDX-License-Identifier: Apache-2.0 */
/* segments.h — the list of the spool's segments, read from the names in its directory (private).
 *
 *   next/                       prepared, empty
 *   seg-<first position>/       holds records from that position on
 *   seg-<first position>.bad/   the same, but damage was met in it: set aside, never deleted
 *   quarantine/                 what was set aside, and single records
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "base/base.h"
#include "disk.h"

struct segment {
	uint64_t first; /* position that it begins with */
	uint64_t named; /* the same by its name; names.h for where they differ */
	bool by_head;   /* FIRST is what its head says */
	uint64_t bytes; /* allocated on disk; of the one being written: not counted here */
	bool measured;  /* BYTES is known */
	bool bad;
	bool lossy; /* something of it was called lost since the start */
};

struct segments {
	struct segment *at; /* by first position */
	size_t n;
	/* The allocation that AT points into: a segment removed at the front leaves its place in front of AT. */
	struct segment *memory;
	size_t cap;        /* places in MEMORY */
	uint64_t bytes;    /* of the segments that are measured */
	uint64_t guess;    /* of all segments that are not measured, by what the last snapshot says */
	size_t unmeasured; /* segments that are not measured */
	size_t measure_at; /* segments_measure goes on below this index; 0: from the end */
	bool misnamed;     /* FIRST and NAMED of some segment may differ */
};

#define SEGMENTS_NONE SIZE_MAX

enum { SEGMENT_NAME = 32 };

void segment_name(const struct segment *seg, char to[SEGMENT_NAME]);
/* The path of its data file. */
void segment_file(const struct segment *seg, char to[DISK_NAME]);

/* Reads the directory: names, nothing else. */
int segments_list(struct segments *l, int at) MUST_USE;
/* Asks at most MOST of those whose size is not known for it, the newest first. With MEND it gives back
 * blocks that a killed agent had reserved. */
void segments_measure(struct segments *l, int at, size_t most, bool mend);
/* BYTES is what all of them are said to take: what is not measured takes the rest of it. */
void segments_guess(struct segments *l, uint64_t bytes);
/* Of all, as far as is known. */
uint64_t segments_bytes(const struct segments *l);
void segments_free(struct segments *l);

/* By first position. */
void segments_sort(struct segments *l);
int segments_push(struct segments *l, uint64_t first) MUST_USE;
/* Off the list only. */
void segments_drop(struct segments *l, size_t i);
void segments_set_bytes(struct segments *l, size_t i, uint64_t bytes);
/* The last one that begins at or below POSITION; SEGMENTS_NONE. */
size_t segments_find(const struct segments *l, uint64_t position);
/* Positions of segment I are below this; END is of the last one. */
uint64_t segments_limit(const struct segments *l, size_t i, uint64_t end);

/* SEG has a directory and no file: it was unlinked, and then the power went. */
bool segment_is_gone(const struct segment *seg, int at);
/* True when segment I is gone in that way: now it is off the list, and its directory too. */
bool segments_drop_gone(struct segments *l, int at, size_t i);
/* Removes the first N from disk (a bad one is set aside) and from the list, and syncs the names.
 * Stops at the first that cannot be removed. */
int segments_remove(struct segments *l, int at, size_t n) MUST_USE;
/* NAME into quarantine/, under a name that is free there. Durable. */
int segment_set_aside(int at, const char *name) MUST_USE;
/* The same with segment I, which leaves the list whatever happens. */
int segments_set_aside(struct segments *l, int at, size_t i) MUST_USE;
/* Remembers on disk that damage was met in it. */
int segments_mark_bad(struct segments *l, int at, size_t i) MUST_USE;

#endif
