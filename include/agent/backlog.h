/* SPDX-License-Identifier: Apache-2.0 */
/* The backlog: reads records that wait in the spool and offers them to the sink, oldest first. */
#ifndef BACKLOG_H
#define BACKLOG_H

#include "agent/dispatcher.h"
#include "agent/spooler.h"

struct backlog_stats {
	uint64_t read_batches, read_bytes;
	uint64_t delivered_batches, delivered_spans, delivered_bytes;
	uint64_t ready_bytes;   /* memory of batches that were read and wait for room in the sink */
	uint64_t resting_bytes; /* memory of batches that the destination gave back, until their retry_us */
	uint64_t expired_batches;
};

struct backlog;

struct backlog_opts {
	uint64_t ready_bytes; /* most memory for batches read ahead of the sink */
	uint64_t max_age_us;  /* older records are dropped; 0: none is */
	bool offer_at_once;   /* batches were not offered before they are durable (exposure 0) */
};

struct refused;
int backlog_open(struct backlog **out, struct dispatcher *d, struct spooler *s, struct refused *r,
        struct ledger *ledger, const struct backlog_opts *opts) MUST_USE;

/* A new max_age_us. */
void backlog_set_max_age(struct backlog *b, uint64_t max_age_us);

/* Takes BATCH, which became durable just now. It is offered at once (opts.offer_at_once), or again after its retry_us if
 * the destination gave it back before; else it is read back from the spool like any other record. */
void backlog_take_stored(struct backlog *b, struct agent_batch *batch);

/* Offers the batches that are ready and asks the spooler to read more. To be called once a turn of the loop, and when the
 * sink has room again. */
void backlog_tick(struct backlog *b);
/* Frees the batches that are read and not with the sink: their positions wait again. */
void backlog_release(struct backlog *b);
/* The same; afterwards nothing more is read or offered. */
void backlog_stop(struct backlog *b);

const struct backlog_stats *backlog_stats(const struct backlog *b);
void backlog_free(struct backlog *b);

#endif
