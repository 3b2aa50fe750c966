/* SPDX-License-Identifier: Apache-2.0 */
/* Records that a quarantine directory has: read in the order of their names, and taken out. */
#ifndef QUARANTINE_KEPT_H
#define QUARANTINE_KEPT_H

#include <sys/stat.h>

#include "base/buf.h"

/* A quarantine of the kind QUARANTINE_DIRECTORY writes each record as two files: NAME.value holds the record's
 * value and NAME.headers its headers and key. kept_open, kept_next, kept_remove and kept_sync block on the disk:
 * call the last three in a worker thread, one at a time. */

enum { KEPT_NAME = 256, KEPT_FILE_MOST = 128 << 20 };

struct kept;

struct kept_record {
	char name[KEPT_NAME];   /* NAME; for KEPT_UNREADABLE and KEPT_FOREIGN the whole file name */
	struct buf value;       /* content of NAME.value */
	struct buf headers;     /* content of NAME.headers; kept_headers parses it */
	struct stat on_disk[2]; /* fstat of both files when they were read; kept_remove compares them */
};

/* Result of kept_next. */
enum kept_found {
	KEPT_RECORD,
	KEPT_UNREADABLE, /* a file of the quarantine without its other half, or not written whole, or too large */
	KEPT_FOREIGN,    /* a file whose name the quarantine does not give */
	KEPT_END,        /* the directory has no further file */
	KEPT_FAILED,     /* the directory cannot be listed, or memory ran out: nothing more can be found */
};

/* Opens the quarantine directory PATH. TAKES: the caller will call kept_remove; the directory is locked, so that
 * only one process removes records. E_MISSING, E_DENIED; E_LOCKED: another process has the lock. WHY names PATH. */
int kept_open(struct kept **out, const char *path, bool takes, struct why *why) MUST_USE;

/* Reads the record that follows in the order of names into TO, which must be all zero; free it with
 * kept_record_free. A file of more than KEPT_FILE_MOST bytes is KEPT_UNREADABLE. WHY is set for KEPT_UNREADABLE,
 * KEPT_FOREIGN and KEPT_FAILED; TO->name is not set for KEPT_END and KEPT_FAILED. */
enum kept_found kept_next(struct kept *k, struct kept_record *to, struct why *why) MUST_USE;

/* Returns the number of .value files that the directory held at the first call of kept_next. Any thread may call it
 * after that. */
uint64_t kept_count(const struct kept *k);

/* Calls EACH for every header of R, the key among them. NAME and VALUE are borrowed from R. */
void kept_headers(
        const struct kept_record *r, void (*each)(void *arg, const char *name, struct slice value), void *arg);

/* Removes NAME.value and then NAME.headers; a SIGKILL between the two leaves NAME.headers alone, which kept_next
 * reports as KEPT_UNREADABLE. E_CHANGED: a file was replaced since kept_next read it, and neither is removed. The
 * removal survives a power cut only after kept_sync. */
int kept_remove(struct kept *k, const struct kept_record *r, struct why *why) MUST_USE;
/* Syncs the directory. */
int kept_sync(struct kept *k, struct why *why) MUST_USE;

/* Frees the buffers of R; R itself is the caller's. */
void kept_record_free(struct kept_record *r);
/* K may be NULL. */
void kept_free(struct kept *k);

#endif
