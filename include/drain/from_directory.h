/* SPDX-License-Identifier: Apache-2.0 */
/* Records from the drain's quarantine directory to collectors; those that are delivered are taken out of it. */
#ifndef FROM_DIRECTORY_H
#define FROM_DIRECTORY_H

#include "drain/drain.h"

/* Once through: every record that stands in the directory is posted, marked as one that may have arrived. A record
 * that is delivered loses its files; one that is refused again, and what is no record, stays as it is. */

struct from_directory_opts {
	const char *path;
	struct exporter_opts exporter;
	uint64_t max_bytes; /* of records in memory; a larger one is read when it is alone */
	struct replay_counts
	        *counts; /* not NULL, a dry run: each record is counted in COUNTS, nothing is posted or removed */
	void (*finished)(void *arg); /* every record has its outcome, and what was removed is durable: stop now */
	void *finished_arg;
};

/* Since the start, beside the ledger, in which QUARANTINED is what was refused again and stays. */
struct from_directory_counts {
	uint64_t unreadable;  /* files of a quarantine that are no whole record; they stay */
	uint64_t foreign;     /* files that no quarantine has written; they stay */
	uint64_t not_removed; /* of the records delivered: their files could not be removed */
	bool failed;          /* not all of the directory could be read, or it could not be synced */
	struct cause_counts refused;
};

struct from_directory;

/* The collectors need not be there. E_MISSING, E_DENIED, E_LOCKED … of the directory. Posts "quarantine", "collector"
 * and "store" on HEALTH. */
int from_directory_open(struct from_directory **out, struct loop *l, const struct from_directory_opts *opts,
        struct health *health, struct why *why) MUST_USE;

/* Reads no more, waits up to BUDGET_MS for answers, removes what is delivered, syncs the directory, calls STOPPED. */
void from_directory_stop(struct from_directory *f, uint64_t budget_ms, void (*stopped)(void *arg), void *arg);

const struct drain_ledger *from_directory_ledger(const struct from_directory *f);
const struct from_directory_counts *from_directory_counts(const struct from_directory *f);
struct exporter *from_directory_exporter(const struct from_directory *f);
void from_directory_progress(const struct from_directory *f, struct drain_progress *to);

/* After stopped, or before the loop ran. NULL is fine. */
void from_directory_free(struct from_directory *f);

#endif
