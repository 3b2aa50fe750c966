/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that wait on disk, in LMDB segments, with the state that must survive a crash. */
#ifndef SPOOL_H
#define SPOOL_H

#include "span/batch.h"
#include "policy/ledger.h"

/* A spool has no thread of its own and does not use the event loop. spool_cycle and spool_count block on the
 * disk: a worker thread calls them, one call at a time. spool_quarantine, spool_has_file and spool_unquarantine
 * block too and run one at a time, in the same or in a second worker thread. spool_live may run in a third thread
 * meanwhile. */

enum spool_on_full { SPOOL_DROP_NEWEST, SPOOL_DROP_OLDEST };
enum spool_on_refused { SPOOL_QUARANTINE, SPOOL_DROP_REFUSED };

struct spool_opts {
	const char *directory;
	/* written into each segment's head, so that a copied segment says where it comes from */
	const char *host;
	uint64_t max_bytes;       /* of all segments on disk */
	uint64_t min_free;        /* bytes of the file system that stay free; of its inodes the same share stays free */
	uint64_t segment_bytes;   /* map size of one segment */
	size_t batch_struct_size; /* of the batches that a cycle reads, as of batch_new_within; 0: a batch alone */
};

enum {
	SPOOL_RECORD_MOST = 1 << 20, /* bytes of the largest batch that is stored */
	SPOOL_POSITIONS_BYTES = 3072,
};

/* One snapshot. It is written in the same transaction as a cycle's batches, and into the state file. Of two valid
 * snapshots the one with the higher generation is the newer. */
struct spool_state {
	uint64_t generation; /* increased by the caller for each snapshot */
	uint64_t boot;       /* max(previous + 1, microseconds since 1970 at start) */
	uint64_t cursor;     /* every record below is delivered, dropped or in quarantine */
	uint64_t offered_to; /* no position at or above this was ever offered to a sink */
	uint64_t end;        /* position of the next record */
	uint64_t spans_put;  /* spans in all records ever written below end; the spool sets it, as it sets end */
	bool running;        /* false only in the last snapshot of a clean stop */
	struct ledger ledger;
	uint32_t
	        positions_len; /* bytes in positions: positions resolved above the cursor, as positions_save wrote them */
	uint8_t positions[SPOOL_POSITIONS_BYTES];
};

/* Result of spool_open. In STATE the records on disk that the last snapshot did not contain are already added to
 * in_spool and to end. Its in_flight is not yet moved to uncertain: the caller of spool_begin does that. */
struct spool_found {
	struct spool_state state;
	bool fresh;        /* the directory held no spool */
	bool unclean;      /* the last run did not stop cleanly */
	bool state_lost;   /* no slot of the state file holds a snapshot, so UNCLEAN is a guess */
	uint64_t salvaged; /* spans on disk that the last snapshot did not contain */
	char note[256];    /* the first damage found, as a sentence, or "" */
};

struct spool_stats {
	uint64_t bytes; /* of all segments on disk, without preallocated blocks */
	uint64_t segments;
	/* bytes that may still be appended: the smaller of what max_bytes and min_free leave */
	uint64_t room_bytes;
	/* BYTES exceeds max_bytes by more than an eighth of a segment, as after max_bytes was lowered */
	bool over;
	uint64_t quarantine_bytes; /* of the record files in quarantine/, at the end of the cycle */
	uint64_t free_bytes;       /* of the file system */
	uint64_t free_inodes;      /* of the file system; 0 also where it does not count them */
	/* received_ms of the record at the cursor, or of one slightly older; 0: none waits, or unknown */
	uint64_t oldest_ms;
	uint64_t oldest_end; /* one above the last position of the oldest segment */
	uint64_t commits;
	uint64_t commit_us; /* how long the last commit took, monotonic microseconds */
	uint64_t failed_commits;
	bool lost;   /* the spool's path leads to another directory or to none: the next start would not find it */
	int next_rc; /* error of preallocating the next segment, an early warning; 0: all its blocks are reserved */
};

/* Positions [first, end). */
struct spool_run {
	uint64_t first;
	uint64_t end;
};

/* A run of positions whose records cannot be read. lost.batches is the length of the run. lost.spans is exact
 * where an intact record, head or state on each side tells the span counts, else 0; the missing spans are then
 * what is left in in_spool when everything else is resolved. The caller marks the run as resolved; otherwise the
 * next read reports it again. */
