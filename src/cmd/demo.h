/* SPDX-License-Identifier: Apache-2.0 */
/* demo.h — what the files of the demonstration share: the plan, the world it is played in, and what
 * is known of that world. */
#ifndef DEMO_H
#define DEMO_H

#include "testkit/child.h"
#include "testkit/emitting.h"
#include "http/client.h"
#include "kafka/mock.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "base/progress.h"
#include "testkit/stub_collector.h"
#include "testkit/tally.h"

/* ---- the plan: a table that demo_play.c interprets ---- */

enum demo_act {
	ACT_NONE,
	ACT_SEND, /* spans begin to flow, and flow until ACT_HUSH */
	ACT_HUSH,
	ACT_COLLECTOR_DOWN,
	ACT_COLLECTOR_UP,
	ACT_KAFKA_DOWN,
	ACT_KAFKA_UP,
	ACT_KILL_AGENT,
	ACT_START_AGENT,
	ACT_KILL_DRAIN,
	ACT_START_DRAIN,
	ACT_STORE_AWAY,  /* the collector's: it takes spans and cannot store them */
	ACT_STORE_SLOW,  /* it stores as fast as spans are sent, and no faster */
	ACT_STORE_WORKS, /* it stores as fast as it takes */
};

/* What a step waits for, after its act. */
enum demo_until {
	UNTIL_PASSED,   /* MS have passed */
	UNTIL_SERVING,  /* agent and drain answer on their admin ports that they serve */
	UNTIL_IN_KAFKA, /* every span sent is out of the agent */
	UNTIL_ON_DISK,  /* every span sent is out of the agent, or durable */
	UNTIL_STORED,   /* every span sent has arrived */
	UNTIL_SETTLED,  /* nothing is on its way any more, wherever it went */
};

struct demo_step {
	enum demo_act act;
	enum demo_until until;
	uint64_t ms; /* how long, or at most how long */
};

enum { DEMO_STEPS = 12, DEMO_PHASES_MOST = 16 };

struct demo_phase {
	const char *name;
	bool may_lose;                      /* somebody reads from a socket that dies with its datagrams */
	bool may_repeat;                    /* something is cut off that may have arrived */
	struct demo_step steps[DEMO_STEPS]; /* end with ACT_NONE, UNTIL_PASSED, 0 */
};

extern const struct demo_phase demo_plan[];
extern const size_t demo_phases;

/* ---- what is known ---- */

/* The last word of an agent or a drain, by its admin port. */
struct demo_watch {
	char url[64];
	struct http_client *client; /* borrowed */
	void (*read)(void *arg, struct slice json);
	void *arg;
	bool asking;
	bool serving;
	uint64_t asking_us; /* when the question under way was asked */
	uint64_t known_us;  /* when the question was asked that was answered last; 0 none was */
};

void demo_watch_init(struct demo_watch *w, struct http_client *c, uint16_t port,
        void (*read)(void *arg, struct slice json), void *arg);
/* Asks, unless it is asking. */
void demo_watch_look(struct demo_watch *w);
/* What was known belongs to a process that is gone. */
void demo_watch_forget(struct demo_watch *w);

/* Of the drain's own ledger, since its start. */
struct demo_drained {
	uint64_t read, delivered, quarantined, in_flight, skipped;
};

/* What one phase did. The counts of arrivals are asked of the tally at the end. */
struct demo_result {
	uint64_t first, end; /* numbers of the spans that fell into it */
	uint64_t spooled;    /* most that were in the spool, as the agent told */
	uint64_t took_us;
	bool unmet; /* what it waited for did not come in time */
};

/* What a SIGKILL of the agent may cost, and what it did. */
struct demo_kill {
	uint64_t end;       /* the next number to be sent when it was killed */
	uint64_t in_socket; /* spans that it had not read */
	uint64_t in_window; /* spans sent that it had not accepted an exposure before, nor left in the sockets */
	uint64_t in_turn;   /* with no exposure: that it had read and not committed, as was found after */
};

struct demo_opts {
	uint64_t exposure_us;
	uint64_t rate;
	bool json;
	bool keep;
};

/* What the agent said that it had accepted, and when that was known. */
struct demo_accepted {
	uint64_t known_us, spans;
};

enum { DEMO_BROKEN = 16, DEMO_SIGNALS = 3, DEMO_ACCEPTED = 128 };

struct demo {
	struct demo_opts opts;
	uint64_t run;

	/* the world */
	struct loop *loop;
	struct kafka_mock *kafka;
	struct stub_collector *collector;
	struct http_client *client;
	char *directory;
	uint16_t compact, binary, agent_admin, drain_admin;
	struct child *agent, *drain;
	struct emitter *emitter;
	struct emitting *emitting;
	uint64_t next; /* number of the next span */

	/* what is known of it */
	struct tally *tally;
	struct demo_watch agent_watch, drain_watch;
	struct ledger ledger;
	struct demo_accepted accepted[DEMO_ACCEPTED]; /* the last answers, a ring */
	size_t naccepted;                             /* answers in all */
	struct demo_drained drained;
	uint64_t uncertain_before;         /* in the ledger before the SIGKILL */
	uint64_t settled;                  /* numbers below are either stored or given up */
	uint64_t hushed_us;                /* when the last span was sent */
	uint64_t arrived_us;               /* and when the last one arrived */
	uint64_t base_accepted, base_sent; /* both at a moment of quiet: what is sent since must be accepted */

	/* the play */
	size_t phase, step;
	uint64_t phase_us, step_us; /* when they began */
	uint64_t looked_us;
	uint64_t ticked_us;            /* when the timer came last */
	uint64_t stall_us, stalled_us; /* the longest that it came late, not long ago; and when that was */
	struct timer *tick;
	struct signal_watch *signals[DEMO_SIGNALS];
	struct progress line;
	struct demo_result results[DEMO_PHASES_MOST];
	struct demo_kill kill;
	bool interrupted;
	uint64_t began_us, took_us;

	/* the verdict */
	char broken[DEMO_BROKEN][160];
	size_t nbroken;
};

/* A promise that was not kept. */
void demo_broke(struct demo *d, const char *fmt, ...) PRINTF(2, 3);

/* ---- the world: demo_world.c, demo_acts.c ---- */
int demo_world_open(struct demo *d, struct why *why) MUST_USE;
/* Asks the children to end, and looks how they do. */
void demo_world_stop(struct demo *d);
/* Kills children that are left, takes the directory away; fine with whatever was opened. */
void demo_world_close(struct demo *d);
int demo_start_agent(struct demo *d, struct why *why) MUST_USE;
int demo_start_drain(struct demo *d, struct why *why) MUST_USE;
/* What the agent had accepted, as it said at BEFORE_US or earlier; 0 when it said nothing as early. */
uint64_t demo_accepted_before(const struct demo *d, uint64_t before_us);
int demo_act(struct demo *d, enum demo_act act, struct why *why) MUST_USE;
bool demo_met(struct demo *d, enum demo_until until, uint64_t now_us);

/* ---- the play: demo_play.c. Returns when it is over or was interrupted. ---- */
int demo_play(struct demo *d, struct why *why) MUST_USE;

/* ---- the verdict and the table: demo_verdict.c, demo_report.c ---- */
struct tally_count demo_count(const struct demo *d, size_t phase);
/* Spans that the SIGKILL may cost. */
uint64_t demo_allowed(const struct demo *d);
void demo_judge(struct demo *d);
void demo_print(const struct demo *d);
void demo_print_json(const struct demo *d);

#endif
