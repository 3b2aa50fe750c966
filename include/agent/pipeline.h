/* SPDX-License-Identifier: Apache-2.0 */
/* Store and forward, whole: dispatcher, flight, spooler and backlog as one part. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "agent/backlog.h"
#include "agent/flight.h"

struct pipeline_opts {
	struct dispatcher_opts dispatcher;
	struct flight_opts flight;
	struct spool_opts spool;
	bool drop_refused;   /* what the sink can never take is dropped, not kept in the quarantine */
	uint64_t max_age_us; /* in the spool; 0 none */
	uint64_t stop_ms;    /* for the last reports, when it is stopped */
};

struct pipeline;

/* Opens the spool. Nothing is sent before pipeline_use names the sink. */
int pipeline_open(struct pipeline **out, struct loop *l, const struct pipeline_opts *opts, struct health *health,
        struct why *why) MUST_USE;

/* The events that the sink must be opened with, then the sink itself, borrowed. */
struct sink_events pipeline_sink_events(struct pipeline *f);
void pipeline_use(struct pipeline *f, struct sink *s);

/* Takes B; its id is given here. */
void pipeline_accept(struct pipeline *f, struct batch *b);
struct ledger *pipeline_ledger(struct pipeline *f);
uint64_t pipeline_boot(const struct pipeline *f);

/* False while the intake should hold back. The loop turns often enough (HEARTBEAT_MS) for whoever asks
 * once a turn. */
bool pipeline_has_room(const struct pipeline *f);

/* Flushes the sink, stores what is left, closes the spool, calls STOPPED. Nothing may be accepted
 * any more. */
void pipeline_stop(struct pipeline *f, void (*stopped)(void *arg), void *arg);
/* After pipeline_stop: reports are not waited for any more; what has none is stored as maybe sent. */
void pipeline_hurry(struct pipeline *f);

/* One reading of everything, for pages. */
struct pipeline_stats {
	struct dispatcher_stats dispatcher;
	struct flight_stats flight;
	struct spooler_stats spooler;
	struct backlog_stats backlog;
	uint64_t refused_bytes; /* of memory, in batches on their way into the quarantine */
	uint64_t quarantine_failures;
	uint64_t oldest_age_us;       /* of the oldest span not delivered; 0 none */
	uint64_t spool_oldest_age_us; /* of the oldest span in the spool; 0 none */
	double refill_per_s;          /* spans delivered from the spool each second, of late */
	double spool_empty_s;         /* until nothing waits there, at the pace of late; INFINITY while it grows */
};
void pipeline_stats(struct pipeline *f, struct pipeline_stats *to);

void pipeline_free(struct pipeline *f);

#endif
