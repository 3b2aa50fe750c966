/* SPDX-License-Identifier: Apache-2.0 */
/* May the sink be offered anything now? A pure state machine over our own clock. */
#ifndef CIRCUIT_H
#define CIRCUIT_H

#include "base/base.h"

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

/* Why it opened last. */
enum circuit_cause {
	CIRCUIT_SILENT,     /* no report in time */
	CIRCUIT_TAKES_NONE, /* an offer was refused outright */
	CIRCUIT_REFUSES,    /* every record that was sent came back refused */
};

/* What a report says of the destination. */
enum circuit_news {
	CIRCUIT_PASSED,   /* it took a record */
	CIRCUIT_REFUSED,  /* it gave one back */
	CIRCUIT_ANSWERED, /* it said of one record that this one can never pass: it works */
};

/* Times in microseconds. The defaults stand in circuit_init. */
struct circuit {
	enum circuit_state state;
	uint64_t since;      /* when this state began */
	uint64_t open_after; /* CLOSED: a record that waits this long for its report opens it */
	uint64_t pause;      /* OPEN: until the next probe; doubles while it keeps failing */
	uint64_t pause_least;
	uint64_t pause_most;
	uint64_t pause_most_refused; /* the same while every probe is refused: an answer that is
	                              * already known need not be asked for so often */
	uint64_t probe_every;        /* HALF_OPEN: one more probe is let out after this */
	uint64_t backlog_first;      /* HALF_OPEN: for this long only the backlog may probe, if there is one */
	uint64_t calm;               /* CLOSED this long: the pause starts small again */
	uint64_t recall_after;       /* what has no report after this is taken back from the wire */
	uint64_t recalled;           /* when that was last asked for */
	uint64_t opened;             /* how often it opened */
	enum circuit_cause cause;
	uint64_t passed;        /* CLOSED: when a record passed last, or this state began */
	uint64_t refused_since; /* CLOSED: the first refusal since then */
	unsigned refusals;      /* CLOSED: how many since then */
	uint64_t refuse_after;  /* CLOSED: refusals alone for this long open it */
	unsigned rounds;        /* opened this often, and nothing passed between */
};

enum {
	CIRCUIT_PROBES = 8,
	CIRCUIT_REFUSALS = 3, /* fewer say nothing: a bad record may be the only one about */
	CIRCUIT_ALARM = 3,    /* refused in as many rounds: an operator must look */
};

void circuit_init(struct circuit *c, uint64_t now);

/* OLDEST is when the oldest record of this closed period was offered that has no report; 0: none.
 * Opens when that is overdue and nothing else has passed either. True when the state changed. */
bool circuit_tick(struct circuit *c, uint64_t now, uint64_t oldest);

/* The sink refused an offer outright. True when the state changed. */
bool circuit_refused(struct circuit *c, uint64_t now);

/* A report came. True when the state changed. */
bool circuit_report(struct circuit *c, uint64_t now, enum circuit_news news);

/* The destination took what it was sent, and reports later what became of it: it is not silent. */
void circuit_answers(struct circuit *c, uint64_t now);

/* The probes that are out are taken back, without a word from the destination. True when the state changed. */
bool circuit_gives_up(struct circuit *c, uint64_t now);

/* Everything is refused, and has been for long enough that it will not heal by waiting alone. */
bool circuit_alarms(const struct circuit *c);

/* May one more record go out while OUT records of this period are unreported? */
bool circuit_lets(const struct circuit *c, uint64_t now, uint64_t out);

/* May the next probe be a record that is not of the backlog, although there is one? The backlog is
 * preferred, since a fresh record that stays in doubt costs a mark far above all others. But the backlog
 * may be unreadable, so the preference ends after backlog_first. */
bool circuit_lets_fresh_probe(const struct circuit *c, uint64_t now);
/* Not half open, or for longer than backlog_first. */
bool circuit_lets_any_probe(const struct circuit *c, uint64_t now);

/* OLDEST is when the oldest record of all earlier periods was offered that has no report; 0: none. True:
 * it is to be taken back from the wire, where it may hold up all others. Not again within a second. */
bool circuit_recalls(struct circuit *c, uint64_t now, uint64_t oldest);

/* While others pass, a record that has no report may stay out: one partition may be stuck. It is taken back
 * after recall_after where such records leave NO_ROOM for others, else after four times as long, since what
 * is on its way to other partitions may then come twice; and not again within that time. */
bool circuit_reclaims(struct circuit *c, uint64_t now, uint64_t oldest, bool no_room);

/* The cause in words, for a log line. */
const char *circuit_reason(const struct circuit *c);
const char *circuit_name(enum circuit_state s);

#endif
