/* SPDX-License-Identifier: Apache-2.0 */
/* refused.c — what becomes of a batch that the sink refuses for good.
 *
 *   refused ──spool.on-refused=drop──────────────────────────────► dropped (refused, too_large)
 *      └────► the quarantine has it ──durable────────────────────► quarantined
 *                    ├── the quarantine has used its share ──────► dropped (spool_full)
 *                    ├── memory is full, and it fails ───────────► dropped, the newest first
 *                    └── the agent stops, and it fails ──────────► in the spool as before, or dropped (refused)
 *
 * A batch counts as in flight or in the spool until its file is synced: a kill before finds it there, and one
 * between the sync and the ledger finds both, the same batch by its id. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "quarantine/quarantine.h"
#include "refused.h"

enum { SAY_EVERY_MS = 10000 };

struct refused {
	struct refused_opts opts;
	struct refused_events events;
	struct quarantine *quarantine;
	struct refused_stats stats;
	struct log_limit kept_limit;
};

/* A batch on its way into the quarantine. */
struct job {
	struct quarantine_item item;
	struct batch *batch;
	enum sink_outcome outcome;
	char name[48];
	char detail[256];
};

static struct job *job_of(const struct quarantine_item *item)
{
	return container_of(item, struct job, item);
}

static enum ledger_place place_of(const struct batch *b)
{
	return b->position != 0 ? LEDGER_IN_SPOOL : LEDGER_IN_FLIGHT;
}

static void count_unconfirmed(struct refused *r, const struct batch *b, enum sink_outcome outcome)
{
	if (outcome == SINK_UNCONFIRMED)
		ledger_unconfirmed(r->opts.ledger, (struct ledger_count){ b->spans, 1 });
}

static void drop(struct refused *r, struct batch *b, enum sink_outcome outcome, enum ledger_place cause)
{
	ledger_drop(r->opts.ledger, place_of(b), cause, (struct ledger_count){ b->spans, 1 }, clock_wall_ms());
	count_unconfirmed(r, b, outcome);
	r->events.resolved(r->events.arg, b);
}

/* Gives the batch to the caller. */
static struct batch *job_end(struct refused *r, struct job *job)
{
	struct batch *b = job->batch;

	r->stats.bytes -= b->cost + sizeof(*job);
	free(job);
	return b;
}

static void keep(struct refused *r, struct job *job)
{
	enum sink_outcome outcome = job->outcome;
	struct batch *b;

	if (log_limit_allows(&r->kept_limit, SAY_EVERY_MS))
		log_warn("spool: a batch of %" PRIu32 " spans is refused for good, and in "
		         "quarantine/ now: %s",
		        job->batch->spans, job->detail);
	b = job_end(r, job);
	ledger_move(r->opts.ledger, place_of(b), LEDGER_QUARANTINED, b->spans, 1);
	count_unconfirmed(r, b, outcome);
	r->events.resolved(r->events.arg, b);
}

static void give_back(struct refused *r, struct job *job)
{
	enum sink_outcome outcome = job->outcome;
	struct batch *b = job_end(r, job);

	if (b->position != 0)
		r->events.returned(r->events.arg, b);
	else
		drop(r, b, outcome, LEDGER_REFUSED);
}

static void on_done(void *arg, struct quarantine_item *item, enum quarantine_outcome outcome)
{
	struct refused *r = arg;
	struct job *job = job_of(item);
	enum sink_outcome why = job->outcome;

	switch (outcome) {
	case QUARANTINE_KEPT:
		keep(r, job);
		break;
	case QUARANTINE_FULL:
		drop(r, job_end(r, job), why, LEDGER_SPOOL_FULL);
		break;
	case QUARANTINE_RETURNED:
		give_back(r, job);
		break;
	}
}

int refused_open(struct refused **out, struct loop *l, const struct refused_opts *opts,
        const struct refused_events *events, struct health *health, struct why *why)
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
	r->events = *events;
	if (quarantine_open_spool(&r->quarantine, l, &o, &own, health) < 0) {
		free(r);
		return why_set(why, E_NOMEM, "quarantine");
	}
	*out = r;
	return 0;
}

int refused_put(struct refused *r, struct batch *b, enum sink_outcome outcome, const char *detail)
{
	struct job *job;

	if (r->opts.drop) {
		drop(r, b, outcome, sink_refused_place(outcome));
		return 0;
	}
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return E_NOMEM;
	job->batch = b;
	job->outcome = outcome;
	snprintf(job->name, sizeof(job->name), "batch %" PRIu64 "-%" PRIu64, b->boot, b->sequence);
	snprintf(job->detail, sizeof(job->detail), "%s", detail);
	job->item = (struct quarantine_item){
		.name = job->name, .batch = b, .cause = sink_refused_cause(outcome), .detail = job->detail
	};
	r->stats.bytes += b->cost + sizeof(*job);
	quarantine_put(r->quarantine, &job->item);
	return 0;
}

static bool is_in_memory_only(const struct quarantine_item *item)
{
	return item->batch->position == 0;
}

bool refused_drop_newest(struct refused *r, enum ledger_place cause)
{
	struct quarantine_item *item = quarantine_take_back(r->quarantine, is_in_memory_only);
	enum sink_outcome outcome;

	if (item == NULL)
		return false;
	outcome = job_of(item)->outcome;
	drop(r, job_end(r, job_of(item)), outcome, cause);
	return true;
}

void refused_end(struct refused *r)
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
