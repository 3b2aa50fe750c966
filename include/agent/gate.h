/* The one place that offers batches to the sink, and knows which are still out. */
#ifndef GATE_H
#define GATE_H

#include "policy/circuit.h"
#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "telemetry/metrics.h"
#include "policy/pace.h"
#include "agent/sink.h"

struct gate_opts {
	uint64_t window_bytes; /* of memory, in batches that the sink has at once */
	bool stored; /* the sink reports "delivered" only once the spans are stored; see pace_backlog_most */
	const char *sink_name; /* for the log and the health board: "kafka", "collector" */
};

struct gate_events {
	/* B is back: outcome as the sink's done. The reference is still the owner's own. */
	void (*report)(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail);
	void (*room)(void *arg);                                   /* worth another offer */
	void (*sent_again)(void *arg, uint32_t spans, bool first); /* as the sink's */
	void *arg;
};

struct gate_stats {
	uint64_t offered, delivered, given_back, poison, opened;
	uint64_t out_batches, out_bytes, ramp_bytes;
	uint64_t state[3];    /* 1 for the circuit's state, 0 for the others */
	struct histogram ack; /* from offer to good report */
	struct histogram
	        fresh; /* from the socket to it, of what was not read back from the spool */
};

struct gate;

int gate_open(struct gate **out, const struct gate_opts *opts, const struct gate_events *events,
        struct health *health) MUST_USE;
/* The sink, opened with gate_sink_events as its events. Borrowed. */
void gate_use(struct gate *g, struct sink *s);
struct sink_events gate_sink_events(struct gate *g);

/* SINK_TOOK: a report will come. Otherwise nothing was done. b->backlog says whose share it takes. */
enum sink_answer gate_offer(struct gate *g, struct batch *b);

/* True while B's retry_us, which was set when the sink gave B back, lies ahead; gate_offer answers SINK_FULL until
 * then. */
bool gate_rests(const struct gate *g, const struct batch *b);

/* After gate_offer answered SINK_CANNOT: the sink's reason as text, borrowed until the next offer, and the outcome
 * with which the owner settles the batch, for no report follows. */
const char *gate_refusal(const struct gate *g);
enum sink_outcome gate_refused_as(const struct gate *g);

/* There is, or is no longer, a backlog that wants its share. */
void gate_backlog(struct gate *g, bool waits);

/* Lets the circuit look at the clock. Called a few times a second and after each turn. */
void gate_tick(struct gate *g);
/* While the circuit is not closed: what the sink has and can give back it gives back now. */
void gate_recall(struct gate *g);

enum circuit_state gate_state(const struct gate *g);
/* The backlog had its time to offer a probe. */
bool gate_lets_any_probe(const struct gate *g);
/* The circuit is not closed because every record was refused. */
bool gate_refuses_all(const struct gate *g);
uint64_t gate_backlog_bytes(const struct gate *g);
const struct gate_stats *gate_stats(struct gate *g);

/* Flushes the sink: at most BUDGET_MS when the circuit is closed, at once when it is not. */
void gate_flush(struct gate *g, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);
void gate_free(struct gate *g);

#endif
