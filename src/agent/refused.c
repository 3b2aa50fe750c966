/* SPDX-License-Identifier: Apache-2.0 */
/* refused.c — drops or quarantines a batch that the sink refuses for good.
 *
 *   refused ──spool.on-refused=drop──────────────────────────────────► dropped (refused, too_large)
 *      └────► queued for quarantine/ ──its file is synced────────────► quarantined
 *                    ├── quarantine/ has used its share of the disk ─► dropped (spool_full)
 *                    ├── writing fails, and the flight is full ──────► dropped, the newest first
 *                    └── writing fails, and the agent stops ─────────► in the spool as before, or dropped (refused)
 *
 * The ledger has a batch in flight or in the spool until its file is synced. After a kill before the sync the batch is
 * where the ledger has it; after a kill between the sync and the ledger's move it is there and in quarantine/, with the
 * same id. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "quarantine/quarantine.h"
#include "refused.h"

enum { LOG_EVERY_MS = 10000 };

struct refused {
	struct refused_opts opts;
	struct quarantine *quarantine;
	struct refused_stats stats;
	struct log_limit quarantined_limit;
};

/* A batch queued for the quarantine, or being written there. */
struct quarantine_job {
	struct quarantine_item item;
	struct agent_batch *batch;
	enum sink_outcome outcome;
	char name[48];
	char detail[256];
};

static struct quarantine_job *job_of(const struct quarantine_item *item)
{
	return container_of(item, struct quarantine_job, item);
}

static enum ledger_place ledger_place_of(const struct agent_batch *b)
{
	return b->batch.position != 0 ? LEDGER_IN_SPOOL : LEDGER_IN_FLIGHT;
}

static void count_unconfirmed(struct refused *r, const struct agent_batch *b, enum sink_outcome outcome)
{
	if (outcome == SINK_UNCONFIRMED)
		ledger_unconfirmed(r->opts.ledger, (struct ledger_count){ b->batch.spans, 1 });
}

static void drop_batch(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, enum ledger_place cause)
{
	ledger_drop(
	        r->opts.ledger, ledger_place_of(b), cause, (struct ledger_count){ b->batch.spans, 1 }, clock_wall_ms());
	count_unconfirmed(r, b, outcome);
	b->owner->resolved(b->owner, b);
}

/* Frees JOB and gives its batch to the caller. */
static struct agent_batch *end_job(struct refused *r, struct quarantine_job *job)
{
	struct agent_batch *b = job->batch;

	r->stats.bytes -= b->batch.cost + sizeof(*job);
	free(job);
	return b;
}

static void finish_quarantined(struct refused *r, struct quarantine_job *job)
{
	enum sink_outcome outcome = job->outcome;
	struct agent_batch *b;

	if (log_limit_allows(&r->quarantined_limit, LOG_EVERY_MS))
		log_warn("spool: a batch of %" PRIu32 " spans is refused for good, and in "
		         "quarantine/ now: %s",
		        job->batch->batch.spans, job->detail);
	b = end_job(r, job);
	ledger_move(r->opts.ledger, ledger_place_of(b), LEDGER_QUARANTINED, b->batch.spans, 1);
	count_unconfirmed(r, b, outcome);
	b->owner->resolved(b->owner, b);
}

static void return_batch(struct refused *r, struct quarantine_job *job)
{
	enum sink_outcome outcome = job->outcome;
	struct agent_batch *b = end_job(r, job);

	if (b->batch.position != 0)
		b->owner->returned(b->owner, b);
	else
		drop_batch(r, b, outcome, LEDGER_REFUSED);
}

static void on_done(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	struct refused *r = arg;
	struct quarantine_job *job = job_of(item);
	enum sink_outcome refusal = job->outcome;

	switch (outcome) {
	case QUARANTINE_KEPT:
		finish_quarantined(r, job);
		break;
	case QUARANTINE_FULL:
		drop_batch(r, end_job(r, job), refusal, LEDGER_SPOOL_FULL);
		break;
	case QUARANTINE_RETURNED:
		return_batch(r, job);
		break;
	}
}

int refused_open(
        struct refused **out, struct loop *l, const struct refused_opts *opts, struct health *health, struct why *why)
{
	struct refused *r = calloc(1, sizeof(*r));
	struct quarantine_events own = { on_done, r };
	struct quarantine_opts o = {
		.where = opts->directory,
		.spool = opts->spool,
		.consequence = "it waits in memory or in the spool, and is tried again each second",
	};

	if (r == NULL)
		return why_set(why, E_NOMEM, "quarantine");
	r->opts = *opts;
	if (quarantine_open_spool(&r->quarantine, l, &o, &own, health) < 0) {
		free(r);
		return why_set(why, E_NOMEM, "quarantine");
	}
	*out = r;
	return 0;
}

void refused_set_drop(struct refused *r, bool drop)
{
	r->opts.drop = drop;
}

int refused_put(struct refused *r, struct agent_batch *b, enum sink_outcome outcome, const char *detail)
{
	struct quarantine_job *job;

	if (r->opts.drop) {
		drop_batch(r, b, outcome, sink_refused_place(outcome));
		return 0;
	}
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return E_NOMEM;
	job->batch = b;
	job->outcome = outcome;
	snprintf(job->name, sizeof(job->name), "batch %" PRIu64 "-%" PRIu64, b->batch.boot, b->batch.sequence);
	snprintf(job->detail, sizeof(job->detail), "%s", detail);
	job->item = (struct quarantine_item){
		.name = job->name, .batch = &b->batch, .cause = sink_refused_cause(outcome), .detail = job->detail
	};
	r->stats.bytes += b->batch.cost + sizeof(*job);
	quarantine_put(r->quarantine, &job->item);
	return 0;
}

static bool is_in_memory_only(const struct quarantine_item *item)
{
	return item->batch->position == 0;
}

bool refused_drop_newest(struct refused *r, enum ledger_place cause)
{
	struct quarantine_item *item = quarantine_reclaim(r->quarantine, is_in_memory_only);
	enum sink_outcome outcome;

	if (item == NULL)
		return false;
	outcome = job_of(item)->outcome;
	drop_batch(r, end_job(r, job_of(item)), outcome, cause);
	return true;
}

void refused_stop_retries(struct refused *r)
{
	quarantine_return(r->quarantine);
}

bool refused_is_empty(const struct refused *r)
{
	return quarantine_waiting(r->quarantine) == 0;
}

const struct refused_stats *refused_stats(struct refused *r)
{
	r->stats.failures = quarantine_failures(r->quarantine);
	return &r->stats;
}

void refused_free(struct refused *r)
{
	if (r == NULL)
		return;
	quarantine_free(r->quarantine);
	free(r);
}
