/* SPDX-License-Identifier: Apache-2.0 */
/* agent_process.h — an agent as a process of its own between a sender and the far ends of the test's: a mock
 * cluster or a stub collector. Every span sent is numbered, and every ledger that is asked for is
 * held against the identities. */
#ifndef AGENT_PROCESS_H
#define AGENT_PROCESS_H

#include "policy/ledger.h"
#include "loop/loop.h"
#include "testkit/rig.h"
#include "testkit/tally.h"

enum { AGENT_PROCESS_BROKERS = 2, AGENT_PROCESS_PARTITIONS = 8, AGENT_PROCESS_SECONDS = 30 };
#define AGENT_PROCESS_TOPIC "tracing-topic"

struct agent_process {
	struct loop *loop;
	struct rig rig;        /* has a mock cluster or a stub collector, by the way it was opened */
	const char *brokers;   /* "" in direct mode */
	uint64_t taken_marked; /* batches that the stub took with the mark of a possible duplicate */
	struct child *agent;
	const char *program; /* what is started as the agent; NULL: agent_process_program() */
	struct tally *tally;
	uint16_t compact, binary, admin;
	uint64_t run, next;                           /* of the numbered spans */
	uint64_t refused;                             /* spans sent while nobody listened */
	void (*each_burst)(void *arg, uint64_t next); /* after each burst of sending, or NULL */
	void *each_arg;
	struct ledger ledger; /* as last asked */
	bool answered;
	unsigned patience; /* seconds that a wait may last */
	char fault[200];   /* the first thing that should never happen; "" none did */
};

/* Of the third way the caller sets the brokers before the agent is started. */
enum agent_process_way { AGENT_PROCESS_KAFKA, AGENT_PROCESS_DIRECT, AGENT_PROCESS_OUTSIDE };

/* The far end is up, the agent is not started. Bails out when that cannot be had. */
/* What stands behind the stub collector of the direct way is STORE; all zero: it has all at once. */
void agent_process_open_storing(
        struct agent_process *s, enum agent_process_way way, const struct stub_store_opts *store);
static inline void agent_process_open(struct agent_process *s, enum agent_process_way way)
{
	agent_process_open_storing(s, way, &(struct stub_store_opts){ 0 });
}
/* Asks for the ledger once more if the agent runs, ends it, and takes everything away. */
void agent_process_close(struct agent_process *s);
/* The end of every test. */
#define agent_process_end(s)                                                                                           \
	(agent_process_close(s), ok((s)->fault[0] == '\0', "at every look the ledger balanced%s%s",                    \
	                                 (s)->fault[0] == '\0' ? "" : ": ", (s)->fault))

/* Starts the agent with these options besides those it needs, NULL at the end, and waits until it
 * serves. False: it ended, or does not serve in time. */
bool agent_process_start_with(struct agent_process *s, const char *const *options);
#define agent_process_start(s, ...) agent_process_start_with(s, (const char *const[]){ __VA_ARGS__, NULL })
/* The same without waiting for anything but the process. */
void agent_process_launch(struct agent_process *s, const char *const *options);
/* Path of the program under test. */
const char *agent_process_program(void);
/* The file that the agent prints to. */
const char *agent_process_log(struct agent_process *s);

/* SPANS numbered ones in datagrams of ten, at RATE a second, by turns to both ports. */
void agent_process_send(struct agent_process *s, uint64_t spans, uint64_t rate);
/* A datagram of any content to PORT. */
void agent_process_send_raw(struct agent_process *s, uint16_t port, const void *bytes, size_t len);

/* Asks the agent now, and notes it as fault when the identities do not hold. */
const struct ledger *agent_process_ledger(struct agent_process *s);
/* GET PATH of the admin port: its status, 0 without an answer. The page is appended to TO. */
int agent_process_page(struct agent_process *s, const char *path, struct buf *to);
static inline int agent_process_get(struct agent_process *s, const char *path)
{
	return agent_process_page(s, path, NULL);
}
/* The number of NAME (with its labels) on the metrics page, -1 when it is not there. */
double agent_process_metric(struct agent_process *s, const char *name);

/* Runs the loop until COND is true, which may run it itself. False when that takes too long. */
bool agent_process_until(struct agent_process *s, bool (*cond)(void *arg), void *arg);
/* The same until the agent's PLACE holds SPANS. */
bool agent_process_holds(struct agent_process *s, enum ledger_place place, uint64_t spans);
/* The same for what it has accepted. */
bool agent_process_accepted(struct agent_process *s, uint64_t spans);
/* The same for nothing unread, nothing in flight and nothing in the spool. */
bool agent_process_is_empty(struct agent_process *s);
/* The same for the tally: every span sent is stored (direct mode). */
bool agent_process_all_stored(struct agent_process *s);

/* Reads the whole topic into the tally. Returns the records, -1 when one of them is no batch;
 * *MARKED are those with maybe-dup. */
int agent_process_read_topic(struct agent_process *s, uint64_t *marked);

/* SIGKILL, and buried. */
void agent_process_kill(struct agent_process *s);
/* SIGTERM: its exit status, -1 when it does not end in time. */
int agent_process_stop(struct agent_process *s);

#endif
