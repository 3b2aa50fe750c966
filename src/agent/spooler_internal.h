/* SPDX-License-Identifier: Apache-2.0 */
/* The spooler's own, shared by its life (spooler.c) and its cycles (spooler_cycle.c). */
#ifndef SPOOLER_IMPL_H
#define SPOOLER_IMPL_H

#include "agent/spooler.h"
#include "base/log.h"

enum {
	CYCLE_BATCHES = 4096, /* at most in one transaction */
	CYCLE_BYTES = 4 << 20,
	READ_RECORDS = 2048,
	RETRY_MS = 500,          /* after a cycle that could not store */
	READ_AGAIN_MS = 100,     /* after one that could not read */
	LOOK_MS = 1000,          /* while there may be less room than there should */
	NOTED_MS = 3000,         /* only with batches: then a state is called writable again */
	ROOM_BYTES = 128 << 10,  /* as much is room: two of the largest batches */
	COMMIT_GUESS_US = 10000, /* before the first one was measured */
};

struct spooler {
	struct loop *loop;
	struct spool_opts opts; /* its texts are the caller's */
	struct spooler_events events;
	struct ledger *ledger;
	struct health *health;
	struct spool *spool;
	struct positions marks;
	uint64_t generation;
	uint64_t boot;
	uint64_t spans_put;      /* as the spool counts them below the end */
	uint64_t inherited_end;  /* positions below were put by an earlier run … */
	uint64_t inherited_sent; /* … and below this may have been sent by it */

	struct list queue;   /* batches for the next cycle */
	size_t wanted_bytes; /* the next cycle reads up to this many bytes of the backlog; 0: none */
	unsigned read_share; /* where in the backlog that reading begins, in 256ths of its length */
	bool cull_wanted;    /* the spool is full and drops its oldest segment in a next cycle */
	uint64_t cull_at_us; /* monotonic; not before this moment, since memory ran out at the last try; 0: at once */
	struct spool_run culled[SPOOL_RUNS]; /* counted in the cycle under way, dropped after it */
	size_t nculled;
	struct ledger_count culled_count;

	bool begun; /* the boot is on disk */
	bool in_cycle;
	bool dirty; /* the cursor moved: worth a cycle of its own */
	struct spool_cycle cycle;
	struct batch *writing[CYCLE_BATCHES];
	struct ledger_count writing_count;
	bool writing_offered; /* one of them is with the sink, or will be at once */
	bool offers_at_once;
	uint64_t cycle_offers_to; /* offered_to of the cycle under way */
	uint64_t began_us;
	int trouble; /* why the last batches could not be stored */
	int unnoted; /* why the last state could not, until one could for some time */
	uint64_t unnoted_us;
	int blind;                    /* why what waits could not be read */
	int told;                     /* what the board knows of … */
	enum health_level told_level; /* … and how bad it was called */
	bool makes_room;              /* by dropping the oldest */
	uint64_t full_us;             /* since when there is no room */
	int told_ahead;               /* the same, of the segment to come */
	uint64_t culled_us;           /* when room was made last */
	uint64_t retry_at_us;
	uint64_t read_at_us; /* nothing is read before */

	struct ledger noted; /* as last given to spool_live */
	uint64_t noted_version;
	struct spooler_stats stats;
};

/* The disk refused something, and has not shown since that it would take it. */
static inline bool spooler_ails(const struct spooler *k)
{
	return k->trouble != 0 || k->unnoted != 0;
}

/* Fills S with how things are now. */
void spooler_snapshot(struct spooler *k, struct spool_state *s);
/* Posts what ails the disk, or that it is over. */
void spooler_tell(struct spooler *k);
/* Starts a cycle; none may be under way. */
void spooler_begin(struct spooler *k);

#endif
