/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h — reads one segment at a time (private).
 *
 *   CLOSED ──open──► BY_PAGES ──any damage──► BY_SALVAGE
 *     ▲                 │                        │
 *     └──── close ──────┴────────────────────────┘
 *
 * BY_PAGES reads LMDB's pages from the root. BY_SALVAGE has scanned the whole file once and uses the records
 * that it found; records that the scan did not find are lost.
 *
 * Records and heads are verified with the spool's key. When KEY is NULL (the key is unknown, or the segment may
 * be another spool's) the key in the segment's own head is used instead. Then only pages lead to that head:
 * salvage without a key accepts no head, so it finds nothing. */
#ifndef READER_H
#define READER_H

#include "span/batch.h"
#include "salvage.h"
#include "segments.h"

enum reader_state { READER_CLOSED, READER_BY_PAGES, READER_BY_SALVAGE };

struct reader {
	enum reader_state state;
	int at; /* the spool's directory, borrowed */
	/* the spool's, borrowed; heads with another key are E_FOREIGN. NULL: any key is accepted */
	const struct key *key;
	struct key head_key;      /* key in the segment's own head, used when KEY is NULL */
	size_t batch_struct_size; /* of the batches that reader_read makes, as of batch_new_within */
	bool unverified;          /* give what looks like a record without verifying checksums */
	int fd;
	uint64_t first; /* first position of the open segment */
	uint64_t limit;
	uint64_t salvage_limit; /* LIMIT when salvage scanned the file */
	struct lmdb_pages tree;
	struct salvage scan;
	bool has_head;
	struct head head;
	struct span_offset end;     /* end of the last record committed in it, as far as known */
	bool salvage_logged;        /* the caller has logged that it is BY_SALVAGE */
	uint64_t io_error_since_us; /* monotonic time of the first of successive I/O errors; 0: none */
};

/* Opens SEG, whose positions are below LIMIT; if it is open already, sees later commits. 0; E_EMPTY: it has no
 * commit; E_CORRUPT: no record can be found in it; E_NEWER, E_OLDER; E_FOREIGN; other errors may be temporary. */
int reader_open(struct reader *r, const struct segment *seg, uint64_t limit) MUST_USE;
/* The same for the data file PATH, relative to the spool's directory. */
int reader_open_file(struct reader *r, const char *path, uint64_t first, uint64_t limit) MUST_USE;
/* Opens SEG by its pages and head, without salvage. E_CORRUPT: they are damaged. */
int reader_open_head(struct reader *r, const struct segment *seg) MUST_USE;
/* Opens SEG BY_SALVAGE. For a segment whose pages say that it has no commit although the state has positions in
 * it. */
int reader_open_salvaged(struct reader *r, const struct segment *seg, uint64_t limit) MUST_USE;
/* Reads the head of SEG, whatever first position and spool it has. 0, E_EMPTY, E_CORRUPT: no intact head; or
 * the error of reading it. The reader is closed afterwards. */
int reader_head(struct reader *r, const struct segment *seg, struct head *head) MUST_USE;
void reader_close(struct reader *r);

/* Finds the first record at or above WANT. 0; E_END; other errors may be temporary. */
int reader_find(struct reader *r, uint64_t want, struct place *found) MUST_USE;
/* Changes to BY_SALVAGE: a repeated search may find more. 0, also when it was BY_SALVAGE already; or an error. */
int reader_start_salvage(struct reader *r) MUST_USE;
/* One step of an iteration over a segment: a record, or a gap, the positions before the next intact record. */
struct reader_item {
	struct batch *batch;       /* owned by the caller; NULL: this is a gap */
	struct record header;      /* of the record */
	struct spool_run lost;     /* positions of the gap */
	struct span_offset behind; /* the next intact record and the spans below it; position 0: there is none */
};

/* The iterator beneath delivery, verify, export, repair and counting. Gives the record at WANT.first, or the gap
 * from there to the next intact record, to WANT.end or to the end of the segment; the caller goes on behind it. A
 * position counts as lost only after salvage. Keeps nothing between calls but what the reader has open. 0;
 * E_END: the segment has nothing from WANT.first on; E_NOMEM; E_IO and others that may be temporary, which with
 * SKIP_ERRORS count as damage. */
int reader_next(struct reader *r, struct spool_run want, bool skip_errors, struct reader_item *item) MUST_USE;
/* Reads the record at P and verifies it. 0 gives B; E_CORRUPT; E_NOMEM; E_IO. */
int reader_read(struct reader *r, const struct place *p, struct batch **b, struct record *header) MUST_USE;
/* Copies the fields of a header to its batch; the caller fills in the bytes. */
void record_to_batch(const struct record *r, struct batch *b);
/* Reads the header only. */
int reader_read_header(struct reader *r, const struct place *p, struct record *header) MUST_USE;
/* Spans below POSITION, if the records or the head of this segment tell. */
bool reader_spans_below(struct reader *r, uint64_t position, uint64_t *spans) MUST_USE;

/* True when RC of an open or of reader_head says that the segment has no record, or none of this spool. Other errors
 * may be temporary, or the operator's. */
bool reader_has_nothing(int rc);

#endif
