/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that wait on disk, in LMDB segments, with the state that must survive. */
#ifndef SPOOL_H
#define SPOOL_H

#include "span/batch.h"
#include "policy/ledger.h"

/* A spool has no thread of its own and knows no loop. spool_cycle and spool_count block on the disk and
 * belong into one worker thread at a time, spool_quarantine, spool_has_file and spool_unquarantine into one as well,
 * which may be another; spool_live may run on a third meanwhile. */

enum spool_on_full { SPOOL_DROP_NEWEST, SPOOL_DROP_OLDEST };
enum spool_on_refused { SPOOL_QUARANTINE, SPOOL_DROP_REFUSED };

struct spool_opts {
	const char *directory;
	const char *host;       /* goes into each segment, for whoever reads it elsewhere */
	uint64_t max_bytes;     /* of all segments on disk */
	uint64_t min_free;      /* bytes of the file system to leave to others, and that share of its inodes */
	uint64_t segment_bytes; /* map size of one segment */
};

enum {
	SPOOL_RECORD_MOST = 1 << 20, /* bytes of the largest batch that is stored */
	SPOOL_MARKS_BYTES = 3072,
};

/* One snapshot: written in the same transaction as a cycle's batches, and into the state file. Of
 * two valid ones the higher generation is right. */
struct spool_state {
	uint64_t generation; /* counts up with each snapshot; the caller counts */
	uint64_t boot;       /* max(previous + 1, microseconds since 1970 at start) */
	uint64_t cursor;     /* every position below is resolved */
	uint64_t offered_to; /* no position at or above this was ever offered to a sink */
	uint64_t end;        /* the next position to be given out */
	uint64_t spans_put;  /* spans in all positions below end, ever; the spool gives it with end */
	bool running;        /* false only in the last snapshot of a clean stop */
	struct ledger ledger;
	uint32_t marks_len; /* what is resolved above the cursor, as positions_save wrote it */
	uint8_t marks[SPOOL_MARKS_BYTES];
};

/* What start-up found. state is already put right: records on disk that it did not know are in
 * ledger in_spool and end; in_flight is not yet moved to uncertain (spool_begin's caller does). */
struct spool_found {
	struct spool_state state;
	bool fresh;        /* the directory held no spool */
	bool unclean;      /* the last run did not stop cleanly */
	bool state_lost;   /* no snapshot is left in the state file: whether it did is not known */
	uint64_t salvaged; /* spans on disk that the state did not know */
	char note[256];    /* a sentence on damage met, or "" */
};

struct spool_stats {
	uint64_t bytes; /* of all segments on disk, without what is only reserved */
	uint64_t segments;
	uint64_t room_bytes;       /* that may be put by all limits, at most; max_bytes 0: a very large number */
	bool over;                 /* far more than max_bytes: it was lowered */
	uint64_t quarantine_bytes; /* of the records in quarantine/, when the cycle ended */
	uint64_t free_bytes;       /* of the file system */
	uint64_t free_inodes;      /* of the file system; 0 also where it does not count them */
	uint64_t oldest_ms;        /* wall clock of the oldest record that was read or written; 0 unknown */
	uint64_t oldest_end;       /* the oldest segment holds positions below this */
	uint64_t commits;
	uint64_t commit_us; /* how long the last commit took, monotonic microseconds */
	uint64_t failed_commits;
	bool lost;   /* the spool is not at its path any more: a start would not find it */
	int next_rc; /* why the next segment could not be had whole: the early alarm; 0 it could */
};

/* Positions [first, end). */
struct spool_run {
	uint64_t first;
	uint64_t end;
};

/* A run that can never be read. Its batches are counted by the run; its spans are exact wherever an
 * intact record, head or state stands on either side, else 0: what is still in_spool when all else
 * is resolved is then the rest. The caller marks the run as resolved, or meets it again. */
