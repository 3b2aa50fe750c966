/* SPDX-License-Identifier: Apache-2.0 */
/* From the spool back to the sink, oldest first, at a measured pace. */
#ifndef BACKLOG_H
#define BACKLOG_H

#include "agent/dispatcher.h"
#include "agent/spooler.h"

struct backlog_stats {
	uint64_t read_batches, read_bytes;
	uint64_t delivered_batches, delivered_spans, delivered_bytes;
	uint64_t ready_bytes;   /* of memory, in batches that are read and wait for the sink */
	uint64_t resting_bytes; /* refused by the destination, to be offered again later */
	uint64_t expired_batches;
};

struct backlog;

struct backlog_opts {
	uint64_t ready_bytes; /* of memory, in batches read ahead of the sink, at most */
	uint64_t max_age_us;  /* older records are dropped; 0 never */
};

struct refused;
int backlog_open(struct backlog **out, struct dispatcher *g, struct spooler *k, struct refused *r,
        struct ledger *ledger, const struct backlog_opts *opts) MUST_USE;

/* A batch read back: takes it. */
void backlog_got(struct backlog *b, struct batch *batch);
/* B was stored just now. If the destination had refused it before, it rests here. */
void backlog_stored(struct backlog *b, struct batch *batch);
/* What the dispatcher reports of a batch that is in the spool. */
void backlog_report(struct backlog *b, struct batch *batch, enum sink_outcome outcome, const char *detail);
/* A batch that was refused is in the quarantine, or dropped: takes it. */
void backlog_resolved(struct backlog *b, struct batch *batch);
/* It could not be kept there and waits in the spool again: takes it. */
void backlog_returned(struct backlog *b, struct batch *batch);

/* Offers what is ready and asks for more. */
void backlog_tick(struct backlog *b);
/* Lets go of what is read and not offered: it waits in the spool again. */
void backlog_let_go(struct backlog *b);
/* The same, and nothing more is offered. */
void backlog_stop(struct backlog *b);

const struct backlog_stats *backlog_stats(const struct backlog *b);
void backlog_free(struct backlog *b);

#endif
