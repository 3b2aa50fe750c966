/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: offers batches to the sink behind a circuit breaker, and tracks each until the sink reports on it. */
#ifndef DISPATCHER_H
#define DISPATCHER_H

#include "policy/circuit.h"
#include "telemetry/health.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "telemetry/metrics.h"
#include "policy/pace.h"
#include "agent/agent_batch.h"

struct dispatcher_opts {
	uint64_t window_bytes; /* most memory of batches that the sink has at once */
	bool stored;           /* the sink reports "delivered" only once the spans are stored; see pace_backlog_most */
	const char *sink_name; /* of the sink's part of the health board: "kafka", "collector" */
};

/* Batches delivered since the start, by the message that they came in. Those read back from the spool count as
 * DISPATCHER_JAEGER. */
enum dispatcher_format { DISPATCHER_JAEGER, DISPATCHER_ZIPKIN, DISPATCHER_FORMATS };
struct dispatcher_delivered {
	uint64_t batches, spans;
	uint64_t last_spans; /* in the last batch */
};

struct dispatcher_stats {
	uint64_t offered, delivered, given_back, poison; /* batches, by the sink's report */
	struct dispatcher_delivered format[DISPATCHER_FORMATS];
	uint64_t opened;     /* times that the circuit opened */
	uint64_t reconnects; /* times that it closed again */
	uint64_t out_batches, out_bytes, ramp_bytes;
	uint64_t state[3];      /* 1 for the circuit's state, 0 for the others */
	struct histogram ack;   /* from the offer to the report "delivered" */
	struct histogram fresh; /* from the socket to that report, of batches that were not read back from the spool */
};

struct dispatcher;

int dispatcher_open(struct dispatcher **out, const struct dispatcher_opts *opts, struct health *health) MUST_USE;
/* Borrows S and takes its reports. */
void dispatcher_set_sink(struct dispatcher *d, struct sink *s);

/* Offers B to the sink. SINK_TOOK: the owner of B gets a report later. SINK_CANNOT: the owner has got it, as a refusal,
 * and B may be freed. SINK_FULL, SINK_DOWN: nothing has changed. b->backlog says whether B counts in the window as
 * backlog or as fresh. */
enum sink_answer dispatcher_offer(struct dispatcher *d, struct agent_batch *b);

/* True while B must not be offered again, since the sink gave it back: until its retry_us, or as a probe until the
 * circuit's shortest pause is over. dispatcher_offer does not take it before. */
bool dispatcher_is_resting(const struct dispatcher *d, const struct agent_batch *b);

/* WAITS: the backlog has batches to offer, so fresh batches leave it its share of the window. */
void dispatcher_set_backlog(struct dispatcher *d, bool waits);

/* Advances the circuit by the clock, and reclaims overdue batches. Called once a turn of the loop. */
void dispatcher_tick(struct dispatcher *d);
/* While the circuit is not closed: the sink gives back at once what it has not put on the wire. */
void dispatcher_reclaim(struct dispatcher *d);

enum circuit_state dispatcher_state(const struct dispatcher *d);
/* False while the circuit is half open and only the backlog may offer a probe (circuit_may_probe_any). */
bool dispatcher_may_probe_any(const struct dispatcher *d);
/* The circuit is open or half open, and the cause is that every record was refused. */
bool dispatcher_refuses_all(const struct dispatcher *d);
uint64_t dispatcher_backlog_bytes(const struct dispatcher *d);
const struct dispatcher_stats *dispatcher_stats(struct dispatcher *d);

/* Offers nothing more and flushes the sink: for at most BUDGET_MS while the circuit is closed, else for no time. */
void dispatcher_flush(struct dispatcher *d, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);
void dispatcher_free(struct dispatcher *d);

#endif
