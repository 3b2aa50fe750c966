/* SPDX-License-Identifier: Apache-2.0 */
/* Records that a quarantine directory has: read in the order of their names, and taken out. */
#ifndef QUARANTINE_KEPT_H
#define QUARANTINE_KEPT_H

#include <sys/stat.h>

#include "base/buf.h"

/* A record is what a quarantine of QUARANTINE_DIRECTORY has written: NAME.value and NAME.headers. Every function here
 * waits for the disk, so kept_next, kept_remove and kept_sync are for a worker thread, one call at a time. */

enum { KEPT_NAME = 256, KEPT_FILE_MOST = 128 << 20 };

struct kept;

struct kept_record {
	char name[KEPT_NAME];   /* without its ending; of what is no record, the whole name */
	struct buf value;       /* as it was in Kafka */
	struct buf headers;     /* for kept_headers */
	struct stat on_disk[2]; /* of both files, as they were read */
};

/* What kept_next has come to. */
enum kept_found {
	KEPT_RECORD,
	KEPT_UNREADABLE, /* a file that the quarantine has written, or a part of one, but no whole record */
	KEPT_FOREIGN,    /* a file with no name of the quarantine's */
	KEPT_END,        /* nothing more stands there */
	KEPT_FAILED,     /* the directory cannot be listed, or memory ran out: nothing more can be found */
};

/* TAKES: kept_remove will be called, which one process may do at a time. E_MISSING, E_DENIED, E_LOCKED …; WHY names
 * PATH. */
int kept_open(struct kept **out, const char *path, bool takes, struct why *why) MUST_USE;

/* Reads what comes next by name into TO, which is all zero. Of all but KEPT_RECORD and KEPT_END a sentence is in WHY; a
 * file larger than KEPT_FILE_MOST bytes is unreadable. TO->name is set for the first three. */
enum kept_found kept_next(struct kept *k, struct kept_record *to, struct why *why) MUST_USE;

/* Values that stood there when the first of them was looked for; from any thread after that. */
uint64_t kept_count(const struct kept *k);

/* Calls EACH for every header of R; both texts live as long as R. */
void kept_headers(
        const struct kept_record *r, void (*each)(void *arg, const char *name, struct slice value), void *arg);

/* Removes both files, the value first; a kill between the two leaves headers, which are no record. E_STOPPED: they
 * are other files than those that were read, and both stay. Durable only with kept_sync. */
int kept_remove(struct kept *k, const struct kept_record *r, struct why *why) MUST_USE;
int kept_sync(struct kept *k, struct why *why) MUST_USE;

/* Frees what R holds, not R. */
void kept_record_free(struct kept_record *r);
/* NULL is fine. */
void kept_free(struct kept *k);

#endif
