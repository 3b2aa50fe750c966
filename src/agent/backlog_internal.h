/* SPDX-License-Identifier: Apache-2.0 */
/* backlog_internal.h — the backlog's state, and what backlog.c calls in backlog_owner.c. */
#ifndef BACKLOG_INTERNAL_H
#define BACKLOG_INTERNAL_H

#include "agent/backlog.h"
#include "policy/max_age.h"

struct backlog {
	struct batch_owner owner;
	struct dispatcher *dispatcher;
	struct spooler *spooler;
	struct refused *refused;
	struct ledger *ledger;
	struct backlog_opts opts;
	struct max_age age;
	struct list ready;           /* read from the spool, oldest first */
	struct list resting;         /* given back by the destination; ordered by the moment of the last refusal */
	uint64_t read_not_before_us; /* monotonic; an earlier read would return the records that were just given back */
	uint64_t pass_not_before_us; /* monotonic; when the next pass of spooler_read_on may begin */
	bool stopped;
	struct backlog_stats stats;
};

/* The callbacks of a batch that the backlog owns. */
extern const struct batch_owner backlog_owner;

/* B owns BATCH from now on: its reports come to backlog_owner. */
void backlog_adopt(struct backlog *b, struct agent_batch *batch);
/* BATCH waits in the spool again. One that may have been sent before stays marked so, although the last offer did not
 * send it. */
void backlog_set_waiting(struct backlog *b, const struct agent_batch *batch);
/* Counts BATCH as lost to CAUSE; its record is done. */
void backlog_drop(struct backlog *b, struct agent_batch *batch, enum ledger_place cause);
/* True when the resting batches take as much memory as may be read ahead. */
bool backlog_rests_full(const struct backlog *b);

#endif
