/* SPDX-License-Identifier: Apache-2.0 */
/* spool_internal.h — struct spool, and the functions that the files of this folder share (private). */
#ifndef SPOOL_PRIV_H
#define SPOOL_PRIV_H

#include "base/log.h"
#include "reader.h"
#include "segments.h"
#include "statefile.h"
#include "writer.h"

struct spool {
	struct spool_opts opts; /* directory and host are copies */
	/* spool_set_limits, in the loop's thread, may change them at any time. */
	_Atomic uint64_t max_bytes, min_free;
	int dir;
	int lock;
	uint64_t map_bytes; /* map size of one segment */
	/* spool_live, in another thread, uses live, live_next and live_origin, and nothing else of struct spool */
	struct statefile file;
	struct segments segments; /* the last one is being written */
	struct writer writer;
	struct writer next;
	struct reader reader;
	struct span_offset end;  /* end of the last record */
	struct spool_id id;      /* its key does not move while the spool is open: reader and writers point to it */
	uint64_t survey_at_us;   /* earliest time of the next survey_segments; UINT64_MAX: all heads are read */
	unsigned surveys;        /* number of surveys that changed the list of segments */
	struct spool_state last; /* the newest snapshot */
	struct disk_space space; /* as of the start of this cycle */
	struct spool_stats stats;
	uint64_t prepare_after_us; /* earliest time to retry a failed preparation of next/ */
	uint64_t oldest;           /* position of the record of stats.oldest_ms; 0: none */
	/* Bytes of the files in quarantine/. A second worker thread may change it (spool_quarantine). */
	_Atomic uint64_t quarantine_bytes;
	uint64_t quarantine_counted_us; /* monotonic time of the last count; used by that thread only */
	bool put_failed;                /* a put error was logged, and no success since */
	struct log_limit commit_limit;
};

/* recover.c: reads state and newest segment, and adds to the state what is on disk beyond it. */
int recover_run(struct spool *s, struct spool_found *found, struct why *why) MUST_USE;
/* Pure. Replaces *BEST by STATE if STATE is newer and of the same spool; merges ID into OURS. */
void recover_keep_newer(struct spool_state *best, bool *any, struct spool_id *ours, const struct spool_state *state,
        const struct spool_id *id);
/* Pure. Makes a STATE for a spool without snapshots: all records from FROM on wait. */
void recover_without_state(struct spool_state *state, const struct span_offset *from);
/* Pure. STATE may be older than the records on disk, which end at DISK. The records it does not contain are moved
 * from in_flight to in_spool; those beyond in_flight's count are added to accepted and in_spool. Returns their
 * spans. */
uint64_t recover_reconcile(struct spool_state *state, const struct span_offset *disk);

/* survey.c: reads the heads of all segments, and again only while one could not be read. Called when a segment is
 * damaged, or missing, or not what its name says. True: the list has changed, and the caller searches its segment
 * again. */
bool survey_segments(struct spool *s);

/* store.c: writes records into segments, in synced commits. */
struct storing {
	const struct entry *e;
	size_t n;                        /* number of entries to put */
	size_t all;                      /* number of entries that STATE counts as in_spool */
	size_t done;                     /* number of entries that are durable */
	const struct spool_state *state; /* as it is once all entries are durable */
	bool state_durable;              /* the last commit contained STATE unchanged */
};
int store_run(struct spool *s, struct storing *g) MUST_USE;
/* Closes the segment being written for good. */
void store_seal(struct spool *s);
/* Makes next/. With AHEAD only when there is room for something in it. Sets stats.next_rc, to 0 only when all its
 * blocks are preallocated. */
int store_prepare(struct spool *s, bool ahead) MUST_USE;
/* Reads the free space of the file system. */
void store_measure(struct spool *s);
/* Sets stats.room_bytes, over and next_rc from free space and limits. */
void store_update_room(struct spool *s);
/* Bytes on disk, without preallocated blocks. */
uint64_t store_used(const struct spool *s);
/* Number of entries that the limits allow; *rc: why the next one is not allowed, or 0. */
size_t store_allow(struct spool *s, const struct entry *e, size_t n, int *rc);
/* Corrects STATE, which counts REST as in_spool, while REST is still in flight and the records end at END. */
void store_return_to_flight(struct spool_state *state, struct ledger_count rest, const struct span_offset *end);

/* cycle.c: unlinks the segments whose records are all resolved. */
void cycle_reclaim(struct spool *s);
/* Sets the sizes and counts in stats. */
void cycle_measure(struct spool *s);

/* location.c: true when the spool's path leads to another directory, lock or state file than the open ones. */
bool location_is_lost(const struct spool *s) MUST_USE;

/* quarantine.c: measures the record files in quarantine/. */
void quarantine_measure(struct spool *s);
/* Writes BYTES durably to quarantine/ of the spool AT, as NAME or, where that is taken, NAME with a number. */
int quarantine_write(int at, const char *name, struct slice bytes) MUST_USE;

/* append.c: stores a cycle's batches, and the state. */
void append_run(struct spool *s, struct spool_cycle *cycle);

/* read.c: reads the runs that a cycle asks for. */
void read_run(struct spool *s, struct spool_cycle *cycle);
/* Sets stats.oldest_ms from the record at the cursor. */
void read_oldest(struct spool *s);

/* count.c */
/* Spans in all records below POSITION, if a record, head or state tells. */
bool count_spans_below(struct spool *s, uint64_t position, uint64_t *spans) MUST_USE;
/* Opens the segment that has POSITION in s->reader, for counting and for delivery; *I is its index. 0; E_MISSING: there
 * is no such segment; else the errors of reader_open. */
int open_segment_at(struct spool *s, uint64_t position, size_t *i) MUST_USE;

#endif
