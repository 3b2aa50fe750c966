/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h — a look at a spool as its own files see it (private). */
#ifndef INSPECT_INTERNAL_H
#define INSPECT_INTERNAL_H

#include "policy/positions.h"
#include "reader.h"
#include "segments.h"
#include "spool/inspect.h"
#include "statefile.h"

struct spool_inspect {
	int dir;
	int lock;      /* -1: it is looked at live, or has no file to lock */
	bool as_owner; /* root works as the spool's owner until the look is closed */
	bool live;
	bool unverified;       /* checksums are not asked */
	const char *directory; /* a copy */
	struct spool_seen seen;
	struct segments segments; /* as SEEN has them */
	struct reader reader;
	struct span_offset disk; /* behind the last record on disk */
	struct spool_id origin;
	struct positions marks;

	/* The way through, inspect_items.c. */
	struct spool_range range;
	size_t i;                  /* the segment that is read; SEEN's number: what stands behind them all */
	bool inside;               /* the reader has it */
	bool aside;                /* one segment in quarantine/ is read, and nothing else */
	bool told_broken;          /* of this segment: only a scan finds its records */
	unsigned anew;             /* times that it was looked at anew since its last whole record */
	uint64_t at;               /* position that comes next */
	struct batch *pending;     /* the record found behind what is lost */
	uint64_t stash_below;      /* spans below it */
	struct span_offset behind; /* the last record that was given */
};

/* Beside a running agent what looks damaged is looked at so often. */
enum { LOOKS = 5 };

/* Spans below POSITION by whatever says so without reading. False: nothing does. */
bool inspect_spans_below(const struct spool_inspect *l, uint64_t position, uint64_t *spans);
/* Notes durably that all may have been offered: whoever knew better was damaged, and is about to go. */
int inspect_doubt(struct spool_inspect *l) MUST_USE;
/* Nothing is open any more whose name may change. */
void inspect_end_way(struct spool_inspect *l);
/* A segment's positions are below this. */
uint64_t inspect_limit(const struct spool_inspect *l, size_t i);

#endif
