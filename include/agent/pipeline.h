/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline: delivers or stores each batch of the intake; made of dispatcher, flight, spooler and backlog. */
#ifndef PIPELINE_H
#define PIPELINE_H

#include "agent/backlog.h"
#include "agent/flight.h"

struct pipeline_opts {
	struct dispatcher_opts dispatcher;
	struct flight_opts flight;
	struct spool_opts spool;
	bool drop_refused;   /* batches that the sink refuses for good are dropped, not quarantined */
	uint64_t max_age_us; /* older records are dropped from the spool; 0: none is */
	uint64_t stop_ms;    /* how long pipeline_stop lets the sink deliver what it has */
};

struct pipeline;

/* Opens the spool. Nothing is sent before pipeline_set_sink names the sink. */
int pipeline_open(struct pipeline **out, struct loop *l, const struct pipeline_opts *opts, struct health *health,
        struct why *why) MUST_USE;

/* The options that may change while the pipeline is open; as in struct pipeline_opts. */
struct pipeline_limits {
	bool drop_oldest, drop_refused;
	uint64_t largest_bytes, max_age_us, max_bytes, min_free, stop_ms;
};
void pipeline_set_limits(struct pipeline *p, const struct pipeline_limits *l);

/* Borrows S. */
void pipeline_set_sink(struct pipeline *p, struct sink *s);

/* The flight, which takes new batches (flight_add) and says whether the intake should pause (flight_has_room). It is to be
 * asked once a turn of the loop; a timer keeps the loop turning ten times a second at least. */
struct flight *pipeline_flight(struct pipeline *p);
struct ledger *pipeline_ledger(struct pipeline *p);
uint64_t pipeline_boot(const struct pipeline *p);

/* Flushes the sink, stores the batches that were not delivered, closes the spool and calls STOPPED. flight_add must
 * not be called any more. */
void pipeline_stop(struct pipeline *p, void (*stopped)(void *arg), void *arg);
/* After pipeline_stop: stops waiting for the sink. Batches that it still has are stored as maybe sent. */
void pipeline_hurry(struct pipeline *p);

/* A snapshot of the parts' figures, for the admin pages. */
struct pipeline_stats {
	struct dispatcher_stats dispatcher;
	struct flight_stats flight;
	struct spooler_stats spooler;
	struct backlog_stats backlog;
	uint64_t refused_bytes; /* memory of batches queued for the quarantine */
	uint64_t quarantine_failures;
	uint64_t oldest_age_us;       /* of the oldest batch that is not delivered; 0: there is none */
	uint64_t spool_oldest_age_us; /* of the oldest batch in the spool; 0: there is none */
	uint64_t cycle_began_us;      /* monotonic; of the commit cycle under way; 0: there is none */
	double refill_per_s;          /* spans delivered from the spool per second, averaged over RATE_MEMORY_S */
	double spool_empty_s;         /* seconds until the spool is empty at that rate; INFINITY while it grows */
};
void pipeline_stats(struct pipeline *p, struct pipeline_stats *to);

void pipeline_free(struct pipeline *p);

#endif
