/* segments.h — the segments that are there, by their names (private).
 *
 *   next/                       prepared, empty
 *   seg-<first position>/       holds records from that position on
 *   seg-<first position>.bad/   the same, but damage was met in it: set aside, never deleted
 *   quarantine/                 what was set aside, and single records
 */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include "base.h"
#include "disk.h"

struct segment {
	uint64_t first; /* position that it begins with */
	uint64_t named; /* the same by its name; names.h for where they differ */
	bool by_head;   /* FIRST is what its head says */
	uint64_t bytes; /* allocated on disk; of the one being written: not counted here */
	bool bad;
	bool lossy; /* something of it was called lost since the start */
};

struct segments {
	struct segment *at; /* by first position */
	size_t n;
	size_t cap;
	uint64_t bytes; /* of all */
};

#define SEGMENTS_NONE SIZE_MAX

enum { SEGMENT_NAME = 32 };

void segment_name(const struct segment *seg, char to[SEGMENT_NAME]);
/* The path of its data file. */
void segment_file(const struct segment *seg, char to[DISK_NAME]);

/* Reads the directory: names and sizes, nothing else. With MEND it finishes a removal that was cut
 * short and gives back blocks that a killed agent had reserved; without, nothing is changed. */
int segments_list(struct segments *l, int at, bool mend) MUST_USE;
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
