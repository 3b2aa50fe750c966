/* stage.h — an agent as a process of its own between a sender and the far ends of the test's: a mock
 * cluster or a stub collector. Every span sent is numbered, and every ledger that is asked for is
 * held against the identities. */
#ifndef STAGE_H
#define STAGE_H

#include "testkit/child.h"
#include "http/client.h"
#include "kafka/mock.h"
#include "policy/ledger.h"
#include "loop/loop.h"
#include "testkit/stub_collector.h"
#include "testkit/tally.h"

enum { STAGE_BROKERS = 2, STAGE_PARTITIONS = 8, STAGE_ARGS = 24, STAGE_SECONDS = 30 };
#define STAGE_TOPIC "tracing-topic"

struct stage {
	struct loop *loop;
	struct kafka_mock *kafka; /* NULL: direct mode, or the brokers are somebody else's */
	const char *brokers;      /* "" in direct mode */
	struct stub_collector *stub;
	uint64_t
	        taken_marked; /* batches that the stub took with the mark of a possible duplicate */
	struct http_client *client;
	struct child *agent;
	const char *program; /* what is started as the agent; NULL: stage_program() */
	struct tally *tally;
	char *directory;
	uint16_t compact, binary, admin;
	uint64_t run, next;                           /* of the numbered spans */
	uint64_t refused;                             /* spans sent while nobody listened */
	void (*each_burst)(void *arg, uint64_t next); /* after each burst of sending, or NULL */
	void *each_arg;
	struct ledger ledger; /* as last asked */
	bool answered;
	unsigned patience; /* seconds that a wait may last */
	char trouble[200]; /* the first thing that should never happen; "" none did */
};

/* Of the third way the caller sets the brokers before the agent is started. */
enum stage_way { STAGE_KAFKA, STAGE_DIRECT, STAGE_OUTSIDE };

/* The far end is up, the agent is not started. Bails out when that cannot be had. */
/* What stands behind the stub collector of the direct way is STORE; all zero: it has all at once. */
void stage_open_storing(struct stage *s, enum stage_way way, const struct stub_store_opts *store);
static inline void stage_open(struct stage *s, enum stage_way way)
{
	stage_open_storing(s, way, &(struct stub_store_opts){ 0 });
}
/* Asks for the ledger once more if the agent runs, ends it, and takes everything away. */
void stage_close(struct stage *s);
/* The end of every test. */
#define stage_end(s)                                                                               \
	(stage_close(s), ok((s)->trouble[0] == '\0', "at every look the ledger balanced%s%s",      \
	                         (s)->trouble[0] == '\0' ? "" : ": ", (s)->trouble))

/* Starts the agent with these options besides those it needs, NULL at the end, and waits until it
 * serves. False: it ended, or does not serve in time. */
bool stage_start(struct stage *s, ...) __attribute__((sentinel));
/* The same without waiting for anything but the process. */
void stage_launch(struct stage *s, const char *const *options);
/* Path of the program under test. */
const char *stage_program(void);
/* The file that the agent prints to. */
const char *stage_log(struct stage *s);

/* SPANS numbered ones in datagrams of ten, at RATE a second, by turns to both ports. */
void stage_send(struct stage *s, uint64_t spans, uint64_t rate);
/* A datagram of any content to PORT. */
void stage_send_raw(struct stage *s, uint16_t port, const void *bytes, size_t len);

/* Asks the agent now, and notes it as trouble when the identities do not hold. */
const struct ledger *stage_ledger(struct stage *s);
/* GET PATH of the admin port: its status, 0 without an answer. The page is appended to TO. */
int stage_page(struct stage *s, const char *path, struct buf *to);
static inline int stage_get(struct stage *s, const char *path)
{
	return stage_page(s, path, NULL);
}
/* The number of NAME (with its labels) on the metrics page, -1 when it is not there. */
double stage_metric(struct stage *s, const char *name);

/* Runs the loop until COND is true, which may run it itself. False when that takes too long. */
bool stage_until(struct stage *s, bool (*cond)(void *arg), void *arg);
/* The same until the agent's PLACE holds SPANS. */
bool stage_holds(struct stage *s, enum ledger_place place, uint64_t spans);
/* The same for what it has accepted. */
bool stage_accepted(struct stage *s, uint64_t spans);
/* The same for nothing unread, nothing in flight and nothing in the spool. */
bool stage_is_empty(struct stage *s);
/* The same for the tally: every span sent is stored (direct mode). */
bool stage_all_stored(struct stage *s);

/* Reads the whole topic into the tally. Returns the records, -1 when one of them is no batch;
 * *MARKED are those with maybe-dup. */
int stage_read_topic(struct stage *s, uint64_t *marked);

/* SIGKILL, and buried. */
void stage_kill(struct stage *s);
/* SIGTERM: its exit status, -1 when it does not end in time. */
int stage_stop(struct stage *s);

#endif
