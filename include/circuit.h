/* policy: may the sink be offered anything now? A pure state machine over our own clock. */
#ifndef CIRCUIT_H
#define CIRCUIT_H

#include "base.h"

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

/* Times in microseconds. The defaults stand in circuit_init. */
struct circuit {
	enum circuit_state state;
	uint64_t since;      /* when this state began */
	uint64_t open_after; /* CLOSED: a record that waits this long for its report opens it */
	uint64_t pause;      /* OPEN: until the next probe; doubles while it keeps failing */
	uint64_t pause_least;
	uint64_t pause_most;
	uint64_t probe_every; /* HALF_OPEN: one more probe is let out after this */
	uint64_t
	        backlog_first; /* HALF_OPEN: for this long only the backlog may probe, if there is one */
	uint64_t calm;         /* CLOSED this long: the pause starts small again */
	uint64_t recall_after; /* what has no report after this is taken back from the wire */
	uint64_t recalled;     /* when that was last asked for */
	uint64_t opened;       /* how often it opened */
	const char *reason;    /* why it opened last */
};

enum { CIRCUIT_PROBES = 8 };

void circuit_init(struct circuit *c, uint64_t now);

/* OLDEST is when the oldest record of this closed period was offered that has no report; 0: none.
 * True when the state changed. */
bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest);

/* The sink refused an offer outright. True when the state changed. */
bool circuit_refused(struct circuit *c, uint64_t now);

/* A report came: delivered, or given back undelivered. True when the state changed. */
bool circuit_report(struct circuit *c, uint64_t now, bool delivered);

/* May one more record go out while OUT records of this period are unreported? */
bool circuit_lets(const struct circuit *c, uint64_t now, uint64_t out);

/* May the next probe be a record that is not of the backlog, although there is one? The backlog is
 * preferred, since a fresh record that stays in doubt costs a mark far above all others. But the backlog
 * may be unreadable, so the preference ends after backlog_first. */
bool circuit_lets_fresh_probe(const struct circuit *c, uint64_t now);

/* OLDEST is when the oldest record of all earlier periods was offered that has no report; 0: none. True:
 * it is to be taken back from the wire, where it may hold up all others. Not again within a second. */
bool circuit_recalls(struct circuit *c, uint64_t now, uint64_t oldest);

const char *circuit_name(enum circuit_state s);

#endif
