/* SPDX-License-Identifier: Apache-2.0 */
/* salvage.h — finds the records in a segment file whose B+tree is damaged (private). */
#ifndef SALVAGE_H
#define SALVAGE_H

#include "format.h"
#include "lmdb_pages.h"

struct salvage_record {
	struct place place;
	uint64_t spans_before;
	uint32_t spans;
	bool inconsistent; /* its span counts contradict those of the records on both sides */
};

/* Records by ascending position, each with verified checksums. */
struct salvage {
	struct salvage_record *at;
	size_t n;
	size_t cap;
	bool has_head;
	struct head head;       /* the head with the highest transaction id found */
	struct span_offset end; /* end of the last record */
	/* something in the file has a checksum made with the key, whichever segment it is of */
	bool has_own_key;
	bool has_foreign_head; /* heads were found that are intact but have another key; they are ignored */
};

/* Scans the whole file for records with positions in RUN and for heads, verified with KEY (NULL: records are not
 * verified, and heads are ignored). 0; or E_NOMEM, E_IO with nothing found. Damage is no error. */
int salvage_run(struct salvage *s, int fd, const struct key *key, struct spool_run run) MUST_USE;
/* The first record at or above WANT; NULL: none. */
const struct place *salvage_find(const struct salvage *s, uint64_t want);
void salvage_free(struct salvage *s);

#endif