struct spool_damage {
	struct spool_run run;
	struct ledger_count lost;
	bool quarantined; /* the bytes are in quarantine/, or their segment moves there when its last record is resolved */
	char what[128];
};

enum { SPOOL_RUNS = 64, SPOOL_DAMAGES = 8 };

struct spool_cycle {
	/* In. The spool borrows the batches until spool_cycle returns. */
	struct batch **put;
	size_t nput;
	struct spool_state state;          /* as it is once PUT is durable; the spool sets end and spans_put */
	bool write_state;                  /* write STATE durably even if NPUT is 0 */
	struct spool_run read[SPOOL_RUNS]; /* runs to read, ascending; positions at or above end are skipped */
	size_t nread;
	size_t read_bytes;   /* stop reading after this many bytes */
	size_t read_records; /* or after this many records */

	/* Out. */
	int put_rc;     /* 0, E_FULL (a limit or the disk), E_IO … */
	size_t stored;  /* put[0 … stored) are durable, whatever put_rc says; else nput */
	uint64_t first; /* put[i] stands at first + i */
	int state_rc;   /* result of write_state */
	int read_rc;    /* 0, or the error that ended reading; reading the rest may succeed later */
	/* state.end and state.spans_put are the current values. Where stored < nput, the state on disk counts the
	 * batches that were not stored as in_flight. */
	struct batch **got; /* ngot batches and the array (free); the caller owns one reference to each batch */
	size_t ngot;
	struct spool_damage damage[SPOOL_DAMAGES];
	size_t ndamage;
	struct spool_stats stats;
};

/* One sentence with the directory, what is used of each limit and what is free. Returns TO. */
const char *spool_room_text(const struct spool_opts *o, const struct spool_stats *s, char *to, size_t cap);

struct spool;

/* Makes the directory if it is missing (0700), takes its lock (E_LOCKED with a sentence that names the holder),
 * reads the state file and the newest segment only. */
int spool_open(struct spool **out, const struct spool_opts *opts, struct spool_found *found, struct why *why) MUST_USE;

/* Writes STATE (new boot, in_flight moved to uncertain) and syncs it, before any port opens. */
int spool_begin(struct spool *s, const struct spool_state *state, struct why *why) MUST_USE;

/* As of spool_begin or of the last spool_cycle. Not to be called during a cycle. */
const struct spool_stats *spool_stats(const struct spool *s);

/* Counts spans and batches in RUNS. 0; E_CORRUPT: a range whose ends are unknown has unreadable records; these are not
 * counted. */
int spool_count(struct spool *s, const struct spool_run *runs, size_t n, struct ledger_count *count) MUST_USE;

/* Appends and commits PUT, unlinks segments below state.cursor once the state is durable, prepares the next
 * segment, and reads. The results are put_rc, state_rc and read_rc. */
void spool_cycle(struct spool *s, struct spool_cycle *cycle);

/* Copies STATE into the mapped half of the state file: it survives SIGKILL, but not a power cut. Memory only,
 * under a microsecond. */
void spool_live(struct spool *s, const struct spool_state *state);

/* New limits, as of struct spool_opts; in any thread, also during a cycle. */
void spool_set_limits(struct spool *s, uint64_t max_bytes, uint64_t min_free);

/* Writes B durably into quarantine/ with CAUSE (a word) and DETAIL (a sentence, "" for none). E_QUOTA: the
 * record files would take more than a quarter of max_bytes. E_FULL: min_free does not allow it. */
int spool_quarantine(
        struct spool *s, const struct batch *b, const char *cause, const char *detail, struct why *why) MUST_USE;

/* True when quarantine/ has a file of B. After spool_quarantine failed, the file is whole but not synced, and
 * could not be removed. B must then be neither dropped nor sent; calling spool_quarantine again syncs the file. */
bool spool_has_file(struct spool *s, const struct batch *b);

/* Removes the file NAME from quarantine/, because its record is durable elsewhere. */
int spool_unquarantine(struct spool *s, const char *name, struct why *why) MUST_USE;

/* Writes and syncs STATE and closes the spool. A STATE with running = false marks a clean stop. STATE may be
 * NULL: nothing is written. */
void spool_close(struct spool *s, const struct spool_state *state);

/* The version text of the LMDB library loaded at run time, e.g. "0.9.24". Static. */
const char *spool_lmdb_version(void);

#endif
