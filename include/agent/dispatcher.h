/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that offers batches to the sink, and knows which are still out. */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "policy/circuit.h"
#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "telemetry/metrics.h"
#include "policy/pace.h"
#include "agent/sink.h"

struct dispatcher_opts {
	uint64_t window_bytes; /* of memory, in batches that the sink has at once */
	bool stored;           /* the sink reports "delivered" only once the spans are stored; see pace_backlog_most */
	const char *sink_name; /* for the log and the health board: "kafka", "collector" */
};

struct dispatcher_events {
	/* B is back: outcome as the sink's done. The reference is still the owner's own. */
	void (*report)(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail);
	void (*room)(void *arg);                                   /* worth another offer */
	void (*sent_again)(void *arg, uint32_t spans, bool first); /* as the sink's */
	void *arg;
};

struct dispatcher_stats {
	uint64_t offered, delivered, given_back, poison, opened;
	uint64_t out_batches, out_bytes, ramp_bytes;
	uint64_t state[3];      /* 1 for the circuit's state, 0 for the others */
	struct histogram ack;   /* from offer to good report */
	struct histogram fresh; /* from the socket to it, of what was not read back from the spool */
};

struct dispatcher;

int dispatcher_open(struct dispatcher **out, const struct dispatcher_opts *opts, const struct dispatcher_events *events,
        struct health *health) MUST_USE;
/* The sink, opened with dispatcher_sink_events as its events. Borrowed. */
void dispatcher_use(struct dispatcher *g, struct sink *s);
struct sink_events dispatcher_sink_events(struct dispatcher *g);

/* SINK_TOOK: a report will come. Otherwise nothing was done. b->backlog says whose share it takes. */
enum sink_answer dispatcher_offer(struct dispatcher *g, struct batch *b);

/* True while B's retry_us, which was set when the sink gave B back, lies ahead; dispatcher_offer answers SINK_FULL until
 * then. */
bool dispatcher_rests(const struct dispatcher *g, const struct batch *b);

/* After dispatcher_offer answered SINK_CANNOT: the sink's reason as text, borrowed until the next offer, and the outcome
 * with which the owner settles the batch, for no report follows. */
const char *dispatcher_refusal(const struct dispatcher *g);
enum sink_outcome dispatcher_refused_as(const struct dispatcher *g);

/* There is, or is no longer, a backlog that wants its share. */
void dispatcher_backlog(struct dispatcher *g, bool waits);

/* Lets the circuit look at the clock. Called a few times a second and after each turn. */
void dispatcher_tick(struct dispatcher *g);
/* While the circuit is not closed: what the sink has and can give back it gives back now. */
void dispatcher_recall(struct dispatcher *g);

enum circuit_state dispatcher_state(const struct dispatcher *g);
/* The backlog had its time to offer a probe. */
bool dispatcher_lets_any_probe(const struct dispatcher *g);
/* The circuit is not closed because every record was refused. */
bool dispatcher_refuses_all(const struct dispatcher *g);
uint64_t dispatcher_backlog_bytes(const struct dispatcher *g);
const struct dispatcher_stats *dispatcher_stats(struct dispatcher *g);

/* Flushes the sink: at most BUDGET_MS when the circuit is closed, at once when it is not. */
void dispatcher_flush(struct dispatcher *g, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);
void dispatcher_free(struct dispatcher *g);

#endif
