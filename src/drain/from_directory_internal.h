/* SPDX-License-Identifier: Apache-2.0 */
/* from_directory_internal.h — files on their way, and the turns of the worker that reads and removes them. */
#ifndef FROM_DIRECTORY_INTERNAL_H
#define FROM_DIRECTORY_INTERNAL_H

#include "drain/from_directory.h"
#include "drain_internal.h"
#include "quarantine/kept.h"

/* A record of the directory; in one list at a time. */
struct kept_file {
	struct list link;
	struct from_directory *of;
	struct kept_record record;
	enum kept_found found;
	struct drain_value value;
	struct drain_headers headers;
	uint64_t bytes; /* of memory, as counted in from_directory.bytes */
	struct why why; /* of a file that is no record, or could not be removed */
	bool removed;
};

/* One run of the worker. Its lists and results are the worker's from work_start until done. */
struct turn {
	struct list removing; /* delivered: to be removed */
	struct list loaded;   /* read, in order of name */
	uint64_t room;        /* bytes that may be loaded */
	bool syncs;
	bool ended; /* nothing more stands in the directory */
	uint64_t count;
	struct why failed; /* code 0: neither listing nor sync failed */
};

struct from_directory {
	struct loop *loop;
	struct from_directory_opts opts;
	struct health *health;
	struct exporter *exporter;
	struct kept *kept;
	struct timer *heartbeat;
	struct turn turn;
	struct list waiting;   /* the exporter has no room for them */
	struct list out;       /* with the exporter */
	struct list delivered; /* to be removed by the next turn */
	uint64_t bytes;        /* of the files in all lists */
	uint64_t whole, done;  /* records; WHOLE 0: not known yet */
	struct drain_ledger ledger;
	struct from_directory_counts counts;
	struct log_limit refused_limit, unreadable_limit;
	enum exporter_state sending;
	bool busy;     /* the worker has TURN */
	bool ended;    /* every name was read */
	bool unsynced; /* files were removed, and the directory was not synced since */
	bool cut;      /* a record was read and is left to the next run */
	bool finished; /* the owner was told so */
	bool stopping;
	bool flushed; /* the exporter holds nothing any more */
	void (*stopped)(void *arg);
	void *stopped_arg;
};

/* from_directory_work.c, in the worker: removes, reads, syncs, as f->turn says. */
void from_directory_work(void *from_directory);
void kept_file_free(struct kept_file *file);

#endif
