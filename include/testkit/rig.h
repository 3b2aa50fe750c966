/* SPDX-License-Identifier: Apache-2.0 */
/* The rig starts agents and drains as child processes, between a mock Kafka cluster and a stub collector that are in this
 * process; `spanspool demo`, the tests and the benches use it. The stub collector answers from the rig's loop, so every
 * function of the rig that waits runs that loop until its condition holds. */
#ifndef RIG_H
#define RIG_H

#include <limits.h>

#include "base/buf.h"
#include "http/client.h"
#include "loop/loop.h"
#include "testkit/child.h"
#include "testkit/kafka_mock.h"
#include "testkit/stub_collector.h"

enum { RIG_TOPICS = 2, RIG_OPTIONS = 48, RIG_OPTION_BYTES = 320 };

struct rig {
	struct loop *loop;           /* borrowed */
	char *directory;             /* of spool, quarantine and logs; temporary */
	struct http_client *client;  /* asks the admin ports */
	struct kafka_mock *kafka;    /* NULL: none was asked for */
	struct stub_collector *stub; /* the same */
	struct timer *pause;         /* of rig_until */
	/* What the processes started from now on get, as of struct child_opts. */
	const char *const *variables;
	const int *sockets;
	size_t nsockets;
};

struct rig_opts {
	const char *name; /* the name of the directory begins with it */
	int brokers;      /* of the mock cluster; 0: there is none */
	struct rig_topic {
		const char *name; /* NULL after the last */
		int partitions;
	} topics[RIG_TOPICS];
	const struct stub_collector_opts *collector; /* NULL: there is none */
};

/* Makes the directory and starts the servers. After an error rig_close is still to be called. */
int rig_open(struct rig *r, struct loop *l, const struct rig_opts *o, struct why *why) MUST_USE;
/* Stops the servers, and removes the directory unless KEEP. The children are freed before, the loop after it. */
void rig_close(struct rig *r, bool keep);

/* ---- the command line of an agent or a drain ---- */

struct rig_options {
	size_t n;
	const char *argv[RIG_OPTIONS + 1]; /* NULL at the end */
	char text[RIG_OPTIONS][RIG_OPTION_BYTES];
};

struct rig_agent {
	uint16_t compact, binary, admin; /* ports of 127.0.0.1 */
	const char *brokers;             /* NULL: it delivers straight to the stub collector */
};

/* Sets O to what every agent of the rig is given: ports, a spool in the directory, and where it delivers to. */
void rig_agent_options(struct rig_options *o, const struct rig *r, const struct rig_agent *a);
/* The same for a drain from the mock cluster to the stub collector, with its admin pages at ADMIN. */
void rig_drain_options(struct rig_options *o, const struct rig *r, uint16_t admin);
/* Adds one option. */
void rig_option(struct rig_options *o, const char *fmt, ...) PRINTF(2, 3);
/* Adds MORE, NULL at the end; the texts are borrowed until rig_start. A --collector.url among them takes the place of the stub's, whose
 * counters say nothing of that collector: its delivery is not confirmed. */
void rig_more_options(struct rig_options *o, const char *const *more);

/* ---- the process ---- */

/* Path of the file NAME in the rig's directory. */
void rig_path(const struct rig *r, const char *name, char to[PATH_MAX]);
/* Frees *C and starts PROGRAM as O says; what it prints is appended to the file LOG of the directory. */
int rig_start(const struct rig *r, struct child **c, const char *program, const struct rig_options *o, const char *log,
        struct why *why) MUST_USE;
/* GET PATH of the admin port: its status, 0 without an answer. The page is appended to TO, which may be NULL. */
int rig_get(struct rig *r, uint16_t admin, const char *path, struct buf *to);
/* Runs the loop until COND is true, which may run it itself. False when that takes longer than SECONDS. */
bool rig_until(struct rig *r, bool (*cond)(void *arg), void *arg, uint64_t seconds);
/* Waits until C answers 200 at ADMIN. False: it ended, or does not serve in time. */
bool rig_is_ready(struct rig *r, struct child *c, uint16_t admin, uint64_t seconds);
/* SIGTERM: its exit status, -1 when it does not end in time. */
int rig_stop(struct rig *r, struct child *c, uint64_t seconds);
/* SIGKILL, and waits for its end. E_TIMEOUT when it outlives that. */
int rig_kill(struct child *c) MUST_USE;

/* ---- the drain's ledger, as GET /ledger shows it ---- */

struct rig_drained {
	int64_t read, delivered, quarantined, in_flight, skipped_empty, handed_on, late, lost_to_retention;
};

struct rig_drain_ledger {
	struct rig_drained records, spans;
	int64_t unconfirmed_records, unconfirmed_spans;
};

/* E_MALFORMED when JSON is no ledger, or one that does not balance; WHY says which. */
int rig_read_drain_ledger(struct slice json, struct rig_drain_ledger *l, struct why *why) MUST_USE;

#endif
