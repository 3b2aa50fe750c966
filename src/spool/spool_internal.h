/* SPDX-License-Identifier: Apache-2.0 */
/* spool_internal.h — the spool as its own files see it (private). */
#ifndef SPOOL_PRIV_H
#define SPOOL_PRIV_H

#include "base/log.h"
#include "reader.h"
#include "segments.h"
#include "statefile.h"
#include "writer.h"

struct spool {
	struct spool_opts opts; /* its texts are our own copies */
	int dir;
	int lock;
	uint64_t map_bytes;       /* of one segment */
	struct statefile file;    /* spool_live touches its live half and nothing else in here */
	struct segments segments; /* the one being written is the last */
	struct writer writer;
	struct writer next;
	struct reader reader;
	struct span_offset end;  /* behind all that was put */
	struct spool_id origin;  /* the key in it has its place for as long as the spool is open */
	uint64_t survey_at_us;   /* when all heads may be read; UINT64_MAX: they have been */
	unsigned surveys;        /* that have changed the list of segments */
	struct spool_state last; /* the newest snapshot that was handed to the worker */
	struct disk_space space; /* as of this cycle */
	struct spool_stats stats;
	uint64_t prepare_after_us; /* a next segment that failed is tried again then */
	uint64_t oldest;           /* position that stats.oldest_ms is of; 0 none */
	/* Of the files in quarantine/, which another worker thread may write meanwhile (spool_quarantine). */
	_Atomic uint64_t kept_bytes;
	uint64_t kept_at_us; /* when they were counted last; that thread's */
	bool in_trouble;     /* said so in the log */
	struct log_limit commit_limit;
};

/* recover.c: finds what is on disk, and puts the newest state right by it. */
int recover_run(struct spool *s, struct spool_found *found, struct why *why) MUST_USE;
/* Pure. STATE and its ORIGIN are one more that was found: the newest stays in BEST. */
void recover_offer(struct spool_state *best, bool *any, struct spool_id *ours, const struct spool_state *state,
        const struct spool_id *origin);
/* Pure. Nothing is known of what stands from FROM on but that it is there. */
void recover_assume(struct spool_state *state, const struct span_offset *from);
/* Pure. STATE is older than what stands on disk up to DISK: what it does not know is taken out of
 * in_flight as far as that goes, else accepted, and put in_spool. Gives the spans of it. */
uint64_t recover_reconcile(struct spool_state *state, const struct span_offset *disk);

/* survey.c: what a start has no time for. */
enum survey { SURVEY_AS_BEFORE = 0, SURVEY_DROPPED, SURVEY_MISNAMED };
/* Reads the heads of all segments, once; for when one is not what its name says, or none where one should
 * be. Whoever asked is to look again, unless all is as before. */
enum survey survey_names(struct spool *s);
/* Asks some of the segments for their sizes, until all are known. */
void survey_sizes(struct spool *s);

/* store.c: into segments, one synced commit after the other. */
struct storing {
	const struct entry *e;
	size_t n;                        /* so many are to be put */
	size_t all;                      /* so many does STATE believe in */
	size_t done;                     /* so many are durable */
	const struct spool_state *state; /* as it is once all are */
	bool state_durable;              /* STATE itself was in the last commit */
};
int store_run(struct spool *s, struct storing *g) MUST_USE;
/* Nobody writes the newest segment any more. */
void store_seal(struct spool *s);
/* Makes next/; AHEAD of its time only when there is room for something in it. stats.next_rc says
 * how it went: 0 only with all blocks reserved. */
int store_prepare(struct spool *s, bool ahead) MUST_USE;
/* Looks how much the file system has left. */
void store_measure(struct spool *s);
/* What that and the limits mean for what is put next, into stats. */
void store_look_ahead(struct spool *s);
/* Bytes on disk, without what is only reserved. */
uint64_t store_used(const struct spool *s);
/* How many of the N entries the limits let in; *rc says why not the next one, or 0. */
size_t store_allow(struct spool *s, const struct entry *e, size_t n, int *rc);
/* STATE put right for when REST of what it believes to be in the spool is still in flight. */
void store_settle(struct spool_state *state, struct ledger_count rest, const struct span_offset *end);

/* cycle.c: unlinks the segments that are delivered. */
void cycle_reclaim(struct spool *s);
/* Counts what is there, into stats. */
void cycle_measure(struct spool *s);

/* location.c: true when the directory, its lock or its state is not what the spool's path leads to any more. */
bool location_is_lost(const struct spool *s) MUST_USE;

/* quarantine.c: counts what is in there. */
void quarantine_measure(struct spool *s);
/* Keeps BYTES durably in quarantine/ of the spool AT, as NAME or, where that is taken, NAME with a number. */
int quarantine_keep(int at, const char *name, struct slice bytes) MUST_USE;

/* append.c: a cycle's batches, in synced commits. */
void append_run(struct spool *s, struct spool_cycle *t);

/* read.c: a cycle's reading. */
void read_run(struct spool *s, struct spool_cycle *t);
/* What received_ms the record at the cursor has, into stats. */
void read_oldest(struct spool *s);

/* count.c */
/* Spans in all positions below POSITION. 0, or E_MISSING when nothing on disk says. */
int count_spans_below(struct spool *s, uint64_t position, uint64_t *spans) MUST_USE;
/* Opens the segment that POSITION belongs to. 0; E_MISSING: no segment; else as reader_open. */
int count_open_at(struct spool *s, uint64_t position, size_t *i) MUST_USE;

#endif
