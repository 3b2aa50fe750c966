/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.h — struct spool_inspect for inspect*.c, quarantine_list.c and repair*.c (private). */
#ifndef INSPECT_INTERNAL_H
#define INSPECT_INTERNAL_H

#include "policy/positions.h"
#include "reader.h"
#include "segments.h"
#include "spool/inspect.h"
#include "statefile.h"

struct spool_inspect {
	int dir;
	int lock;      /* -1: opened LIVE, or there is no lock file */
	bool as_owner; /* root has taken the spool's owner as its effective user until spool_inspect_close */
	bool live;
	bool unverified;       /* give records without verifying checksums */
	const char *directory; /* a copy */
	struct spool_summary summary;
	struct segments segments; /* same order and indices as summary.segments */
	struct reader reader;
	struct span_offset disk; /* end of the last record on disk */
	struct spool_id id;
	struct positions positions;

	/* The iteration, inspect_items.c. */
	struct spool_range range;
	size_t i;                    /* index of the current segment; summary.nsegments: behind the last one */
	bool inside;                 /* the reader has that segment open */
	bool in_quarantine;          /* iterating over one segment in quarantine/ only */
	bool salvage_reported;       /* it was reported that this segment needs salvage */
	unsigned rereads;            /* re-reads of this segment since its last intact record */
	uint64_t at;                 /* next position */
	struct span_offset last_end; /* end of the last record given */
};

/* How often something that looks damaged is read beside a running agent, before it is reported. */
enum { READ_ATTEMPTS = 5 };

/* Spans below POSITION as far as heads and state tell, without reading records. False: unknown. */
bool inspect_spans_below(const struct spool_inspect *in, uint64_t position, uint64_t *spans);
/* Sets offered_to to end in the state file, durably. Called before the segment whose head might have a newer
 * offered_to is moved away. */
int inspect_mark_all_offered(struct spool_inspect *in) MUST_USE;
/* Closes the reader and resets the iteration, so that segments may be renamed. */
void inspect_reset(struct spool_inspect *in);
/* All positions of segment I are below this. */
uint64_t inspect_limit(const struct spool_inspect *in, size_t i);

#endif
