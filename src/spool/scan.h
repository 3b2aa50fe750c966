/* scan.h — finds the records in a segment whose tree cannot be believed (private). */
#ifndef SCAN_H
#define SCAN_H

#include "layout.h"
#include "tree.h"

/* Records by position, ascending, each verified when it was found. */
struct scan {
	struct place *at;
	size_t n;
	size_t cap;
	bool has_head;
	struct head head; /* of the last transaction of which one is left */
	struct spot end;  /* behind the last record */
	bool ours;        /* there are heads of this spool, whatever segment they are of */
	bool strangers;   /* there are heads of another one */
};

/* Looks at every byte of the file for records of positions in RUN, and for heads of SPOOL (0: of
 * any). 0, or E_NOMEM, E_IO with nothing found. A damaged file is no error: what is whole is
 * found. */
int scan_run(struct scan *s, int fd, uint64_t spool, struct spool_run run) MUST_USE;
/* The first record at or above WANT; NULL: none. */
const struct place *scan_find(const struct scan *s, uint64_t want);
void scan_free(struct scan *s);

#endif
