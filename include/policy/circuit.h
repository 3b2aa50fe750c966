/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit breaker in front of a sink: a pure state machine over the time and the sink's reports. A sink whose
 * destinations have failure states of their own decides itself: its circuit only follows (circuit_follow). */
#ifndef CIRCUIT_H
#define CIRCUIT_H

#include "base/base.h"

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

/* Why the circuit opened last. */
enum circuit_cause {
	CIRCUIT_SILENT,        /* no report came in time */
	CIRCUIT_OFFER_REFUSED, /* the sink did not take an offer */
	CIRCUIT_ALL_REFUSED,   /* the destination refused every record that it was sent */
};

/* The meaning of a report for the circuit. */
enum circuit_outcome {
	CIRCUIT_PASSED,  /* the record was delivered */
	CIRCUIT_REFUSED, /* the record was given back: the destination may be at fault */
	CIRCUIT_ANSWERED, /* the destination refused this record for good: the record is at fault, the destination works */
};

/* Moments and durations in microseconds, monotonic. circuit_init sets the defaults. */
struct circuit {
	enum circuit_state state;
	uint64_t since;      /* when this state began */
	uint64_t open_after; /* CLOSED: a record without a report for this long opens the circuit */
	uint64_t pause;      /* OPEN: duration; doubles each time the probes fail */
	uint64_t pause_least;
	uint64_t pause_most;
	uint64_t pause_most_refused; /* pause_most while every probe is refused: the answer is known already */
	uint64_t probe_every;        /* HALF_OPEN: one more probe may go out each time this has passed */
	uint64_t backlog_first;      /* HALF_OPEN: for this long only the backlog may probe, if there is one */
	uint64_t quiet;              /* after CLOSED for this long, the next pause is pause_least */
	uint64_t reclaim_after;      /* a record without a report for this long is reclaimed from the sink */
	uint64_t reclaimed;          /* when records were last reclaimed */
	uint64_t opened;             /* times that the circuit opened */
	enum circuit_cause cause;
	uint64_t last_passed;   /* CLOSED: when a record passed last, or this state began */
	uint64_t refused_since; /* CLOSED: the first refusal since last_passed */
	unsigned refusals;      /* CLOSED: refusals since last_passed */
	uint64_t refuse_after;  /* CLOSED: refusals for this long, and no record that passes, open the circuit */
	uint64_t probes_most;   /* HALF_OPEN: most probes out at once */
	unsigned rounds;        /* times in a row that it opened for the same cause and nothing passed in between */
};

enum {
	CIRCUIT_PROBES = 8,       /* most probes out at once, of a circuit that does not follow */
	CIRCUIT_REFUSALS = 3,     /* refusals that open it at the least: one or two may be bad records */
	CIRCUIT_ALARM_ROUNDS = 3, /* rounds in which all was refused before an operator must act */
};

void circuit_init(struct circuit *c, uint64_t now);

/* Advances the state by the time. OLDEST is when the oldest record of this epoch (since the last change of state) that
 * has no report was offered; 0: there is none. A closed circuit opens when that is longer ago than open_after and no
 * other record passed since. True when the state changed. */
bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest);

/* The sink did not take an offer. True when the state changed. */
bool circuit_offer_refused(struct circuit *c, uint64_t now);

/* A report came, which means OUTCOME. True when the state changed. */
bool circuit_report(struct circuit *c, uint64_t now, enum circuit_outcome outcome);

/* The owner reclaims the probes that are out, before any report on them. True when the state changed, to OPEN. */
bool circuit_abandon_probes(struct circuit *c, uint64_t now);

/* The state of destinations that have failure states of their own. WORKS: one of them takes records. SILENCE_US: how long
 * records wait and none of them answers. PROBES: one that failed is being probed, or may be. */
enum circuit_state circuit_state_of(bool works, uint64_t silence_us, bool probes);
/* For such destinations, in place of circuit_tick, circuit_offer_refused and circuit_report: sets the state to TO, but
 * for one call to CIRCUIT_OPEN when CIRCUIT_CLOSED ends. "since" stays while the state changes between CIRCUIT_OPEN and
 * CIRCUIT_HALF_OPEN, as the probes that the destination keeps stay out. True when CIRCUIT_CLOSED began or ended. */
bool circuit_follow(struct circuit *c, uint64_t now, enum circuit_state to);

/* True when everything was refused for CIRCUIT_ALARM_ROUNDS rounds: waiting alone does not help. */
bool circuit_needs_operator(const struct circuit *c);

/* True when one more record may go out while OUT records of this epoch have no report. */
bool circuit_may_send(const struct circuit *c, uint64_t now, uint64_t out);

/* True when the next probe may be a fresh record although there is a backlog. A probe of the backlog is preferred: a
 * fresh record that may have been sent gets the newest position in the spool, and a status of its own far above the
 * others costs memory (policy/positions.h). The preference ends after backlog_first, since the backlog may be
 * unreadable; while all are refused it is reversed in every other round, since the backlog's records may be bad. */
bool circuit_may_probe_fresh(const struct circuit *c, uint64_t now);
/* True unless the circuit is half open, and for less than backlog_first. */
bool circuit_may_probe_any(const struct circuit *c, uint64_t now);

/* OLDEST is when the oldest record of earlier epochs that has no report was offered; 0: there is none. True, while the
 * circuit is not closed: the owner must reclaim it now, also from the wire, where it may block all others. Not true
 * again within a second. */
bool circuit_reclaims_earlier(struct circuit *c, uint64_t now, uint64_t oldest);

/* OLDEST is when the oldest record of all that has no report was offered. While the circuit is closed, such a record may
 * be on a partition that is stuck. True: the owner must reclaim it: after reclaim_after when those records leave
 * NO_ROOM for others, else after four times as long, since reclaiming may duplicate records that are on their way to
 * other partitions. Not true again within that time. */
bool circuit_reclaims_overdue(struct circuit *c, uint64_t now, uint64_t oldest, bool no_room);

/* The cause as text, for a log line or a health sentence. */
const char *circuit_reason(const struct circuit *c);
const char *circuit_name(enum circuit_state s);

#endif
