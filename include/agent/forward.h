/* Store and forward, whole: dispatcher, flight, spooler and backlog as one part. */
#ifndef FORWARD_H
#define FORWARD_H

#include "agent/backlog.h"
#include "agent/flight.h"

struct forward_opts {
	struct dispatcher_opts dispatcher;
	struct flight_opts flight;
	struct spool_opts spool;
	bool drop_refused; /* what the sink can never take is dropped, not kept in the quarantine */
	uint64_t max_age_us; /* in the spool; 0 none */
	uint64_t stop_ms;    /* for the last reports, when it is stopped */
};

struct forward;

/* Opens the spool. Nothing is sent before forward_use names the sink. */
int forward_open(struct forward **out, struct loop *l, const struct forward_opts *opts,
        struct health *health, struct why *why) MUST_USE;

/* The events that the sink must be opened with, then the sink itself, borrowed. */
struct sink_events forward_sink_events(struct forward *f);
void forward_use(struct forward *f, struct sink *s);

/* Takes B; its id is given here. */
void forward_accept(struct forward *f, struct batch *b);
struct ledger *forward_ledger(struct forward *f);
uint64_t forward_boot(const struct forward *f);

/* False while the intake should hold back. The loop turns often enough (HEARTBEAT_MS) for whoever asks
 * once a turn. */
bool forward_has_room(const struct forward *f);

/* Flushes the sink, stores what is left, closes the spool, calls STOPPED. Nothing may be accepted
 * any more. */
void forward_stop(struct forward *f, void (*stopped)(void *arg), void *arg);
/* After forward_stop: reports are not waited for any more; what has none is stored as maybe sent. */
void forward_hurry(struct forward *f);

/* One reading of everything, for pages. */
struct forward_stats {
	struct dispatcher_stats dispatcher;
	struct flight_stats flight;
	struct spooler_stats spooler;
	struct backlog_stats backlog;
	uint64_t refused_bytes; /* of memory, in batches on their way into the quarantine */
	uint64_t quarantine_failures;
	uint64_t oldest_age_us;       /* of the oldest span not delivered; 0 none */
	uint64_t spool_oldest_age_us; /* of the oldest span in the spool; 0 none */
	double refill_per_s;          /* spans delivered from the spool each second, of late */
	double spool_empty_s; /* until nothing waits there, at the pace of late; INFINITY while it grows */
};
void forward_stats(struct forward *f, struct forward_stats *to);

void forward_free(struct forward *f);

#endif
