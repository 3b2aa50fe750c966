/* SPDX-License-Identifier: Apache-2.0 */
/* demo.h — shared by the demo_*.c files: the plan, the processes and servers of the demonstration, and what
 * is known about them. */
#ifndef DEMO_H
#define DEMO_H

#include <limits.h>

#include "testkit/emitting.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "base/progress.h"
#include "testkit/rig.h"
#include "testkit/tally.h"

/* ---- the plan: a table of phases that demo_play.c runs ---- */

enum demo_act {
	ACT_NONE,
	ACT_SEND, /* starts sending spans, until ACT_STOP_SENDING */
	ACT_STOP_SENDING,
	ACT_COLLECTOR_DOWN,
	ACT_COLLECTOR_UP,
	ACT_KAFKA_DOWN,
	ACT_KAFKA_UP,
	ACT_KILL_AGENT,
	ACT_START_AGENT,
	ACT_KILL_DRAIN,
	ACT_START_DRAIN,
	ACT_STORE_AWAY,  /* the collector accepts spans and fails to store them */
	ACT_STORE_SLOW,  /* the collector stores no faster than spans are sent */
	ACT_STORE_WORKS, /* the collector stores spans as fast as it accepts them */
};

/* The condition that ends a step. */
enum demo_until {
	UNTIL_PASSED,   /* the ms of the step have passed */
	UNTIL_SERVING,  /* the admin ports of agent and drain answer 200 */
	UNTIL_IN_KAFKA, /* the agent accepted every span sent, and delivered it to Kafka */
	UNTIL_ON_DISK,  /* the agent accepted every span sent, and delivered it or committed it to the spool */
	UNTIL_STORED,   /* the collector has stored every span sent since the last settled state */
	UNTIL_SETTLED,  /* nothing is in flight or spooled, and nothing arrived for a while; spans may be lost */
};

struct demo_step {
	enum demo_act act;
	enum demo_until until;
	uint64_t ms; /* of UNTIL_PASSED the duration, else the time-out */
};

enum { DEMO_STEPS = 12, DEMO_PHASES_MOST = 16 };

struct demo_phase {
	const char *name;
	bool may_lose;                      /* the agent is killed, and its sockets lose their datagrams */
	bool may_repeat;                    /* a link is cut, and spans on it are sent again */
	struct demo_step steps[DEMO_STEPS]; /* end with ACT_NONE, UNTIL_PASSED, 0 */
};

extern const struct demo_phase demo_plan[];
extern const size_t demo_phases;

/* ---- what is known about agent, drain and each phase ---- */

/* Polls the admin port of an agent or a drain. */
struct demo_watch {
	char url[64];
	struct http_client *client; /* borrowed */
	void (*read)(void *arg, struct slice json);
	void *arg;
	bool asking;
	bool serving;
	uint64_t asking_us; /* when the request in flight was sent */
	uint64_t known_us;  /* when the request of the last answer was sent; 0: no answer yet */
};

void demo_watch_init(struct demo_watch *w, struct http_client *c, uint16_t port,
        void (*read)(void *arg, struct slice json), void *arg);
/* Sends a request, unless one is in flight. */
void demo_watch_poll(struct demo_watch *w);
/* To be called when the process was killed: its answers no longer count. */
void demo_watch_forget(struct demo_watch *w);

/* The result of one phase. demo_count reads the counts of arrivals from the tally at the end. */
struct demo_result {
	uint64_t first, end; /* numbers of the spans sent in it */
	uint64_t spooled;    /* maximum in the spool, by the agent's ledger */
	uint64_t took_us;
	bool unmet; /* a condition did not hold within its time-out */
};

/* The spans that the SIGKILL of the agent may cost. */
struct demo_kill {
	uint64_t end;       /* number of the next span at the time of the kill */
	uint64_t in_socket; /* spans unread in its sockets */
	uint64_t in_window; /* spans sent, not in the sockets, and not accepted an exposure before the kill */
	uint64_t
	        in_memory; /* spans read and neither delivered nor durable, by the agent's own ledger after its restart */
};

struct demo_opts {
	uint64_t exposure_us;
	uint64_t rate;
	bool json;
	bool keep;
};

/* Spans that the agent had accepted by its ledger, and when the answer came. */
struct demo_accepted {
	uint64_t known_us, spans;
};

enum { DEMO_BROKEN = 16, DEMO_SIGNALS = 3, DEMO_ACCEPTED = 128 };

struct demo {
	struct demo_opts opts;
	uint64_t run;
	char program[PATH_MAX]; /* of the agent and the drain */

	/* processes and servers */
	struct loop *loop;
	struct rig rig;
	uint16_t compact, binary, agent_admin, drain_admin;
	struct child *agent, *drain;
	struct emitter *emitter;
	struct emitting *emitting;
	uint64_t next; /* number of the next span */

	/* what is known about them */
	struct tally *tally;
	struct demo_watch agent_watch, drain_watch;
	struct ledger ledger;
	struct demo_accepted accepted[DEMO_ACCEPTED]; /* ring of the last answers */
	size_t naccepted;                             /* answers so far */
	struct rig_drained drained;                   /* records since the drain started, by its ledger */
	uint64_t uncertain_before;                    /* in the ledger before the SIGKILL */
	uint64_t settled;                             /* spans with lower numbers are stored or counted as lost */
	uint64_t sending_stopped_us;                  /* when the last datagram was sent */
	uint64_t arrived_us;                          /* when the last span was stored */
	uint64_t base_accepted, base_sent; /* counts at the last settled state; spans sent since must be accepted */

	/* the run */
	size_t phase, step;
	uint64_t phase_us, step_us; /* when they began */
	uint64_t polled_us;
	uint64_t ticked_us;            /* when on_tick last ran */
	uint64_t stall_us, stalled_us; /* longest delay of on_tick in the last two seconds, and when it was measured */
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

/* Adds a broken promise to BROKEN. */
void demo_add_broken(struct demo *d, const char *fmt, ...) PRINTF(2, 3);

/* ---- processes and servers: demo_world.c, demo_acts.c ---- */
int demo_world_open(struct demo *d, struct why *why) MUST_USE;
/* Sends SIGTERM to the children and checks that they exit with 0 in time. */
void demo_world_stop(struct demo *d);
/* Kills the remaining children and removes the directory. May be called after a failed demo_world_open. */
void demo_world_close(struct demo *d);
int demo_start_agent(struct demo *d, struct why *why) MUST_USE;
int demo_start_drain(struct demo *d, struct why *why) MUST_USE;
/* Spans accepted by the agent's last answer at or before BEFORE_US; 0 when no answer is that old. */
uint64_t demo_accepted_before(const struct demo *d, uint64_t before_us);
int demo_act(struct demo *d, enum demo_act act, struct why *why) MUST_USE;
bool demo_step_is_over(struct demo *d, enum demo_until until, uint64_t now_us);

/* ---- the run: demo_play.c. Returns when the plan is over or was interrupted. ---- */
int demo_play(struct demo *d, struct why *why) MUST_USE;

/* ---- the verdict and the table: demo_verdict.c, demo_report.c ---- */
struct tally_count demo_count(const struct demo *d, size_t phase);
/* The most spans that the SIGKILL may cost. */
uint64_t demo_allowed(const struct demo *d);
void demo_judge(struct demo *d);
void demo_print(const struct demo *d);
void demo_print_json(const struct demo *d);

#endif