struct spool_damage {
	struct spool_run run;
	struct ledger_count lost;
	bool kept; /* the bytes are in quarantine/, or will be once the segment is read */
	char what[128];
};

enum { SPOOL_RUNS = 64, SPOOL_DAMAGES = 8 };

struct spool_cycle {
	/* In. The batches are borrowed until the cycle is over. */
	struct batch **put;
	size_t nput;
	struct spool_state state;          /* as it is once PUT is durable; end, spans_put: the spool's */
	bool write_state;                  /* state must be durable although nothing is put */
	struct spool_run read[SPOOL_RUNS]; /* wanted, ascending; those at or above end are passed over */
	size_t nread;
	size_t read_bytes;   /* stop reading after this many */
	size_t read_records; /* and after this many */

	/* Out. */
	int put_rc;     /* 0, E_FULL (a limit or the disk), E_IO … */
	size_t stored;  /* put[0 … stored) are durable, whatever put_rc says; else nput */
	uint64_t first; /* put[i] stands at first + i */
	int state_rc;   /* of write_state */
	int read_rc;    /* 0, or why not all that was wanted could be read: it may be, later */
	/* state.end and state.spans_put are as they are now. Where stored < nput, what reached the
	 * disk says that the others are still in_flight. */
	struct batch **got; /* gives: ngot batches, each with one reference, and the array (free) */
	size_t ngot;
	struct spool_damage damage[SPOOL_DAMAGES];
	size_t ndamage;
	struct spool_stats stats;
};

/* One sentence with the directory, what is used of each limit and what is free. Returns TO. */
const char *spool_room_text(const struct spool_opts *o, const struct spool_stats *s, char *to, size_t cap);

struct spool;

/* Makes the directory if it is missing (0700), takes its lock (E_LOCKED with a sentence that names
 * the holder), reads state and newest segment and nothing else. */
int spool_open(struct spool **out, const struct spool_opts *opts, struct spool_found *found, struct why *why) MUST_USE;

/* Writes STATE (new boot, in_flight moved to uncertain) and syncs it, before any port opens. */
int spool_begin(struct spool *s, const struct spool_state *state, struct why *why) MUST_USE;

/* As spool_begin found them, or the last spool_cycle left them. Not while a cycle is under way. */
const struct spool_stats *spool_stats(const struct spool *s);

/* Spans and batches in RUNS. 0; E_CORRUPT when some of them cannot be read (and are not counted). */
int spool_count(struct spool *s, const struct spool_run *runs, size_t n, struct ledger_count *count) MUST_USE;

/* Puts, commits, unlinks segments that lie below state.cursor (after state is durable), prepares
 * the next segment, reads. Never fails as a whole: its parts say how they went. */
void spool_cycle(struct spool *s, struct spool_cycle *t);

/* Notes STATE where it survives SIGKILL, not power loss: memory only, under a microsecond. */
void spool_live(struct spool *s, const struct spool_state *state);

/* Writes B durably into quarantine/ with CAUSE (a word) and DETAIL (a sentence, "" for none). E_TOO_LARGE:
 * the records there have a quarter of max_bytes already. E_FULL: nor may so little be left free. */
int spool_quarantine(
        struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why) MUST_USE;

/* After an error of that: B has its file in quarantine/ all the same, whole, but a power cut might take it, and
 * it could not be removed again. It is not to be dropped, nor sent: asking again makes it durable. */
bool spool_has_file(struct spool *s, const struct batch *b);

/* Takes the record NAME out of quarantine/: it is durable elsewhere. */
int spool_unquarantine(struct spool *s, const char *name, struct why *why) MUST_USE;

/* Writes and syncs STATE, closes. State with running = false marks a clean stop; NULL skips it. */
void spool_close(struct spool *s, const struct spool_state *state);

/* The version text of the LMDB library loaded at run time, e.g. "0.9.24". Static. */
const char *spool_lmdb_version(void);

#endif
