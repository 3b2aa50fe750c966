/* SPDX-License-Identifier: Apache-2.0 */
/* salvage.h — finds the records in a segment file whose B+tree is damaged (private). */
#ifndef SALVAGE_H
#define SALVAGE_H

#include "format.h"
#include "lmdb_pages.h"

struct salvage_record {
	struct place place;
	uint64_t spans_before; /* in all records below it since the spool was made */
	uint32_t spans;
	bool inconsistent; /* used while sorting; never set in the result */
};

/* Records by ascending position; with KEY, each has verified checksums. */
struct salvage {
	struct salvage_record *at;
	size_t n;
	size_t cap;
	bool has_head;
	struct head head;       /* the head with the highest transaction id found */
	struct span_offset end; /* end of the last record */
	bool has_own_key;       /* a head or a record header of any segment was made with KEY */
	bool has_foreign_head;  /* an intact head with another key was found; it is ignored */
};

/* Scans the whole file FD for records with positions in RUN and for heads, and adds them to S, which must be all zero.
 * Records and heads are verified with KEY; with KEY NULL, records are not verified and heads are ignored. Damaged parts
 * of the file are passed over: damage alone is no error. Returns 0; E_IO: nothing was found;
 * E_NOMEM: S has what was found until then. */
int salvage_run(struct salvage *s, int fd, const struct key *key, struct spool_run run) MUST_USE;
/* The first record at or above WANT; NULL: none. */
const struct place *salvage_find(const struct salvage *s, uint64_t want);
void salvage_free(struct salvage *s);

#endif
