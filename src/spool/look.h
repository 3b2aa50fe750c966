/* look.h — a look at a spool as its own files see it (private). */
#ifndef LOOK_H
#define LOOK_H

#include "policy/marks.h"
#include "reader.h"
#include "segments.h"
#include "spool/look.h"
#include "statefile.h"

struct spool_look {
	int dir;
	int lock;      /* -1: it is looked at live, or has no file to lock */
	bool as_owner; /* root works as the spool's owner until the look is closed */
	bool live;
	bool unverified;       /* checksums are not asked */
	const char *directory; /* a copy */
	struct spool_seen seen;
	struct segments segments; /* as SEEN has them */
	struct reader reader;
	struct spot disk; /* behind the last record on disk */
	struct origin origin;
	struct marks marks;

	/* The way through, look_items.c. */
	struct spool_range range;
	size_t i;         /* the segment that is read; SEEN's number: what stands behind them all */
	bool inside;      /* the reader has it */
	bool aside;       /* one segment in quarantine/ is read, and nothing else */
	bool told_broken; /* of this segment: only a scan finds its records */
	unsigned anew;    /* times that it was looked at anew since its last whole record */
	uint64_t at;      /* position that comes next */
	struct batch *stash;  /* the record found behind what is lost */
	uint64_t stash_below; /* spans below it */
	struct spot behind;   /* the last record that was given */
};

/* Beside a running agent what looks damaged is looked at so often. */
enum { LOOKS = 5 };

/* Spans below POSITION by whatever says so without reading. False: nothing does. */
bool look_spans_below(const struct spool_look *l, uint64_t position, uint64_t *spans);
/* Notes durably that all may have been offered: whoever knew better was damaged, and is about to go. */
int look_doubt(struct spool_look *l) MUST_USE;
/* Nothing is open any more whose name may change. */
void look_end_way(struct spool_look *l);
/* A segment's positions are below this. */
uint64_t look_limit(const struct spool_look *l, size_t i);

#endif
