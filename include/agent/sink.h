/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of a sink, to which the dispatcher offers batches: Kafka or a collector. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>

#include "span/batch.h"
#include "policy/circuit.h"
#include "policy/ledger.h"

enum sink_answer {
	SINK_TOOK,   /* a report will come */
	SINK_FULL,   /* no room now */
	SINK_DOWN,   /* the destination takes no batch now; the circuit decides when to offer again */
	SINK_CANNOT, /* the sink can never take this batch; sink.refusal says why */
};

enum sink_outcome {
	SINK_DELIVERED,
	SINK_NOT_SENT,    /* the destination does not have it: sending it again makes no duplicate */
	SINK_MAYBE_SENT,  /* the destination may have it: sending it again may make a duplicate */
	SINK_POISON,      /* the destination refused its content: quarantine it */
	SINK_TOO_LARGE,   /* the destination refused its size: quarantine it */
	SINK_UNCONFIRMED, /* the collector answered 2xx each time and never confirmed that it stored it: quarantine it */
};

static inline bool sink_refused(enum sink_outcome outcome)
{
	return outcome == SINK_POISON || outcome == SINK_TOO_LARGE || outcome == SINK_UNCONFIRMED;
}

/* The ledger's place for a refused batch that is dropped, not quarantined. */
static inline enum ledger_place sink_refused_place(enum sink_outcome outcome)
{
	return outcome == SINK_TOO_LARGE ? LEDGER_TOO_LARGE : LEDGER_REFUSED;
}

/* The cause recorded with a refused batch in the quarantine; a string constant. */
static inline const char *sink_refused_cause(enum sink_outcome outcome)
{
	return outcome == SINK_UNCONFIRMED ? "unconfirmed" : ledger_place_names[sink_refused_place(outcome)];
}

struct sink_report {
	enum sink_outcome outcome;
	uint32_t partition; /* that the batch was sent to; 0 where the destination has none */
	uint32_t losses;    /* of a batch that is given back: its batch.losses from now on */
	const char *detail; /* the destination's explanation of a refusal, else "" */
};

/* Calls from a sink, which may come from the first offer on. */
struct sink_events {
	/* The report on B. The sink does not use B after the call. */
	void (*done)(void *arg, struct batch *b, const struct sink_report *report);
	void *arg;
	/* After SINK_FULL: there is room again. A sink whose room is noticed in a callback of the loop need not call it: the
	 * pipeline offers again in each turn of the loop. */
	void (*room)(void *arg);
	void *room_arg;
};

struct sink;

struct sink_ops {
	/* SINK_TOOK: B stays valid until its report, or until the sink is freed; the sink takes no reference. */
	enum sink_answer (*offer)(struct sink *s, struct batch *b);
	/* Gives back the batches that are queued in the sink, as SINK_NOT_SENT or SINK_MAYBE_SENT; with WIRE also those
	 * that were sent and have no answer. A sink with a "state" is never asked for these. */
	void (*purge)(struct sink *s, bool wire);
	/* Sends without delay; after BUDGET_MS gives back all that is left, then calls FLUSHED. */
	void (*flush)(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);
	/* Calls no event. A batch that has no report yet, as when a flush did not end in time, is released by the owner
	 * afterwards. */
	void (*free)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	struct sink_events events;    /* set by dispatcher_set_sink and pipeline_set_sink */
	char refusal[256];            /* why the last offer was answered SINK_CANNOT */
	enum sink_outcome refused_as; /* the outcome of a batch whose offer was answered SINK_CANNOT */
	/* May be NULL. Returns why nothing is delivered, as a sentence that is valid until S is freed; NULL: no reason is
	 * known. Sets MISCONFIGURED when only an operator can put it right. */
	const char *(*waiting_reason)(struct sink *s, bool *misconfigured);
	/* NULL: the dispatcher's circuit decides by the reports whether the destination works. Else the sink knows its
	 * destinations' states, which the circuit follows, and a batch that fails stays with the sink until a purge. */
	enum circuit_state (*state)(const struct sink *s);
	/* A report of SINK_POISON or SINK_TOO_LARGE means only that the batch was refused when sent alone; the dispatcher
	 * decides with policy/evidence.h whether the batch is bad or the destination refuses all. */
	bool by_evidence;
};

#endif
