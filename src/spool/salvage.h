/* SPDX-License-Identifier: Apache-2.0 */
/* salvage.h — finds the records in a segment whose tree cannot be believed (private). */
#ifndef SALVAGE_H
#define SALVAGE_H

#include "format.h"
#include "lmdb_pages.h"

struct salvage_record {
	struct place place;
	uint64_t spans_before;
	uint32_t spans;
	bool odd; /* its counts are not those of the records on either side */
};

/* Records by position, ascending, each verified when it was found. */
struct salvage {
	struct salvage_record *at;
	size_t n;
	size_t cap;
	bool has_head;
	struct head head;       /* of the last transaction of which one is left */
	struct span_offset end; /* behind the last record */
	bool ours;              /* something in it was sealed with the key, whatever segment it is of */
	bool foreign;           /* there are heads that are whole by another key, and nothing believes them */
};

/* Looks at every byte of the file for records of positions in RUN and for heads, sealed with KEY
 * (NULL: whatever looks like a record is one, and no head is). 0, or E_NOMEM, E_IO with nothing
 * found. A damaged file is no error: what is whole is found. */
int salvage_run(struct salvage *s, int fd, const struct key *key, struct spool_run run) MUST_USE;
/* The first record at or above WANT; NULL: none. */
const struct place *salvage_find(const struct salvage *s, uint64_t want);
void salvage_free(struct salvage *s);

#endif
