/* The spool's turns. One at a time in a worker; what comes meanwhile is the next turn. */
#ifndef KEEPER_H
#define KEEPER_H

#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "policy/marks.h"
#include "spool/spool.h"

struct keeper_events {
	/* B is durable at b->position. The keeper's reference goes to the callee. */
	void (*stored)(void *arg, struct batch *b);
	/* B could not be stored. The keeper's reference goes to the callee, who may put it back. */
	void (*unstored)(void *arg, struct batch *b);
	/* Said once, after all of a turn's unstored. */
	void (*troubled)(void *arg, int rc);
	/* B was read back for keeper_read: its position is HELD. The reference goes to the callee. */
	void (*got)(void *arg, struct batch *b);
	/* A turn is over. */
	void (*turned)(void *arg);
	void *arg;
};

struct keeper_stats {
	struct spool_stats spool;
	uint64_t turns;
	uint64_t queued_bytes; /* of memory, in batches that wait for the next turn */
	uint64_t commit_us;    /* pace_commit's memory of how long a turn takes */
};

struct keeper;

/* Opens the spool, begins a new boot in it, and fills LEDGER with the totals so far. */
int keeper_open(struct keeper **out, struct loop *l, const struct spool_opts *opts,
        const struct keeper_events *events, struct ledger *ledger, struct health *health,
        struct why *why) MUST_USE;

uint64_t keeper_boot(const struct keeper *k);

/* For its quarantine. NULL once it is closed. */
struct spool *keeper_spool(const struct keeper *k);

/* Takes B, to be stored with the next turn. */
void keeper_put(struct keeper *k, struct batch *b);
/* The same, before all others: for what came back unstored. */
void keeper_put_back(struct keeper *k, struct batch *b);
/* Gives back B, which must be queued (keeper_put, no turn has taken it yet). */
struct batch *keeper_withdraw(struct keeper *k, struct batch *b);
/* VISIT is called for what is queued, the oldest first, while it returns true; it may withdraw B. */
void keeper_each_queued(struct keeper *k, bool (*visit)(void *arg, struct batch *b), void *arg);
/* The newest batch of the queue, given back; NULL when there is none. IDLE: of those that the sink does
 * not have. */
struct batch *keeper_withdraw_newest(struct keeper *k, bool idle);
/* What is stored is offered the moment it is durable: the turn itself says so already. */
void keeper_offers_at_once(struct keeper *k);

/* A full spool makes room by what is oldest in it (keeper_cull): that is no trouble while it works. */
void keeper_makes_room(struct keeper *k);

/* The next turn reads up to BYTES of what waits. */
void keeper_read(struct keeper *k, size_t bytes);
/* The same, from SHARE 256ths of the backlog on instead of from its oldest record: for a probe. */
void keeper_read_from(struct keeper *k, size_t bytes, unsigned share);
/* Everything that was put in the spool is done with. */
bool keeper_is_empty(const struct keeper *k);
/* Something in the spool waits to be read. */
bool keeper_has_waiting(const struct keeper *k);

/* What became of position P. SPANS counts for MARK_DONE. E_NOMEM: it waits as before; that cannot
 * happen to one that was put while the sink had it, nor to one that was read. */
int keeper_mark(struct keeper *k, uint64_t position, enum mark mark, uint32_t spans);

/* Makes room: what waits in the oldest segment is dropped, into the ledger first, with the next turns. */
void keeper_cull(struct keeper *k);

/* 0, or why the last turn could not store. */
int keeper_trouble(const struct keeper *k);
/* Nothing queued or under way. */
bool keeper_idle(const struct keeper *k);
/* No turn is under way, and the disk is why something still waits. */
bool keeper_stuck(const struct keeper *k);

/* Once a turn of the loop: starts a turn of the spool if there is anything to do, and notes the state
 * where SIGKILL does not reach it. */
void keeper_tick(struct keeper *k);

const struct keeper_stats *keeper_stats(const struct keeper *k);

/* Writes the last state and closes the spool. Must be idle. CLEAN says that nothing is in memory. */
void keeper_close(struct keeper *k, bool clean);
void keeper_free(struct keeper *k);

#endif
