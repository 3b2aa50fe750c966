/* SPDX-License-Identifier: Apache-2.0 */
/* drain_process.h — a drain as a process of its own between a mock cluster and a stub collector, both the
 * test's. Records are numbered; every ledger that is asked for is held against the identities. */
#ifndef DRAIN_PROCESS_H
#define DRAIN_PROCESS_H

#include "base/buf.h"
#include "kafka/producer.h"
#include "loop/loop.h"
#include "testkit/rig.h"

enum { DRAIN_PROCESS_RECORDS = 65536, DRAIN_PROCESS_SECONDS = 60 };
#define DRAIN_PROCESS_TOPIC "tracing-topic"
#define DRAIN_PROCESS_QUARANTINE "tracing-topic-quarantine"
#define DRAIN_PROCESS_GROUP "tracing-app"

struct drain_process {
	struct loop *loop;
	struct rig rig;
	struct kafka_producer *producer;
	uint64_t taken, taken_marked; /* batches that the stub took; of these with the mark */
	char taken_id[600];           /* of the last one, and its time of receipt */
	char taken_received[32];
	struct child *drain;
	const char *program; /* instead of the drain itself, below the build directory; NULL: none */
	uint16_t admin;
	int partitions;
	uint32_t produced;     /* numbered records, from 1 */
	uint32_t acknowledged; /* of all records */
	uint32_t sent;         /* all records given to the producer */
	uint32_t spans_each;
	uint32_t seen[DRAIN_PROCESS_RECORDS]; /* spans that the stub stored, by record */
	struct rig_drained records, spans;    /* as last asked */
	int64_t unconfirmed_records, unconfirmed_spans;
	struct buf page; /* the last page that was got */
	int status;      /* its status, 0 none came */
};

/* Cluster and collector are up, the drain is not started. Bails out when that cannot be had. */
void drain_process_open(struct drain_process *b, int partitions);
/* The same; what stands behind the stub collector is STORE, instead of a store that has all at once. */
void drain_process_open_storing(struct drain_process *b, int partitions, const struct stub_store_opts *store);
/* Ends the drain if it runs, and takes everything away. */
void drain_process_close(struct drain_process *b);

/* N numbered records of SPANS spans each, spread over the partitions. Returns when all are
 * acknowledged. */
void drain_process_produce(struct drain_process *b, uint32_t n, uint32_t spans);
/* One record of any content; VALUE.at == NULL is a null value. */
void drain_process_produce_raw(struct drain_process *b, struct slice value, struct slice key,
        const struct kafka_header *headers, size_t nheaders);

/* Starts the drain with these options besides those it needs, NULL at the end, and waits until it
 * serves. A --collector.url among them takes the place of the stub's. False: it ended, or does not serve in time. */
bool drain_process_start_with(struct drain_process *b, const char *const *options);
#define drain_process_start(b, ...) drain_process_start_with(b, (const char *const[]){ __VA_ARGS__, NULL })
/* Starts one more drain, which is the caller's, with its admin pages at ADMIN and these options, NULL at the end; waits
 * for nothing. Frees what *DRAIN was before. */
void drain_process_launch(struct drain_process *b, struct child **drain, uint16_t admin, const char *const *options);
/* The file that it prints to. */
const char *drain_process_log(struct drain_process *b);
/* How many lines of it hold TEXT. */
int drain_process_said(struct drain_process *b, const char *text);

/* GET PATH of the admin port into b->page: its status, 0 without an answer. */
int drain_process_get(struct drain_process *b, const char *path);
/* Asks for the ledger; fails the test when the identities do not hold. */
void drain_process_ledger(struct drain_process *b);

/* Runs the loop until COND is true. False when that takes too long. */
bool drain_process_until(struct drain_process *b, bool (*cond)(struct drain_process *b));
/* Conditions. */
bool drain_process_all_seen(struct drain_process *b); /* every numbered record is in the stub's store, whole */
bool drain_process_none_in_flight(struct drain_process *b);
bool drain_process_all_done(struct drain_process *b); /* the drain has read, and done with, all that was sent */

/* How often records were seen beyond once, and how many were not seen whole. */
uint32_t drain_process_duplicates(const struct drain_process *b);
uint32_t drain_process_missing(const struct drain_process *b);

/* Offsets that the group has committed, summed over the partitions. */
int64_t drain_process_committed(struct drain_process *b);

/* SIGKILL, and buried. */
void drain_process_kill(struct drain_process *b);
/* SIGTERM: its exit status, -1 when it does not end in time. */
int drain_process_stop(struct drain_process *b);

#endif
