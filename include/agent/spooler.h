/* SPDX-License-Identifier: Apache-2.0 */
/* The spool's cycles. One at a time in a worker; what comes meanwhile is the next cycle. */
#ifndef SPOOLER_H
#define SPOOLER_H

#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "policy/positions.h"
#include "spool/spool.h"

struct spooler_events {
	/* B is durable at b->position. The spooler's reference goes to the callee. */
	void (*stored)(void *arg, struct batch *b);
	/* B could not be stored. The spooler's reference goes to the callee, who may put it back. */
	void (*unstored)(void *arg, struct batch *b);
	/* Said once, after all of a cycle's unstored. */
	void (*troubled)(void *arg, int rc);
	/* B was read back for spooler_read: its position is HELD. The reference goes to the callee. */
	void (*got)(void *arg, struct batch *b);
	/* A cycle is over. */
	void (*cycle_done)(void *arg);
	void *arg;
};

struct spooler_stats {
	struct spool_stats spool;
	uint64_t cycles;
	uint64_t queued_bytes; /* of memory, in batches that wait for the next cycle */
	uint64_t commit_us;    /* pace_commit's memory of how long a cycle takes */
};

struct spooler;

/* Opens the spool, begins a new boot in it, and fills LEDGER with the totals so far. */
int spooler_open(struct spooler **out, struct loop *l, const struct spool_opts *opts,
        const struct spooler_events *events, struct ledger *ledger, struct health *health, struct why *why) MUST_USE;

uint64_t spooler_boot(const struct spooler *k);

/* For its quarantine. NULL once it is closed. */
struct spool *spooler_spool(const struct spooler *k);

/* Takes B, to be stored with the next cycle. */
void spooler_put(struct spooler *k, struct batch *b);
/* The same, before all others: for what came back unstored. */
void spooler_put_back(struct spooler *k, struct batch *b);
/* Gives back B, which must be queued (spooler_put, no cycle has taken it yet). */
struct batch *spooler_withdraw(struct spooler *k, struct batch *b);
/* VISIT is called for what is queued, the oldest first, while it returns true; it may withdraw B. */
void spooler_each_queued(struct spooler *k, bool (*visit)(void *arg, struct batch *b), void *arg);
/* The newest batch of the queue, given back; NULL when there is none. IDLE: of those that the sink does
 * not have. */
struct batch *spooler_withdraw_newest(struct spooler *k, bool idle);
/* What is stored is offered the moment it is durable: the cycle itself says so already. */
void spooler_offers_at_once(struct spooler *k);

/* A full spool makes room by what is oldest in it (spooler_cull): that is no trouble while it works. */
void spooler_makes_room(struct spooler *k);

/* The next cycle reads up to BYTES of what waits. */
void spooler_read(struct spooler *k, size_t bytes);
/* The same, from SHARE 256ths of the backlog on instead of from its oldest record: for a probe. */
void spooler_read_from(struct spooler *k, size_t bytes, unsigned share);
/* Everything that was put in the spool is done with. */
bool spooler_is_empty(const struct spooler *k);
/* Something in the spool waits to be read. */
bool spooler_has_waiting(const struct spooler *k);

/* What became of position P. SPANS counts for POSITION_DONE. E_NOMEM: it waits as before; that cannot
 * happen to one that was put while the sink had it, nor to one that was read. */
int spooler_set_status(struct spooler *k, uint64_t position, enum position_status mark, uint32_t spans);

/* Makes room: what waits in the oldest segment is dropped, into the ledger first, with the next cycles. */
void spooler_cull(struct spooler *k);

/* 0, or why the last cycle could not store. */
int spooler_trouble(const struct spooler *k);
/* Nothing queued or under way. */
bool spooler_idle(const struct spooler *k);
/* No cycle is under way, and the disk is why something still waits. */
bool spooler_stuck(const struct spooler *k);

/* Once a turn of the loop: starts a commit cycle if there is anything to do, and notes the state
 * where SIGKILL does not reach it. */
void spooler_tick(struct spooler *k);

const struct spooler_stats *spooler_stats(const struct spooler *k);

/* Writes the last state and closes the spool. Must be idle. CLEAN says that nothing is in memory. */
void spooler_close(struct spooler *k, bool clean);
void spooler_free(struct spooler *k);

#endif
