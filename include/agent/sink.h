/* SPDX-License-Identifier: Apache-2.0 */
/* The one interface downstream. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>

#include "span/batch.h"
#include "policy/ledger.h"

enum sink_answer {
	SINK_TOOK,   /* a report will come */
	SINK_FULL,   /* no room now; room() will be called */
	SINK_DOWN,   /* refused; try again in a second */
	SINK_CANNOT, /* the sink can never take it; its refusal says why */
};

enum sink_outcome {
	SINK_DELIVERED,
	SINK_NOT_SENT,    /* never left the host: send again, no duplicate */
	SINK_MAYBE_SENT,  /* send again, perhaps a duplicate */
	SINK_POISON,      /* can never be delivered: quarantine it */
	SINK_TOO_LARGE,   /* the same, for its size */
	SINK_UNCONFIRMED, /* the destination took it, and never showed that it stored it: quarantine it */
};

static inline bool sink_refused(enum sink_outcome outcome)
{
	return outcome == SINK_POISON || outcome == SINK_TOO_LARGE || outcome == SINK_UNCONFIRMED;
}

/* The cause to which a refused batch is lost where it is not set aside. */
static inline enum ledger_place sink_refused_place(enum sink_outcome outcome)
{
	return outcome == SINK_TOO_LARGE ? LEDGER_TOO_LARGE : LEDGER_REFUSED;
}

/* The cause that a refused batch has in the quarantine, a constant word. */
static inline const char *sink_refused_cause(enum sink_outcome outcome)
{
	return outcome == SINK_UNCONFIRMED ? "unconfirmed" : ledger_place_names[sink_refused_place(outcome)];
}

/* What a sink tells its owner. */
struct sink_events {
	/* DETAIL explains a refusal in the destination's own words, else "". b->partition says where it
	 * was reported. The sink's reference to B goes back with the report. */
	void (*done)(void *arg, struct batch *b, enum sink_outcome outcome, const char *detail);
	void (*room)(void *arg);
	/* SPANS of a batch that the sink took go out once more although they may have arrived; FIRST: the
	 * batch's first span is among them, so that BATCHES sent again can be counted. A first sending of
	 * a batch with maybe_dup is not told: the owner knows. */
	void (*sent_again)(void *arg, uint32_t spans, bool first);
	/* The destination answered that it took a batch; the report comes when it has stored it. */
	void (*answered)(void *arg);
	void *arg;
};

struct sink;

struct sink_ops {
	/* Takes a reference of its own to B when it answers SINK_TOOK. */
	enum sink_answer (*offer)(struct sink *s, struct batch *b);
	/* Gives back all that has not left the host, as SINK_NOT_SENT or SINK_MAYBE_SENT; with WIRE also what
	 * has left it and might stay without an answer for long. */
	void (*purge)(struct sink *s, bool wire);
	/* Hurries; after BUDGET_MS gives back all that is left, and then calls FLUSHED. */
	void (*flush)(struct sink *s, uint64_t budget_ms, void (*flushed)(void *arg), void *arg);
	void (*free)(struct sink *s); /* silence; every batch must have been given back */
};

struct sink {
	const struct sink_ops *ops;
	char refusal[256]; /* of the last SINK_CANNOT, which is the same as a report of REFUSED_AS */
	enum sink_outcome refused_as;
	/* May be NULL. Why nothing is delivered, in a sentence that lives as long as S; NULL when that is
	 * not known. MISCONFIGURED is set when it cannot pass by itself. */
	const char *(*trouble)(struct sink *s, bool *misconfigured);
	bool by_evidence; /* a report of POISON or TOO_LARGE says only that the batch was refused although it
	                   * was sent alone: whether it is bad, the dispatcher finds out (evidence.h) */
};

#endif
