/* SPDX-License-Identifier: Apache-2.0 */
/* survey.h — reads the heads of all segments of a directory, and orders the segments by them (private). The head of a
 * segment says with which position it begins; the position in the directory's name is a hint, which a copy or a restored
 * backup can make wrong. A start goes by the names alone, as the cost of a survey grows with the number of segments; it
 * makes one when a segment is not what its name says. */
#ifndef SURVEY_H
#define SURVEY_H

#include "format.h"
#include "segments.h"

/* One segment, with what its head says. */
struct survey_entry {
	struct segment segment;
	/* 0: the rest is known, and the segment begins where its head says; E_CORRUPT: its head is damaged, or another
	 * segment has a better claim to that position; E_EMPTY: it has no commit; or the error of reading it */
	int rc;
	struct span_offset first, end;
	uint64_t made_ms, first_ms, last_ms; /* as in struct head */
};

struct survey {
	int at; /* the spool's directory */
	/* The spool. When it is unknown (spool 0), it becomes the one that most heads belong to. */
	struct spool_id *id;
	unsigned attempts; /* how often a head that looks damaged is read; more than once beside a running agent */
	/* Called for each intact head of this spool; may be NULL. */
	void (*on_head)(const struct head *head, void *user);
	void *user;

	/* Out. */
	struct survey_entry *entries; /* one for each segment of the list, in its order; free */
	bool all;                     /* no head remains that may be readable later */
};

/* Sets FIRST of each segment to what its head says, unless another segment has a better claim to that position, and
 * sorts the list by FIRST. A damaged head, or one of another spool, is ignored: such a segment goes by its name. Returns
 * how many segments have another FIRST than before, or E_NOMEM. */
int survey_run(struct survey *v, struct segments *l) MUST_USE;

#endif
