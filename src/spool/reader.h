/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h — the one segment that is open for reading (private).
 *
 *   CLOSED ──open──► BY_PAGES ──anything that does not fit──► BY_SALVAGE
 *     ▲                 │                                       │
 *     └──── close ──────┴───────────────────────────────────────┘
 *
 * BY_PAGES walks LMDB's pages. BY_SALVAGE has looked at every page of the file once and goes by what it
 * found: what that does not have is lost.
 *
 * Records and heads are believed by the spool's key alone. Where that is not known, and for a segment
 * that may be another spool's, the key is the one in the head that the tree leads to; a scan, which
 * would have to take any bytes' word for it, then finds nothing.
 */
#ifndef READER_H
#define READER_H

#include "span/batch.h"
#include "salvage.h"
#include "segments.h"

enum reader_state { READER_CLOSED, READER_BY_PAGES, READER_BY_SALVAGE };

struct reader {
	enum reader_state state;
	int at;                /* the spool's directory, borrowed */
	const struct key *key; /* the spool's, borrowed; heads by another one are refused. NULL: any will do */
	struct key own;        /* then it is this one, of the segment's own head */
	bool unverified;       /* an operator wants what looks like a record, whatever its checksums say */
	int fd;
	uint64_t first; /* of the segment that is open */
	uint64_t limit;
	uint64_t salvage_limit; /* what the limit was when the pages were looked at */
	struct lmdb_pages tree;
	struct salvage scan;
	bool has_head;
	struct head head;
	struct span_offset end; /* behind the last record that was ever committed in it, as far as is known */
	bool told;              /* for who reads: the log has that it is BY_SALVAGE */
	uint64_t trouble_us;    /* since when the disk refuses to be read; 0: it does not */
};

/* Opens SEG, whose positions are below LIMIT; when it is open already, sees what was committed
 * since. 0; E_MISSING: nothing was ever committed in it; E_CORRUPT: no record can be found in it;
 * E_NEWER, E_OLDER; E_FOREIGN; other errors may pass. */
int reader_open(struct reader *r, const struct segment *seg, uint64_t limit) MUST_USE;
/* The same for a segment whose data file is PATH, wherever that is. */
int reader_open_file(struct reader *r, const char *path, uint64_t first, uint64_t limit) MUST_USE;
/* Opens SEG by its tree and head alone. E_CORRUPT: they do not hold. */
int reader_open_head(struct reader *r, const struct segment *seg) MUST_USE;
/* The same for one that says that nothing was committed in it, which cannot be: BY_SALVAGE. */
int reader_open_salvaged(struct reader *r, const struct segment *seg, uint64_t limit) MUST_USE;
/* The head of SEG, whatever its name and spool. 0, E_MISSING, E_CORRUPT: none holds; or why it cannot be
 * read. Closes what is open. */
int reader_head(struct reader *r, const struct segment *seg, struct head *head) MUST_USE;
void reader_close(struct reader *r);

/* The first record at or above WANT. 0; E_MISSING; other errors may pass. */
int reader_find(struct reader *r, uint64_t want, struct place *found) MUST_USE;
/* Cycles to BY_SALVAGE. 0: what is found now may differ; E_MISSING: it was so already; or an error. */
int reader_turn_to_salvage(struct reader *r) MUST_USE;
/* Reads the record at P and verifies it. 0 gives B; E_CORRUPT; E_NOMEM; E_IO. */
int reader_read(struct reader *r, const struct place *p, struct batch **b, struct record *header) MUST_USE;
/* All that a header says of its batch, whose bytes are filled by the caller. */
void record_to_batch(const struct record *r, struct batch *b);
/* The header alone. */
int reader_peek(struct reader *r, const struct place *p, struct record *header) MUST_USE;
/* Spans below POSITION, by the records and the head of this segment. 0 or E_MISSING. */
int reader_spans_below(struct reader *r, uint64_t position, uint64_t *spans) MUST_USE;

#endif
