/* SPDX-License-Identifier: Apache-2.0 */
/* The spooler: drives the spool by commit cycles, one at a time in a worker thread. A batch that is appended while a
 * cycle is under way goes with the next one. */
#ifndef SPOOLER_H
#define SPOOLER_H

#include "agent/agent_batch.h"
#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "policy/positions.h"
#include "spool/spool.h"

struct spooler_stats {
	struct spool_stats spool;
	uint64_t cycles;
	uint64_t queued_bytes; /* memory of batches that wait for the next cycle */
	uint64_t commit_us;    /* how long a cycle takes, by pace_commit_estimate */
};

struct spooler;

/* Opens the spool, begins a new boot in it, and fills LEDGER with the totals of earlier runs. CYCLE_DONE is the last call
 * of each cycle; before it the spooler calls the owner of each batch that the cycle was to store. */
int spooler_open(struct spooler **out, struct loop *l, const struct spool_opts *opts, void (*cycle_done)(void *arg),
        void *arg, struct ledger *ledger, struct health *health, struct why *why) MUST_USE;
/* B was read back for spooler_read: its position is POSITION_IN_FLIGHT. The reference goes to the callee. */
void spooler_set_reader(struct spooler *s, void (*read_back)(void *arg, struct agent_batch *b), void *arg);

uint64_t spooler_boot(const struct spooler *s);

/* The spool, for refused_open; borrowed. NULL once it is closed. */
struct spool *spooler_spool(const struct spooler *s);

/* Takes B and appends it to the queue, to be stored with the next cycle. */
void spooler_append(struct spooler *s, struct agent_batch *b);
/* Takes B, which could not be stored, and puts it at the head of the queue. */
void spooler_requeue(struct spooler *s, struct agent_batch *b);
/* Removes B from the queue and gives it to the caller. B must be queued: no cycle has taken it yet. */
struct agent_batch *spooler_withdraw(struct spooler *s, struct agent_batch *b);
/* Calls VISIT for each queued batch, oldest first, while it returns true. VISIT may withdraw B. */
void spooler_each_queued(struct spooler *s, bool (*visit)(void *arg, struct agent_batch *b), void *arg);
/* Calls VISIT for each batch of the cycle under way, then for each queued one, while it returns true. VISIT must not
 * change either. */
void spooler_each_unstored(const struct spooler *s, bool (*visit)(void *arg, const struct agent_batch *b), void *arg);
/* Removes the newest queued batch and gives it to the caller; NULL: there is none. IDLE: only batches that the sink
 * does not have are looked for. */
struct agent_batch *spooler_withdraw_newest(struct spooler *s, bool idle);
/* Each batch will be offered as soon as it is durable (exposure 0), so the state that a cycle writes must have it below
 * offered_to. */
void spooler_set_offer_at_once(struct spooler *s);

/* A full spool drops its oldest records (spooler_cull), so a full spool is posted as HEALTH_WARN while that works. */
void spooler_set_drop_oldest(struct spooler *s, bool drop_oldest);
/* New spool.max-bytes and spool.min-free, in bytes. */
void spooler_set_limits(struct spooler *s, uint64_t max_bytes, uint64_t min_free);

/* The next cycle reads up to BYTES of waiting records, beginning with the oldest. */
void spooler_read(struct spooler *s, size_t bytes);
/* The same, beginning at SHARE/256 of the backlog's length instead of at its oldest record: for a probe. */
void spooler_read_from(struct spooler *s, size_t bytes, unsigned share);
/* The same, in a pass over what waits: from behind the record that was read last up to the newest. False: the pass is at
 * its end and nothing is read; the next call begins one with the oldest. */
bool spooler_read_on(struct spooler *s, size_t bytes);
/* POSITION waits again: the pass under way, or else the next one, ends before it unless it is behind it already. */
void spooler_leave_to_next_pass(struct spooler *s, uint64_t position);
/* True when every position of the spool is done. */
bool spooler_is_empty(const struct spooler *s);
/* True when some position waits to be read. */
bool spooler_has_waiting(const struct spooler *s);

/* Sets the delivery status of POSITION. SPANS is used for POSITION_DONE only. E_NOMEM: the status is unchanged; this
 * cannot happen to a batch that the sink had when its cycle began, nor to one that was read back. */
int spooler_set_status(struct spooler *s, uint64_t position, enum position_status status, uint32_t spans);

/* Makes room: the next cycles drop the waiting records of the oldest segment, counted as spool_full in the ledger. */
void spooler_cull(struct spooler *s);

/* 0, or the error for which the last cycle could not store its batches. */
int spooler_write_error(const struct spooler *s);
/* How long the last commit cycle took, or the one under way has taken, in microseconds. */
uint64_t spooler_cycle_us(const struct spooler *s);
/* The moment at which the commit cycle under way began, monotonic; 0: none is under way. */
uint64_t spooler_cycle_began_us(const struct spooler *s);
/* True when no batch is queued and no cycle is under way. */
bool spooler_is_idle(const struct spooler *s);
/* True when no cycle is under way, and the last one could not store. */
bool spooler_is_stuck(const struct spooler *s);

/* Once a turn of the loop: starts a commit cycle if there is work, and writes the state with spool_live, so that it
 * survives SIGKILL. */
void spooler_tick(struct spooler *s);

const struct spooler_stats *spooler_stats(const struct spooler *s);

/* Writes the last state and closes the spool. No cycle may be under way. CLEAN: no batch is in memory only. */
void spooler_close(struct spooler *s, bool clean);
void spooler_free(struct spooler *s);

#endif
