/* SPDX-License-Identifier: Apache-2.0 */
/* struct spooler, shared by spooler.c, spooler_cycle.c and spooler_health.c. */
#ifndef SPOOLER_INTERNAL_H
#define SPOOLER_INTERNAL_H

#include "agent/spooler.h"
#include "base/log.h"
#include "policy/disk_fault.h"

enum {
	CYCLE_BATCHES = 4096,         /* most batches in one cycle's transaction */
	CYCLE_BYTES = 4 << 20,        /* a cycle takes no further batch from this size on */
	READ_RECORDS = 2048,          /* most records that one cycle reads */
	CULL_RETRY_MS = 500,          /* pause of culling after memory ran out for it */
	RECHECK_MS = 1000,            /* between cycles without work while the disk has a fault */
	ROOM_LEAST_BYTES = 128 << 10, /* room for two of the largest batches: then the spool is no longer called full */
	COMMIT_GUESS_US = 10000,      /* commit_us before the first cycle was measured */
};

struct spooler {
	struct loop *loop;
	struct spool_opts opts; /* its strings are borrowed from the caller */
	void (*cycle_done)(void *arg);
	void *cycle_done_arg;
	void (*read_back)(void *arg, struct agent_batch *b);
	void *read_back_arg;
	struct ledger *ledger;
	struct health *health;
	struct spool *spool;
	struct positions positions;
	uint64_t generation;
	uint64_t boot;
	uint64_t spans_put;      /* spans in all positions below the end, ever */
	uint64_t inherited_end;  /* positions below this were stored by an earlier run */
	uint64_t inherited_sent; /* positions below this may have been sent by an earlier run */

	struct list queue;                   /* batches for the next cycle */
	size_t wanted_bytes;                 /* the next cycle reads up to this many bytes of the backlog; 0: none */
	unsigned read_share;                 /* where in the backlog that reading begins, in 256ths of its length */
	bool read_on;                        /* reading begins at read_end instead, and ends at pass_end */
	uint64_t read_end;                   /* one past the last position that was read back */
	uint64_t pass_end;                   /* of the pass of spooler_read_on under way; 0: none is */
	uint64_t next_pass_end;              /* the most that the next pass reads up to */
	bool cull_wanted;                    /* the spool is full and drops its oldest segment in a next cycle */
	uint64_t cull_not_before_us;         /* monotonic; set when memory ran out at the last try; 0: at once */
	struct spool_run culled[SPOOL_RUNS]; /* positions to be dropped: counted in the cycle, dropped after it */
	size_t nculled;
	struct ledger_count culled_count;

	bool boot_written; /* spool_begin wrote the boot */
	bool in_cycle;     /* the worker has the cycle */
	bool dirty;        /* the cursor moved, or the last state was not written: worth a cycle of its own */
	struct spool_cycle cycle;
	struct batch *writing[CYCLE_BATCHES]; /* the batches of the cycle under way */
	struct ledger_count writing_count;
	bool writing_offered;     /* one of them may be sent before the next state is written */
	bool offer_at_once;       /* spooler_set_offer_at_once */
	uint64_t cycle_offers_to; /* offered_to in the state of the cycle under way */
	uint64_t cycle_began_us;  /* monotonic; when the last cycle began */
	uint64_t cycle_us;        /* how long the last cycle that had batches took */

	struct disk_faults faults; /* as found by the cycles; DISK_FAULT_QUARANTINE is in the quarantine's own table */

	struct ledger live_ledger; /* ledger and positions' version as last given to spool_live */
	uint64_t live_version;
	struct spooler_stats stats;
};

/* True while the last write of batches or of the state failed. */
static inline bool spooler_disk_failed(const struct spooler *s)
{
	return s->faults.of[DISK_FAULT_WRITE].error != 0 || s->faults.of[DISK_FAULT_STATE].error != 0;
}

/* Fills STATE with a snapshot of the ledger and the positions, with the next generation. */
void spooler_snapshot(struct spooler *s, struct spool_state *state);
/* Posts the disk's worst fault on the health board, or its end. */
void spooler_report_health(struct spooler *s);
/* Starts a cycle; none may be under way. */
void spooler_begin_cycle(struct spooler *s);

#endif
